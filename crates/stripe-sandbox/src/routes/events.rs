//! `/v1/events`: what happened, newest first.

use serde_json::Value;

use crate::call::Call;
use crate::error::Error;
use crate::list::Page;
use crate::objects::Event;
use crate::params::Params;

/// All events, or those of some types.
pub fn list(call: &mut Call<'_>, params: &Params<'_>) -> Result<Value, Error> {
    let page = Page::read(params)?;
    let (kind, kinds) = (params.text("type")?, params.list("types")?);
    params.finish()?;
    let wanted = |event: &Event| {
        let one = kind.as_ref().is_none_or(|kind| matches(kind, &event.kind));
        one && kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|kind| matches(kind, &event.kind)))
    };
    page.of(&call.state.events, "/v1/events", |event| event.created, wanted, |event| call.event_json(event))
}

/// One event.
pub fn retrieve(call: &mut Call<'_>, id: &str, params: &Params<'_>) -> Result<Value, Error> {
    params.finish()?;
    call.state.events.find(id, "id").map(|event| call.event_json(event))
}

/// `charge.*` stands for all that begin like this.
fn matches(wanted: &str, kind: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(beginning) => kind.starts_with(beginning),
        None => wanted == kind,
    }
}
