//! `cargo xtask test`: every check and test of the repository, in the order in which they fail fastest.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::containers::{images, ingress};
use crate::processes::Chain;
use crate::servers::nats;
use crate::tools::{self, Tool};
use crate::{cargo, client, deny, infra, layers, programs, sql};

/// What to run.
#[derive(clap::Args)]
pub struct Arguments {
    /// Installs what is missing without asking
    #[arg(long)]
    yes: bool,
    /// Lists the steps and runs none
    #[arg(long)]
    list: bool,
    /// Runs this step only; several may be given
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
    /// Runs all but this step; several may be given
    #[arg(long, value_name = "STEP")]
    skip: Vec<String>,
}

/// How a step went that did not fail.
pub enum Outcome {
    /// All of it was tried.
    Passed,
    /// The rest was; this could not be tried here.
    Incomplete(String),
}

/// One thing to try.
struct Step {
    name: &'static str,
    what: &'static str,
    needs: &'static [&'static Tool],
    run: fn() -> anyhow::Result<Outcome>,
}

const STEPS: &[Step] = &[
    Step { name: "format", what: "rustfmt changes nothing", needs: &[], run: || plain(&["fmt", "--all", "--check"]) },
    Step { name: "layers", what: "who imports whom", needs: &[], run: || layers::check().map(|()| Outcome::Passed) },
    Step {
        name: "dependencies",
        what: "licences, sources, known faults of dependencies",
        needs: &[],
        run: deny::check,
    },
    Step {
        name: "lints",
        what: "clippy is content",
        needs: &[],
        run: || plain(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    },
    Step { name: "docs", what: "every link in the documentation leads somewhere", needs: &[], run: docs },
    Step {
        name: "sql",
        what: ".sqlx is what the queries and migrations make of it",
        needs: &[&tools::POSTGRES],
        run: || sql::check().map(|()| Outcome::Passed),
    },
    Step { name: "fuzz", what: "the fuzz targets compile", needs: &[], run: fuzz_targets },
    Step {
        name: "tests",
        what: "every test; Postgres and Redis in Docker where an engine answers",
        needs: &[&tools::POSTGRES, &tools::MARIADB, &tools::REDIS, &tools::NODE],
        run: every_test,
    },
    Step {
        name: "local",
        what: "two services' tests on this machine's Postgres and Redis",
        needs: &[&tools::POSTGRES, &tools::REDIS],
        run: on_this_machine,
    },
    Step {
        name: "conformance",
        what: "the streaming server's tests, on nats-server",
        needs: &[&tools::NATS_SERVER],
        run: conformance,
    },
    Step {
        name: "broker",
        what: "the marketplace's tests, on nats-server",
        needs: &[&tools::NATS_SERVER, &tools::POSTGRES, &tools::REDIS],
        run: on_nats_server,
    },
    Step {
        name: "client",
        what: "the web client: format, lints, types, logic, size",
        needs: &[&tools::NODE],
        run: || client::check().map(|()| Outcome::Passed),
    },
    Step {
        name: "infra",
        what: "manifests, images, workflows; and that a slip in any of them is found",
        needs: &[&tools::PYTHON, &tools::NODE],
        run: infrastructure,
    },
    Step {
        name: "browser",
        what: "the web client in a browser, on a whole marketplace",
        needs: &[&tools::NODE, &tools::CHROMIUM, &tools::POSTGRES, &tools::REDIS],
        run: || client::try_in_a_browser().map(|()| Outcome::Passed),
    },
    Step {
        name: "images",
        what: "every container image, and a purchase from all of them, by docker compose",
        needs: &[],
        run: images::check,
    },
    Step {
        name: "ingress",
        what: "the web client in a browser, by https through the cluster's Ingresses to the images",
        needs: &[&tools::NODE, &tools::CHROMIUM, &tools::CERTUTIL],
        run: ingress::try_in_a_browser,
    },
];

/// The tests of the streaming server that say what any `JetStream` server does.
const CONFORMANCE: [&str; 7] = ["jetstream::", "wire::", "abuse::", "auth::", "tls::", "monitor::", "signals::"];

/// What speaks to a broker, and whatever it stands on.
const MARKETPLACE: [&str; 8] =
    ["events", "service", "auth", "tickets", "orders", "expiration", "payments", "marketplace"];

/// Runs the steps; the first failure ends it.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let steps = chosen(&arguments.only, &arguments.skip)?;
    if arguments.list {
        for step in steps {
            println!("{:<14} {}", step.name, step.what);
        }
        return Ok(());
    }
    let mut needs: Vec<&Tool> = Vec::new();
    for tool in steps.iter().flat_map(|step| step.needs.iter().copied()) {
        if !needs.iter().any(|known| std::ptr::eq(*known, tool)) {
            needs.push(tool);
        }
    }
    tools::ensure(&needs, arguments.yes)?;
    let mut took: Vec<(&str, Duration)> = Vec::new();
    let mut gaps = Vec::new();
    for step in steps {
        eprintln!("== {}: {}", step.name, step.what);
        let begun = Instant::now();
        match (step.run)().with_context(|| format!("{} failed (alone: cargo xtask test --only {0})", step.name))? {
            Outcome::Passed => {}
            Outcome::Incomplete(gap) => gaps.push(format!("{}: NOT TRIED HERE: {gap}", step.name)),
        }
        took.push((step.name, begun.elapsed()));
        eprintln!("== {}: passed in {} s", step.name, begun.elapsed().as_secs());
    }
    eprintln!("\nAll passed, in seconds: {}", summary(&took));
    for gap in gaps {
        eprintln!("{gap}");
    }
    Ok(())
}

