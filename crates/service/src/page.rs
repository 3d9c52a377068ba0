//! Lists a page at a time, by keyset: the cursor says after which row to go on, so that no row is seen twice or missed
//! because others came or went. The list stays a bare array; the next page's cursor goes out as `x-next-cursor`.

use axum::Json;
use axum::http::HeaderName;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::IntoParams;

use crate::Problem;

/// The most rows of one page, and as many as come when nobody says.
pub const LIMIT_MAX: i64 = 100;
/// The longest cursor that is looked at: enough for one that has a title of 200 characters in it, of 4 bytes each.
const CURSOR_BYTES_MAX: usize = 2048;
/// The header that carries the next page's cursor; the last page has none.
pub const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

/// Which page: `?limit=&cursor=`.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// How many rows at most.
    #[serde(default = "most", deserialize_with = "limit")]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, default = 100)]
    pub limit: i64,
    /// Where to go on: the `x-next-cursor` of the page before.
    #[serde(default)]
    #[param(nullable = false)]
    pub cursor: Option<String>,
}

impl Default for Page {
    fn default() -> Self {
        Self { limit: LIMIT_MAX, cursor: None }
    }
}

fn most() -> i64 {
    LIMIT_MAX
}

/// From a text, since that is what a flattened query has for numbers too. Nobody gets more than the most.
fn limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.parse::<i64>() {
        Ok(limit) if limit > 0 => Ok(limit.min(LIMIT_MAX)),
        _ => Err(D::Error::custom(format!("limit must be a number from 1 to {LIMIT_MAX}"))),
    }
}

impl Page {
    /// The sort key after which this page begins; `None` on the first one. A cursor that is none of ours is a 400.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, Problem> {
        let Some(cursor) = self.cursor.as_deref().filter(|cursor| !cursor.is_empty()) else { return Ok(None) };
        let key = (cursor.len() <= CURSOR_BYTES_MAX)
            .then(|| URL_SAFE_NO_PAD.decode(cursor).ok())
            .flatten()
            .and_then(|json| serde_json::from_slice(&json).ok());
        key.map(Some).ok_or_else(|| Problem::bad_request("The cursor is not valid").field("cursor"))
    }

    /// How many rows to fetch: one more than the page has, to see whether there is another one.
    pub fn fetch(&self) -> i64 {
        self.limit + 1
    }

    /// The answer, given up to [`Page::fetch`] rows; `key` is what the rows are sorted by.
    pub fn answer<T, K: Serialize>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> K) -> Listed<T> {
        let limit = usize::try_from(self.limit).unwrap_or_default();
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more);
        let next = last.and_then(|row| serde_json::to_vec(&key(row)).ok()).map(|json| URL_SAFE_NO_PAD.encode(json));
        Listed { rows, next }
    }
}

/// A page of a list on its way to the client: a bare array, and the header [`NEXT_CURSOR`] unless it is the last page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The next page's cursor.
    pub next: Option<String>,
}

impl<T> Listed<T> {
    /// The same page of what `f` makes of the rows.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Listed<U> {
        Listed { rows: self.rows.into_iter().map(f).collect(), next: self.next }
    }
}

impl<T: Serialize> IntoResponse for Listed<T> {
    fn into_response(self) -> Response {
        let next = self.next.map(|next| [(NEXT_CURSOR, next)]);
        match next {
            Some(next) => (next, Json(self.rows)).into_response(),
            None => Json(self.rows).into_response(),
        }
    }
}
