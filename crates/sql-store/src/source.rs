//! Which database: what `-sql_driver` and `-sql_source` say, in the words of the original and in those of a URL.
//!
//! | driver | source |
//! |---|---|
//! | `postgres` | `host=db user=stan password='p w' dbname=stan sslmode=disable` · `postgres://stan:pw@db:5432/stan?sslmode=disable` |
//! | `mysql` | `stan:pw@tcp(db:3306)/stan?tls=true` · `stan:pw@unix(/run/mysqld.sock)/stan` · `mysql://stan:pw@db:3306/stan` |
//!
//! Both become one URL for `sqlx`. No error and no log line names a password.

mod mysql;
mod postgres;

use std::fmt;
use std::fmt::Write;

use crate::error::Error;

/// The kind of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    Mysql,
}

impl Driver {
    /// As it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
        }
    }
}

/// Where a database is and who we are there.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    /// What it is.
    pub driver: Driver,
    /// For `sqlx`; may hold a password.
    pub(crate) url: String,
    /// For people: without it.
    place: String,
}

impl Source {
    /// Reads a driver's name and a source. Names of drivers: `postgres`, `mysql`; if it is empty, a URL tells.
    pub fn parse(driver: &str, source: &str) -> Result<Self, Error> {
        let driver = match (driver.to_ascii_lowercase().as_str(), source.split("://").next()) {
            ("postgres" | "postgresql", _) | ("", Some("postgres" | "postgresql")) => Driver::Postgres,
            ("mysql" | "mariadb", _) | ("", Some("mysql" | "mariadb")) => Driver::Mysql,
            ("", _) => return Err(wrong("say which database it is: set sql_driver to postgres or mysql")),
            (other, _) => return Err(wrong(format!("sql_driver is {other:?}; it can be postgres or mysql"))),
        };
        if source.trim().is_empty() {
            return Err(wrong("say where the database is: set sql_source"));
        }
        let target = match driver {
            Driver::Postgres => postgres::read(source.trim())?,
            Driver::Mysql => mysql::read(source.trim())?,
        };
        if target.database.is_empty() {
            return Err(wrong("sql_source names no database"));
        }
        Ok(Self { driver, url: target.url(driver), place: target.place(driver) })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({self})")
    }
}

fn wrong(what: impl Into<String>) -> Error {
    Error::Source(what.into())
}

/// A source, taken apart.
#[derive(Default)]
struct Target {
    user: String,
    password: Option<String>,
    /// A name, an address, or the folder or file of a socket.
    host: String,
    port: Option<u16>,
    database: String,
    /// Parameters as `sqlx` knows them.
    parameters: Vec<(&'static str, String)>,
}

impl Target {
    fn is_local_socket(&self) -> bool {
        self.host.starts_with('/')
    }

    fn url(&self, driver: Driver) -> String {
        let mut url = format!("{}://{}", driver.name(), encoded(&self.user));
        if let Some(password) = &self.password {
            let _ = write!(url, ":{}", encoded(password));
        }
        let mut parameters = self.parameters.clone();
        let host = match (self.is_local_socket(), driver) {
            (true, Driver::Postgres) => {
                parameters.push(("host", self.host.clone()));
                "localhost"
            }
            (true, Driver::Mysql) => {
                parameters.push(("socket", self.host.clone()));
                "localhost"
            }
            (false, _) => &self.host,
        };
        // An IPv6 address has brackets in a URL.
        let _ = if host.contains(':') { write!(url, "@[{host}]") } else { write!(url, "@{host}") };
        if let Some(port) = self.port {
            let _ = write!(url, ":{port}");
        }
        let _ = write!(url, "/{}", encoded(&self.database));
        for (n, (name, value)) in parameters.iter().enumerate() {
            let _ = write!(url, "{}{name}={}", if n == 0 { '?' } else { '&' }, encoded(value));
        }
        url
    }

    fn place(&self, driver: Driver) -> String {
        let name = match driver {
            Driver::Postgres => "PostgreSQL",
            Driver::Mysql => "MySQL",
        };
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        let user = if self.user.is_empty() { String::new() } else { format!(" as {:?}", self.user) };
        format!("the {name} database {:?} on {}{port}{user}", self.database, self.host)
    }
}

/// Anything but letters and digits as `%` and two hex digits.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The other way round.
fn decoded(text: &str) -> Result<String, Error> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err(wrong("sql_source has a % without two hex digits behind it; write a % itself as %25"));
        };
        bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
    }
    String::from_utf8(bytes).map_err(|_| wrong("sql_source is not UTF-8"))
}

/// `scheme://user:password@host:port/database?name=value&…`, and its parameters, decoded.
fn read_url(text: &str) -> Result<(Target, Vec<(String, String)>), Error> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, address) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = login.split_once(':').map_or((login, None), |(user, password)| (user, Some(password)));
    let (host, port) = host_and_port(address)?;
    let target = Target {
        user: decoded(user)?,
        password: password.map(decoded).transpose()?,
        host: decoded(&host)?,
        port,
        database: decoded(database)?,
        parameters: Vec::new(),
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let parameters = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Ok((decoded(name)?, decoded(value)?))
    });
    Ok((target, parameters.collect::<Result<_, Error>>()?))
}

/// `host`, `host:port`, `[::1]`, `[::1]:port`.
fn host_and_port(address: &str) -> Result<(String, Option<u16>), Error> {
    let (host, port) = match address.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => address.split_once(':').map_or((address, None), |(host, port)| (host, Some(port))),
    };
    let port = port.filter(|port| !port.is_empty()).map(port_of).transpose()?;
    Ok((host.to_owned(), port))
}

fn port_of(text: &str) -> Result<u16, Error> {
    text.parse().map_err(|_| wrong("the port in sql_source is no number up to 65535"))
}