fn chosen(only: &[String], skip: &[String]) -> anyhow::Result<Vec<&'static Step>> {
    if let Some(unknown) = only.iter().chain(skip).find(|name| !STEPS.iter().any(|step| step.name == **name)) {
        bail!("there is no step {unknown:?}: cargo xtask test --list tells them");
    }
    let wanted = |name: &str| only.is_empty() || only.iter().any(|wanted| wanted == name);
    Ok(STEPS.iter().filter(|step| wanted(step.name) && !skip.iter().any(|skip| skip == step.name)).collect())
}

fn summary(took: &[(&str, Duration)]) -> String {
    let total: Duration = took.iter().map(|(_, time)| *time).sum();
    let each: Vec<String> = took.iter().map(|(name, time)| format!("{name} {}", time.as_secs())).collect();
    format!("{} = {}", each.join(" + "), total.as_secs())
}

fn plain(arguments: &[&str]) -> anyhow::Result<Outcome> {
    cargo::run(arguments, &[]).map(|()| Outcome::Passed)
}

fn every_test() -> anyhow::Result<Outcome> {
    // What they need is here by now: a test that finds it missing has not looked well.
    cargo::run(&["test", "--workspace"], &[("SQL_SERVERS", "required"), ("TEST_NODE", "required")])
        .map(|()| Outcome::Passed)
}

fn docs() -> anyhow::Result<Outcome> {
    cargo::run(&["doc", "--workspace", "--no-deps", "--keep-going"], &[("RUSTDOCFLAGS", "-D warnings")])
        .map(|()| Outcome::Passed)
}

fn fuzz_targets() -> anyhow::Result<Outcome> {
    for krate in ["protocol", "journal"] {
        let manifest = format!("crates/{krate}/fuzz/Cargo.toml");
        cargo::run(&["check", "--quiet", "--manifest-path", &manifest], &[("CARGO_TARGET_DIR", "target/fuzz")])?;
    }
    Ok(Outcome::Passed)
}

fn conformance() -> anyhow::Result<Outcome> {
    let nats_server = tools::find("nats-server").context("nats-server is nowhere")?;
    let nats_server = nats_server.to_str().context("the path of nats-server is not UTF-8")?;
    programs::run(&["streaming"], &CONFORMANCE, &[("TEST_SERVER", nats_server)]).map(|()| Outcome::Passed)
}

fn on_nats_server() -> anyhow::Result<Outcome> {
    let mut chain = Chain::temporary()?;
    let folder = chain.folder().to_owned();
    let url = nats::start(&mut chain, &folder)?;
    programs::run(&MARKETPLACE, &[], &[("NATS_URL", &url)]).map(|()| Outcome::Passed)
}

fn infrastructure() -> anyhow::Result<Outcome> {
    infra::check()?;
    programs::run(&["xtask"], &["--ignored", "infra::"], &[]).map(|()| Outcome::Passed)
}

fn on_this_machine() -> anyhow::Result<Outcome> {
    programs::run(&["tickets", "expiration"], &[], &[("TEST_SERVERS", "local")]).map(|()| Outcome::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(only: &[&str], skip: &[&str]) -> anyhow::Result<Vec<&'static str>> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Ok(chosen(&owned(only), &owned(skip))?.into_iter().map(|step| step.name).collect())
    }

    #[test]
    fn steps_are_run_in_their_own_order_whatever_the_order_of_asking() {
        assert_eq!(names(&["tests", "format"], &[]).unwrap(), ["format", "tests"]);
        assert_eq!(names(&[], &[]).unwrap().len(), STEPS.len());
        assert_eq!(names(&["tests", "format"], &["tests"]).unwrap(), ["format"]);
    }

    #[test]
    fn a_step_that_does_not_exist_is_an_error_and_not_a_run_without_it() {
        assert!(names(&["test"], &[]).unwrap_err().to_string().contains("\"test\""));
        assert!(names(&[], &["docker"]).is_err());
    }
}
