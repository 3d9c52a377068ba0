//! `cargo xtask cluster`: what a development cluster needs and no repository may hold. `skaffold dev` calls it too.
//!
//! Secrets that are there already stay as they are: whoever made `jwt-secret` or `stripe-secret` by hand is believed. What
//! is made here is kept in `.dev/cluster`, so that a cluster made anew finds the certificate that browsers trust.

mod authority;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use authority::Issued;

use crate::cargo;
use crate::servers::random;

/// Every secret that is made, with its keys: all that the manifests for development ask for.
pub const MADE: &[(&str, &[&str])] = &[
    ("jwt-secret", &["JWT_KEY"]),
    (
        "postgres-secret",
        &["POSTGRES_PASSWORD", "AUTH_PASSWORD", "TICKETS_PASSWORD", "ORDERS_PASSWORD", "PAYMENTS_PASSWORD"],
    ),
    ("auth-postgres-secret", &["AUTH_DATABASE_URL"]),
    ("tickets-postgres-secret", &["TICKETS_DATABASE_URL"]),
    ("orders-postgres-secret", &["ORDERS_DATABASE_URL"]),
    ("payments-postgres-secret", &["PAYMENTS_DATABASE_URL"]),
    ("stripe-secret", &["STRIPE_KEY"]),
    ("stripe-sandbox-secret", &["SANDBOX_KEY", "SANDBOX_WEBHOOK_SECRET"]),
    ("ticketing-tls", &["tls.crt", "tls.key"]),
];
/// The services with a role of their own in Postgres.
const SERVICES: [&str; 4] = ["auth", "tickets", "orders", "payments"];
/// Where clusters on a developer's own machine are, by how their contexts begin.
const LOCAL: [&str; 7] = ["minikube", "kind-", "k3d-", "docker-desktop", "rancher-desktop", "orbstack", "colima"];
/// Variables that `stripe-secret` gets where they are set; with the first of them payments asks Stripe itself.
const STRIPE: [&str; 3] = ["STRIPE_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET"];

/// Where to make them.
#[derive(clap::Args)]
pub struct Arguments {
    /// The context of kubectl; without it the current one, if that is a cluster on this machine
    #[arg(long, env = "SKAFFOLD_KUBE_CONTEXT")]
    context: Option<String>,
    /// Prints all of them and asks no cluster
    #[arg(long)]
    print: bool,
    /// Keeps what is made here in this folder
    #[arg(long, value_name = "FOLDER")]
    home: Option<PathBuf>,
}

/// Makes what is missing.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let home = arguments.home.clone().unwrap_or_else(|| cargo::root().join(".dev/cluster"));
    let kept = Kept::open(home)?;
    let stripe = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    if arguments.print {
        println!("{:#}", list(&kept, &[], stripe)?);
        return Ok(());
    }
    let context = match &arguments.context {
        Some(context) => context.clone(),
        None => local(kubectl(&["config", "current-context"], None)?.trim())?,
    };
    let there = kubectl(&["--context", &context, "get", "secrets", "--output", "name"], None)?;
    let there: Vec<&str> = there.lines().filter_map(|line| line.strip_prefix("secret/")).collect();
    let list = list(&kept, &there, stripe)?;
    let made: Vec<&str> =
        list["items"].as_array().into_iter().flatten().filter_map(|one| one["metadata"]["name"].as_str()).collect();
    if made.is_empty() {
        println!("Every secret is there in {context}.");
    } else {
        kubectl(&["--context", &context, "create", "--filename", "-"], Some(&list.to_string()))?;
        println!("Made in {context}: {}.", made.join(", "));
    }
    println!(
        "Browsers trust https://ticketing.dev once they trust {} (docs/operating.md tells how).",
        kept.path("ca.crt").display()
    );
    Ok(())
}

/// A certificate for the cluster, with what has to be trusted for it: the authority kept in `home`, made if there is none.
pub fn certificate(home: PathBuf) -> anyhow::Result<(Issued, PathBuf)> {
    let kept = Kept::open(home)?;
    Ok((authority::issue(&kept)?, kept.path("ca.crt")))
}

/// A context that names a cluster on this machine.
fn local(context: &str) -> anyhow::Result<String> {
    if !LOCAL.iter().any(|name| context.starts_with(name)) {
        bail!(
            "kubectl's context is {context:?}, which may be anybody's cluster: name it with --context if it is meant"
        );
    }
    Ok(context.to_owned())
}

/// All secrets but those that are `there`.
fn list(kept: &Kept, there: &[&str], set: impl Fn(&str) -> Option<String>) -> anyhow::Result<Value> {
    let mut items = Vec::new();
    for (name, _) in MADE.iter().filter(|(name, _)| !there.contains(name)) {
        let kind = if *name == "ticketing-tls" { "kubernetes.io/tls" } else { "Opaque" };
        let data = data(kept, name, &set)?;
        let labels = json!({ "app.kubernetes.io/part-of": "ticketing" });
        items.push(json!({
            "apiVersion": "v1", "kind": "Secret", "type": kind,
            "metadata": { "name": name, "labels": labels }, "stringData": data,
        }));
    }
    Ok(json!({ "apiVersion": "v1", "kind": "List", "items": items }))
}

