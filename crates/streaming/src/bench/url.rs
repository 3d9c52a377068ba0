//! The address of a server as its users write it: `nats://user:pass@host:port`.

use super::error::Error;

/// How to reach a server and who to be there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// `host:port`, as [`std::net::TcpStream::connect`] takes it.
    pub authority: String,
    pub user: Option<String>,
    pub pass: Option<String>,
    pub token: Option<String>,
}

impl Address {
    /// The host without its port, and without brackets.
    pub fn host(&self) -> &str {
        let host = self.authority.rsplit_once(':').map_or(&*self.authority, |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']')
    }
}

const PORT: u16 = 4222;

/// Reads `[nats://][user:pass@|token@]host[:port]`.
pub fn parse(url: &str) -> Result<Address, Error> {
    let wrong = |why| Error::Url { url: url.to_owned(), why };
    let rest = match url.split_once("://") {
        Some(("nats", rest)) => rest,
        Some(("tls" | "wss" | "ws", _)) => return Err(wrong("only plain nats:// is spoken here")),
        Some(_) => return Err(wrong("it begins with nats:// or with the host")),
        None => url,
    };
    let rest = rest.trim_end_matches('/');
    // A password may hold an `@`; a host cannot.
    let (identity, host) = match rest.rsplit_once('@') {
        Some((identity, host)) => (Some(identity), host),
        None => (None, rest),
    };
    let mut address =
        Address { authority: authority(host).ok_or_else(|| wrong("it needs host:port"))?, ..Address::default() };
    match identity.map(|identity| identity.split_once(':')) {
        Some(Some((user, pass))) => {
            address.user = Some(user.to_owned());
            address.pass = Some(pass.to_owned());
        }
        Some(None) => address.token = identity.map(str::to_owned),
        None => {}
    }
    Ok(address)
}

/// `host` with its port, the usual one if it names none. An IPv6 address stands in brackets.
fn authority(host: &str) -> Option<String> {
    let after_bracket = host.rfind(']').map_or(0, |end| end + 1);
    match host[after_bracket..].split_once(':') {
        Some((name, port)) => {
            let named = after_bracket > 0 || !name.is_empty();
            (named && port.parse::<u16>().is_ok()).then(|| host.to_owned())
        }
        None => (!host.is_empty()).then(|| format!("{host}:{PORT}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_or_without_its_parts() {
        let user = |user: &str, pass: &str, authority: &str| Address {
            authority: authority.into(),
            user: Some(user.into()),
            pass: Some(pass.into()),
            token: None,
        };
        let plain = |authority: &str| Address { authority: authority.into(), ..Address::default() };
        for (url, address) in [
            ("nats://127.0.0.1:4222", plain("127.0.0.1:4222")),
            ("nats://localhost", plain("localhost:4222")),
            ("example.org:1/", plain("example.org:1")),
            ("nats://[::1]:42", plain("[::1]:42")),
            ("[::1]", plain("[::1]:4222")),
            ("nats://ann:p@ss@h:1", user("ann", "p@ss", "h:1")),
        ] {
            assert_eq!(parse(url).expect(url), address, "{url}");
        }
        assert_eq!(plain("[::1]:42").host(), "::1");
        assert_eq!(plain("localhost:4222").host(), "localhost");
        let token = parse("nats://s3cret@h").expect("a token");
        assert_eq!(token.token.as_deref(), Some("s3cret"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for url in ["", "nats://", "tls://h", "http://h", "h:port", "h:70000", ":4222"] {
            assert!(parse(url).is_err(), "{url}");
        }
    }
}
