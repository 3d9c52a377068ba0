//! Options through their door, [`Options::parse`]: what sets what, who overrules whom, and what is refused how.

mod command_line;
mod config;
mod environment;
mod stan;
mod table;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::*;

/// What `words` ask for in a world of these variables and files.
fn parse(words: &[&str], env: &[(&str, &str)], files: &[(&str, &str)]) -> Result<Parsed, Error> {
    let words: Vec<_> = words.iter().map(ToString::to_string).collect();
    let env: BTreeMap<_, _> = env.iter().copied().collect();
    let files: BTreeMap<_, _> = files.iter().map(|(name, text)| (Path::new(name), *text)).collect();
    let world = World {
        env: &|name| env.get(name).map(ToString::to_string),
        read: &|path| files.get(path).map(ToString::to_string).ok_or_else(|| io::ErrorKind::NotFound.into()),
    };
    Options::parse(&words, &world)
}

/// The options of a server started so.
#[track_caller]
fn options(words: &[&str], env: &[(&str, &str)], files: &[(&str, &str)]) -> Options {
    match parse(words, env, files) {
        Ok(Parsed::Run(options)) => *options,
        other => panic!("{words:?} should run a server: {other:?}"),
    }
}

/// The defaults, but for what `change` does.
fn defaults_but(change: impl FnOnce(&mut Options)) -> Options {
    let mut options = Options::default();
    change(&mut options);
    options
}

/// What [`Options`] are with `JetStream` on.
fn streams(change: impl FnOnce(&mut JetStream)) -> JetStream {
    let mut jetstream = JetStream::default();
    change(&mut jetstream);
    jetstream
}

fn user(name: &str, password: &str, permissions: Option<Permissions>) -> User {
    User { name: name.into(), password: Password::new(password), permissions }
}

fn users(users: Vec<User>) -> Auth {
    Auth::Users { users, no_auth_user: None }
}
