//! What the client's nginx sends with pages is what `marketplace` sends: both are written by hand, and read here.

use std::fs;

use crate::cargo;

/// Where `marketplace` says it.
const RUST: [&str; 2] = ["crates/marketplace/src/pages.rs", "crates/service/src/http.rs"];

fn text(path: &str) -> String {
    fs::read_to_string(cargo::root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// `source` as the compiler has it: lines that end in a backslash go on in the next.
fn joined(source: &str) -> String {
    let lines = source.split("\\\n").enumerate();
    lines.map(|(index, line)| if index == 0 { line } else { line.trim_start() }).collect()
}

#[test]
fn every_header_of_nginx_is_one_of_the_marketplaces() {
    let rust: String = RUST.map(text).concat();
    let conf = text("docker/nginx/headers.conf");
    let mut names = Vec::new();
    for line in conf.lines().filter_map(|line| line.strip_prefix("add_header ")) {
        let (name, rest) = line.split_once(' ').unwrap();
        let value = rest.strip_suffix(" always;").expect(line).trim_matches('"');
        names.push(name);
        // In Rust it is a name of the crate http, or text.
        let constant = name.replace('-', "_").to_uppercase();
        assert!(rust.contains(&format!("\"{name}\"")) || rust.contains(&format!("header::{constant}")), "{name}");
        assert!(value.starts_with('$') || rust.contains(&format!("from_static(\"{value}\")")), "{name}: {value}");
    }
    let pages = text(RUST[0]);
    let always = text(RUST[1]);
    let (_, always) = always.split_once("const ALWAYS:").unwrap();
    let (always, _) = always.split_once("];\n").unwrap();
    let (_, protect) = pages.split_once("fn protect(").unwrap();
    let sent = protect.matches("headers.insert(").count() + always.matches("from_static(").count();
    // And the one that says how long a page may be kept.
    assert_eq!(names.len(), sent + 1, "{names:?}");
}

#[test]
fn the_policy_of_nginx_is_the_marketplaces() {
    let pages = joined(&text(RUST[0]));
    let (_, policy) = pages.split_once("\"default-src").unwrap();
    let (policy, _) = policy.split_once('"').unwrap();
    let ours = policy.replace("{script}", "$script").replace("{calls}", "$calls").replace("{frames}", "$frames");
    let shell = text("docker/nginx/client.sh");
    assert!(shell.contains(&format!("\"default-src{ours}\"")), "docker/nginx/client.sh has another than {ours}");
    for hosts in [
        "https://api.stripe.com https://js.stripe.com",
        "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com",
    ] {
        assert!(pages.contains(&format!("\"{hosts}\"")) && shell.contains(&format!("'{hosts}'")), "{hosts}");
    }
}

#[test]
fn both_keep_whoever_came_by_https_there_as_long() {
    let (pages, conf) = (text(RUST[0]), text("docker/nginx/client.conf"));
    let (_, kept) = pages.split_once("const STAY_SECURE: HeaderValue = HeaderValue::from_static(").unwrap();
    let (kept, _) = kept.split_once(')').unwrap();
    assert!(conf.contains(&format!("https {kept};")), "docker/nginx/client.conf does not say {kept}");
}

#[test]
fn hashed_files_are_kept_for_ever_by_both() {
    let (pages, conf) = (text(RUST[0]), text("docker/nginx/client.conf"));
    for value in ["public, max-age=31536000, immutable", "no-cache"] {
        assert!(pages.contains(&format!("\"{value}\"")) && conf.contains(&format!("\"{value}\"")), "{value}");
    }
}
