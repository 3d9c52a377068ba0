//! What can be asked of the list of tickets: words, a range of prices, an order, and where to go on.

use events::{Cents, TicketId};
use serde::{Deserialize, Serialize};
use service::Problem;
use service::page::Page;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::Ticket;
use crate::offer::TITLE_CHARACTERS_MAX;

/// Which tickets, as the query string says it. An empty value says nothing, since forms send those.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Words of the title, in their order, in either case.
    #[param(max_length = 200, example = "hamlet row")]
    pub q: Option<String>,
    /// What comes first; the newest unless it says otherwise.
    #[param(value_type = Option<Sort>, inline)]
    pub sort: Option<String>,
    /// The lowest price.
    #[param(value_type = Option<Cents>)]
    pub min_price: Option<String>,
    /// The highest price.
    #[param(value_type = Option<Cents>)]
    pub max_price: Option<String>,
}

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ToSchema)]
pub enum Sort {
    /// The newest listing.
    #[default]
    #[schema(rename = "newest")]
    Newest,
    /// The lowest price.
    #[schema(rename = "price")]
    Cheapest,
    /// The highest price.
    #[schema(rename = "-price")]
    Dearest,
    /// The alphabet's first title.
    #[schema(rename = "title")]
    Title,
}

/// What to look for, ready for the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Browse {
    /// What the title is `like`.
    pub pattern: String,
    /// The lowest price.
    pub price_min: Cents,
    /// The highest price.
    pub price_max: Cents,
    /// After which ticket to begin.
    pub after: Position,
}

/// A place in the list, and by that how it is sorted. The `id` tells tickets apart that are alike otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the fields of a ticket")]
pub enum Position {
    /// By [`Sort::Newest`].
    Newest { id: TicketId },
    /// By [`Sort::Cheapest`].
    Cheapest { price: Cents, id: TicketId },
    /// By [`Sort::Dearest`].
    Dearest { price: Cents, id: TicketId },
    /// By [`Sort::Title`].
    Title { title: String, id: TicketId },
}

impl Sort {
    /// Before every ticket.
    fn start(self) -> Position {
        let (first, last) = (TicketId(Uuid::nil()), TicketId(Uuid::max()));
        match self {
            Self::Newest => Position::Newest { id: last },
            Self::Cheapest => Position::Cheapest { price: Cents(0), id: first },
            Self::Dearest => Position::Dearest { price: Cents(i64::MAX), id: last },
            Self::Title => Position::Title { title: String::new(), id: first },
        }
    }
}

impl Position {
    /// How it is sorted.
    fn sort(&self) -> Sort {
        match self {
            Self::Newest { .. } => Sort::Newest,
            Self::Cheapest { .. } => Sort::Cheapest,
            Self::Dearest { .. } => Sort::Dearest,
            Self::Title { .. } => Sort::Title,
        }
    }

    /// The place of `ticket` in a list that is sorted like this one.
    #[must_use]
    pub fn of(&self, ticket: &Ticket) -> Self {
        let Ticket { id, price, .. } = *ticket;
        match self.sort() {
            Sort::Newest => Self::Newest { id },
            Sort::Cheapest => Self::Cheapest { price, id },
            Sort::Dearest => Self::Dearest { price, id },
            Sort::Title => Self::Title { title: ticket.title.clone(), id },
        }
    }
}

impl Filter {
    /// What to look for on `page`, or what is wrong with the question.
    pub fn browse(&self, page: &Page) -> Result<Browse, Problem> {
        let sort = match given(self.sort.as_ref()) {
            None | Some("newest") => Sort::Newest,
            Some("price") => Sort::Cheapest,
            Some("-price") => Sort::Dearest,
            Some("title") => Sort::Title,
            Some(_) => return Err(wrong("sort", "sort must be newest, price, -price or title")),
        };
        let after = page.after()?.unwrap_or_else(|| sort.start());
        if after.sort() != sort || matches!(&after, Position::Title { title, .. } if title.contains('\0')) {
            return Err(wrong("cursor", "The cursor is not valid"));
        }
        Ok(Browse {
            pattern: pattern(given(self.q.as_ref()).unwrap_or_default())?,
            price_min: amount("minPrice", self.min_price.as_ref())?.unwrap_or(Cents(0)),
            price_max: amount("maxPrice", self.max_price.as_ref())?.unwrap_or(Cents::MAX),
            after,
        })
    }
}

