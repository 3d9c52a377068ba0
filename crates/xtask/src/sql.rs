//! `cargo xtask sql`: what sqlx has to know of each checked query, asked of a Postgres of our own and kept in `.sqlx`.
//!
//! Each crate with SQL is checked against a schema of its own, made by the migrations that its pool runs: those of
//! `events` and `service`, then its own. Without `.sqlx`, a build would need that database.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, bail};

use crate::cargo;
use crate::processes::Chain;
use crate::servers::postgres::Postgres;
use crate::tools;

/// What every schema has, in this order, whichever crate's it is.
const SHARED: [&str; 2] = ["events", "service"];

/// What to do with what is found.
#[derive(clap::Args)]
pub struct Arguments {
    /// Changes nothing, and fails if `.sqlx` is not what the code needs
    #[arg(long)]
    check: bool,
    /// Installs what is missing without asking
    #[arg(long)]
    yes: bool,
}

/// Writes `.sqlx`, or compares it.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    tools::ensure(&[&tools::POSTGRES], arguments.yes)?;
    if arguments.check { check() } else { write() }
}

/// Fails if `.sqlx` is not exactly what the code needs.
pub fn check() -> anyhow::Result<()> {
    let found = ask()?;
    let kept = files(&kept())?;
    let wrong = differences(&kept, &found);
    if !wrong.is_empty() {
        bail!("{}\n`cargo xtask sql` puts it right", wrong.join("\n"));
    }
    eprintln!("{} queries are as .sqlx says", found.len());
    Ok(())
}

/// Makes `.sqlx` exactly what the code needs.
fn write() -> anyhow::Result<()> {
    let found = ask()?;
    let folder = kept();
    fs::create_dir_all(&folder)?;
    let before = files(&folder)?;
    for name in before.keys().filter(|name| !found.contains_key(*name)) {
        fs::remove_file(folder.join(name))?;
    }
    for (name, text) in found.iter().filter(|(name, text)| before.get(*name) != Some(text)) {
        fs::write(folder.join(name), text)?;
    }
    eprintln!(
        "{} queries; {} files of .sqlx were not as they had to be",
        found.len(),
        differences(&before, &found).len()
    );
    Ok(())
}

fn kept() -> PathBuf {
    cargo::root().join(".sqlx")
}

/// Every query of the code, as a file of `.sqlx`: its name and its text.
fn ask() -> anyhow::Result<BTreeMap<String, String>> {
    let root = cargo::root();
    let crates = crates_with_sql(&root)?;
    let mut chain = Chain::temporary()?;
    let folder = chain.folder().to_owned();
    let mut postgres = Postgres::temporary(&folder)?;
    postgres.start(&mut chain, 0, &folder.join("postgres.log"))?;

    let found = folder.join("sqlx");
    fs::create_dir(&found)?;
    // As in the step before in a full run: what need not be looked at again is not.
    let mut cargo = cargo::command(&["clippy", "--quiet", "--workspace", "--all-targets"], &[]);
    for name in &crates {
        make_schema(&postgres, &root, name).with_context(|| format!("the migrations of {name}"))?;
        let url = format!("{}?options=-csearch_path%3D{name}", postgres.url("postgres"));
        cargo.env(format!("{}_DATABASE_URL", name.to_uppercase()), url);
    }
    cargo.env("SQLX_OFFLINE", "false").env("SQLX_OFFLINE_DIR", &found);
    let touched = Touched::new(crates.iter().map(|name| root.join("crates").join(name).join("src/lib.rs")))?;
    let checked = cargo.status().context("cannot run cargo")?;
    drop(touched);
    if !checked.success() {
        bail!("the code does not compile against the schemas of its own migrations");
    }
    files(&found)
}

/// The crates that have checked queries: those that name their database in a `sqlx.toml`.
fn crates_with_sql(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut names: Vec<String> = fs::read_dir(root.join("crates"))?
        .flatten()
        .filter(|entry| entry.path().join("sqlx.toml").exists())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

fn make_schema(postgres: &Postgres, root: &Path, name: &str) -> anyhow::Result<()> {
    let mut sql = format!("create schema {name}; set search_path = {name};\n");
    // What the crate stands on comes first; `events` stands on nothing and `service` on `events`.
    let below = SHARED.iter().position(|shared| *shared == name).unwrap_or(SHARED.len());
    for owner in SHARED[..below].iter().copied().chain([name]) {
        for file in migrations(&root.join("crates").join(owner).join("migrations"))? {
            sql.push_str(&fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?);
            sql.push_str(";\n");
        }
    }
    postgres.psql("postgres", &sql).map(drop)
}

/// The files of a folder in the order of their numbers.
fn migrations(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.strip_suffix(".sql").is_some_and(|stem| stem.strip_suffix(".down").is_none()) {
            let number: u64 =
                name.split('_').next().unwrap_or_default().parse().with_context(|| format!("{name}: no number"))?;
            files.push((number, entry.path()));
        }
    }
    files.sort();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

fn files(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name: OsString = entry.file_name();
        files.insert(name.to_string_lossy().into_owned(), fs::read_to_string(entry.path())?);
    }
    Ok(files)
}

