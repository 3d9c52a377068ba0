//! `/openapi.json`, which the client's types are made from.

use serde_json::{Value, json};

#[test]
fn every_operation_is_described() {
    let api: Value = serde_json::to_value(orders::openapi()).unwrap();
    let operations = |path: &str| api["paths"][path].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(api["paths"].as_object().unwrap().len(), 2);
    assert_eq!(operations("/api/orders"), ["get", "post"]);
    assert_eq!(operations("/api/orders/{id}"), ["delete", "get"]);
    for (path, method, statuses) in [
        ("/api/orders", "get", vec!["200", "400", "401"]),
        ("/api/orders", "post", vec!["201", "400", "401", "404", "429"]),
        ("/api/orders/{id}", "get", vec!["200", "401", "404"]),
        ("/api/orders/{id}", "delete", vec!["204", "400", "401", "404"]),
    ] {
        let operation = &api["paths"][path][method];
        assert_eq!(operation["responses"].as_object().unwrap().keys().collect::<Vec<_>>(), statuses, "{method} {path}");
        assert_eq!(operation["security"], json!([{ "session": [] }]), "{method} {path}");
    }
}

#[test]
fn an_order_is_described_as_it_is_sent() {
    let api: Value = serde_json::to_value(orders::openapi()).unwrap();
    let schemas = &api["components"]["schemas"];
    let fields = |name: &str| schemas[name]["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields("Order"), ["expiresAt", "id", "status", "ticket", "userId", "version"]);
    assert_eq!(schemas["Order"]["required"].as_array().unwrap().len(), 6);
    assert_eq!(fields("OrderTicket"), ["id", "price", "title", "version"]);
    assert_eq!(schemas["OrderStatus"]["enum"], json!(["created", "awaiting:payment", "complete", "cancelled"]));
    assert_eq!(schemas["Wish"]["required"], json!(["ticketId"]));
}
