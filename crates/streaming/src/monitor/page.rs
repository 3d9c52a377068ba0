//! `/`: the live page. It and all it is made of are in the binary, and it loads nothing from elsewhere.
//!
//! It is written for a stranger's input: streams, subjects and clients are called what others like. So the policy below
//! lets nothing run but the page's own files, and those put names into the page as text only.
//!
//! ```text
//! index.html   what there is before anything is known, and links to what programs read
//! page.js      asks `/live/…` every other second, and says when nobody answers
//! tables.js    the columns · table.js a table that is filtered, sorted and kept up · chart.js · format.js
//! ```

use super::answer::{Answer, Asset, Refusal};
use super::parameters::Parameters;
use super::{Monitor, ROUTES};

/// What the page's files are called by, and what they are.
pub(super) const ASSETS: [(&str, Asset); 8] = [
    ("/page/page.css", style(include_str!("page/page.css"))),
    ("/page/tables.css", style(include_str!("page/tables.css"))),
    ("/page/icon.svg", Asset { kind: "image/svg+xml", body: include_str!("page/icon.svg") }),
    ("/page/page.js", script(include_str!("page/page.js"))),
    ("/page/table.js", script(include_str!("page/table.js"))),
    ("/page/tables.js", script(include_str!("page/tables.js"))),
    ("/page/chart.js", script(include_str!("page/chart.js"))),
    ("/page/format.js", script(include_str!("page/format.js"))),
];

const fn style(body: &'static str) -> Asset {
    Asset { kind: "text/css; charset=utf-8", body }
}

const fn script(body: &'static str) -> Asset {
    Asset { kind: "text/javascript; charset=utf-8", body }
}

const INDEX: &str = include_str!("page/index.html");

/// Where the links go.
const LINKS: &str = "<!-- links -->";

#[expect(clippy::unnecessary_wraps, reason = "others of its kind refuse")]
pub(super) fn answer(monitor: &Monitor, _: &Parameters) -> Result<Answer, Refusal> {
    let there = |path: &str| monitor.server.stan.is_some() || !path.starts_with("/streaming");
    let links = ROUTES.iter().filter(|route| !route.about.is_empty() && there(route.path)).map(|route| {
        // Relative, so that it works behind a proxy's path.
        format!("<li><a href=\".{0}\">{0}</a> <span>{1}</span></li>\n", route.path, route.about)
    });
    Ok(Answer::html(INDEX.replace(LINKS, &links.collect::<String>())))
}
