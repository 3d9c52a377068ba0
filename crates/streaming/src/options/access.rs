//! The grammar of `users` and their permissions, which only a configuration file can hold.

use super::config::{Entry, Node, Value};
use super::draft::Draft;
use super::error::nearest;
use super::units;
use super::{ChannelRights, Error, Origin, Password, Permissions, Responses, Rule, Rules, User};

/// `users: [ {user: a, password: b, permissions: { … }}, … ]`
pub fn users(draft: &mut Draft, node: &Node, key: &str) -> Result<(), Error> {
    let mut users = Vec::<User>::new();
    for node in node.list(key)? {
        let user = user(node, key)?;
        if users.iter().any(|other| other.name == user.name) {
            return Err(wrong(node, format!("the user {:?} is there twice", user.name)));
        }
        users.push(user);
    }
    if users.is_empty() {
        return Err(wrong(node, format!("{key} names nobody, so nobody could connect")));
    }
    draft.credentials().users = Some(users);
    Ok(())
}

/// `default_permissions: { … }`
pub fn default_permissions(draft: &mut Draft, node: &Node, key: &str) -> Result<(), Error> {
    draft.default_permissions = Some(permissions(node, key)?);
    Ok(())
}

fn user(node: &Node, key: &str) -> Result<User, Error> {
    const KEYS: [&str; 3] = ["user", "password", "permissions"];
    const NKEY: &str = "users show a password; nkeys, JWTs and accounts need a nats-server";
    let (mut name, mut password, mut rights) = (None, None, None);
    for entry in node.block(key)? {
        let text = || entry.node.text(&entry.key);
        match entry.key.to_lowercase().as_str() {
            "user" | "username" => {
                let text = text()?;
                let origin = || Origin::File(entry.at.clone(), format!("{key}.{}", entry.key));
                name = Some(units::name(text).map_err(|why| Error::Value {
                    origin: origin(),
                    value: text.into(),
                    why,
                })?);
            }
            "password" | "pass" => password = Some(Password::new(text()?)),
            "permissions" | "permission" | "authorization" => {
                rights = Some(permissions(&entry.node, &entry.key)?);
            }
            "nkey" | "account" | "allowed_connection_types" => {
                let origin = Origin::File(entry.at.clone(), format!("{key}.{}", entry.key));
                return Err(Error::Refused { origin, instead: NKEY });
            }
            _ => return Err(unknown(entry, key, &KEYS)),
        }
    }
    let name = name.ok_or_else(|| wrong(node, format!("{key}: this user has no name; set user")))?;
    let password = password.ok_or_else(|| wrong(node, format!("the user {name:?} has no password")))?;
    Ok(User { name, password, permissions: rights })
}

/// `{ publish: …, subscribe: …, allow_responses: …, streaming: { publish: …, subscribe: … } }`
fn permissions(node: &Node, key: &str) -> Result<Permissions, Error> {
    const KEYS: [&str; 4] = ["publish", "subscribe", "allow_responses", "streaming"];
    let mut permissions = Permissions::default();
    for entry in node.block(key)? {
        match entry.key.to_lowercase().as_str() {
            "publish" | "pub" | "import" => permissions.publish = rules(entry, false)?,
            "subscribe" | "sub" | "export" => permissions.subscribe = rules(entry, true)?,
            "allow_responses" | "allow_response" => permissions.responses = responses(entry)?,
            "streaming" | "channels" => permissions.channels = Some(channels(entry)?),
            _ => return Err(unknown(entry, key, &KEYS)),
        }
    }
    if permissions.responses.is_some() && permissions.publish.allow.is_none() {
        permissions.publish.allow = Some(Vec::new()); // Who may answer may do only that, unless more is allowed.
    }
    Ok(permissions)
}

