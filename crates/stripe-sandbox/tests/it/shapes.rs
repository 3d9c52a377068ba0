//! Our objects have every field of Stripe's own fixtures, with a type that fits.
//!
//! `shapes.json` holds the fixtures' names and types, so that this is always checked. Where `STRIPE_FIXTURES` names
//! the file they come from, it is checked too, and that `shapes.json` still says the same.

use std::collections::BTreeSet;
use std::io::Write;

use serde_json::{Map, Value, json};
use stripe_sandbox::{Decline, Handle, Outcome, Sandbox};

use crate::support::{get, id, post, sandbox, send};

/// Fields that are null in all we make, though Stripe's fixture shows a value: what they belong to is not supported.
const ALWAYS_NULL: &[&str] = &[
    "charge.payment_method_details.card.installments",
    "charge.payment_method_details.card.wallet",
    "charge.shipping",
    "charge.transfer_data",
    "customer.address",
    "customer.currency",
    "customer.discount",
    "customer.invoice_settings.rendering_options",
    "customer.shipping",
    "payment_intent.shipping",
    "payment_intent.transfer_data",
    "payment_method.card.generated_from",
    "payment_method.card.wallet",
];

/// The name of a value's type. Null in a fixture says nothing.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("any"),
        Value::Bool(_) => json!("boolean"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("string"),
        Value::Array(_) => json!("array"),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
    }
}

struct Check<'a> {
    shapes: &'a Map<String, Value>,
    faults: Vec<String>,
    /// What some object had a value for.
    seen: BTreeSet<String>,
    /// What the shapes have a type for.
    typed: BTreeSet<String>,
}

impl Check<'_> {
    fn compare(&mut self, ours: &Value, shape: &Value, path: &str) {
        if *shape != json!("any") {
            self.typed.insert(path.to_owned());
        }
        if !ours.is_null() {
            self.seen.insert(path.to_owned());
        }
        match (ours, shape) {
            (Value::Null, _) => {}
            (_, Value::String(wanted)) if wanted == "any" || *wanted == self::shape(ours) => {}
            // Where Stripe has several kinds in one place, ours is checked as the kind it is.
            (Value::Object(ours), Value::Object(wanted)) => match ours.get("object").and_then(Value::as_str) {
                Some(kind) if path.contains('.') && self.shapes.contains_key(kind) => {
                    self.whole(&Value::Object(ours.clone()), &self.shapes[kind].clone(), kind);
                }
                _ => {
                    for (name, wanted) in wanted {
                        let inner = format!("{path}.{name}");
                        match ours.get(name) {
                            Some(value) => self.compare(value, wanted, &inner),
                            None => self.faults.push(format!("{inner} is missing")),
                        }
                    }
                }
            },
            (ours, wanted) => self.faults.push(format!("{path} should be {wanted}, not {ours}")),
        }
    }

    fn whole(&mut self, ours: &Value, shape: &Value, kind: &str) {
        for (name, wanted) in shape.as_object().unwrap() {
            match ours.get(name) {
                Some(value) => self.compare(value, wanted, &format!("{kind}.{name}")),
                None => self.faults.push(format!("{kind}.{name} is missing")),
            }
        }
    }
}

