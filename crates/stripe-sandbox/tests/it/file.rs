//! The state file: what was paid is still paid after a restart, and a key's answer is still the same.

use stripe_sandbox::{Handle, Options, Sandbox};

use crate::support::{get, id, post, send};

async fn start(path: &std::path::Path) -> Handle {
    Sandbox::start(Options { state: Some(path.to_owned()), ..Options::default() }).await.unwrap()
}

#[tokio::test]
async fn a_restart_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stripe.json");
    let key = [("idempotency-key", "k")];
    let form = "amount=2000&currency=usd&source=tok_visa";

    let sandbox = start(&path).await;
    sandbox.send_webhooks_to("http://127.0.0.1:9/", "whsec_test").unwrap();
    let charge = send(&sandbox, "POST", "/v1/charges", form, &key).await.ok();
    post(&sandbox, "/v1/refunds", &format!("amount=500&charge={}", id(&charge))).await.ok();
    let (ledger, waiting) = (sandbox.ledger(), sandbox.undelivered());
    assert_eq!(waiting.len(), 3);
    sandbox.stop().await;

    let sandbox = start(&path).await;
    assert_eq!(sandbox.ledger(), ledger);
    assert_eq!(sandbox.undelivered(), waiting);
    assert_eq!(get(&sandbox, &format!("/v1/charges/{}", id(&charge))).await.ok()["amount_refunded"], 500);
    assert_eq!(send(&sandbox, "POST", "/v1/charges", form, &key).await.ok(), charge);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_file_of_something_else_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "buy milk").unwrap();
    let error = Sandbox::start(Options { state: Some(path.clone()), ..Options::default() }).await.unwrap_err();
    assert!(error.to_string().contains("notes.txt"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "buy milk");
}
