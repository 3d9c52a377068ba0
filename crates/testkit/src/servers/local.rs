//! Postgres, Redis and `nats-server` from the programs of this machine.

use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use super::Started;
use super::process::{Account, Process, Program, new_folder};

/// Ports tried before giving up: somebody may take one between our choice and the program's.
const PORTS_MAX: usize = 5;

/// Where Postgres' programs are when they aren't in `PATH`: Debian, Red Hat, Homebrew (ARM and Intel), Postgres.app.
const POSTGRES_PLACES: [(&str, &str); 5] = [
    ("/usr/lib/postgresql", "bin"),
    ("/usr", "bin"),
    ("/opt/homebrew/opt", "bin"),
    ("/usr/local/opt", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "bin"),
];

/// Where other servers may be when they aren't in `PATH`.
const OTHER_PLACES: [&str; 5] = ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/usr/local/sbin", "/opt/homebrew/bin"];

/// Settings for tests: nothing survives a crash, nothing happens by itself, room for many small pools.
const POSTGRES_SETTINGS: [&str; 12] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_connections=500",
    "shared_buffers=32MB",
    "jit=off",
    "dynamic_shared_memory_type=mmap",
    "max_parallel_workers_per_gather=0",
    "unix_socket_directories=",
];

/// Sorting by code points but knowing all letters, as the image does; macOS has no C.UTF-8, and everyone has C.
const INITDB: &str = r#"
for locale in C.UTF-8 en_US.UTF-8 C; do
  "$INITDB" --username=postgres --auth=trust --encoding=UTF8 --no-sync --locale=$locale -D "$PGDATA" && break
done"#;

/// Starts a Postgres that runs until this process ends.
pub(crate) fn postgres() -> Result<Started, String> {
    let bin = postgres_folder().ok_or("initdb and postgres are not installed")?;
    let user = ordinary_user()?;
    let path = bin.join("postgres");
    let (process, port) = on_a_free_port(|port| {
        let folder = new_folder();
        if let Some(user) = &user {
            chown(&folder, Some(user.uid), Some(user.gid)).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        let mut words = ["-h", "127.0.0.1", "-p", &port.to_string()].map(str::to_owned).to_vec();
        words.extend(POSTGRES_SETTINGS.iter().flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()]));
        let program = Program {
            path: &path,
            words,
            first: INITDB,
            variables: vec![("INITDB", bin.join("initdb")), ("PGDATA", folder.join("data"))],
            user: user.as_ref(),
            workplace: &folder,
            signal: "QUIT",
            folder: Some(&folder),
        };
        Process::start(&program, "database system is ready to accept connections")
    })?;
    process.keep();
    Ok(Started { url: format!("postgres://postgres@127.0.0.1:{port}"), what: version(&path) })
}

/// Starts a Redis that runs until this process ends, with a database for every test.
pub(crate) fn redis() -> Result<Started, String> {
    let path = redis_program()?;
    let (process, port) = on_a_free_port(|port| start_redis(&path, port, super::process::scratch(), None))?;
    process.keep();
    Ok(Started { url: format!("redis://127.0.0.1:{port}"), what: version(&path) })
}

/// Where `redis-server` is.
pub(crate) fn redis_program() -> Result<PathBuf, String> {
    program("redis-server")
        .or_else(|| program("valkey-server"))
        .ok_or_else(|| "redis-server is not installed".to_owned())
}

/// Starts Redis on `port`; what it is told survives it in `folder`, if there is one.
pub(crate) fn start_redis(path: &Path, port: u16, workplace: &Path, folder: Option<&Path>) -> Result<Process, String> {
    let mut words = vec!["--port".to_owned(), port.to_string(), "--bind".to_owned(), "127.0.0.1".to_owned()];
    words.extend(super::REDIS_SETTINGS.iter().map(|word| (*word).to_owned()));
    if let Some(folder) = folder {
        words.extend(["--dir", &folder.display().to_string()].map(str::to_owned));
        words.extend(["--appendonly", "yes", "--appendfsync", "always"].map(str::to_owned));
    }
    let program = Program { path, words, workplace, signal: "KILL", ..Program::default() };
    Process::start(&program, "Ready to accept connections")
}

/// Starts `nats-server` with `JetStream` on `port`, its streams in `folder`.
pub(crate) fn start_nats(path: &Path, port: u16, folder: &Path) -> Result<Process, String> {
    let store = folder.display().to_string();
    let words = ["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd", &store].map(str::to_owned).to_vec();
    let program = Program { path, words, workplace: folder, signal: "TERM", ..Program::default() };
    Process::start(&program, "Server is ready")
}

/// Starts something on a port that is free, and on another if it was not.
pub(crate) fn on_a_free_port<T>(mut start: impl FnMut(u16) -> Result<T, String>) -> Result<(T, u16), String> {
    let mut last = String::new();
    for _ in 0..PORTS_MAX {
        let port = free_port()?;
        match start(port) {
            Ok(started) => return Ok((started, port)),
            Err(error) if error.contains("in use") => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// A port nobody listens on now.
pub(crate) fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| format!("no free port: {error}"))?;
    Ok(listener.local_addr().map_err(|error| error.to_string())?.port())
}

/// Postgres refuses to run as root: whom to run it as instead. `None` if we are somebody ordinary.
fn ordinary_user() -> Result<Option<Account>, String> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").map_err(|error| format!("/etc/passwd: {error}"))?;
    let account = ["postgres", "nobody"].iter().find_map(|name| account(&users, name));
    account
        .map(Some)
        .ok_or_else(|| "Postgres refuses to run as root, and there is no user postgres or nobody".to_owned())
}

fn account(users: &str, name: &str) -> Option<Account> {
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut numbers = line.split(':').skip(2).map(str::parse);
    Some(Account { uid: numbers.next()?.ok()?, gid: numbers.next()?.ok()? })
}

/// The folder with both `initdb` and `postgres`: of those in `PATH`, else of the newest version installed.
fn postgres_folder() -> Option<PathBuf> {
    // Debian links `initdb` alone into `PATH`: `postgres` is where the link leads.
    let linked = program("initdb").and_then(|path| fs::canonicalize(path).ok());
    let in_path = linked.and_then(|path| path.parent().map(Path::to_owned));
    let elsewhere = POSTGRES_PLACES.iter().flat_map(|(place, bin)| {
        let mut versions: Vec<PathBuf> =
            fs::read_dir(place).into_iter().flatten().flatten().map(|e| e.path()).collect();
        versions.sort_by_key(|path| std::cmp::Reverse(number_in(path)));
        versions.into_iter().map(move |version| version.join(bin))
    });
    in_path.into_iter().chain(elsewhere).find(|bin| bin.join("initdb").is_file() && bin.join("postgres").is_file())
}

/// 16 of `/opt/homebrew/opt/postgresql@16`.
fn number_in(path: &Path) -> u32 {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.chars().filter(char::is_ascii_digit).take(4).collect::<String>().parse().unwrap_or(0)
}

fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let places = env::split_paths(&path).chain(OTHER_PLACES.iter().map(PathBuf::from));
    places.map(|place| place.join(name)).find(|path| path.is_file())
}

/// The program and the version it says it has.
fn version(path: &Path) -> String {
    let output = Command::new(path).arg("--version").output().ok();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let number = said.split_whitespace().map(|word| word.trim_start_matches("v=")).find(|word| word.contains('.'));
    format!("{} {}", path.display(), number.unwrap_or("of some version"))
}
