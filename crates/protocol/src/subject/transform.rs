//! Subjects made from subjects: `orders.*.*` → `eu.$2.{{wildcard(1)}}`.
//!
//! A destination's token is plain text, `>` (the rest, if the source ends so), or stands for what a wildcard of the source
//! matched: `$2` or `{{wildcard(2)}}`; `{{partition(10,1,2)}}` is a number below 10 made of what two of them matched,
//! always the same for the same. Other functions `nats-server` has are refused rather than taken for text.

use super::{Filter, is_valid_literal, matches, tokens};

/// A source and a destination that fit each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transform {
    source: Box<str>,
    destination: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// As it stands.
    Plain(Box<str>),
    /// What the wildcard at this place in the source matched.
    Token(usize),
    /// A number below `count`, made of what the wildcards at these places matched.
    Partition { count: u32, tokens: Vec<usize> },
    /// What the source's `>` matched: all tokens from this one on.
    Rest(usize),
}

/// Why a destination does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// The source is no filter.
    #[error("invalid subject")]
    Source,
    /// The destination is no subject, or has wildcards the source has not.
    #[error("invalid mapping destination")]
    Destination,
    /// A function is unknown, or its arguments are no wildcards of the source.
    #[error("invalid mapping destination: unknown function or wildcard index out of range")]
    Function,
}

impl Transform {
    /// An empty `source` is every subject.
    pub fn new(source: &str, destination: &str) -> Result<Self, Misfit> {
        let source = if source.is_empty() { ">" } else { source };
        if Filter::new(source).is_none() {
            return Err(Misfit::Source);
        }
        let wildcards: Vec<usize> =
            tokens(source).enumerate().filter(|(_, token)| *token == "*").map(|(at, _)| at).collect();
        let rest = tokens(source).enumerate().find(|(_, token)| *token == ">").map(|(at, _)| at);
        let mut parts = Vec::new();
        let mut left = tokens(destination).peekable();
        while let Some(token) = left.next() {
            parts.push(match token {
                ">" if left.peek().is_none() => Part::Rest(rest.ok_or(Misfit::Destination)?),
                _ => Part::new(token, &wildcards)?,
            });
        }
        // What a source's tail matches must go somewhere, or many subjects would silently become one.
        if rest.is_some() && !matches!(parts.last(), Some(Part::Rest(_))) {
            return Err(Misfit::Destination);
        }
        Ok(Self { source: source.into(), destination: parts })
    }

    /// What becomes of `subject`, a literal; `None` if the source does not match it.
    pub fn apply(&self, subject: &str) -> Option<String> {
        if !matches(&self.source, subject) {
            return None;
        }
        let tokens: Vec<&str> = tokens(subject).collect();
        let mut made = String::with_capacity(subject.len() * 2);
        for part in &self.destination {
            if !made.is_empty() {
                made.push('.');
            }
            match part {
                Part::Plain(text) => made.push_str(text),
                Part::Token(at) => made.push_str(tokens.get(*at)?),
                Part::Rest(from) => made.push_str(&tokens.get(*from..)?.join(".")),
                Part::Partition { count, tokens: chosen } => {
                    let bytes = chosen.iter().filter_map(|&at| tokens.get(at)).flat_map(|token| token.bytes());
                    made.push_str(itoa::Buffer::new().format(fnv1a(bytes) % count));
                }
            }
        }
        Some(made)
    }
}

impl Part {
    /// `wildcards` are the places of the source's `*`.
    fn new(token: &str, wildcards: &[usize]) -> Result<Self, Misfit> {
        let place = |number: &str| {
            let number: usize = number.trim().parse().map_err(|_| Misfit::Function)?;
            number.checked_sub(1).and_then(|at| wildcards.get(at)).copied().ok_or(Misfit::Function)
        };
        if let Some(number) = token.strip_prefix('$')
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Ok(Self::Token(place(number)?));
        }
        if let Some(call) = token.strip_prefix("{{").and_then(|token| token.strip_suffix("}}")) {
            let (name, arguments) =
                call.trim().strip_suffix(')').and_then(|call| call.split_once('(')).ok_or(Misfit::Function)?;
            let mut arguments = arguments.split(',');
            let first = arguments.next().unwrap_or_default();
            return match name.trim().to_ascii_lowercase().as_str() {
                "wildcard" if arguments.next().is_none() => Ok(Self::Token(place(first)?)),
                "partition" => {
                    let count = first.trim().parse().ok().filter(|&count| count > 0).ok_or(Misfit::Function)?;
                    let tokens = arguments.map(place).collect::<Result<Vec<_>, _>>()?;
                    if tokens.is_empty() { Err(Misfit::Function) } else { Ok(Self::Partition { count, tokens }) }
                }
                _ => Err(Misfit::Function),
            };
        }
        if is_valid_literal(token) { Ok(Self::Plain(token.into())) } else { Err(Misfit::Destination) }
    }
}

/// FNV-1a with 32 bits, which is how `nats-server` tells partitions apart.
fn fnv1a(bytes: impl Iterator<Item = u8>) -> u32 {
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_become_what_the_destination_says() {
        for (source, destination, subject, made) in [
            (">", "r.>", "a.b", Some("r.a.b")),
            ("", "r.>", "a.b", Some("r.a.b")),
            ("a.>", "b.>", "a.x.y", Some("b.x.y")),
            ("a.>", "b.>", "c.x", None),
            ("a", "b.c", "a", Some("b.c")),
            ("a.*.*", "b.$2.$1", "a.x.y", Some("b.y.x")),
            ("a.*.b.*", "{{wildcard(2)}}.{{ Wildcard( 1 ) }}", "a.x.b.y", Some("y.x")),
            ("a.*.>", "$1.>", "a.x.y.z", Some("x.y.z")),
            ("a.*", "$JS.x.$1", "a.x", Some("$JS.x.x")),
        ] {
            let transform = Transform::new(source, destination).expect(destination);
            assert_eq!(transform.apply(subject).as_deref(), made, "{source} {destination} {subject}");
        }
    }

    #[test]
    fn partitions_are_numbers_that_stay() {
        // 32-bit FNV-1a of "foobar" is 0xbf9cf968.
        let transform = Transform::new("a.*.*", "a.{{partition(10,1,2)}}").unwrap();
        let expected = format!("a.{}", 0xbf9c_f968_u32 % 10);
        assert_eq!(transform.apply("a.foo.bar"), Some(expected));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (source, destination, why) in [
            ("a..b", "b", Misfit::Source),
            ("a", "", Misfit::Destination),
            ("a", "b..c", Misfit::Destination),
            ("a", "b.>", Misfit::Destination),
            ("a.>", "b", Misfit::Destination),
            ("a.*", "b.*", Misfit::Destination),
            ("a.>", "b.>.c", Misfit::Destination),
            ("a.*", "b.$2", Misfit::Function),
            ("a.*", "b.$0", Misfit::Function),
            ("a.*", "b.{{wildcard(x)}}", Misfit::Function),
            ("a.*", "b.{{partition(0,1)}}", Misfit::Function),
            ("a.*", "b.{{partition(3)}}", Misfit::Function),
            ("a.*", "b.{{left(1,2)}}", Misfit::Function),
        ] {
            assert_eq!(Transform::new(source, destination), Err(why), "{source} {destination}");
        }
    }
}
