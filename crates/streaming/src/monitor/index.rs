//! `/`: where to find what. It loads nothing from elsewhere.

use std::fmt::Write;

use super::answer::{Answer, Refusal};
use super::parameters::Parameters;
use super::{Monitor, ROUTES, Route};

const HEAD: &str = "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<link rel=\"icon\" href=\"data:,\">
<title>streaming-server</title>
<style>
body { font: 1rem/1.6 system-ui, sans-serif; margin: 2rem }
td { padding-right: 2rem }
</style>
</head>
<body>
";

#[expect(clippy::unnecessary_wraps, reason = "others of its kind refuse")]
pub(super) fn answer(monitor: &Monitor, _: &Parameters) -> Result<Answer, Refusal> {
    let mut page = HEAD.to_owned();
    let _ = writeln!(page, "<h1>streaming-server {}</h1>\n<table>", env!("CARGO_PKG_VERSION"));
    let there = |route: &&Route| monitor.server.stan.is_some() || !route.path.starts_with("/streaming");
    for Route { path, about, .. } in ROUTES.iter().filter(|route| !route.about.is_empty()).filter(there) {
        // Relative, so that it works behind a proxy's path.
        let _ = writeln!(page, "<tr><td><a href=\".{path}\">{path}</a></td><td>{about}</td></tr>");
    }
    page.push_str("</table>\n</body>\n</html>\n");
    Ok(Answer::html(page))
}
