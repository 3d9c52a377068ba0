//! Words as one types them: `-x` and `--x` alike, `-x=v` and `-x v`, flags alone or as `-x=false`.

use super::draft::Draft;
use super::settings::{self, Setting, Take};
use super::{Error, Origin, units};

/// A setting that was typed, and to what.
pub struct Typed<'a> {
    pub setting: &'static Setting,
    option: &'a str,
    /// `None` of a flag without a value.
    pub value: Option<&'a str>,
}

/// What the words set, in their order.
pub fn scan(words: &[String]) -> Result<Vec<Typed<'_>>, Error> {
    let mut typed = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-')).filter(|name| !name.is_empty());
        let Some(name) = name else {
            typed.push(Typed { setting: command(word)?, option: word, value: None });
            continue;
        };
        let (name, value) = name.split_once('=').map_or((name, None), |(name, value)| (name, Some(value)));
        let option = &word[..word.find('=').unwrap_or(word.len())];
        let Some(setting) = settings::by_name(name) else {
            let nearest = settings::nearest_name(name).map(|name| format!("{}{name}", dashes(name)));
            return Err(Error::UnknownOption { given: option.to_owned(), nearest });
        };
        let value = match setting.take {
            Take::Refused(instead) => {
                let origin = Origin::CommandLine(option.to_owned());
                return Err(Error::Refused { origin, instead });
            }
            Take::Text(_) if value.is_none() => {
                let missing = || Error::MissingValue { option: option.to_owned(), value: setting.value };
                Some(words.next().ok_or_else(missing)?.as_str())
            }
            _ => value,
        };
        typed.push(Typed { setting, option, value });
    }
    Ok(typed)
}

/// `help` and `version` work without dashes too.
fn command(word: &str) -> Result<&'static Setting, Error> {
    ["help", "version"]
        .into_iter()
        .find(|command| *command == word)
        .and_then(settings::by_name)
        .ok_or_else(|| Error::UnexpectedArgument(word.to_owned()))
}

impl Typed<'_> {
    /// Does what was typed.
    pub fn apply(&self, draft: &mut Draft) -> Result<(), Error> {
        set(draft, self.setting, self.value.unwrap_or("true"), || Origin::CommandLine(self.option.to_owned()))
    }
}

/// Sets `setting` to `text`, which came from `origin`.
pub fn set(draft: &mut Draft, setting: &Setting, text: &str, origin: impl Fn() -> Origin) -> Result<(), Error> {
    let wrong = |why| Error::Value { origin: origin(), value: text.to_owned(), why };
    match setting.take {
        Take::Flag(take) => take(draft, units::truth(text).map_err(wrong)?),
        Take::Text(take) => take(draft, text).map_err(wrong)?,
        Take::Refused(instead) => {
            return Err(Error::Refused { origin: origin(), instead });
        }
        Take::Block(_) | Take::Tree(_) => {} // Those have no name to be typed.
    }
    Ok(())
}

/// One for a letter or two, two for a word.
pub fn dashes(name: &str) -> &'static str {
    if name.len() <= 2 || name.chars().any(char::is_uppercase) { "-" } else { "--" }
}
