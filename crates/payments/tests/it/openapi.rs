//! What the service says of itself to machines.

use serde_json::Value;

fn document() -> Value {
    serde_json::to_value(payments::openapi()).expect("OpenAPI is JSON")
}

#[test]
fn every_operation_and_each_of_its_answers_is_told() {
    let document = document();
    for (path, method, expected) in [
        ("/api/payments", "get", &["200", "400", "401"][..]),
        ("/api/payments", "post", &["201", "400", "401", "404", "429", "503"]),
        ("/api/payments/intent", "post", &["201", "400", "401", "404", "429", "503"]),
        ("/api/payments/webhook", "post", &["200", "400", "404", "413", "503"]),
        ("/api/payments/config", "get", &["200"]),
    ] {
        let responses = document["paths"][path][method]["responses"].as_object().expect("responses");
        let statuses: Vec<_> = responses.keys().map(String::as_str).collect();
        assert_eq!(statuses, expected, "{method} {path}");
    }
    assert_eq!(document["paths"].as_object().map(serde_json::Map::len), Some(4));
}

#[test]
fn what_needs_a_session_says_so() {
    let document = document();
    for (path, method) in [("/api/payments", "get"), ("/api/payments", "post"), ("/api/payments/intent", "post")] {
        assert!(document["paths"][path][method]["security"][0]["session"].is_array(), "{method} {path}");
    }
}

#[test]
fn the_contracts_shapes_are_in_it() {
    let document = document();
    let fields = |schema: &str| {
        let fields = document["components"]["schemas"][schema]["properties"].as_object();
        fields.map(|fields| fields.keys().cloned().collect::<Vec<_>>()).unwrap_or_default()
    };
    for field in ["id", "orderId", "stripeId", "status", "amount", "stripeRefundId"] {
        assert!(fields("Payment").contains(&field.to_owned()), "{field}: {:?}", fields("Payment"));
    }
    assert_eq!(fields("Pay"), ["orderId", "token"]);
}
