//! The words a service's binary knows: serve, or look after what it keeps.

use std::future::Future;
use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, FromArgMatches, Parser, Subcommand};
use events::dead_letters::{self, DeadLetter, Replayed, Which};
use events::{Listeners, Verdict};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use sqlx::PgPool;
use utoipa::openapi::OpenApi;
use uuid::Uuid;

use crate::settings::{Refused, Settings, read_matches};
use crate::{Service, run, telemetry};

/// A service's settings, and what its binary makes of them.
pub trait Program: Parser + Args + Send + Sync + 'static {
    /// The service's name.
    const NAME: &'static str;

    /// What it shares with all services.
    fn settings(&self) -> &Settings;
    /// The service: opens what it needs, runs its migrations.
    fn service(&self) -> impl Future<Output = anyhow::Result<Service>> + Send;
    /// What it answers. Needs no settings.
    fn openapi() -> OpenApi;
    /// Where its dead letters are, if they are not in its database.
    fn dead_letters(&self) -> anyhow::Result<Option<Box<dyn LetterBox>>> {
        Ok(None)
    }
}

/// Where dead letters are.
pub trait LetterBox: Send + Sync {
    /// All of them, in the order in which the events were published.
    fn list(&self) -> BoxFuture<'_, anyhow::Result<Vec<DeadLetter>>>;
    /// Handles them again. Those handled now are gone.
    fn replay(&self, which: Which) -> BoxFuture<'_, anyhow::Result<Vec<Replayed>>>;
    /// Drops them for good. Gives how many.
    fn discard(&self, which: Which) -> BoxFuture<'_, anyhow::Result<u64>>;
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until told to stop. The default.
    Serve,
    /// Run the migrations, and end.
    Migrate,
    /// Look after events that could not be handled.
    #[command(subcommand)]
    DeadLetters(DeadLetters),
    /// Print what the service answers, as `OpenAPI`. Needs no settings.
    Openapi,
}

#[derive(Debug, Subcommand)]
enum DeadLetters {
    /// Print them, one JSON object a line.
    List,
    /// Handle them again.
    Replay {
        #[command(flatten)]
        which: Ids,
    },
    /// Drop them for good.
    Discard {
        #[command(flatten)]
        which: Ids,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Ids {
    /// The ids of the events.
    ids: Vec<Uuid>,
    /// Every one.
    #[arg(long)]
    all: bool,
}

/// Does what the command line says, with the settings of the environment. A service's `main`.
pub async fn main<P: Program>() -> ExitCode {
    let done = match told::<P>(|name| std::env::var(name).ok(), std::env::args().skip(1)) {
        Ok((Command::Openapi, _)) => print(&P::openapi().to_pretty_json().unwrap_or_default()),
        Ok((command, Some(program))) => Box::pin(obey(command, &program)).await,
        Ok((_, None)) => Ok(()),
        Err(refused) => refused.exit(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{}: {error:#}", P::NAME);
            ExitCode::FAILURE
        }
    }
}

/// What to do, and with which settings, where it needs any.
fn told<P: Program>(
    variables: impl Fn(&str) -> Option<String>,
    arguments: impl IntoIterator<Item = String>,
) -> Result<(Command, Option<P>), Refused> {
    let line = |error| Refused::Line(Box::new(error));
    let arguments: Vec<String> = arguments.into_iter().collect();
    let command = Command::augment_subcommands(P::command().name(P::NAME).subcommand_required(false));
    if arguments.first().is_some_and(|word| word == "openapi") {
        return Ok((Command::Openapi, None));
    }
    let matches = read_matches(command, variables, arguments)?;
    let command = match matches.subcommand() {
        Some(_) => Command::from_arg_matches(&matches).map_err(line)?,
        None => Command::Serve,
    };
    Ok((command, Some(P::from_arg_matches(&matches).map_err(line)?)))
}

async fn obey<P: Program>(command: Command, program: &P) -> anyhow::Result<()> {
    let settings = program.settings();
    telemetry::start(settings.log_format);
    let service = program.service().await?;
    match command {
        Command::Serve => Box::pin(run(settings.clone(), service)).await,
        Command::Migrate | Command::Openapi => Ok(()),
        Command::DeadLetters(command) => {
            let letters = match program.dead_letters()? {
                Some(letters) => letters,
                None => Box::new(InDatabase::of(&service)?),
            };
            look_after(command, &*letters).await
        }
    }
}

/// Those of a service with Postgres.
struct InDatabase {
    db: PgPool,
    listeners: Listeners,
}

impl InDatabase {
    fn of(service: &Service) -> anyhow::Result<Self> {
        let both = service.db.clone().zip(service.listeners());
        let (db, listeners) = both.context("this service listens to nothing in a database")?;
        Ok(Self { db, listeners })
    }
}

impl LetterBox for InDatabase {
    fn list(&self) -> BoxFuture<'_, anyhow::Result<Vec<DeadLetter>>> {
        Box::pin(async { Ok(dead_letters::list(&self.db, Which::All).await?) })
    }

    fn replay(&self, which: Which) -> BoxFuture<'_, anyhow::Result<Vec<Replayed>>> {
        Box::pin(async move { Ok(dead_letters::replay(&self.db, &self.listeners, which).await?) })
    }

    fn discard(&self, which: Which) -> BoxFuture<'_, anyhow::Result<u64>> {
        Box::pin(async move { Ok(dead_letters::discard(&self.db, which).await?) })
    }
}

