//! Servers of others' that are started for us alone: on ports of their own, with data of their own.

pub mod account;
pub mod nats;
pub mod postgres;
pub mod redis;

use std::fs::File;
use std::io::{self, Read};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::interrupt::Interrupted;
use crate::processes::Chain;

/// How long a server on this machine may take to accept a connection, or a byte.
pub const ANSWER_MAX: Duration = Duration::from_secs(2);

/// How long a server may take to be ready: after a crash, Postgres reads its log first.
pub const READY_MAX: Duration = Duration::from_mins(1);

/// Ports tried for one server. Who loses one race, to another clone that starts in the same moment, hardly loses two.
const PORTS_MAX: u32 = 3;

/// Whether a server of ours could listen on `port`, on this machine's own address and on all of them.
pub fn is_free(port: u16) -> bool {
    let addresses = [(Ipv4Addr::LOCALHOST.into(), port), (Ipv4Addr::UNSPECIFIED.into(), port)];
    let six = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    // A machine without IPv6 has nobody there who could be in the way.
    let in_the_way = |error: &io::Error| error.kind() == io::ErrorKind::AddrInUse;
    addresses.iter().all(|address: &(std::net::IpAddr, u16)| TcpListener::bind(address).is_ok())
        && TcpListener::bind(six).err().is_none_or(|error| !in_the_way(&error))
}

/// `wanted`, or another free port if that one is taken, or 0.
pub fn port(wanted: u16) -> io::Result<u16> {
    if wanted != 0 && is_free(wanted) {
        return Ok(wanted);
    }
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Has `start` start one server in `chain`, on `wanted` or, if somebody else takes that port first, on another.
pub fn on_a_port<T>(
    chain: &mut Chain,
    wanted: u16,
    mut start: impl FnMut(&mut Chain, u16) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let before = chain.len();
    let mut left = PORTS_MAX;
    loop {
        let port = port(if left == PORTS_MAX { wanted } else { 0 })?;
        let error = match start(chain, port) {
            Ok(started) => return Ok(started),
            Err(error) => error,
        };
        left -= 1;
        if error.is::<Interrupted>() || left == 0 {
            return Err(error);
        }
        while chain.len() > before {
            chain.stop_last();
        }
        if is_free(port) {
            return Err(error); // It did not fail for the port.
        }
    }
}

/// The first free port after `taken`.
pub fn next_free(taken: u16) -> Option<u16> {
    (taken.checked_add(1)?..=u16::MAX).take(100).find(|port| is_free(*port))
}

/// Whether somebody accepts connections at `address`, a host and a port.
pub fn answers(address: &str) -> bool {
    let Ok(addresses) = address.to_socket_addrs() else { return false };
    addresses.into_iter().any(|address| TcpStream::connect_timeout(&address, ANSWER_MAX).is_ok())
}

/// `bytes` of the operating system's chance, in hexadecimal.
pub fn random(bytes: usize) -> io::Result<String> {
    let mut chance = vec![0; bytes];
    File::open("/dev/urandom")?.read_exact(&mut chance)?;
    Ok(chance.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_not_free_and_another_is_given() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let number = taken.local_addr().unwrap().port();
        assert!(!is_free(number));
        assert_ne!(port(number).unwrap(), number);
        assert_ne!(next_free(number), Some(number));
        assert!(answers(&format!("127.0.0.1:{number}")));
    }

    #[test]
    fn chance_is_as_long_as_asked_and_never_the_same() {
        assert_eq!(random(16).unwrap().len(), 32);
        assert_ne!(random(16).unwrap(), random(16).unwrap());
    }
}
