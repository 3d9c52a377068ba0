//! Where the servers come from, and that they go: each way of starting that is possible here, tried in another process.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::{env, fs, thread};

use testkit::{Database, broker, database, eventually, own_redis, redis, skipped};

use crate::SEATS;

/// Not a test by itself: what the others start in another process. It tells where everything is and waits to be killed.
#[tokio::test]
#[ignore = "started by the tests below"]
async fn another_process() {
    let db = database("theatre", &SEATS).await;
    sqlx::query("insert into seats values (gen_random_uuid(), 'A1')").execute(&db).await.unwrap();
    let (own, broker) = (own_redis().await, broker().await);
    println!("AT {} {} {} {}", Database::of(&db).url(), redis().await, own.url, broker.url);
    if env::var_os("TESTKIT_WAIT").is_some() {
        thread::park();
    }
}

/// An address where no engine is.
const NO_ENGINE: &str = "unix:///nowhere/docker.sock";

/// The process above, with `variables` and none of ours.
fn another(variables: &[(&str, &str)]) -> Child {
    start(&["--exact", "servers::another_process", "--ignored", "--nocapture"], variables)
}

/// Runs other tests of ours with `variables` and expects them to pass. What they said.
fn passes(tests: &str, variables: &[(&str, &str)]) -> String {
    let output = start(&[tests], variables).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && !said.contains(" 0 passed"), "{said}");
    said
}

fn start(words: &[&str], variables: &[(&str, &str)]) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(words);
    for name in ["TEST_SERVERS", "TEST_DATABASE_URL", "TEST_REDIS_URL", "NATS_URL", "TEST_NATS_SERVER"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Where its servers are, as soon as they are.
fn places(child: &mut Child) -> Vec<String> {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("AT "));
    thread::spawn(move || lines.for_each(drop)); // Nobody may find that it writes to nobody.
    let Some(line) = line else { panic!("it did not start: {}", said(child)) };
    line.split("AT ").nth(1).unwrap().split_whitespace().map(str::to_owned).collect()
}

fn said(child: &mut Child) -> String {
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    text
}

fn docker(words: &[&str]) -> Option<String> {
    let output = Command::new("docker").args(words).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

fn nats_server() -> Option<String> {
    let places = env::var_os("PATH").unwrap_or_default();
    let mut places = env::split_paths(&places).chain([PathBuf::from("/usr/sbin")]);
    let path = places.find_map(|place| Some(place.join("nats-server")).filter(|path| path.is_file()));
    if path.is_none() {
        skipped("there is no nats-server on this machine");
    }
    path.map(|path| path.to_str().unwrap().to_owned())
}

fn accepts(url: &str) -> bool {
    let address = url.split("://").nth(1).unwrap().rsplit('@').next().unwrap().split('/').next().unwrap();
    TcpStream::connect(address).is_ok()
}

/// The folders that a process made.
fn folders(process: u32) -> Vec<PathBuf> {
    let places = [PathBuf::from("/dev/shm"), env::temp_dir()];
    let entries = places.iter().filter_map(|place| fs::read_dir(place).ok()).flatten().flatten();
    let prefix = format!("testkit-{process}-");
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix)).map(|entry| entry.path()).collect()
}

/// Kills the process when it has told where everything is, and expects all of that to go.
async fn nothing_is_left_after_a_kill(variables: &[(&str, &str)]) {
    let mut child = another(&[variables, &[("TESTKIT_WAIT", "1")]].concat());
    let places = places(&mut child);
    assert!(places.iter().all(|url| accepts(url)), "{places:?}");
    child.kill().unwrap();
    child.wait().unwrap();
    eventually("all servers and folders are gone", async || {
        let folders = folders(child.id());
        let left: Vec<&String> = places.iter().filter(|url| accepts(url)).collect();
        if left.is_empty() && folders.is_empty() { Ok(()) } else { Err(format!("{left:?} {folders:?}")) }
    })
    .await;
}

#[tokio::test]
async fn local_servers_go_when_the_process_is_killed() {
    nothing_is_left_after_a_kill(&[("TEST_SERVERS", "local")]).await;
}

