//! Stands in for `marketplace` and `stripe-sandbox`: this very test program, started again by a script of those names.

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Puts the two programs into `folder`.
pub fn put(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for name in ["marketplace", "stripe-sandbox"] {
        let path = folder.join(name);
        let test = env::current_exe().unwrap();
        let role = name.replace('-', "_");
        let script = format!("#!/bin/sh\nexec {} --ignored --exact --nocapture fake::{role}\n", test.display());
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// Counts its starts in the database, answers that it is ready, and tells, when asked to end, whether what it stands on
/// is still there.
#[test]
#[ignore = "the other tests start it as a program"]
fn marketplace() {
    let told = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTERM, Arc::clone(&told)).unwrap();
    if env::var("FAKE").is_ok_and(|fault| fault == "ends") {
        eprintln!("JWT_KEY is too short");
        std::process::exit(3);
    }
    let sql = "create table if not exists starts (at timestamptz default now()); insert into starts default values;";
    let counted = psql(&format!("{sql} select 'start ' || count(*) from starts"));
    println!("{counted}, a hold is {}", env::var("ORDER_HOLD").unwrap_or_default());
    serve(&env::var("PORT").unwrap(), &told);
    println!("drained: Postgres says {}, Stripe {}", psql("select 'yes'"), reaches("STRIPE_URL"));
}

#[test]
#[ignore = "the other tests start it as a program"]
fn stripe_sandbox() {
    let told = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTERM, Arc::clone(&told)).unwrap();
    assert!(env::var("SANDBOX_WEBHOOK_URL").unwrap().ends_with("/api/payments/webhook"));
    serve(&env::var("SANDBOX_PORT").unwrap(), &told);
}

/// Answers 200 to whatever is asked, until told to end.
fn serve(port: &str, told: &AtomicBool) {
    let listener = TcpListener::bind(format!("0.0.0.0:{port}")).unwrap();
    listener.set_nonblocking(true).unwrap();
    while !told.load(Ordering::Relaxed) {
        let Ok((mut socket, _)) = listener.accept() else {
            std::thread::sleep(super::run::LOOK_INTERVAL);
            continue;
        };
        socket.set_nonblocking(false).unwrap();
        let _ = socket.read(&mut [0; 4096]);
        let _ = socket.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nready\n");
    }
}

fn psql(sql: &str) -> String {
    let output = Command::new("psql").args(["-qAtX", "-c", sql, &env::var("DATABASE_URL").unwrap()]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn reaches(variable: &str) -> &'static str {
    let url = env::var(variable).unwrap();
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    if TcpStream::connect(address).is_ok() { "yes" } else { "no" }
}
