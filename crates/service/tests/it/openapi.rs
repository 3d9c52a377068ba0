//! What a service tells of itself, to machines and to people.

use service::{Clock, PublicUrl, Sessions, openapi};
use testkit::{KEY, TestApp, User};

use crate::things::App;

async fn documented() -> User {
    let sessions = Sessions::without_revocations(&KEY.into(), Clock::system(), &PublicUrl::default());
    let mut service = App::new(sessions.clone()).service();
    let document = service.openapi();
    service.api = service.api.merge(openapi::routes(document).into());
    TestApp::start(service, &sessions).await.anonymous()
}

#[tokio::test]
async fn the_description_has_the_paths_the_errors_and_the_session() {
    let document = documented().await.get("/openapi.json").await.is(200);
    assert_eq!(document["info"]["title"], "things");
    let put = &document["paths"]["/api/things/{id}"]["put"];
    let error = &put["responses"]["4XX"]["content"]["application/json"]["schema"]["$ref"];
    assert_eq!(error, "#/components/schemas/Errors");
    assert_eq!(put["security"][0]["session"], serde_json::json!([]));
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Errors"]["properties"]["errors"]["items"]["$ref"], "#/components/schemas/Fault");
    assert_eq!(schemas["Fault"]["required"], serde_json::json!(["message"]));
    let session = &document["components"]["securitySchemes"]["session"];
    assert_eq!(session["in"], "cookie");
    let limit = &document["paths"]["/api/things"]["get"]["parameters"][0];
    assert_eq!((&limit["name"], &limit["required"]), (&"limit".into(), &false.into()));
}

#[tokio::test]
async fn the_page_to_try_it_fetches_nothing_from_elsewhere() {
    let user = documented().await;
    assert_eq!(user.get("/docs").await.header("location"), Some("/docs/"));
    let page = user.get("/docs/").await;
    assert_eq!(page.status, 200);
    let mut texts = vec![page.text.clone()];
    let scripts = page
        .text
        .split(['"', '\''])
        .filter(|word| [Some("js"), Some("css")].contains(&word.rsplit_once('.').map(|(_, kind)| kind)));
    for script in scripts {
        let answer = user.get(format!("/docs/{}", script.trim_start_matches("./"))).await;
        assert_eq!(answer.status, 200, "{script}");
        if script.ends_with("initializer.js") {
            texts.push(answer.text);
        }
    }
    for text in texts {
        assert!(!text.contains("://"), "{text}");
    }
}
