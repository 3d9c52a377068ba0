//! Who may import whom: the walls between the crates, checked against `cargo metadata`.

use anyhow::bail;
use serde_json::Value;

use crate::cargo;

/// A crate of ours.
struct Layer {
    name: &'static str,
    /// What of ours it may depend on.
    ours: &'static [&'static str],
    /// What of ours its tests may depend on besides.
    tests: &'static [&'static str],
    /// What of others' it must not depend on.
    never: &'static [&'static str],
}

const fn layer(
    name: &'static str,
    ours: &'static [&'static str],
    tests: &'static [&'static str],
    never: &'static [&'static str],
) -> Layer {
    Layer { name, ours, tests, never }
}

/// Only `events` knows what carries events; and a service shows nobody its tables.
const BROKER: &[&str] = &["async-nats"];

const LAYERS: &[Layer] = &[
    layer("protocol", &[], &[], &["tokio"]),
    layer("journal", &[], &["journal"], &["tokio", "async-nats"]),
    layer("sql-store", &["journal"], &["sql-store"], BROKER),
    layer("streaming", &["protocol", "journal", "sql-store"], &[], BROKER),
    layer("events", &[], &["testkit"], &["axum"]),
    layer("service", &["events"], &["testkit"], BROKER),
    layer("auth", &["service", "events"], &["testkit"], BROKER),
    layer("tickets", &["service", "events"], &["testkit"], BROKER),
    layer("orders", &["service", "events"], &["testkit"], BROKER),
    layer("expiration", &["service", "events"], &["testkit"], BROKER),
    layer("payments", &["service", "events"], &["testkit", "stripe-sandbox"], BROKER),
    layer(
        "marketplace",
        &["auth", "tickets", "orders", "expiration", "payments", "service", "events", "streaming"],
        &["testkit", "stripe-sandbox"],
        BROKER,
    ),
    // Nobody may depend on these two but for tests.
    layer("testkit", &["service", "events", "streaming"], &[], &[]),
    layer("stripe-sandbox", &[], &[], BROKER),
    layer("healthcheck", &[], &[], &["tokio"]),
    layer("xtask", &[], &[], &["tokio"]),
];

/// Fails with every import that crosses a wall.
pub fn check() -> anyhow::Result<()> {
    let wrong = crossings(&cargo::packages()?);
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

fn crossings(packages: &[Value]) -> Vec<String> {
    let mut wrong = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(layer) = LAYERS.iter().find(|layer| layer.name == name) else {
            wrong.push(format!("{name} is not in the table: say in crates/xtask/src/layers.rs what it may import"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let on = dependency["name"].as_str().unwrap_or_default();
            let for_tests = dependency["kind"].as_str() == Some("dev");
            let is_ours = LAYERS.iter().any(|layer| layer.name == on);
            let allowed = if is_ours {
                layer.ours.contains(&on) || for_tests && layer.tests.contains(&on)
            } else {
                for_tests || !layer.never.contains(&on)
            };
            if !allowed {
                let kind = if for_tests { ", not even for tests" } else { "" };
                wrong.push(format!("{name} must not depend on {on}{kind}"));
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Value {
        let one = |(name, kind): &(&str, Option<&str>)| json!({ "name": name, "kind": kind });
        json!({ "name": name, "dependencies": dependencies.iter().map(one).collect::<Vec<_>>() })
    }

    #[test]
    fn a_service_imports_no_other_service() {
        let packages = [package("tickets", &[("service", None), ("orders", None), ("orders", Some("dev"))])];
        let expected = ["tickets must not depend on orders", "tickets must not depend on orders, not even for tests"];
        assert_eq!(crossings(&packages), expected);
    }

    #[test]
    fn the_testkit_is_for_tests_only() {
        let packages = [package("auth", &[("testkit", None)]), package("auth", &[("testkit", Some("dev"))])];
        assert_eq!(crossings(&packages), ["auth must not depend on testkit"]);
    }

    #[test]
    fn what_others_wrote_is_forbidden_by_name_and_only_outside_tests() {
        let packages = [package("journal", &[("tokio", None), ("tokio", Some("dev")), ("memchr", None)])];
        assert_eq!(crossings(&packages), ["journal must not depend on tokio"]);
    }

    #[test]
    fn a_new_crate_has_to_say_where_it_stands() {
        assert!(crossings(&[package("accounts", &[])])[0].starts_with("accounts is not in the table"));
    }

    #[test]
    fn every_wall_stands() {
        assert_eq!(crossings(&cargo::packages().unwrap()), Vec::<String>::new());
    }
}
