//! The page at `/`: its files and what they are served with here, what it shows and how it behaves in a browser by
//! `tests/page/test.js`, which is installed by `npm ci` at the first test. Where there is no npm or no Chromium that test
//! says so and passes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::harness::{PATIENCE, Server, ours, skipped};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/page");

/// What was answered: the head in small letters, and the body.
fn get(server: &Server, path: &str) -> (String, String) {
    let mut socket = TcpStream::connect(server.says("Starting http monitor on ")).expect("a connection");
    socket.set_read_timeout(Some(PATIENCE)).expect("an option");
    write!(socket, "GET {path} HTTP/1.0\r\n\r\n").expect("sent");
    let mut text = String::new();
    socket.read_to_string(&mut text).expect("an answer");
    let (head, body) = text.split_once("\r\n\r\n").expect("a body");
    (head.to_ascii_lowercase(), body.to_owned())
}

fn tell(server: &Server, path: &str) -> Value {
    let (head, body) = get(server, path);
    assert!(head.contains(" 200 ") && head.contains("content-type: application/json"), "{path}: {head}\n{body}");
    serde_json::from_str(&body).expect("JSON")
}

/// The files a text of the page names.
fn files(text: &str) -> Vec<String> {
    let quoted = text.split(['"', '\'']).filter(|word| word.starts_with("./"));
    quoted
        .filter(|word| word.rsplit_once('.').is_some_and(|(_, end)| ["js", "css", "svg"].contains(&end)))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_page_and_its_files_come_from_here_under_a_strict_policy() {
    if !ours() {
        return; // nats-server has an index.
    }
    let server = Server::start(&["-m", "-1"]);
    let (head, index) = get(&server, "/");
    assert!(head.contains("content-type: text/html; charset=utf-8"), "{head}");
    let policy = head.lines().find_map(|line| line.strip_prefix("content-security-policy: ")).expect("a policy");
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
    for part in ["script-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!index.contains("<style") && !index.contains("style=") && !index.contains(" on"), "nothing inline");
    assert!(!index.contains("http:") && !index.contains("https:"), "nothing from elsewhere");
    let mut open = files(&index);
    assert_eq!(open, ["./page/icon.svg", "./page/page.css", "./page/tables.css", "./page/page.js"]);
    let mut seen = Vec::new();
    while let Some(file) = open.pop() {
        let (head, body) = get(&server, file.trim_start_matches('.'));
        let kind = match file.rsplit_once('.').expect("an ending").1 {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert!(head.contains(" 200 ") && head.contains(&format!("content-type: {kind}")), "{file}: {head}");
        assert!(head.contains("x-content-type-options: nosniff"), "{file}: {head}");
        let imports = files(&body).into_iter().map(|name| name.replace("./", "./page/"));
        seen.push(file);
        open.extend(imports.filter(|name| !seen.contains(name)).collect::<Vec<_>>());
        open.sort_unstable();
        open.dedup();
    }
    seen.sort_unstable();
    assert_eq!(
        seen,
        ["chart.js", "format.js", "icon.svg", "page.css", "page.js", "table.js", "tables.css", "tables.js"]
            .map(|name| format!("./page/{name}"))
    );
}

#[test]
fn what_it_asks_for_is_told_without_streams_too() {
    if !ours() {
        return;
    }
    let server = Server::start(&["-m", "-1"]);
    let told = tell(&server, "/live/server");
    assert_eq!((&told["stan"], &told["streams"]["count"], &told["failing"]), (&Value::Null, &json!(0), &json!(0)));
    assert!(told["started"].as_i64() <= told["now"].as_i64(), "{told}");
    for table in ["streams", "consumers", "connections", "clients"] {
        assert_eq!(tell(&server, &format!("/live/{table}")), json!({ "total": 0, "found": 0, "rows": [] }), "{table}");
        for question in ["sort=weight", "limit=many", "descending=maybe"] {
            let (head, body) = get(&server, &format!("/live/{table}?{question}"));
            assert!(head.contains(" 400 ") && !body.is_empty(), "{table}?{question}: {head}\n{body}");
        }
    }
}

fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let usual = ["chromium", "chromium-browser", "google-chrome"].map(|name| Path::new("/usr/bin").join(name));
    named.into_iter().chain(usual).find(|path| path.exists())
}

/// Whether the script can be run, after an attempt to install what it needs.
fn is_installed() -> bool {
    let there = || Path::new(FOLDER).join("node_modules/playwright-core").exists();
    if !there() {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund"]).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1").current_dir(FOLDER);
        let npm = npm.output();
        assert!(npm.is_err() || there(), "npm ci: {npm:?}");
    }
    there()
}

#[test]
fn in_a_browser() {
    if !ours() {
        return;
    }
    let Some(chromium) = chromium() else { return skipped("there is no Chromium to show the page in") };
    if !is_installed() {
        return skipped("there is no npm to install what drives the browser");
    }
    // It is to be found again after a restart.
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let port = free.port().to_string();
    let mut server = Server::start(&["-m", &port, "-cid", "ticketing", "-st", "file"]);
    let mut script = Command::new("node")
        .args(["test.js", &server.url(), &format!("http://127.0.0.1:{port}"), "ticketing"])
        .current_dir(FOLDER)
        .env("CHROMIUM", chromium)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("node");
    let mut answers = script.stdin.take().expect("its input");
    for line in BufReader::new(script.stdout.take().expect("its output")).lines() {
        match line.expect("text").as_str() {
            "stop" => server.stop(),
            "start" => server.start_again(),
            other => panic!("it asks for {other:?}"),
        }
        writeln!(answers, "done").expect("it waits for that");
    }
    let output = script.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
