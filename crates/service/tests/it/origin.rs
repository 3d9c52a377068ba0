//! F24: what changes things must not come from another site.

use service::{PublicUrl, Rules};
use testkit::{TestApp, User};

use crate::things::{things, things_by};

const REFUSED: &str = "This request came from another site";

async fn post(user: &User) -> testkit::Answer {
    user.post("/api/things", serde_json::json!({ "title": "Lear", "price": 9 })).await
}

fn from(app: &TestApp, origin: &str) -> User {
    app.sign_in().with_header("origin", origin)
}

#[tokio::test]
async fn our_own_pages_may_change_things() {
    let app = things().await;
    for origin in ["https://ticketing.dev", "https://ticketing.dev:443", "https://TICKETING.dev", &app.url] {
        post(&from(&app, origin)).await.is(200);
    }
}

#[tokio::test]
async fn other_sites_may_not() {
    let app = things().await;
    let others =
        ["https://evil.example", "http://ticketing.dev", "https://ticketing.dev.evil.example", "http://localhost"];
    let odd = [
        "null",
        "https://ticketing.dev:444",
        "https://evil.ticketing.dev",
        "file://",
        "nonsense",
        "https://ticketing.dev/x",
    ];
    for origin in others.into_iter().chain(odd) {
        post(&from(&app, origin)).await.refuses(400, REFUSED);
        from(&app, origin).delete("/api/things").await.refuses(400, REFUSED);
    }
}

#[tokio::test]
async fn the_host_that_was_asked_may_be_named_in_another_way_than_the_public_one() {
    let rules = Rules { public_url: "http://localhost:3000".parse::<PublicUrl>().unwrap(), ..Rules::default() };
    let app = things_by(&rules).await;
    let to = |host: &str, origin: &str| from(&app, origin).with_header("host", host);
    post(&to("tickets-srv", "http://tickets-srv")).await.is(200);
    post(&to("tickets-srv:80", "http://tickets-srv")).await.is(200);
    post(&to("tickets-srv:3000", "http://tickets-srv")).await.refuses(400, REFUSED);
    post(&to("evil.example", "http://localhost:3000")).await.is(200);
}

#[tokio::test]
async fn who_sends_no_origin_is_no_browser_unless_it_says_otherwise() {
    let app = things().await;
    post(&app.sign_in()).await.is(200);
    for (site, refused) in [("cross-site", true), ("same-origin", false), ("same-site", false), ("none", false)] {
        let answer = post(&app.sign_in().with_header("sec-fetch-site", site)).await;
        assert_eq!(answer.status, if refused { 400 } else { 200 }, "{site}");
    }
}

#[tokio::test]
async fn anybody_may_look() {
    let app = things().await;
    from(&app, "https://evil.example").get("/api/me").await.is(200);
    app.sign_in().with_header("sec-fetch-site", "cross-site").get("/api/me").await.is(200);
}