async fn look_after(command: DeadLetters, letters: &dyn LetterBox) -> anyhow::Result<()> {
    match command {
        DeadLetters::List => {
            for letter in letters.list().await? {
                print(&line(&letter).to_string())?;
            }
        }
        DeadLetters::Replay { which } => {
            let mut failed = 0;
            for which in which.each() {
                for replayed in letters.replay(which).await? {
                    let result = match &replayed.result {
                        Ok(Verdict::Ignored) => "nobody listens to it: discard it if it may go",
                        Ok(_) => "handled",
                        Err(error) => error,
                    };
                    failed += usize::from(!matches!(replayed.result, Ok(Verdict::Done | Verdict::Repeat)));
                    let line = json!({ "id": replayed.id, "subject": replayed.subject, "result": result });
                    print(&line.to_string())?;
                }
            }
            if failed > 0 {
                bail!("{failed} of them could not be handled and stay");
            }
        }
        DeadLetters::Discard { which } => {
            let mut count = 0;
            for which in which.each() {
                count += letters.discard(which).await?;
            }
            print(&json!({ "discarded": count }).to_string())?;
        }
    }
    Ok(())
}

impl Ids {
    fn each(self) -> Vec<Which> {
        if self.all { vec![Which::All] } else { self.ids.into_iter().map(Which::One).collect() }
    }
}

/// A dead letter for people and `jq`.
fn line(letter: &DeadLetter) -> Value {
    let DeadLetter { envelope, error, delivery, died_at } = letter;
    let payload = serde_json::from_slice(&envelope.payload)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&envelope.payload).into_owned()));
    json!({
        "id": envelope.id,
        "subject": envelope.subject,
        "payload": payload,
        "headers": envelope.headers,
        "error": error,
        "stream": delivery.stream,
        "sequence": delivery.sequence,
        "deliveries": delivery.count,
        "diedAt": died_at,
    })
}

fn print(text: &str) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{text}").context("nobody reads what is printed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Parser)]
    struct Config {
        #[command(flatten)]
        common: Settings,
    }

    impl Program for Config {
        const NAME: &'static str = "things";

        fn settings(&self) -> &Settings {
            &self.common
        }

        async fn service(&self) -> anyhow::Result<Service> {
            Ok(Service::new(Self::NAME))
        }

        fn openapi() -> OpenApi {
            crate::openapi::document(Self::NAME, OpenApi::default())
        }
    }

    fn told_by(words: &str, environment: &[(&str, &str)]) -> Result<(Command, Option<Config>), Refused> {
        let variable = |name: &str| environment.iter().find(|(known, _)| *known == name);
        let words = words.split_whitespace().map(str::to_owned);
        told(|name| variable(name).map(|(_, value)| (*value).to_owned()), words)
    }

    const GOOD: &[(&str, &str)] =
        &[("NATS_URL", "nats://x"), ("JWT_KEY", "0123456789abcdef0123456789abcdef"), ("PORT", "4000")];

    #[test]
    fn without_a_word_it_serves_as_the_environment_says() {
        for words in ["", "serve"] {
            let (command, config) = told_by(words, GOOD).unwrap();
            assert!(matches!(command, Command::Serve));
            assert_eq!(config.unwrap().settings().port, 4000);
        }
        assert_eq!(told_by("--port 5000 migrate", GOOD).unwrap().1.unwrap().settings().port, 5000);
    }

    #[test]
    fn it_knows_its_words_and_no_others() {
        assert!(matches!(told_by("migrate", GOOD).unwrap().0, Command::Migrate));
        assert!(matches!(told_by("dead-letters list", GOOD).unwrap().0, Command::DeadLetters(DeadLetters::List)));
        for words in ["nonsense", "dead-letters", "migrate now"] {
            assert!(matches!(told_by(words, GOOD), Err(Refused::Line(_))), "{words}");
        }
    }

    #[test]
    fn which_dead_letters_are_meant_must_be_said() {
        let id = "0192d3b4-5c6d-7e8f-9a0b-1c2d3e4f5061";
        let meant = |words: &str| match told_by(words, GOOD).unwrap().0 {
            Command::DeadLetters(DeadLetters::Replay { which } | DeadLetters::Discard { which }) => which.each(),
            other => panic!("{other:?}"),
        };
        assert_eq!(meant("dead-letters replay --all"), [Which::All]);
        assert_eq!(meant(&format!("dead-letters discard {id} {id}")).len(), 2);
        for words in ["dead-letters replay", "dead-letters discard", "dead-letters discard x"] {
            assert!(matches!(told_by(words, GOOD), Err(Refused::Line(_))), "{words}");
        }
        assert!(told_by(&format!("dead-letters discard --all {id}"), GOOD).is_err());
    }

    #[test]
    fn only_the_description_needs_no_settings() {
        assert!(matches!(told_by("openapi", &[]).unwrap(), (Command::Openapi, None)));
        assert!(matches!(told_by("migrate", &[]), Err(Refused::Settings(_))));
    }
}