fn data(kept: &Kept, secret: &str, set: &impl Fn(&str) -> Option<String>) -> anyhow::Result<Value> {
    let sandbox = || kept.random("stripe");
    Ok(match secret {
        "jwt-secret" => json!({ "JWT_KEY": kept.random("jwt")? }),
        "postgres-secret" => {
            let mut passwords = json!({ "POSTGRES_PASSWORD": kept.random("postgres")? });
            for service in SERVICES {
                passwords[format!("{}_PASSWORD", service.to_uppercase())] = kept.random(service)?.into();
            }
            passwords
        }
        "stripe-sandbox-secret" => {
            json!({ "SANDBOX_KEY": format!("sk_test_{}", sandbox()?), "SANDBOX_WEBHOOK_SECRET": format!("whsec_{}", sandbox()?) })
        }
        "stripe-secret" if set(STRIPE[0]).is_some() => {
            STRIPE.iter().filter_map(|name| Some(((*name).to_owned(), Value::from(set(name)?)))).collect()
        }
        "stripe-secret" => json!({
            "STRIPE_KEY": format!("sk_test_{}", sandbox()?),
            "STRIPE_PUBLISHABLE_KEY": format!("pk_test_{}", sandbox()?),
            "STRIPE_WEBHOOK_SECRET": format!("whsec_{}", sandbox()?),
            "STRIPE_URL": "http://stripe-sandbox-srv:12111/",
            "STRIPE_SCRIPT_URL": "https://stripe.ticketing.dev/v3/",
        }),
        "ticketing-tls" => {
            let issued = authority::issue(kept)?;
            json!({ "tls.crt": issued.certificate, "tls.key": issued.key })
        }
        database => {
            let service = database.trim_end_matches("-postgres-secret");
            let url = format!("postgres://{service}:{}@postgres-srv:5432/ticketing", kept.random(service)?);
            json!({ format!("{}_DATABASE_URL", service.to_uppercase()): url })
        }
    })
}

/// The folder with what was made before.
pub struct Kept(PathBuf);

impl Kept {
    fn open(folder: PathBuf) -> anyhow::Result<Self> {
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// What is kept as `name`; `make` makes it the first time. Only its owner reads it.
    fn or_make(&self, name: &str, make: impl FnOnce() -> anyhow::Result<String>) -> anyhow::Result<String> {
        let path = self.path(name);
        match fs::read_to_string(&path) {
            Ok(text) => return Ok(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
        let text = make()?;
        write(&path, &text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(text)
    }

    fn random(&self, name: &str) -> anyhow::Result<String> {
        self.or_make(name, || Ok(random(32)?))
    }
}

/// Whole or not at all: half of a key would be kept for ever.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    let _ = fs::remove_file(&unfinished);
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

fn kubectl(words: &[&str], input: Option<&str>) -> anyhow::Result<String> {
    let mut kubectl = Command::new("kubectl");
    kubectl.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = kubectl
        .spawn()
        .context("kubectl is not here: https://kubernetes.io/docs/tasks/tools tells how to install it")?;
    // Secrets go by the pipe: a command line could be read by everybody on this machine.
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(input.unwrap_or_default().as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("`kubectl {}` failed: {}", words.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn nothing_set(_: &str) -> Option<String> {
        None
    }

    fn kept() -> (tempfile::TempDir, Kept) {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::open(folder.path().join("cluster")).unwrap();
        (folder, kept)
    }

    fn secret<'a>(list: &'a Value, name: &str) -> &'a Value {
        let mut items = list["items"].as_array().unwrap().iter();
        &items.find(|one| one["metadata"]["name"] == name).unwrap()["stringData"]
    }

    #[test]
    fn every_secret_has_the_keys_it_is_said_to_have_and_the_same_ones_the_next_time() {
        let (_folder, kept) = kept();
        let first = list(&kept, &[], nothing_set).unwrap();
        for (name, keys) in MADE {
            assert!(keys.iter().all(|key| secret(&first, name)[key].is_string()), "{name}");
        }
        let second = list(&kept, &["ticketing-tls"], nothing_set).unwrap();
        assert_eq!(secret(&first, "jwt-secret"), secret(&second, "jwt-secret"));
        assert_eq!(second["items"].as_array().unwrap().len(), MADE.len() - 1, "what is there is left alone");
        let mode = fs::metadata(kept.path("jwt")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_service_comes_to_postgres_with_the_password_of_its_role() {
        let (_folder, kept) = kept();
        let list = list(&kept, &[], nothing_set).unwrap();
        for service in SERVICES {
            let password =
                secret(&list, "postgres-secret")[format!("{}_PASSWORD", service.to_uppercase())].as_str().unwrap();
            let url = &secret(&list, &format!("{service}-postgres-secret"))
                [format!("{}_DATABASE_URL", service.to_uppercase())];
            assert_eq!(url, &format!("postgres://{service}:{password}@postgres-srv:5432/ticketing"));
        }
    }

    #[test]
    fn with_a_key_of_stripes_own_nothing_leads_to_the_stand_in() {
        let (_folder, kept) = kept();
        let set = |name: &str| (name == "STRIPE_KEY").then(|| "sk_test_mine".to_owned());
        let with = list(&kept, &[], set).unwrap();
        assert_eq!(secret(&with, "stripe-secret"), &json!({ "STRIPE_KEY": "sk_test_mine" }));
        let without = list(&kept, &[], nothing_set).unwrap();
        assert_eq!(secret(&without, "stripe-secret")["STRIPE_URL"], "http://stripe-sandbox-srv:12111/");
        assert_eq!(
            secret(&without, "stripe-secret")["STRIPE_KEY"],
            secret(&without, "stripe-sandbox-secret")["SANDBOX_KEY"]
        );
    }

    #[test]
    fn somebody_elses_cluster_is_left_alone() {
        assert!(local("minikube").is_ok() && local("kind-ticketing").is_ok());
        assert!(local("production").unwrap_err().to_string().contains("--context"));
    }
}
