//! Stripe.js, the card form and the authentication page, as far as they can be tried without a browser.

use crate::support::{client, get, id, post, sandbox};

const REDIRECT: &str = "amount=1200&currency=usd&payment_method_types[]=card&confirm=true\
                        &payment_method=pm_card_authenticationRequired&return_url=https://ticketing.dev/back?a=1";

#[tokio::test]
async fn the_script_and_its_frame_are_served_with_a_policy_that_lets_in_nothing_else() {
    let sandbox = sandbox().await;
    for (path, kind) in [
        ("/v3/", "text/javascript"),
        ("/v3", "text/javascript"),
        ("/endive/stripe.js", "text/javascript"),
        ("/elements/payment", "text/html"),
        ("/elements/payment.js", "text/javascript"),
        ("/elements/card.js", "text/javascript"),
        ("/elements/payment.css", "text/css"),
        ("/authenticate/pi_1?client_secret=x", "text/html"),
        ("/elements/authenticate.js", "text/javascript"),
        ("/elements/authenticate.css", "text/css"),
    ] {
        let answer = client().get(format!("{}{path}", sandbox.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with(kind), "{path}");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
    }
    assert_eq!(sandbox.script_url(), format!("{}/v3/", sandbox.url));
}

#[tokio::test]
async fn pages_hold_no_scripts_or_styles_of_their_own() {
    let sandbox = sandbox().await;
    for path in ["/elements/payment", "/authenticate/pi_1"] {
        let html = client().get(format!("{}{path}", sandbox.url)).send().await.unwrap().text().await.unwrap();
        for inline in ["<style", " style=", "<script>", "onclick", "http://", "https://"] {
            assert!(!html.contains(inline), "{path} has {inline}");
        }
    }
}

#[tokio::test]
async fn the_buyer_comes_back_from_authenticating() {
    let sandbox = sandbox().await;
    for (passed, status) in [(true, "succeeded"), (false, "failed")] {
        let intent = post(&sandbox, "/v1/payment_intents", REDIRECT).await.ok();
        let page = intent["next_action"]["redirect_to_url"]["url"].as_str().unwrap();
        let details = page.replace('?', "/payment?");
        let details: serde_json::Value = client().get(&details).send().await.unwrap().json().await.unwrap();
        assert_eq!(details, serde_json::json!({ "amount": 1200, "currency": "usd" }));

        let choose = async || {
            let body = serde_json::json!({ "passed": passed }).to_string();
            client().post(page).header("content-type", "application/json").body(body).send().await.unwrap()
        };
        let answer: serde_json::Value = choose().await.json().await.unwrap();
        let url = answer["returnUrl"].as_str().unwrap();
        assert!(url.starts_with("https://ticketing.dev/back?a=1&payment_intent=pi_"), "{url}");
        assert!(url.ends_with(&format!("redirect_status={status}")), "{url}");
        assert_eq!(choose().await.status(), 400, "once is enough");
    }
}

#[tokio::test]
async fn no_one_authenticates_a_payment_they_do_not_have_the_secret_of() {
    let sandbox = sandbox().await;
    let intent = post(&sandbox, "/v1/payment_intents", REDIRECT).await.ok();
    let page = format!("{}/authenticate/{}?client_secret=guessed", sandbox.url, id(&intent));
    let request = client().post(&page).header("content-type", "application/json").body(r#"{"passed":true}"#);
    assert_eq!(request.send().await.unwrap().status(), 404);
    let intent = get(&sandbox, &format!("/v1/payment_intents/{}", id(&intent))).await.ok();
    assert_eq!(intent["status"], "requires_action");
}