/// Objects of every kind, in every state that fills a field.
async fn samples(sandbox: &Handle) -> Vec<Value> {
    let intent = async |more: &str| {
        let form = format!("amount=1200&currency=usd&confirm=true{more}");
        post(sandbox, "/v1/payment_intents", &form).await
    };
    let card = "&payment_method_types[]=card&payment_method=";
    let canceled = post(sandbox, "/v1/payment_intents", "amount=1200&currency=usd").await.ok();
    post(sandbox, &format!("/v1/payment_intents/{}/cancel", id(&canceled)), "").await.ok();
    intent(&format!("{card}pm_card_visa_chargeDeclined")).await.refused(402);
    let waiting = intent(&format!("{card}pm_card_authenticationRequired")).await.ok();
    let redirected = "&return_url=https://a.example/&payment_method=pm_card_authenticationRequired";
    let authenticated = intent(redirected).await.ok();
    sandbox.authenticate(id(&authenticated), true).unwrap();
    sandbox.next_payment(Outcome::Processing).unwrap();
    let processing = intent(&format!("{card}pm_card_visa")).await.ok();
    sandbox.next_payment(Outcome::Processing).unwrap();
    let failed = intent(&format!("{card}pm_card_visa")).await.ok();
    sandbox.settle(id(&failed), Some(Decline::Generic)).unwrap();

    let billed = "&payment_method_types[]=card&payment_method_data[type]=card&payment_method_data[card][token]=tok_visa\
                  &payment_method_data[billing_details][name]=Ann&payment_method_data[billing_details][phone]=1\
                  &payment_method_data[billing_details][email]=ann@example.com\
                  &payment_method_data[billing_details][address][city]=Berlin\
                  &payment_method_data[billing_details][address][country]=DE\
                  &payment_method_data[billing_details][address][line1]=Unter+den+Linden+1\
                  &payment_method_data[billing_details][address][postal_code]=10117\
                  &payment_method_data[billing_details][address][state]=BE\
                  &payment_method_data[metadata][order_id]=7";
    let billed = intent(billed).await.ok();
    let card = "card[number]=4242424242424242&card[exp_month]=12&card[exp_year]=50&card[cvc]=123&card[name]=Ann";
    let browser = [("authorization", "Bearer pk_test_sandbox")];
    let token = send(sandbox, "POST", "/v1/tokens", card, &browser).await.ok();
    let form = format!("amount=2000&currency=usd&description=Lear&source={}", id(&token));
    let charge = post(sandbox, "/v1/charges", &form).await.ok();
    let refund = post(sandbox, "/v1/refunds", &format!("charge={}", id(&charge))).await.ok();

    let mut samples = sandbox.intents();
    for path in [
        "/v1/charges?limit=100".to_owned(),
        "/v1/refunds".to_owned(),
        "/v1/events?limit=100".to_owned(),
        "/v1/balance_transactions".to_owned(),
        "/v1/payment_intents?limit=100&expand[]=data.latest_charge&expand[]=data.payment_method".to_owned(),
    ] {
        samples.extend(get(sandbox, &path).await.ok()["data"].as_array().unwrap().clone());
    }
    for path in [
        format!("/v1/payment_methods/{}", billed["payment_method"].as_str().unwrap()),
        format!("/v1/payment_intents/{}", id(&waiting)),
        format!("/v1/payment_intents/{}", id(&processing)),
        format!("/v1/refunds/{}", id(&refund)),
    ] {
        samples.push(get(sandbox, &path).await.ok());
    }
    samples.push(charge["source"].clone());
    samples.push(
        post(sandbox, "/v1/customers", "email=a@example.com&name=Ann&phone=1&description=a&metadata[a]=b").await.ok(),
    );
    let form = "url=http://127.0.0.1:9/&enabled_events[]=*&description=mine&metadata[a]=b";
    samples.push(post(sandbox, "/v1/webhook_endpoints", form).await.ok());
    samples
}

async fn check(shapes: &Map<String, Value>) {
    let sandbox: Handle = sandbox().await;
    let samples = samples(&sandbox).await;
    let mut check = Check { shapes, faults: Vec::new(), seen: BTreeSet::new(), typed: BTreeSet::new() };
    for (kind, shape) in shapes {
        let of_kind: Vec<_> = samples.iter().filter(|sample| sample["object"] == **kind).collect();
        assert!(!of_kind.is_empty(), "no sample of {kind}");
        for sample in of_kind {
            check.whole(sample, shape, kind);
        }
    }
    assert!(check.faults.is_empty(), "{:#?}", check.faults);

    let never: BTreeSet<_> = check.typed.difference(&check.seen).map(String::as_str).collect();
    let unsupported: BTreeSet<_> = ALWAYS_NULL.iter().copied().collect();
    assert_eq!(never, unsupported, "what Stripe shows a value for and we never do");
}

fn own_list() -> Map<String, Value> {
    serde_json::from_str(include_str!("shapes.json")).unwrap()
}

#[tokio::test]
async fn objects_have_every_field_of_our_own_list() {
    check(&own_list()).await;
}

#[tokio::test]
async fn objects_have_every_field_of_stripes_fixtures() {
    let Ok(path) = std::env::var("STRIPE_FIXTURES") else {
        // Past the test harness, which would keep it to itself.
        let _ = writeln!(
            std::io::stderr(),
            "NOT CHECKED: Stripe's own fixtures. Set STRIPE_FIXTURES to their path; our list of their fields was checked."
        );
        return;
    };
    let fixtures: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let shapes = shape(&fixtures);
    check(shapes.as_object().unwrap()).await;
    assert_eq!(own_list(), *shapes.as_object().unwrap(), "shapes.json is behind {path}");
}

#[tokio::test]
async fn a_missing_field_would_be_noticed() {
    let shapes = own_list();
    let sandbox: Handle = Sandbox::start(stripe_sandbox::Options::default()).await.unwrap();
    let mut intent = post(&sandbox, "/v1/payment_intents", "amount=1200&currency=usd").await.ok();
    intent.as_object_mut().unwrap().remove("review");
    intent["amount"] = json!("1200");
    let mut check = Check { shapes: &shapes, faults: Vec::new(), seen: BTreeSet::new(), typed: BTreeSet::new() };
    check.whole(&intent, &shapes["payment_intent"], "payment_intent");
    assert_eq!(
        check.faults,
        ["payment_intent.amount should be \"number\", not \"1200\"", "payment_intent.review is missing"]
    );
}
