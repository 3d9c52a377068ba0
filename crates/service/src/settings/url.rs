//! Where browsers find the marketplace, and what follows from that.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use axum::http::Uri;

/// An origin that browsers know the marketplace by: `https://ticketing.dev`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    secure: bool,
    host: String,
    port: u16,
}

/// Why a text is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it must be http:// or https://, a host and maybe a port")]
pub struct NotAnOrigin;

impl PublicUrl {
    /// Whether browsers come by https.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether only this machine can come by it.
    pub fn is_development(&self) -> bool {
        let name = self.host.trim_start_matches('[').trim_end_matches(']');
        let local = match name.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => name == "localhost" || name.ends_with(".localhost"),
        };
        local && !self.secure
    }

    /// Whether `authority`, the `Host` of a request, is this origin's.
    pub(crate) fn is_at(&self, authority: &str) -> bool {
        // With its port left out it is at the port that goes with the scheme.
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{authority}").parse::<Self>().is_ok_and(|host| host == *self)
    }
}

impl FromStr for PublicUrl {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let uri: Uri = text.trim().parse().map_err(|_| NotAnOrigin)?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(NotAnOrigin),
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or(NotAnOrigin)?;
        if uri.path() != "/" || uri.query().is_some() || authority.host().is_empty() {
            return Err(NotAnOrigin);
        }
        let port = match authority.port() {
            Some(port) => port.as_u16(),
            None if authority.as_str().len() > authority.host().len() => return Err(NotAnOrigin),
            None => [80, 443][usize::from(secure)],
        };
        Ok(Self { secure, host: authority.host().to_ascii_lowercase(), port })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { secure, host, port } = self;
        match (secure, port) {
            (true, 443) => write!(f, "https://{host}"),
            (false, 80) => write!(f, "http://{host}"),
            (true, port) => write!(f, "https://{host}:{port}"),
            (false, port) => write!(f, "http://{host}:{port}"),
        }
    }
}

/// `https://ticketing.dev`
impl Default for PublicUrl {
    fn default() -> Self {
        Self { secure: true, host: "ticketing.dev".to_owned(), port: 443 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> PublicUrl {
        text.parse().unwrap()
    }

    #[test]
    fn the_same_origin_may_be_written_in_many_ways() {
        assert_eq!(url("https://Ticketing.dev:443/"), PublicUrl::default());
        assert_eq!(url("https://ticketing.dev:443").to_string(), "https://ticketing.dev");
        assert_eq!(url("http://localhost:3000").to_string(), "http://localhost:3000");
        assert_ne!(url("http://ticketing.dev"), PublicUrl::default());
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in ["", "null", "ticketing.dev", "ftp://a", "https://", "https://a/b", "https://a:b@c", "https://a:x"]
        {
            assert_eq!(text.parse::<PublicUrl>(), Err(NotAnOrigin), "{text}");
        }
    }

    #[test]
    fn development_is_what_only_this_machine_can_reach() {
        for text in
            ["http://localhost", "http://localhost:3000", "http://a.localhost", "http://127.0.0.1", "http://[::1]:1"]
        {
            assert!(url(text).is_development(), "{text}");
        }
        for text in ["https://localhost", "http://ticketing.dev", "http://10.0.0.1", "http://localhost.example.com"] {
            assert!(!url(text).is_development(), "{text}");
        }
    }

    #[test]
    fn a_host_is_at_the_port_of_the_scheme() {
        assert!(url("http://localhost").is_at("localhost:80"));
        assert!(url("https://ticketing.dev").is_at("Ticketing.dev"));
        assert!(!url("https://ticketing.dev").is_at("ticketing.dev:80"));
        assert!(!url("https://ticketing.dev").is_at("ticketing.dev/x"));
    }
}
