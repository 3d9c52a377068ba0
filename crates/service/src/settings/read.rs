//! Reads settings from the environment, and names everything that is missing or wrong at once: whoever deploys the
//! service should need one look, and not one restart for each.

use std::error::Error;
use std::fmt;
use std::io::Write;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgMatches, Command, Parser};
use secrecy::{ExposeSecret, SecretString};

use super::{JWT_KEY_BYTES_MIN, PublicUrl};

/// Why there are no settings.
#[derive(Debug)]
pub enum Refused {
    /// What is missing or wrong, each by its environment variable.
    Settings(Vec<String>),
    /// The command line asks for help, or makes no sense.
    Line(Box<clap::Error>),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(faults) => {
                write!(f, "the settings are not complete:")?;
                faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
            }
            Self::Line(error) => error.fmt(f),
        }
    }
}

impl Error for Refused {}

/// The settings of this process, by its command line and environment. Otherwise it ends, and says what is missing.
pub fn parse<C: Parser>() -> C {
    read(|name| std::env::var(name).ok(), std::env::args().skip(1)).unwrap_or_else(|refused| refused.exit())
}

/// Reads `C` from environment `variables` and the `arguments` after the program's name.
pub fn read<C: Parser>(
    variables: impl Fn(&str) -> Option<String>,
    arguments: impl IntoIterator<Item = String>,
) -> Result<C, Refused> {
    let matches = read_matches(C::command(), variables, arguments)?;
    C::from_arg_matches(&matches).map_err(|error| Refused::Line(Box::new(error)))
}

/// Reads what `command` asks for: [`read`] for who adds subcommands of its own.
pub fn read_matches(
    command: Command,
    variables: impl Fn(&str) -> Option<String>,
    arguments: impl IntoIterator<Item = String>,
) -> Result<ArgMatches, Refused> {
    let known: Vec<Setting> = command.get_arguments().filter_map(Setting::of).collect();
    // From here on the environment is part of the command line, and what was typed there, which is later, counts.
    let mut given: Vec<(&Setting, String)> = Vec::new();
    let mut faults = Vec::new();
    let mut unread = Vec::new();
    for setting in &known {
        match setting.value(&variables) {
            Ok(Some(value)) => given.push((setting, format!("{}={value}", setting.flag))),
            Ok(None) => {}
            Err(fault) => {
                faults.push(fault);
                unread.push(&setting.id);
            }
        }
    }
    let typed: Vec<String> = arguments.into_iter().collect();
    let program = command.get_name().to_owned();
    let mut command = command.args_override_self(true);
    for setting in &known {
        command = command.mut_arg(&setting.id, |arg| arg.env(None));
    }
    for id in unread {
        command = command.mut_arg(id, |arg| arg.required(false)); // It is not missing, and was told of already.
    }

    loop {
        let line = [&program].into_iter().chain(given.iter().map(|(_, word)| word)).chain(&typed);
        let error = match command.clone().try_get_matches_from(line) {
            Ok(matches) => {
                faults.extend(weak_key(&matches));
                return if faults.is_empty() { Ok(matches) } else { Err(Refused::Settings(faults)) };
            }
            Err(error) => error,
        };
        let Some((blamed, why)) = blame(&error, &known) else { return Err(Refused::Line(Box::new(error))) };
        faults.extend(blamed.iter().map(|setting| format!("{} {why}", setting.variable)));
        // Told once it is left out, so that the next look finds what else there is.
        let before = given.len();
        given.retain(|(setting, _)| !blamed.iter().any(|blamed| blamed.id == setting.id));
        if given.len() == before && error.kind() != ErrorKind::MissingRequiredArgument {
            // It was typed: there it stays, in the way of all else.
            return Err(Refused::Settings(faults));
        }
        for setting in blamed {
            command = command.mut_arg(&setting.id, |arg| arg.required(false));
        }
    }
}

/// A setting that has a variable and a flag.
struct Setting {
    id: String,
    variable: String,
    flag: String,
}

impl Setting {
    fn of(arg: &Arg) -> Option<Self> {
        let takes_values = arg.get_action().takes_values();
        let (variable, flag) = (arg.get_env()?.to_str()?.to_owned(), format!("--{}", arg.get_long()?));
        takes_values.then(|| Self { id: arg.get_id().to_string(), variable, flag })
    }

    /// What the environment sets it to: in the variable itself, or in a file that `<VARIABLE>_FILE` names, as secrets are
    /// given to containers. What a deployment leaves empty it does not set. An error tells why the file cannot be read.
    fn value(&self, variables: impl Fn(&str) -> Option<String>) -> Result<Option<String>, String> {
        let set = |name: &str| variables(name).filter(|value| !value.trim().is_empty());
        if let Some(value) = set(&self.variable) {
            return Ok(Some(value));
        }
        let name = format!("{}_FILE", self.variable);
        let Some(path) = set(&name) else { return Ok(None) };
        match std::fs::read_to_string(&path) {
            // Whoever writes a line into a file ends it.
            Ok(text) => Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned()).filter(|text| !text.trim().is_empty())),
            Err(error) => Err(format!("{name} is wrong: {path} cannot be read: {error}")),
        }
    }
}

/// Which settings `error` is about, and what it says of them. `None` if it is about the command line itself.
fn blame<'a>(error: &clap::Error, known: &'a [Setting]) -> Option<(Vec<&'a Setting>, String)> {
    // As in a usage: `--port <PORT>`.
    let shown = match error.get(ContextKind::InvalidArg)? {
        ContextValue::String(usage) => std::slice::from_ref(usage),
        ContextValue::Strings(usages) => usages,
        _ => return None,
    };
    let setting = |usage: &String| known.iter().find(|setting| usage.split(' ').next() == Some(&setting.flag));
    let blamed = shown.iter().map(setting).collect::<Option<Vec<_>>>()?;
    let why = match (error.kind(), error.source(), error.get(ContextKind::ValidValue)) {
        (ErrorKind::MissingRequiredArgument, ..) => "is missing".to_owned(),
        (ErrorKind::ValueValidation, Some(source), _) => format!("is wrong: {source}"),
        (ErrorKind::InvalidValue, _, Some(ContextValue::Strings(values))) if !values.is_empty() => {
            format!("is wrong: it must be one of {}", values.join(", "))
        }
        (ErrorKind::ValueValidation | ErrorKind::InvalidValue, ..) => "is wrong".to_owned(),
        _ => return None,
    };
    Some((blamed, why))
}

/// F25: a key that could be guessed must not sign sessions where others can come.
fn weak_key(matches: &ArgMatches) -> Option<String> {
    let key = matches.try_get_one::<SecretString>("jwt_key").ok()??;
    let url = matches.try_get_one::<PublicUrl>("public_url").ok()??;
    let weak = key.expose_secret().len() < JWT_KEY_BYTES_MIN && !url.is_development();
    weak.then(|| format!("JWT_KEY is wrong: it must have {JWT_KEY_BYTES_MIN} bytes or more to serve {url}"))
}

impl Refused {
    /// Ends the process: with the help that was asked for, or with what is wrong.
    pub fn exit(&self) -> ! {
        match self {
            Self::Line(error) => error.exit(),
            Self::Settings(_) => {
                // Before there is a log.
                let _ = writeln!(std::io::stderr(), "{self}");
                std::process::exit(2)
            }
        }
    }
}
