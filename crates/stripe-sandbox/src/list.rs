//! Stripe's lists: newest first, a page at a time.

use serde_json::{Value, json};

use crate::error::Error;
use crate::params::Params;
use crate::state::{Object, Shelf};

const PAGE: i64 = 10;
const PAGE_MAX: i64 = 100;

/// Which page, and from which time.
#[derive(Debug)]
pub struct Page {
    limit: usize,
    starting_after: Option<String>,
    ending_before: Option<String>,
    created: [Bound; 5],
}

/// How a time compares to another one, if there is another.
type Bound = (fn(&i64, &i64) -> bool, Option<i64>);

impl Page {
    /// Reads `limit`, `starting_after`, `ending_before` and `created`.
    pub fn read(params: &Params<'_>) -> Result<Self, Error> {
        let limit = params.integer("limit")?.unwrap_or(PAGE);
        if !(1..=PAGE_MAX).contains(&limit) {
            let message = format!("Invalid limit: must be between 1 and {PAGE_MAX}");
            return Err(Error::invalid(message).code("parameter_invalid_integer").param("limit"));
        }
        let (exact, range) = match params.inner("created") {
            Ok(range) => (None, range),
            Err(_) => (params.integer("created")?, None),
        };
        let bound = |name: &str| range.as_ref().map_or(Ok(None), |range| range.integer(name));
        let created: [Bound; 5] = [
            (i64::eq, exact),
            (i64::gt, bound("gt")?),
            (i64::ge, bound("gte")?),
            (i64::lt, bound("lt")?),
            (i64::le, bound("lte")?),
        ];
        if let Some(range) = &range {
            range.finish()?;
        }
        Ok(Self {
            limit: usize::try_from(limit).unwrap_or_default(),
            starting_after: params.text("starting_after")?,
            ending_before: params.text("ending_before")?,
            created,
        })
    }

    /// The page of those that `wanted` lets through.
    pub fn of<T: Object>(
        &self,
        shelf: &Shelf<T>,
        url: &str,
        created: impl Fn(&T) -> i64,
        wanted: impl Fn(&T) -> bool,
        json: impl Fn(&T) -> Value,
    ) -> Result<Value, Error> {
        let in_time = |object: &&T| {
            let time = created(object);
            self.created.iter().all(|(holds, bound)| bound.is_none_or(|bound| holds(&time, &bound)))
        };
        let matching: Vec<&T> = shelf.iter().rev().filter(|object| wanted(object)).filter(in_time).collect();
        let place = |id: &str, param: &str| {
            matching.iter().position(|object| object.id() == id).ok_or_else(|| Error::no_such(T::KIND, id, param))
        };
        let (page, has_more) = match (&self.starting_after, &self.ending_before) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid(
                    "You can only specify one of these parameters: starting_after, ending_before.",
                ));
            }
            (None, Some(id)) => {
                let end = place(id, "ending_before")?;
                let start = end.saturating_sub(self.limit);
                (&matching[start..end], start > 0)
            }
            (after, None) => {
                let start = after.as_ref().map_or(Ok(0), |id| Ok(place(id, "starting_after")? + 1))?;
                let end = matching.len().min(start + self.limit);
                (&matching[start..end], end < matching.len())
            }
        };
        let data: Vec<_> = page.iter().map(|object| json(object)).collect();
        Ok(json!({ "object": "list", "data": data, "has_more": has_more, "url": url }))
    }
}