/// `{ publish: …, subscribe: … }`, of channels.
fn channels(entry: &Entry) -> Result<ChannelRights, Error> {
    let mut rights = ChannelRights::default();
    for inner in entry.node.block(&entry.key)? {
        match inner.key.to_lowercase().as_str() {
            "publish" | "pub" => rights.publish = rules(inner, false)?,
            "subscribe" | "sub" => rights.subscribe = rules(inner, true)?,
            _ => return Err(unknown(inner, &entry.key, &["publish", "subscribe"])),
        }
    }
    Ok(rights)
}

/// A subject, a list of them, or `{ allow: …, deny: … }` of the same.
fn rules(entry: &Entry, queues: bool) -> Result<Rules, Error> {
    let mut rules = Rules::default();
    match &entry.node.value {
        Value::Block(entries) => {
            for inner in entries {
                match inner.key.to_lowercase().as_str() {
                    "allow" => rules.allow = Some(allowed(inner, queues)?),
                    "deny" => rules.deny = subjects(inner, queues)?,
                    _ => return Err(unknown(inner, &entry.key, &["allow", "deny"])),
                }
            }
        }
        Value::Text(_) | Value::List(_) => rules.allow = Some(allowed(entry, queues)?),
    }
    Ok(rules)
}

/// `nats-server` reads an empty list as "everything", most people as "nothing": better ask.
fn allowed(entry: &Entry, queues: bool) -> Result<Vec<Rule>, Error> {
    let rules = subjects(entry, queues)?;
    if rules.is_empty() {
        let what = format!("{} is empty; leave it out to allow all, or deny \">\" to allow nothing", entry.key);
        return Err(wrong(&entry.node, what));
    }
    Ok(rules)
}

fn subjects(entry: &Entry, queues: bool) -> Result<Vec<Rule>, Error> {
    let rule = |node: &Node| {
        let text = node.text(&entry.key)?;
        Rule::parse(text, queues).map_err(|why| {
            let origin = Origin::File(node.at.clone(), entry.key.clone());
            Error::Value { origin, value: text.to_owned(), why }
        })
    };
    entry.node.list(&entry.key)?.iter().map(rule).collect()
}

/// `true`, or `{ max: 3, expires: "1m" }`, where less than 0 is for ever.
fn responses(entry: &Entry) -> Result<Option<Responses>, Error> {
    let value = |entry: &Entry, text: &str, why| {
        let origin = Origin::File(entry.at.clone(), entry.key.clone());
        Error::Value { origin, value: text.to_owned(), why }
    };
    let Value::Block(entries) = &entry.node.value else {
        let text = entry.node.text(&entry.key)?;
        let on = units::truth(text).map_err(|why| value(entry, text, why))?;
        return Ok(on.then(Responses::default));
    };
    let mut responses = Responses::default();
    for inner in entries {
        let text = inner.node.text(&inner.key)?;
        match inner.key.to_lowercase().as_str() {
            "max" | "max_msgs" | "max_messages" | "max_responses" => {
                let max: i32 = text.parse().map_err(|_| value(inner, text, "expected a number".into()))?;
                if max != 0 {
                    responses.max = u32::try_from(max).ok();
                }
            }
            "expires" | "expiration" | "ttl" => {
                responses.expires = match text.strip_prefix('-') {
                    Some(positive) => units::duration(positive).map(|_| None),
                    None => units::some_time(text).map(Some),
                }
                .map_err(|why| value(inner, text, why))?;
            }
            _ => return Err(unknown(inner, &entry.key, &["max", "expires"])),
        }
    }
    Ok(Some(responses))
}

fn wrong(node: &Node, what: String) -> Error {
    Error::Syntax { at: node.at.clone(), what }
}

fn unknown(entry: &Entry, inside: &str, known: &[&'static str]) -> Error {
    Error::UnknownKey {
        at: entry.at.clone(),
        key: entry.key.clone(),
        inside: inside.to_owned(),
        nearest: nearest(&entry.key.to_lowercase(), known.iter().copied()).map(str::to_owned),
    }
}
