//! Whole objects where an answer has only their ids.

use crate::support::{get, id, post, sandbox};

#[tokio::test]
async fn ids_become_objects_several_levels_deep() {
    let sandbox = sandbox().await;
    let form = "amount=1200&currency=usd&payment_method_types[]=card&confirm=true&payment_method=pm_card_visa\
                &expand[]=latest_charge.balance_transaction&expand[]=payment_method&expand[]=customer";
    let intent = post(&sandbox, "/v1/payment_intents", form).await.ok();
    assert_eq!(intent["latest_charge"]["balance_transaction"]["amount"], 1200);
    assert_eq!(intent["payment_method"]["card"]["last4"], "4242");
    assert_eq!(intent["customer"], serde_json::Value::Null, "what is null stays null");

    let form = format!("payment_intent={}&expand[0]=charge.payment_intent&expand[1]=balance_transaction", id(&intent));
    let refund = post(&sandbox, "/v1/refunds", &form).await.ok();
    assert_eq!(refund["charge"]["payment_intent"]["id"], intent["id"]);
    assert_eq!(refund["balance_transaction"]["amount"], -1200);

    let list = get(&sandbox, "/v1/payment_intents?expand[]=data.latest_charge").await.ok();
    assert_eq!(list["data"][0]["latest_charge"]["refunded"], true);
}

#[tokio::test]
async fn what_cannot_be_expanded_is_refused_before_anything_happens() {
    let sandbox = sandbox().await;
    for path in ["amount", "latest_charge.amount", "data.latest_charge", "a.b.c.d.e"] {
        let form = format!(
            "amount=1200&currency=usd&payment_method_types[]=card&confirm=true&payment_method=pm_card_visa&expand[]={path}"
        );
        let error = post(&sandbox, "/v1/payment_intents", &form).await.refused(400);
        assert_eq!(error["param"], "expand", "{path}");
    }
    get(&sandbox, "/v1/payment_intents?expand[]=latest_charge").await.refused(400);
    assert!(sandbox.ledger().charges.is_empty());
}
