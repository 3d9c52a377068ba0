//! Filters made ready once and asked often: by consumers for each message of a stream.

use std::fmt;

use super::{Shape, matches_bytes, shape};

/// One valid filter, sorted by what it costs to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// `>`: every subject.
    Everything,
    /// One subject.
    Literal(Box<str>),
    /// With wildcards.
    Pattern(Box<str>),
}

impl Filter {
    /// `None` if `filter` is not valid.
    pub fn new(filter: &str) -> Option<Self> {
        Some(match shape(filter.as_bytes())? {
            Shape::Wild if filter == ">" => Self::Everything,
            Shape::Wild => Self::Pattern(filter.into()),
            Shape::Literal => Self::Literal(filter.into()),
        })
    }

    /// Stands for `subject`, a literal.
    #[inline]
    pub fn matches(&self, subject: &str) -> bool {
        self.matches_bytes(subject.as_bytes())
    }

    /// [`Filter::matches`], for subjects that are kept as bytes.
    #[inline]
    pub fn matches_bytes(&self, subject: &[u8]) -> bool {
        match self {
            Self::Everything => true,
            Self::Literal(literal) => literal.as_bytes() == subject,
            Self::Pattern(pattern) => matches_bytes(pattern.as_bytes(), subject),
        }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Everything => ">",
            Self::Literal(text) | Self::Pattern(text) => text,
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Several filters, of which any may match. None at all stand for every subject, as in a consumer without a filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters(Vec<Filter>);

impl Filters {
    /// `None` if one of them is not valid.
    pub fn new<'a>(filters: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let filters = filters.into_iter().map(Filter::new).collect::<Option<Vec<_>>>()?;
        let everything = filters.contains(&Filter::Everything);
        Some(Self(if everything { Vec::new() } else { filters }))
    }

    /// No subject is refused.
    #[inline]
    pub fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// One of them stands for `subject`, a literal.
    #[inline]
    pub fn matches(&self, subject: &str) -> bool {
        self.matches_bytes(subject.as_bytes())
    }

    /// [`Filters::matches`], for subjects that are kept as bytes.
    #[inline]
    pub fn matches_bytes(&self, subject: &[u8]) -> bool {
        self.is_everything() || self.0.iter().any(|filter| filter.matches_bytes(subject))
    }

    /// The filters; none if [`Filters::is_everything`].
    pub fn as_slice(&self) -> &[Filter] {
        &self.0
    }
}
