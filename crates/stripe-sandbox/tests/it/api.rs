//! Who may ask, and how every answer looks.

use crate::support::{client, get, id, post, sandbox, send};

#[tokio::test]
async fn another_key_is_refused_as_by_stripe() {
    let sandbox = sandbox().await;
    let wrong = [("authorization", "Bearer sk_test_12345678wxyz")];
    let error = send(&sandbox, "GET", "/v1/payment_intents", "", &wrong).await.refused(401);
    assert_eq!(error["type"], "invalid_request_error");
    assert_eq!(error["message"], "Invalid API Key provided: sk_test_********wxyz");
    assert!(error["request_log_url"].as_str().unwrap().contains("req_"));
    let error = send(&sandbox, "GET", "/v1/payment_intents", "", &[("authorization", "")]).await.refused(401);
    assert!(error["message"].as_str().unwrap().starts_with("You did not provide an API key."));
}

#[tokio::test]
async fn the_key_may_come_as_http_basic() {
    let sandbox = sandbox().await;
    let answer = client()
        .get(format!("{}/v1/payment_intents", sandbox.url))
        .header("authorization", "Basic c2tfdGVzdF9zYW5kYm94Og==")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn a_browsers_key_opens_only_what_it_has_the_secret_of() {
    let sandbox = sandbox().await;
    let intent = post(&sandbox, "/v1/payment_intents", "amount=500&currency=usd&metadata[order]=7").await.ok();
    let (id, secret) = (id(&intent), intent["client_secret"].as_str().unwrap());
    let browser = [("authorization", "Bearer pk_test_sandbox")];
    let ask = async |method: &str, path: &str, form: &str| send(&sandbox, method, path, form, &browser).await;

    let seen = ask("GET", &format!("/v1/payment_intents/{id}?client_secret={secret}"), "").await.ok();
    assert_eq!(seen["amount"], 500);
    assert_eq!(seen.get("metadata"), None, "what the merchant notes is not the buyer's");
    assert_eq!(seen.get("latest_charge"), None);

    let error = ask("GET", &format!("/v1/payment_intents/{id}"), "").await.refused(403);
    assert_eq!(error["code"], "secret_key_required");
    ask("GET", &format!("/v1/payment_intents/{id}?client_secret={id}_secret_x"), "").await.refused(404);
    for (method, path) in [
        ("GET", "/v1/payment_intents".to_owned()),
        ("POST", "/v1/payment_intents".to_owned()),
        ("POST", format!("/v1/payment_intents/{id}/cancel")),
        ("POST", "/v1/refunds".to_owned()),
        ("GET", "/v1/events".to_owned()),
    ] {
        let error = ask(method, &path, "").await.refused(403);
        assert_eq!(error["code"], "secret_key_required", "{method} {path}");
    }
}

#[tokio::test]
async fn stripe_js_sends_the_key_as_a_parameter_from_any_page() {
    let sandbox = sandbox().await;
    let intent = post(&sandbox, "/v1/payment_intents", "amount=500&currency=usd").await.ok();
    let (id, secret) = (id(&intent), intent["client_secret"].as_str().unwrap());
    let url = format!("{}/v1/payment_intents/{id}?key=pk_test_sandbox&client_secret={secret}", sandbox.url);
    let answer = client().get(&url).header("origin", "https://ticketing.dev").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    let asked = client().request(reqwest::Method::OPTIONS, &url).send().await.unwrap();
    assert_eq!(asked.status(), 200);
    assert!(asked.headers()["access-control-allow-headers"].to_str().unwrap().contains("authorization"));
}

#[tokio::test]
async fn every_answer_names_its_request_and_version() {
    let sandbox = sandbox().await;
    let answer = get(&sandbox, "/v1/payment_intents").await;
    assert!(answer.headers["request-id"].to_str().unwrap().starts_with("req_"));
    assert_eq!(answer.headers["stripe-version"], stripe_sandbox::VERSION);
    let older = [("stripe-version", "2023-10-16")];
    let answer = send(&sandbox, "GET", "/v1/payment_intents", "", &older).await;
    assert_eq!(answer.headers["stripe-version"], "2023-10-16");
    send(&sandbox, "GET", "/v1/payment_intents", "", &[("stripe-version", "newest")]).await.refused(400);
}

#[tokio::test]
async fn what_is_not_supported_is_refused_by_name() {
    let sandbox = sandbox().await;
    let refused = async |path: &str, form: &str, named: &str| {
        let error = post(&sandbox, path, form).await.refused(400);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(named), "{message}");
    };
    refused("/v1/payment_intents", "amount=500&currency=usd&capture_method=manual", "capture_method=manual").await;
    refused("/v1/payment_intents", "amount=500&currency=usd&payment_method_types[]=sepa_debit", "sepa_debit").await;
    refused("/v1/payment_intents", "amount=500&currency=usd&transfer_data[destination]=a", "transfer_data").await;
    refused("/v1/charges", "amount=500&currency=usd&source=tok_visa&capture=false", "capture=false").await;
    refused("/v1/refunds", "charge=ch_1&reverse_transfer=true", "reverse_transfer").await;
    let error = get(&sandbox, "/v1/invoices").await.refused(404);
    assert!(error["message"].as_str().unwrap().starts_with("Unrecognized request URL (GET: /v1/invoices)."));
    let account = [("stripe-account", "acct_1")];
    send(&sandbox, "GET", "/v1/payment_intents", "", &account).await.refused(400);
}

#[tokio::test]
async fn json_is_refused_because_stripe_wants_forms() {
    let sandbox = sandbox().await;
    let answer = client()
        .post(format!("{}/v1/payment_intents", sandbox.url))
        .bearer_auth(sandbox.secret_key())
        .header("content-type", "application/json")
        .body(r#"{"amount":500,"currency":"usd"}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    let json: serde_json::Value = answer.json().await.unwrap();
    assert!(json["error"]["message"].as_str().unwrap().contains("application/x-www-form-urlencoded"));
}

#[tokio::test]
async fn malformed_parameters_are_refused_in_stripes_words() {
    let sandbox = sandbox().await;
    for (form, code, param) in [
        ("currency=usd", "parameter_missing", "amount"),
        ("amount=500", "parameter_missing", "currency"),
        ("amount=5.00&currency=usd", "parameter_invalid_integer", "amount"),
        ("amount=&currency=usd", "parameter_invalid_empty", "amount"),
        ("amount=49&currency=usd", "amount_too_small", "amount"),
        ("amount=100000000&currency=usd", "amount_too_large", "amount"),
        ("amount=500&currency=usd&colour=red", "parameter_unknown", "colour"),
    ] {
        let error = post(&sandbox, "/v1/payment_intents", form).await.refused(400);
        assert_eq!((&error["code"], &error["param"]), (&code.into(), &param.into()), "{form}");
        assert_eq!(error["doc_url"], format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")));
    }
}
