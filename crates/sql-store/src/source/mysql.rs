//! Sources of MySQL and MariaDB: as Go's driver reads them, `user:password@tcp(host:port)/database?name=value`, or a URL.

use super::{Target, decoded, host_and_port, read_url, wrong};
use crate::error::Error;

/// What Go's driver may be told that is ours to know: times, encodings, and how it hands values to Go.
const WITHOUT_EFFECT: [&str; 18] = [
    "allowallfiles",
    "allowcleartextpasswords",
    "allownativepasswords",
    "allowoldpasswords",
    "charset",
    "checkconnliveness",
    "clientfoundrows",
    "collation",
    "columnswithalias",
    "interpolateparams",
    "loc",
    "maxallowedpacket",
    "multistatements",
    "parsetime",
    "readtimeout",
    "rejectreadonly",
    "timeout",
    "writetimeout",
];

pub(super) fn read(source: &str) -> Result<Target, Error> {
    let (mut target, pairs) = if source.starts_with("mysql://") || source.starts_with("mariadb://") {
        read_url(source)?
    } else {
        read_go(source)?
    };
    let mut mode = "PREFERRED".to_owned();
    for (name, value) in pairs {
        match name.to_ascii_lowercase().as_str() {
            "tls" => mode = tls(&value)?.to_owned(),
            "ssl-mode" | "sslmode" => mode = value,
            "ssl-ca" | "sslca" => target.parameters.push(("ssl-ca", value)),
            "ssl-cert" | "sslcert" => target.parameters.push(("ssl-cert", value)),
            "ssl-key" | "sslkey" => target.parameters.push(("ssl-key", value)),
            "socket" => target.host = value,
            known if WITHOUT_EFFECT.contains(&known) => {}
            _ => {
                return Err(wrong(format!(
                    "sql_source: {name:?} is not known; known are tls, ssl-mode, ssl-ca, ssl-cert, ssl-key and socket"
                )));
            }
        }
    }
    if target.host.is_empty() {
        "localhost".clone_into(&mut target.host);
    }
    if target.is_local_socket() {
        "DISABLED".clone_into(&mut mode);
    }
    let modes = ["DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"];
    let mode = mode.to_ascii_uppercase();
    if !modes.contains(&mode.as_str()) {
        return Err(wrong(format!("sql_source: ssl-mode is {mode:?}; it can be {}", modes.join(", "))));
    }
    target.parameters.push(("ssl-mode", mode));
    Ok(target)
}

fn tls(value: &str) -> Result<&'static str, Error> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok("VERIFY_IDENTITY"),
        "skip-verify" => Ok("REQUIRED"),
        "preferred" => Ok("PREFERRED"),
        "false" | "" => Ok("DISABLED"),
        _ => Err(wrong("sql_source: tls can be true, false, skip-verify or preferred; for certificates say ssl-ca")),
    }
}

/// From the right, as a password may hold anything.
fn read_go(source: &str) -> Result<(Target, Vec<(String, String)>), Error> {
    let shape = || wrong("sql_source: expected user:password@tcp(host:3306)/database, or mysql://user@host/database");
    let (address, rest) = source.rsplit_once('/').ok_or_else(shape)?;
    let (database, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (login, net) = address.rsplit_once('@').unwrap_or(("", address));
    let (user, password) = login.split_once(':').map_or((login, None), |(user, password)| (user, Some(password)));
    let (kind, place) = match net.strip_suffix(')').and_then(|net| net.split_once('(')) {
        Some(parts) => parts,
        None if net.contains(['(', ')']) => return Err(shape()),
        None => (net, ""),
    };
    let (host, port) = match kind {
        "unix" => (place.to_owned(), None),
        "tcp" | "" => host_and_port(place)?,
        _ => return Err(shape()),
    };
    let target = Target {
        user: user.to_owned(),
        password: password.map(str::to_owned),
        host,
        port,
        database: decoded(database)?,
        parameters: Vec::new(),
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Ok((name.to_owned(), decoded(value)?))
    });
    Ok((target, pairs.collect::<Result<_, Error>>()?))
}

#[cfg(test)]
mod tests {
    use crate::Source;

    fn url(source: &str) -> String {
        Source::parse("mysql", source).map_or_else(|error| error.to_string(), |source| source.url)
    }

    #[test]
    fn what_go_programs_write_is_read() {
        assert_eq!(url("stan@/nss_db"), "mysql://stan@localhost/nss%5Fdb?ssl-mode=PREFERRED");
        assert_eq!(
            url("stan:a:b@c/d@tcp(db:3307)/d?parseTime=true&tls=skip-verify"),
            "mysql://stan:a%3Ab%40c%2Fd@db:3307/d?ssl-mode=REQUIRED"
        );
        assert_eq!(
            url("stan:pw@tcp([::1]:3306)/d?tls=true"),
            "mysql://stan:pw@[::1]:3306/d?ssl-mode=VERIFY%5FIDENTITY"
        );
        assert_eq!(
            url("stan:pw@unix(/run/mysqld/mysqld.sock)/d"),
            "mysql://stan:pw@localhost/d?ssl-mode=DISABLED&socket=%2Frun%2Fmysqld%2Fmysqld%2Esock"
        );
        assert_eq!(url("mysql://stan:p%40w@db/d"), "mysql://stan:p%40w@db/d?ssl-mode=PREFERRED");
    }

    #[test]
    fn what_is_wrong_is_told_without_the_password() {
        for (source, told) in [
            ("stan:hush@tcp(db)", "expected user:password@tcp"),
            ("stan:hush@tcp(db)/", "names no database"),
            ("stan:hush@tcp(db:x)/d", "no number"),
            ("stan:hush@udp(db)/d", "expected user:password@tcp"),
            ("stan:hush@tcp(db)/d?colour=red", "\"colour\" is not known"),
            ("stan:hush@tcp(db)/d?tls=mine", "tls can be true"),
        ] {
            let error = url(source);
            assert!(error.contains(told) && !error.contains("hush"), "{source}: {error}");
        }
    }
}
