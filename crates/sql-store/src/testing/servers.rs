//! A PostgreSQL and a MariaDB from the programs of this machine, as long as this process lives, however it ends.
//!
//! Where one is not installed its tests are skipped, and say so; with `SQL_SERVERS=required` they fail instead.

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::connection::Pool;
use crate::source::{Driver, Source};

/// The user of both, and a password that is looked for in logs.
pub const USER: &str = "stan";
/// See [`USER`].
pub const PASSWORD: &str = "s3cret:w@rd";

/// How long a server may take to be ready, its first data included.
const START_MAX: Duration = Duration::from_mins(1);
const START_STEP: Duration = Duration::from_millis(50);
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// `$FIRST`, then the program, until our end of the pipe is closed: when this process ends, whyever.
const SCRIPT: &str = r#"
eval "$FIRST" >"$FOLDER/log" 2>&1 || exit 1
"$@" </dev/null >>"$FOLDER/log" 2>&1 & program=$!
read -r _
kill -s "$END" "$program"
wait "$program"
rm -rf "$FOLDER"
"#;

const POSTGRES_FIRST: &str = r#"
printf %s "$PASSWORD" >"$FOLDER/password"
"$BIN/initdb" --username="$DBUSER" --auth=scram-sha-256 --pwfile="$FOLDER/password" --encoding=UTF8 --locale=C \
    --no-sync -D "$FOLDER/data""#;

const MARIADB_FIRST: &str = r#"
"$BIN" --no-defaults --datadir="$FOLDER/data" --auth-root-authentication-method=normal --skip-test-db
cat >"$FOLDER/init.sql" <<END
create or replace user 'root'@'127.0.0.1';
grant all on *.* to 'root'@'127.0.0.1' with grant option;
create or replace user '$DBUSER'@'%' identified by '$PASSWORD';
grant all on *.* to '$DBUSER'@'%';
END
"#;

/// Durable against the death of our server, which is what is tried; not against that of the machine.
const POSTGRES_SETTINGS: [&str; 8] = [
    "fsync=off",
    "full_page_writes=off",
    "max_connections=200",
    "shared_buffers=32MB",
    "jit=off",
    "dynamic_shared_memory_type=mmap",
    "unix_socket_directories=",
    "max_parallel_workers_per_gather=0",
];

/// A database of its own, on a server that all tests of this process share.
pub struct Scratch {
    driver: Driver,
    name: String,
    port: u16,
}

/// One on each kind of server that is installed.
pub fn each() -> Vec<Scratch> {
    [Driver::Postgres, Driver::Mysql].into_iter().filter_map(Scratch::new).collect()
}

