//! `http://host:port/path`, and nothing else.

/// Where to ask.
#[derive(Debug, PartialEq, Eq)]
pub struct Url<'a> {
    /// The host and the port, as they are connected to.
    pub address: String,
    /// The host and the port, as they were written.
    pub host: &'a str,
    /// The path and the query.
    pub path: &'a str,
}

/// Takes a URL apart. The error says what it should look like.
pub fn parse(text: &str) -> Result<Url<'_>, String> {
    let wrong = || "a URL like http://127.0.0.1:3000/readyz is expected".to_owned();
    let rest = text.strip_prefix("http://").ok_or_else(wrong)?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    // What ended a line would begin another header.
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if host.is_empty() || host.contains('@') || !is_plain {
        return Err(wrong());
    }
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let address = if has_port { host.to_owned() } else { format!("{host}:80") };
    Ok(Url { address, host, path: if path.is_empty() { "/" } else { path } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_host_a_port_and_a_path() {
        for (text, address, host, path) in [
            ("http://127.0.0.1:3000/readyz", "127.0.0.1:3000", "127.0.0.1:3000", "/readyz"),
            ("http://localhost", "localhost:80", "localhost", "/"),
            ("http://[::1]:8222/healthz?js-enabled-only=1", "[::1]:8222", "[::1]:8222", "/healthz?js-enabled-only=1"),
            ("http://[::1]/", "[::1]:80", "[::1]", "/"),
        ] {
            assert_eq!(parse(text), Ok(Url { address: address.to_owned(), host, path }), "{text}");
        }
    }

    #[test]
    fn all_else_is_refused() {
        for text in ["", "localhost:3000", "https://localhost/", "http:///x", "http://me@host/", "http://a/\r\nB: c"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
