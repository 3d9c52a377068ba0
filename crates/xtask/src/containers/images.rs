//! Every image is built, runs as it should, and is as small as it may be; together they sell a ticket.

use std::process::Command;

use anyhow::{Context, bail};
use serde_json::Value;

use super::compose::{Compose, Container, TAG, lacking, output};
use super::purchase;
use crate::test::Outcome;

/// Whom our own images run as.
const USER: &str = "65532:65532";
/// What an image of ours begins with.
const OURS: &str = "ticketing/";

/// Builds them, starts them, buys a ticket, and says how large they are.
pub fn check() -> anyhow::Result<Outcome> {
    if let Some(lacking) = lacking() {
        return Ok(Outcome::Incomplete(format!("no image was built: {lacking}")));
    }
    let compose = Compose::new(&[])?;
    compose.build()?;
    compose.up()?;
    let containers = compose.containers()?;
    let faults: Vec<String> = containers.iter().flat_map(faults).collect();
    if containers.is_empty() || !faults.is_empty() {
        bail!("of {} containers, these are not as they should be:\n  {}", containers.len(), faults.join("\n  "));
    }
    purchase::of_a_ticket(&format!("127.0.0.1:{}", compose.port)).context("nobody can buy a ticket of them")?;
    tell_sizes(&containers)?;
    Ok(Outcome::Passed)
}

/// What is wrong with a container.
fn faults(container: &Container) -> Vec<String> {
    let Container { service, told } = container;
    let (state, config, host) = (&told["State"], &told["Config"], &told["HostConfig"]);
    let has = |list: &Value, item: &str| list.as_array().is_some_and(|list| list.iter().any(|known| known == item));
    let is_ours = config["Image"].as_str().is_some_and(|image| image.starts_with(OURS));
    let ended_well = state["Status"] == "exited" && state["ExitCode"] == 0;
    let is_well = state["Health"]["Status"] == "healthy";
    let wrong = [
        (!(is_well || ended_well), "does not answer its health check"),
        (host["ReadonlyRootfs"] != true, "may write to its root file system"),
        (!has(&host["CapDrop"], "ALL"), "keeps capabilities that it was not given by name"),
        (!has(&host["SecurityOpt"], "no-new-privileges:true"), "may gain privileges"),
        (is_ours && config["User"] != USER, "does not run as 65532"),
        (is_ours && !host["CapAdd"].is_null(), "has capabilities"),
    ];
    wrong.into_iter().filter(|(wrong, _)| *wrong).map(|(_, what)| format!("{service} {what}")).collect()
}

fn tell_sizes(containers: &[Container]) -> anyhow::Result<()> {
    let image = |container: &Container| container.told["Config"]["Image"].as_str().map(str::to_owned);
    let mut images: Vec<String> = containers.iter().filter_map(image).filter(|name| name.starts_with(OURS)).collect();
    images.sort();
    images.dedup();
    let sizes = output(Command::new("docker").args(["image", "inspect", "--format", "{{.Size}}"]).args(&images))?;
    for (image, size) in images.iter().zip(sizes.lines()) {
        let bytes: u64 = size.trim().parse().with_context(|| format!("the size of {image}"))?;
        println!("{:6} MB  {}", bytes / 1_000_000, image.trim_end_matches(&format!(":{TAG}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn container() -> Value {
        json!({
            "State": { "Status": "running", "ExitCode": 0, "Health": { "Status": "healthy" } },
            "Config": { "Image": "ticketing/auth:test", "User": USER },
            "HostConfig": {
                "ReadonlyRootfs": true, "CapDrop": ["ALL"], "CapAdd": null, "SecurityOpt": ["no-new-privileges:true"],
            },
        })
    }

    fn found(change: impl Fn(&mut Value)) -> Vec<String> {
        let mut told = container();
        change(&mut told);
        faults(&Container { service: "auth".to_owned(), told })
    }

    #[test]
    fn a_container_that_is_confined_and_well_has_no_faults() {
        assert_eq!(found(|_| {}), Vec::<String>::new());
        assert_eq!(found(|told| told["State"] = json!({ "Status": "exited", "ExitCode": 0 })), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_told() {
        assert_eq!(found(|told| told["HostConfig"]["ReadonlyRootfs"] = false.into()).len(), 1);
        assert_eq!(found(|told| told["HostConfig"]["CapDrop"] = Value::Null).len(), 1);
        assert_eq!(found(|told| told["HostConfig"]["CapAdd"] = json!(["CHOWN"])).len(), 1);
        assert_eq!(found(|told| told["HostConfig"]["SecurityOpt"] = Value::Null).len(), 1);
        assert_eq!(found(|told| told["Config"]["User"] = "".into()), ["auth does not run as 65532"]);
        for state in [json!({ "Status": "running" }), json!({ "Status": "exited", "ExitCode": 1 })] {
            assert_eq!(found(|told| told["State"] = state.clone()), ["auth does not answer its health check"]);
        }
        let others = |told: &mut Value| {
            told["Config"] = json!({ "Image": "postgres:16-alpine", "User": "" });
            told["HostConfig"]["CapAdd"] = json!(["CHOWN"]);
        };
        assert_eq!(found(others), Vec::<String>::new());
    }
}