impl Scratch {
    /// A new database. `None` where there is no server of the kind.
    pub fn new(driver: Driver) -> Option<Self> {
        static POSTGRES: OnceLock<Option<u16>> = OnceLock::new();
        static MARIADB: OnceLock<Option<u16>> = OnceLock::new();
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let port = match driver {
            Driver::Postgres => *POSTGRES.get_or_init(|| start(driver)),
            Driver::Mysql => *MARIADB.get_or_init(|| start(driver)),
        }?;
        let name = format!("t{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let scratch = Self { driver, name, port };
        admin(driver, port, &format!("create database {}", scratch.name)).expect("a database is made");
        Some(scratch)
    }

    /// The kind.
    pub fn driver(&self) -> Driver {
        self.driver
    }

    /// What a user would say of it: for `-sql_source`.
    pub fn text(&self) -> String {
        match self.driver {
            Driver::Postgres => format!(
                "host=127.0.0.1 port={} user={USER} password='{PASSWORD}' dbname={} sslmode=disable",
                self.port, self.name
            ),
            Driver::Mysql => {
                format!("{USER}:{PASSWORD}@tcp(127.0.0.1:{})/{}?parseTime=true&tls=false", self.port, self.name)
            }
        }
    }

    /// The same, read.
    pub fn source(&self) -> Source {
        Source::parse(self.driver.name(), &self.text()).expect("the source is right")
    }

    /// Runs a statement in it.
    pub fn run(&self, sql: &str) {
        run(&self.source(), sql).expect("the statement is right");
    }

    /// A number it answers.
    pub fn int(&self, sql: &str) -> i64 {
        let (source, sql) = (self.source(), sql.to_owned());
        apart(async move {
            let mut connection = Pool::new(&source, 1, ANSWER_MAX).ok()?.acquire().await.ok()?;
            connection.fetch(&sql, &[]).await.ok()?.first()?.int(0).ok()
        })
        .expect("a number is answered")
    }

    /// Ends every connection to it.
    pub fn cut(&self) {
        match self.driver {
            Driver::Postgres => admin(
                self.driver,
                self.port,
                &format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{}'", self.name),
            )
            .expect("connections end"),
            Driver::Mysql => {
                let sql = format!(
                    "begin not atomic
                       for s in (select id from information_schema.processlist where db = '{}' and id != connection_id())
                       do
                         begin
                           declare continue handler for 1094 begin end;
                           kill s.id;
                         end;
                       end for;
                     end",
                    self.name
                );
                root(self.port, &sql).expect("connections end");
            }
        }
    }

    /// Lets nobody in any more, and sends away who is.
    pub fn leave(&self) {
        match self.driver {
            Driver::Postgres => {
                // Nobody may be there while the name is changed: whoever comes back in between is sent away again.
                let rename = format!("alter database {0} rename to {0}_away", self.name);
                for _ in 0..100 {
                    self.cut();
                    if admin(self.driver, self.port, &rename).is_ok() {
                        return;
                    }
                }
                panic!("{} is always in use", self.name);
            }
            Driver::Mysql => {
                root(self.port, &format!("alter user '{USER}'@'%' account lock")).expect("the user is locked out");
                self.cut();
            }
        }
    }

    /// Lets everybody in again.
    pub fn come_back(&self) {
        match self.driver {
            Driver::Postgres => {
                admin(self.driver, self.port, &format!("alter database {0}_away rename to {0}", self.name))
            }
            Driver::Mysql => root(self.port, &format!("alter user '{USER}'@'%' account unlock")),
        }
        .expect("everybody may come in again");
    }
}

/// Where the server of this process listens.
fn start(driver: Driver) -> Option<u16> {
    let started = match driver {
        Driver::Postgres => start_postgres(),
        Driver::Mysql => start_mariadb(),
    };
    match started {
        Ok(port) => Some(port),
        Err(why) if std::env::var("SQL_SERVERS").as_deref() == Ok("required") => {
            panic!("SQL_SERVERS=required, but there is no {}: {why}", driver.name())
        }
        Err(why) => {
            let line = format!("sql-store: SKIPPED: ALL TESTS WITH {}: {why}", driver.name().to_uppercase());
            let _ = writeln!(std::io::stderr(), "{line}");
            None
        }
    }
}

fn start_postgres() -> Result<u16, String> {
    let versions =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|e| e.path().join("bin"));
    let elsewhere = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].map(PathBuf::from);
    let bin =
        versions.chain(elsewhere).filter(|bin| bin.join("initdb").exists() && bin.join("postgres").exists()).max();
    let bin = bin.ok_or("initdb and postgres are not installed")?;
    launch(Driver::Postgres, |folder, port| {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "postgres"]).arg(bin.join("postgres")).arg("-D").arg(folder.join("data"));
        command.args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        command.args(POSTGRES_SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        command.env("FIRST", POSTGRES_FIRST).env("BIN", &bin).env("END", "QUIT");
        command
    })
}

fn start_mariadb() -> Result<u16, String> {
    let find = |name: &str| {
        let folders = ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/usr/local/sbin", "/opt/homebrew/bin"];
        folders.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.exists())
    };
    let server = find("mariadbd").ok_or("mariadbd is not installed")?;
    let install = find("mariadb-install-db").ok_or("mariadb-install-db is not installed")?;
    launch(Driver::Mysql, |folder, port| {
        let mut command = Command::new("/bin/sh");
        let option = |name: &str, file: &str| format!("--{name}={}", folder.join(file).display());
        command.args(["-c", SCRIPT, "mariadb"]).arg(&server).arg("--no-defaults");
        command.args([option("datadir", "data"), option("socket", "socket"), option("init-file", "init.sql")]);
        command.args([format!("--port={port}"), "--bind-address=127.0.0.1".into(), "--skip-name-resolve".into()]);
        command.args(["--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=32M", "--max-connections=200"]);
        command.env("FIRST", MARIADB_FIRST).env("BIN", &install).env("END", "KILL");
        command
    })
}

