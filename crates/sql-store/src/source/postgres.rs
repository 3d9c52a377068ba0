//! Sources of PostgreSQL: pairs as libpq and Go's lib/pq read them, or a URL.

use super::{Target, port_of, read_url, wrong};
use crate::error::Error;

/// What TLS may be told to do.
const SSL_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

pub(super) fn read(source: &str) -> Result<Target, Error> {
    let (mut target, pairs) = if source.starts_with("postgres://") || source.starts_with("postgresql://") {
        read_url(source)?
    } else {
        (Target::default(), pairs(source)?)
    };
    let mut mode = None;
    for (name, value) in pairs {
        match name.as_str() {
            "host" | "hostaddr" => target.host = value,
            "port" => target.port = Some(port_of(&value)?),
            "user" => target.user = value,
            "password" => target.password = Some(value),
            "dbname" => target.database = value,
            "sslmode" => mode = Some(value),
            "sslrootcert" => target.parameters.push(("sslrootcert", value)),
            "sslcert" => target.parameters.push(("sslcert", value)),
            "sslkey" => target.parameters.push(("sslkey", value)),
            "options" => target.parameters.push(("options", value)),
            "application_name" | "fallback_application_name" => {
                target.parameters.push(("application_name", value));
            }
            // How long to wait is ours to know.
            "connect_timeout" | "binary_parameters" | "client_encoding" | "timezone" | "TimeZone" => {}
            _ => {
                return Err(wrong(format!(
                    "sql_source: {name:?} is not known; known are host, port, user, password, dbname, sslmode, \
                     sslrootcert, sslcert, sslkey, application_name and options"
                )));
            }
        }
    }
    if target.host.is_empty() {
        "localhost".clone_into(&mut target.host);
    }
    // As lib/pq has it: a password does not cross a network in the clear unless that is said.
    let usual = if target.is_local_socket() { "disable" } else { "require" };
    let mode = mode.unwrap_or_else(|| usual.to_owned());
    if !SSL_MODES.contains(&mode.as_str()) {
        return Err(wrong(format!("sql_source: sslmode is {mode:?}; it can be {}", SSL_MODES.join(", "))));
    }
    target.parameters.push(("sslmode", mode));
    Ok(target)
}

/// `name=value name='a value'`, with `\` before a quote or itself.
fn pairs(source: &str) -> Result<Vec<(String, String)>, Error> {
    let mut pairs = Vec::new();
    let mut rest = source.trim_start();
    while !rest.is_empty() {
        let Some((name, after)) = rest.split_once('=') else {
            return Err(wrong(
                "sql_source: expected name=value pairs such as `host=… user=… dbname=…`, or postgres://user@host/database",
            ));
        };
        let (value, after) = value(after.trim_start())?;
        pairs.push((name.trim().to_owned(), value));
        rest = after.trim_start();
    }
    Ok(pairs)
}

fn value(text: &str) -> Result<(String, &str), Error> {
    let quoted = text.starts_with('\'');
    let (mut value, mut escaped) = (String::new(), false);
    for (at, sign) in text.char_indices().skip(usize::from(quoted)) {
        match sign {
            _ if escaped => {
                value.push(sign);
                escaped = false;
            }
            '\\' => escaped = true,
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            sign if !quoted && sign.is_whitespace() => return Ok((value, &text[at..])),
            sign => value.push(sign),
        }
    }
    if quoted { Err(wrong("sql_source: a quote is not closed")) } else { Ok((value, "")) }
}

#[cfg(test)]
mod tests {
    use crate::Source;

    fn url(source: &str) -> String {
        Source::parse("postgres", source).map_or_else(|error| error.to_string(), |source| source.url)
    }

    #[test]
    fn what_go_programs_write_is_read() {
        assert_eq!(
            url("user=stan dbname=nss_db sslmode=disable"),
            "postgres://stan@localhost/nss%5Fdb?sslmode=disable"
        );
        assert_eq!(
            url("host=/run/pg port=5433 user = stan password='p \\'@/' dbname=d"),
            "postgres://stan:p%20%27%40%2F@localhost:5433/d?sslmode=disable&host=%2Frun%2Fpg"
        );
        assert_eq!(
            url("postgres://stan:p%40w@[::1]:5432/d?connect_timeout=3"),
            "postgres://stan:p%40w@[::1]:5432/d?sslmode=require"
        );
    }

    #[test]
    fn what_is_wrong_is_told_without_the_password() {
        for (source, told) in [
            ("password=hush user=stan", "names no database"),
            ("dbname=d password='hush", "not closed"),
            ("postgres://stan:hush@db:port/d", "no number"),
            ("dbname=d password=hush sslmode=often", "it can be disable"),
            ("dbname=d password=hush colour=red", "\"colour\" is not known"),
            ("stan:hush@tcp(db)/d", "expected name=value"),
        ] {
            let error = url(source);
            assert!(error.contains(told) && !error.contains("hush"), "{source}: {error}");
        }
        let source = Source::parse("", "postgres://stan:hush@db/d").unwrap();
        let said = format!("{source} {source:?}");
        assert!(said.contains("\"d\" on db as \"stan\"") && !said.contains("hush"), "{said}");
    }
}
