//! What the service says of itself to machines.

use serde_json::Value;

fn document() -> Value {
    serde_json::to_value(tickets::openapi()).expect("OpenAPI is JSON")
}

fn statuses(operation: &Value) -> Vec<&str> {
    let responses = operation["responses"].as_object().expect("responses");
    responses.keys().map(String::as_str).collect()
}

#[test]
fn every_operation_and_each_of_its_answers_is_told() {
    let document = document();
    let paths = &document["paths"];
    for (path, method, expected) in [
        ("/api/tickets", "get", &["200", "400"][..]),
        ("/api/tickets", "post", &["201", "400", "401", "413", "429"]),
        ("/api/tickets/mine", "get", &["200", "400", "401"]),
        ("/api/tickets/changes", "get", &["200", "503"]),
        ("/api/tickets/{id}", "get", &["200", "404"]),
        ("/api/tickets/{id}", "put", &["200", "400", "401", "404", "413", "429"]),
    ] {
        let operation = &paths[path][method];
        assert_eq!(statuses(operation), expected, "{method} {path}");
        assert!(operation["summary"].is_string() && operation["description"].is_string(), "{method} {path}");
    }
    assert_eq!(paths.as_object().map(serde_json::Map::len), Some(4));
}

#[test]
fn what_needs_a_session_says_so() {
    let document = document();
    for (path, method) in [("/api/tickets", "post"), ("/api/tickets/mine", "get"), ("/api/tickets/{id}", "put")] {
        assert!(document["paths"][path][method]["security"][0]["session"].is_array(), "{method} {path}");
    }
    assert!(document["components"]["securitySchemes"]["session"].is_object());
}

#[test]
fn every_reference_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a reference within the document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn the_fields_of_a_held_ticket_are_named_as_they_are_sent() {
    let document = document();
    let held = &document["components"]["schemas"]["State"]["oneOf"][1]["properties"];
    assert!(held["orderId"].is_object() && held["heldUntil"].is_object(), "{held}");
}