#[tokio::test]
async fn a_nats_server_goes_when_the_process_is_killed() {
    let Some(path) = nats_server() else { return };
    nothing_is_left_after_a_kill(&[("TEST_SERVERS", "local"), ("TEST_NATS_SERVER", &path)]).await;
}

#[tokio::test]
async fn containers_go_when_the_process_is_killed() {
    if docker(&["info"]).is_none() {
        skipped("no Docker engine answers");
        return;
    }
    let mut child = another(&[("TEST_SERVERS", "docker"), ("TESTKIT_WAIT", "1")]);
    let places = places(&mut child);
    assert!(places.iter().all(|url| accepts(url)), "{places:?}");
    let name = format!("name=testkit-{}-", child.id());
    let containers = || docker(&["ps", "--all", "--quiet", "--filter", &name]).unwrap();
    assert_eq!(containers().lines().count(), 3, "Postgres, Redis and a Redis of the test's own");
    child.kill().unwrap();
    child.wait().unwrap();
    eventually("all containers are gone", async || containers().is_empty()).await;
}

#[test]
fn without_an_engine_local_servers_are_used_and_that_is_said() {
    let mut child = another(&[("DOCKER_HOST", NO_ENGINE)]);
    places(&mut child);
    let said = said(&mut child);
    assert!(said.contains("no Docker engine answers: Postgres IS NOT PRODUCTION'S IMAGE BUT /"), "{said}");
    assert!(child.wait().unwrap().success());
}

#[test]
fn where_nothing_is_possible_it_is_said_what_to_install() {
    let mut child = another(&[("DOCKER_HOST", NO_ENGINE), ("TEST_SERVERS", "docker")]);
    assert!(!child.wait().unwrap().success());
    let said = said(&mut child);
    assert!(said.contains("there is no Postgres in Docker: no Docker engine answers"), "{said}");
}

#[tokio::test]
async fn servers_that_are_given_are_used_and_the_next_run_drops_what_a_killed_one_left() {
    let (db, server) = (database("theatre", &SEATS).await, own_redis().await);
    let url = Database::of(&db).url();
    let given = [("TEST_DATABASE_URL", &*url), ("TEST_REDIS_URL", &*server.url), ("TESTKIT_WAIT", "1")];
    let mut child = another(&given);
    let first = places(&mut child);
    assert!(first[1].starts_with(&server.url), "{first:?}");
    child.kill().unwrap();
    child.wait().unwrap();
    let run = first[0].rsplit('/').next().unwrap().split('_').nth(1).unwrap().to_owned();
    let left = async || -> i64 {
        let count = "select count(*) from pg_database where datname like 'testkit_' || $1 || '%'";
        sqlx::query_scalar(count).bind(&run).fetch_one(&db).await.unwrap()
    };
    assert_ne!(left().await, 0, "its template at least");
    // Its connection ends when Postgres notices, and then nobody holds the lock of its run.
    eventually("the next run drops what the killed one left", async || {
        let mut child = another(&given[..2]);
        places(&mut child);
        child.wait().unwrap();
        left().await == 0
    })
    .await;
    let ours: i64 = sqlx::query_scalar("select count(*) from seats").fetch_one(&db).await.unwrap();
    assert_eq!(ours, 0, "what belongs to a process that is there is left alone");
}

#[tokio::test]
async fn tests_take_turns_at_a_broker_that_is_given() {
    let broker = broker().await;
    let said = passes("broker::", &[("NATS_URL", &broker.url)]);
    assert!(said.contains("SKIPPED: a test that restarts the broker"), "{said}");
}

#[test]
fn each_test_has_a_nats_server_of_its_own_if_one_is_named() {
    let Some(path) = nats_server() else { return };
    passes("broker::", &[("TEST_NATS_SERVER", &path)]);
}

#[tokio::test]
async fn tests_claim_databases_of_a_redis_that_is_given() {
    let server = own_redis().await;
    passes("redis::each_test_has_a_database_of_its_own", &[("TEST_REDIS_URL", &server.url)]);
    let mut connection = redis::Client::open(&*server.url).unwrap().get_multiplexed_async_connection().await.unwrap();
    let claims: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
    assert!(claims.len() <= 2, "claimed, and perhaps not yet given back when the process ended: {claims:?}");
}
