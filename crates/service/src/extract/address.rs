//! From where a request comes, as far as proxies can be believed.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};

/// From where a request comes, as limits count it: an IPv6 address is cut to its /64, since one household has all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Without our layers there is no telling: then all share one place.
        let known = parts.extensions.get::<Self>().copied();
        Ok(known.unwrap_or_else(|| client_address(&parts.headers, &parts.extensions, 0)))
    }
}

/// The peer, or with `hops` trusted proxies in between what the outermost of them wrote down. What stands to the left
/// of that in `X-Forwarded-For` the client may have written itself.
pub(crate) fn client_address(headers: &HeaderMap, extensions: &Extensions, hops: u8) -> ClientAddress {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let forwarded = hops.checked_sub(1).and_then(|skip| {
        let lines: Vec<&str> =
            headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok()).collect();
        let entry = lines.iter().rev().flat_map(|line| line.rsplit(',')).nth(usize::from(skip))?;
        address(entry.trim())
    });
    network(forwarded.or(peer).unwrap_or(Ipv4Addr::UNSPECIFIED.into()))
}

/// Some proxies write the port too.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    text.parse().or_else(|_| with_port()).ok()
}

fn network(address: IpAddr) -> ClientAddress {
    ClientAddress(match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address @ IpAddr::V4(_) => address,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(hops: u8, forwarded: &[&str], peer: &str) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo::<SocketAddr>(peer.parse().unwrap()));
        client_address(&headers, &extensions, hops).0.to_string()
    }

    #[test]
    fn only_what_a_trusted_proxy_wrote_is_believed() {
        let forged = &["6.6.6.6, 1.2.3.4", "10.0.0.7"];
        assert_eq!(seen(0, forged, "10.0.0.8:1"), "10.0.0.8");
        assert_eq!(seen(1, forged, "10.0.0.8:1"), "10.0.0.7");
        assert_eq!(seen(2, forged, "10.0.0.8:1"), "1.2.3.4");
        assert_eq!(seen(4, forged, "10.0.0.8:1"), "10.0.0.8");
        assert_eq!(seen(1, &["garbage"], "10.0.0.8:1"), "10.0.0.8");
        assert_eq!(seen(1, &["1.2.3.4:567"], "10.0.0.8:1"), "1.2.3.4");
    }

    #[test]
    fn a_household_is_one_address() {
        assert_eq!(seen(0, &[], "[2001:db8:1:2:3:4:5:6]:1"), "2001:db8:1:2::");
        assert_eq!(seen(0, &[], "[::ffff:1.2.3.4]:1"), "1.2.3.4");
    }
}