/// A line for each file that is missing, out of date, or needed no more.
fn differences(kept: &BTreeMap<String, String>, found: &BTreeMap<String, String>) -> Vec<String> {
    let query = |text: &String| {
        let text: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        let words: Vec<&str> = text["query"].as_str().unwrap_or_default().split_whitespace().collect();
        words.join(" ").chars().take(80).collect::<String>()
    };
    let missing =
        found.iter().filter(|(name, _)| !kept.contains_key(*name)).map(|(_, text)| format!("missing: {}", query(text)));
    let changed = found.iter().filter(|(name, text)| kept.get(*name).is_some_and(|kept| kept != *text));
    let changed = changed.map(|(_, text)| format!("out of date: {}", query(text)));
    let unused = kept
        .iter()
        .filter(|(name, _)| !found.contains_key(*name))
        .map(|(_, text)| format!("not used: {}", query(text)));
    missing.chain(changed).chain(unused).collect()
}

/// Files that look changed to cargo, which does not know that a query's answer depends on a variable. Dropped, they get
/// their times back, so that nothing else is built again because of it.
struct Touched(Vec<(File, SystemTime)>, SystemTime);

impl Touched {
    fn new(paths: impl Iterator<Item = PathBuf>) -> anyhow::Result<Self> {
        let mut touched = Self(Vec::new(), SystemTime::now());
        for path in paths {
            let file =
                File::options().append(true).open(&path).with_context(|| format!("cannot open {}", path.display()))?;
            let time = file.metadata()?.modified()?;
            file.set_times(FileTimes::new().set_modified(touched.1))?;
            touched.0.push((file, time));
        }
        Ok(touched)
    }
}

impl Drop for Touched {
    fn drop(&mut self) {
        for (file, time) in &self.0 {
            // Somebody may have saved it meanwhile, and cargo has to notice.
            if file.metadata().and_then(|data| data.modified()).is_ok_and(|now| now == self.1) {
                let _ = file.set_times(FileTimes::new().set_modified(*time));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        let text = |query: &str| format!("{{\"query\": \"{query}\"}}");
        entries.iter().map(|(name, query)| ((*name).to_owned(), text(query))).collect()
    }

    #[test]
    fn what_is_the_same_is_no_difference() {
        let all = kept(&[("a.json", "select 1")]);
        assert_eq!(differences(&all, &all), Vec::<String>::new());
    }

    #[test]
    fn a_missing_a_changed_and_a_forgotten_query_are_told_apart() {
        let before = kept(&[("a.json", "select 1"), ("c.json", "select   3")]);
        let after = kept(&[("a.json", "select 1, 2"), ("b.json", "select 2")]);
        assert_eq!(
            differences(&before, &after),
            ["missing: select 2", "out of date: select 1, 2", "not used: select 3"]
        );
    }

    #[test]
    fn migrations_are_run_by_number_and_never_backwards() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["10_last.sql", "2_second.sql", "1_first.sql", "2_second.down.sql", "readme.md"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let names = migrations(folder.path()).unwrap();
        let names: Vec<_> = names.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["1_first.sql", "2_second.sql", "10_last.sql"]);
    }

    #[test]
    fn a_touched_file_gets_its_time_back() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let long_ago = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        file.as_file().set_times(FileTimes::new().set_modified(long_ago)).unwrap();
        let modified = || fs::metadata(file.path()).unwrap().modified().unwrap();
        let touched = Touched::new(std::iter::once(file.path().to_owned())).unwrap();
        assert_ne!(modified(), long_ago);
        drop(touched);
        assert_eq!(modified(), long_ago);
    }

    #[test]
    fn a_file_that_was_saved_meanwhile_keeps_its_time() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let later = SystemTime::now() + std::time::Duration::from_secs(1000);
        let touched = Touched::new(std::iter::once(file.path().to_owned())).unwrap();
        file.as_file().set_times(FileTimes::new().set_modified(later)).unwrap();
        drop(touched);
        assert_eq!(fs::metadata(file.path()).unwrap().modified().unwrap(), later);
    }
}