fn launch(driver: Driver, command: impl FnOnce(&Path, u16) -> Command) -> Result<u16, String> {
    let told = |error: std::io::Error| error.to_string();
    let folder = tempfile::Builder::new().prefix("sql-store").tempdir().map_err(told)?.keep();
    let listener = TcpListener::bind("127.0.0.1:0").map_err(told)?;
    let port = listener.local_addr().map_err(told)?.port();
    drop(listener);
    let mut command = command(&folder, port);
    // Neither server runs as root.
    if std::fs::metadata("/root").is_ok() && is_root() {
        let (user, group) = ordinary().ok_or("they refuse to run as root, and there is no user postgres or nobody")?;
        chown(&folder, Some(user), Some(group)).map_err(told)?;
        command.uid(user).gid(group);
    }
    command.env("FOLDER", &folder).env("DBUSER", USER).env("PASSWORD", PASSWORD).env("LC_ALL", "C");
    command.current_dir(&folder).process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut shell = command.spawn().map_err(told)?;
    let ready = wait_for(driver, port, &mut shell, &folder);
    // Its end of the pipe stays open as long as we live.
    std::mem::forget(shell);
    ready.map(|()| port)
}

fn wait_for(driver: Driver, port: u16, shell: &mut Child, folder: &Path) -> Result<(), String> {
    let deadline = Instant::now() + START_MAX;
    loop {
        let failed = match admin(driver, port, "select 1") {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let ended = shell.try_wait().ok().flatten().is_some();
        if ended || Instant::now() > deadline {
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().rev().take(10).collect();
            return Err(format!("it does not start: {failed}; {}", lines.join(" / ")));
        }
        std::thread::sleep(START_STEP);
    }
}

fn is_root() -> bool {
    // Whose the files are that we make.
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn ordinary() -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    ["postgres", "nobody"].iter().find_map(|name| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    })
}

/// Runs a statement where the server keeps its own affairs.
fn admin(driver: Driver, port: u16, sql: &str) -> Result<(), String> {
    let url = |database: &str| match driver {
        Driver::Postgres => {
            format!("host=127.0.0.1 port={port} user={USER} password='{PASSWORD}' dbname={database} sslmode=disable")
        }
        Driver::Mysql => format!("{USER}:{PASSWORD}@tcp(127.0.0.1:{port})/{database}?tls=false"),
    };
    let database = if driver == Driver::Postgres { "postgres" } else { "mysql" };
    run(&Source::parse(driver.name(), &url(database)).map_err(|error| error.to_string())?, sql)
}

/// The same as the one user of MariaDB who is never locked out.
fn root(port: u16, sql: &str) -> Result<(), String> {
    let source = Source::parse("mysql", &format!("root@tcp(127.0.0.1:{port})/mysql?tls=false"));
    run(&source.map_err(|error| error.to_string())?, sql)
}

fn run(source: &Source, sql: &str) -> Result<(), String> {
    let (source, sql) = (source.clone(), sql.to_owned());
    apart(async move {
        let pool = Pool::new(&source, 1, ANSWER_MAX).map_err(|error| error.to_string())?;
        let mut connection = pool.acquire().await.map_err(|error| error.to_string())?;
        let done = connection.run_any(sql).await.map_err(|error| error.to_string());
        drop(connection);
        pool.close().await;
        done
    })
}

/// On a runtime of its own: a test may be on one already.
fn apart<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let run =
        || tokio::runtime::Builder::new_current_thread().enable_all().build().map(|runtime| runtime.block_on(work));
    std::thread::spawn(run).join().expect("it does not panic").expect("a runtime")
}
