//! Subjects and filters: which are valid, which match, contain and overlap which.
//!
//! A subject is tokens between dots: `ticket:created.eu.42`. A token holds anything but blanks and line ends and is not
//! empty. In a filter, `*` stands for any one token and `>`, at the end, for one or more; they do so only as
//! whole tokens, so `a*` and `>b` are plain. Where a *literal* is asked for they must not stand alone.
//!
//! Comparisons trust that both sides are valid. They never panic on what is not; the answer is then of no meaning.

mod filter;
mod transform;

pub use filter::{Filter, Filters};
pub use transform::{Misfit, Transform};

/// A subject's tokens.
#[inline]
pub fn tokens(subject: &str) -> impl DoubleEndedIterator<Item = &str> + Clone {
    subject.split('.')
}

/// May be published to: no empty token, no blank or line end, no wildcard.
#[inline]
pub fn is_valid_literal(subject: &str) -> bool {
    shape(subject.as_bytes()) == Some(Shape::Literal)
}

/// May be subscribed to: as a literal, but `*` anywhere and `>` at the end are allowed.
#[inline]
pub fn is_valid_filter(subject: &str) -> bool {
    shape(subject.as_bytes()).is_some()
}

/// A valid filter with at least one wildcard.
pub fn has_wildcards(subject: &str) -> bool {
    shape(subject.as_bytes()) == Some(Shape::Wild)
}

#[derive(PartialEq, Eq)]
enum Shape {
    Literal,
    Wild,
}

/// What `subject` is, `None` if invalid. One pass, for it is done for each publish of a pedantic client.
fn shape(subject: &[u8]) -> Option<Shape> {
    let mut shape = Shape::Literal;
    let mut start = 0;
    for at in 0..=subject.len() {
        match subject.get(at) {
            None | Some(b'.') => {
                match &subject[start..at] {
                    [] => return None,
                    b"*" => shape = Shape::Wild,
                    b">" if at == subject.len() => shape = Shape::Wild,
                    b">" => return None,
                    _ => {}
                }
                start = at + 1;
            }
            Some(b' ' | b'\t' | b'\r' | b'\n') => return None,
            Some(_) => {}
        }
    }
    Some(shape)
}

/// `filter` stands for `subject`, a literal.
#[inline]
pub fn matches(filter: &str, subject: &str) -> bool {
    matches_bytes(filter.as_bytes(), subject.as_bytes())
}

/// [`matches()`], for subjects that are kept as bytes.
#[inline]
pub fn matches_bytes(filter: &[u8], subject: &[u8]) -> bool {
    let (mut f, mut s) = (0, 0);
    // Each round stands at the beginning of a token on both sides.
    loop {
        match &filter[f..] {
            b">" => return s < subject.len(),
            [b'*'] => return s < subject.len() && memchr::memchr(b'.', &subject[s..]).is_none(),
            [b'*', b'.', ..] => match memchr::memchr(b'.', &subject[s..]) {
                Some(length) if length > 0 => {
                    f += 2;
                    s += length + 1;
                }
                _ => return false,
            },
            _ => loop {
                match (filter.get(f), subject.get(s)) {
                    (None, None) => return true,
                    (Some(b'.'), Some(b'.')) => {
                        f += 1;
                        s += 1;
                        break;
                    }
                    (Some(a), Some(b)) if a == b => {
                        f += 1;
                        s += 1;
                    }
                    _ => return false,
                }
            },
        }
    }
}

/// Whatever `inner` matches, `outer` matches too. Both are filters.
pub fn is_subset(inner: &str, outer: &str) -> bool {
    let (mut inner, mut outer) = (tokens(inner), tokens(outer));
    loop {
        match (inner.next(), outer.next()) {
            (None, None) | (Some(_), Some(">")) => return true,
            (Some(">"), _) => return false,
            (Some(_), Some("*")) => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

/// Some subject is matched by both `a` and `b`. Both are filters.
pub fn overlaps(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (tokens(a), tokens(b));
    loop {
        match (a.next(), b.next()) {
            (None, None) | (Some(">"), Some(_)) | (Some(_), Some(">")) => return true,
            (Some("*"), Some(_)) | (Some(_), Some("*")) => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests;
