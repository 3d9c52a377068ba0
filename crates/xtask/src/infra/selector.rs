//! Which labels a selector takes.

use serde_json::Value;

use super::object::{list, text};

/// Whether `selector`, as Deployments and policies have it, takes something with these `labels`. An empty one takes all.
pub fn takes(selector: &Value, labels: &Value) -> bool {
    takes_labels(&selector["matchLabels"], labels)
        && list(selector, "/matchExpressions").iter().all(|expression| holds(expression, labels))
}

/// Whether all of `wanted`, as Services have it, are among `labels`.
pub fn takes_labels(wanted: &Value, labels: &Value) -> bool {
    wanted.as_object().into_iter().flatten().all(|(key, value)| labels.get(key) == Some(value))
}

fn holds(expression: &Value, labels: &Value) -> bool {
    let value = labels.get(text(expression, "/key"));
    let is_in = || value.is_some_and(|value| list(expression, "/values").contains(value));
    match text(expression, "/operator") {
        "In" => is_in(),
        "NotIn" => !is_in(),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_selector_takes_what_has_all_it_asks_for() {
        let labels = json!({ "app": "auth", "part": "x" });
        assert!(takes(&json!({}), &labels));
        assert!(takes(&json!({ "matchLabels": { "app": "auth" } }), &labels));
        assert!(!takes(&json!({ "matchLabels": { "app": "auth", "tier": "y" } }), &labels));
        let is = |operator, values: &[&str]| {
            takes(&json!({ "matchExpressions": [{ "key": "app", "operator": operator, "values": values }] }), &labels)
        };
        assert!(is("In", &["orders", "auth"]) && !is("In", &["orders"]));
        assert!(is("NotIn", &["orders"]) && !is("NotIn", &["auth"]));
        assert!(is("Exists", &[]) && !is("DoesNotExist", &[]) && !is("Like", &["auth"]));
    }
}
