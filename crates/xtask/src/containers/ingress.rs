//! The browser's tests by https, through the cluster's Ingresses to the images that run behind them.
//!
//! ```text
//!  Chromium, which knows the hosts and trusts our authority ─► nginx, by the rendered Ingresses ─► containers of compose.yaml
//! ```
//!
//! Nothing of the machine is changed for it: the entries in `/etc/hosts` are seen by the tests only, in a mount namespace of
//! their own, and the authority is trusted in a home folder that is theirs alone.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;

use super::compose::{self, Compose, TAG, output, run};
use super::{routes, trust};
use crate::test::Outcome;
use crate::{client, cluster, infra, servers, tools};

/// The overlay whose Ingresses are tried.
const OVERLAY: &str = "dev";
/// Where that overlay has the marketplace, and Stripe's stand-in.
const URL: &str = "https://ticketing.dev";
const SANDBOX_URL: &str = "https://stripe.ticketing.dev";
/// Where https is, unless a URL says otherwise.
const HTTPS: u16 = 443;
/// How long nginx may take to be well.
const WELL_MAX: Duration = Duration::from_mins(1);
/// Between two looks.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);

/// Runs them once; says so where that cannot be.
pub fn try_in_a_browser() -> anyhow::Result<Outcome> {
    if let Some(lacking) = lacking() {
        return Ok(Outcome::Incomplete(format!("nothing went through the Ingresses: {lacking}")));
    }
    let (names, configuration) = routes::configuration(&infra::objects(OVERLAY)?)?;
    let folder = tempfile::tempdir()?; // For its owner only: what is in it is not.
    let (served, home, hosts) = (folder.path().join("served"), folder.path().join("home"), folder.path().join("hosts"));
    fs::create_dir(&served)?;
    fs::write(served.join("nginx.conf"), configuration)?;
    // As `cargo xtask cluster` makes it for people.
    let (issued, authority) = cluster::certificate(folder.path().join("cluster"))?;
    fs::write(served.join("tls.crt"), issued.certificate)?;
    fs::write(served.join("tls.key"), issued.key)?;
    // The user in the container is nobody here.
    for (path, mode) in [(served.clone(), 0o755), (served.join("tls.key"), 0o644)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    trust::trust(&authority, &home)?;
    fs::write(&hosts, format!("127.0.0.1 {}\n{}", names.join(" "), fs::read_to_string("/etc/hosts")?))?;

    let hold = format!("{}s", client::HOLD.as_secs());
    // Everybody comes from one address here.
    let compose = Compose::new(&[
        ("PUBLIC_URL", URL),
        ("SANDBOX_PUBLIC_URL", SANDBOX_URL),
        ("STRIPE_SCRIPT_URL", &format!("{SANDBOX_URL}/v3/")),
        ("ORDER_HOLD", &hold),
        ("TRIES_PER_ADDRESS", "100000"),
        ("PAYMENTS_TRIES_PER_ADDRESS", "100000"),
    ])?;
    compose.build()?;
    compose.up()?;
    let ingress = Ingress::start(&compose, &served)?;
    ingress.wait()?;
    client::install()?;
    let mut tests = in_a_world_with(&hosts);
    tests.args(["npm", "run", "e2e"]).current_dir(client::folder()).envs(client::environment(URL)?);
    run(tests.env("HOME", &home).env("NODE_EXTRA_CA_CERTS", &authority))?;
    Ok(Outcome::Passed)
}

/// What of all this is not to be had here.
fn lacking() -> Option<String> {
    if let Some(lacking) = compose::lacking() {
        return Some(lacking);
    }
    if tools::find("kubectl").is_none() {
        return Some("kubectl, which renders them, is not here".to_owned());
    }
    if !servers::is_free(HTTPS) {
        return Some(format!("port {HTTPS} is in use"));
    }
    let may = in_a_world_with(Path::new("/etc/hosts")).arg("true").stderr(Stdio::null()).status();
    let may = may.is_ok_and(|status| status.success());
    (!may).then(|| "this user may not see another /etc/hosts than all others do".to_owned())
}

/// A command that will see `hosts` as `/etc/hosts`, and nobody else does.
fn in_a_world_with(hosts: &Path) -> Command {
    let mut world = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        world.arg("--map-root-user");
    }
    world.args(["--mount", "sh", "-c", r#"mount --bind "$1" /etc/hosts && shift && exec "$@""#, "sh"]).arg(hosts);
    world
}

/// nginx as the Ingresses say. Dropping it removes it.
struct Ingress {
    name: String,
}

impl Ingress {
    fn start(compose: &Compose, served: &Path) -> anyhow::Result<Self> {
        let name = compose.name("ingress");
        let mut docker = Command::new("docker");
        docker.args(["run", "--detach", "--name", &name, "--network", &compose.network()]);
        docker.args(["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]);
        docker.arg("--publish").arg(format!("127.0.0.1:{HTTPS}:{}", routes::PORT));
        docker.arg("--volume").arg(format!("{}:{}:ro", served.display(), routes::FOLDER));
        let configuration = format!("{}/nginx.conf", routes::FOLDER);
        docker.arg(format!("ticketing/nginx:{TAG}")).args(["-c", &configuration]);
        let ingress = Self { name };
        output(&mut docker)?;
        Ok(ingress)
    }

    /// Until it is well.
    fn wait(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let state = "{{.State.Status}} {{.State.Health.Status}}";
            let told = output(Command::new("docker").args(["inspect", "--format", state, &self.name]))?;
            if told.trim() == "running healthy" {
                return Ok(());
            }
            if begun.elapsed() > WELL_MAX || told.starts_with("exited") {
                let _ = Command::new("docker").args(["logs", &self.name]).status();
                bail!("the Ingresses' nginx is {}", told.trim());
            }
            thread::sleep(LOOK_INTERVAL);
        }
    }
}

impl Drop for Ingress {
    fn drop(&mut self) {
        let mut docker = Command::new("docker");
        docker.args(["rm", "--force", &self.name]).stdout(Stdio::null()).stderr(Stdio::null());
        let _ = docker.status();
    }
}
