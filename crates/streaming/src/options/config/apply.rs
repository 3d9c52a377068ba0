//! From the tree of a configuration file to the draft, by the table of settings.

use super::{Entry, Value};
use crate::options::draft::Draft;
use crate::options::settings::{self, Take};
use crate::options::{Error, Origin, units};

/// Does what `entries` say. `inside` names the block they stand in, in lower case; empty for the file itself.
pub fn apply(draft: &mut Draft, entries: &[Entry], inside: &str) -> Result<(), Error> {
    entries.iter().try_for_each(|entry| apply_entry(draft, entry, inside))
}

fn apply_entry(draft: &mut Draft, entry: &Entry, inside: &str) -> Result<(), Error> {
    let last = entry.key.to_lowercase();
    let key = if inside.is_empty() { last.clone() } else { format!("{inside}.{last}") };
    let origin = || Origin::File(entry.at.clone(), key.clone());
    let Some(setting) = settings::by_key(&key) else {
        if entry.used {
            return Ok(());
        }
        let nearest = settings::nearest_key(inside, &last).map(str::to_owned);
        let (at, key, inside) = (entry.at.clone(), entry.key.clone(), inside.to_owned());
        return Err(Error::UnknownKey { at, key, inside, nearest });
    };
    match (&setting.take, &entry.node.value) {
        (Take::Flag(take), Value::Block(entries)) if settings::is_block(&key) => {
            take(draft, true);
            apply(draft, entries, &key)
        }
        (Take::Flag(take), _) => {
            let text = entry.node.text(&key)?;
            let on = units::truth(text).map_err(|why| value(origin(), text, why))?;
            take(draft, on);
            Ok(())
        }
        (Take::Text(take), _) => {
            let text = entry.node.text(&key)?;
            take(draft, text).map_err(|why| value(origin(), text, why))
        }
        (Take::Block(take), _) => {
            take(draft);
            apply(draft, entry.node.block(&key)?, &key)
        }
        (Take::Tree(take), _) => take(draft, &entry.node, &key),
        (Take::Refused(instead), _) => Err(Error::Refused { origin: origin(), instead }),
    }
}

fn value(origin: Origin, text: &str, why: String) -> Error {
    Error::Value { origin, value: text.to_owned(), why }
}