fn wrong(parameter: &str, message: impl Into<String>) -> Problem {
    Problem::bad_request(message).field(parameter)
}

fn given(value: Option<&String>) -> Option<&str> {
    value.map(|value| value.trim()).filter(|value| !value.is_empty())
}

fn amount(parameter: &str, value: Option<&String>) -> Result<Option<Cents>, Problem> {
    let parse = |text: &str| text.parse().map_err(|error| wrong(parameter, format!("{parameter}: {error}")));
    given(value).map(parse).transpose()
}

/// What a title that has these words is `like`: all of them, with anything around.
fn pattern(words: &str) -> Result<String, Problem> {
    if words.chars().count() > TITLE_CHARACTERS_MAX || words.contains('\0') {
        return Err(wrong("q", format!("q must be text of at most {TITLE_CHARACTERS_MAX} characters")));
    }
    let mut pattern = String::from("%");
    for word in words.split_whitespace() {
        for character in word.chars() {
            if matches!(character, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern.push('%');
    }
    Ok(pattern)
}

#[cfg(test)]
mod tests {
    use events::UserId;
    use service::page::Listed;

    use super::*;
    use crate::Offer;

    fn sorted(sort: &str) -> Filter {
        Filter { sort: Some(sort.to_owned()), ..Filter::default() }
    }

    fn some_ticket() -> Ticket {
        let offer = Offer { title: "𝕳".repeat(TITLE_CHARACTERS_MAX), price: Cents::MAX };
        Ticket::list(TicketId::new(), UserId::new(), offer)
    }

    #[test]
    fn words_are_found_with_anything_around_them_and_no_character_is_a_wildcard() {
        for (words, like) in [("", "%"), ("lear", "%lear%"), ("100% a_b \\", r"%100\%%a\_b%\\%")] {
            assert_eq!(pattern(words).unwrap(), like);
        }
    }

    #[test]
    fn what_is_empty_says_nothing() {
        let nothing = Filter::default().browse(&Page::default()).unwrap();
        let empty = Filter { q: Some(" ".into()), min_price: Some(String::new()), ..sorted("") };
        assert_eq!(empty.browse(&Page::default()).unwrap(), nothing);
        assert_eq!(sorted("newest").browse(&Page::default()).unwrap(), nothing);
    }

    #[test]
    fn what_is_wrong_is_told_by_its_parameter() {
        let of = |query: Filter| query.browse(&Page::default()).unwrap_err().errors[0].field.clone().unwrap();
        assert_eq!(of(sorted("cheapest")), "sort");
        assert_eq!(of(Filter { min_price: Some("-1".into()), ..Filter::default() }), "minPrice");
        assert_eq!(of(Filter { max_price: Some("1.999".into()), ..Filter::default() }), "maxPrice");
        assert_eq!(of(Filter { q: Some("x".repeat(201)), ..Filter::default() }), "q");
        assert_eq!(of(Filter { q: Some("\0".into()), ..Filter::default() }), "q");
    }

    #[test]
    fn a_list_goes_on_behind_any_ticket_in_each_order() {
        let ticket = some_ticket();
        let first = Page { limit: 1, cursor: None };
        for sort in ["newest", "price", "-price", "title"] {
            let query = sorted(sort);
            let start = query.browse(&first).unwrap().after;
            let Listed { next, .. } = first.answer(vec![ticket.clone(), ticket.clone()], |ticket| start.of(ticket));
            let second = Page { cursor: next, ..first.clone() };
            assert_eq!(query.browse(&second).unwrap().after, start.of(&ticket), "{sort}");
            for other in ["newest", "price", "-price", "title"].into_iter().filter(|other| *other != sort) {
                assert_eq!(sorted(other).browse(&second).unwrap_err().errors[0].field.as_deref(), Some("cursor"));
            }
        }
    }
}
