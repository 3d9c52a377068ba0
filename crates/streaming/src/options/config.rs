//! A configuration file in NATS' own syntax, as a tree that remembers where everything stood.
//!
//! ```text
//! # a comment, as is // this
//! port: 4222            key, then a colon, an equals sign or a space, then the value
//! HOME = /var/lib/nats  a key others refer to; an unknown key is no error if one did
//! jetstream {
//!   store_dir: $HOME    from here, the blocks around it, or else from the environment
//!   max_file = 10GB;    ends with its line, a comma or a semicolon
//! }
//! include "users.conf"  as if it stood here, relative to this file
//! ```

mod apply;
mod parse;
mod syntax;

use super::{Error, Position, World};

pub(super) use apply::apply;
pub(super) use parse::parse;

/// A value and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub at: Position,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// A number, a truth, a word: whoever takes it knows which.
    Text(String),
    List(Vec<Node>),
    Block(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub key: String,
    pub at: Position,
    pub node: Node,
    /// Whether something referred to it as `$key`.
    pub used: bool,
}

impl Node {
    /// The text, or a complaint that names `key`.
    pub fn text(&self, key: &str) -> Result<&str, Error> {
        match &self.value {
            Value::Text(text) => Ok(text),
            Value::List(_) | Value::Block(_) => Err(self.unexpected(key, "a single value")),
        }
    }

    /// The entries of a block, or a complaint that names `key`.
    pub fn block(&self, key: &str) -> Result<&[Entry], Error> {
        match &self.value {
            Value::Block(entries) => Ok(entries),
            Value::Text(_) | Value::List(_) => Err(self.unexpected(key, "a block { … }")),
        }
    }

    /// The elements of a list; a single text is a list of one.
    pub fn list(&self, key: &str) -> Result<&[Node], Error> {
        match &self.value {
            Value::List(nodes) => Ok(nodes),
            Value::Text(_) => Ok(std::slice::from_ref(self)),
            Value::Block(_) => Err(self.unexpected(key, "a list [ … ]")),
        }
    }

    /// How many nodes a copy of this would add.
    fn weight(&self) -> usize {
        match &self.value {
            Value::Text(_) => 1,
            Value::List(nodes) => 1 + nodes.iter().map(Self::weight).sum::<usize>(),
            Value::Block(entries) => 1 + entries.iter().map(|entry| entry.node.weight()).sum::<usize>(),
        }
    }

    fn unexpected(&self, key: &str, expected: &str) -> Error {
        Error::Syntax { at: self.at.clone(), what: format!("{key} expects {expected}") }
    }
}
