//! Lists: newest first, a page at a time.

use stripe_sandbox::{Clock, Options, Sandbox};

use crate::support::{get, id, post};

#[tokio::test]
async fn pages_follow_each_other_both_ways() {
    let clock = Clock::at(1_800_000_000);
    let sandbox = Sandbox::start(Options { clock, ..Options::default() }).await.unwrap();
    let mut ids = Vec::new();
    for amount in 101..=112 {
        let form = format!("amount={amount}&currency=usd");
        ids.push(id(&post(&sandbox, "/v1/payment_intents", &form).await.ok()).to_owned());
        sandbox.advance(std::time::Duration::from_secs(1));
    }
    ids.reverse();
    let list = async |query: &str| {
        let page = get(&sandbox, &format!("/v1/payment_intents?{query}")).await.ok();
        let ids: Vec<_> = page["data"].as_array().unwrap().iter().map(|object| id(object).to_owned()).collect();
        (ids, page["has_more"].as_bool().unwrap())
    };
    assert_eq!(list("").await, (ids[..10].to_vec(), true), "ten, unless it is said how many");
    assert_eq!(list(&format!("starting_after={}", ids[9])).await, (ids[10..].to_vec(), false));
    assert_eq!(list(&format!("limit=3&ending_before={}", ids[10])).await, (ids[7..10].to_vec(), true));
    assert_eq!(list(&format!("limit=3&ending_before={}", ids[2])).await, (ids[..2].to_vec(), false));
    assert_eq!(list("limit=100&created[gte]=1800000010").await, (ids[..2].to_vec(), false));
    assert_eq!(list("created=1800000000").await, (ids[11..].to_vec(), false));

    for refused in ["limit=0", "limit=101", "starting_after=pi_1", "colour=red", "created[x]=1"] {
        get(&sandbox, &format!("/v1/payment_intents?{refused}")).await.refused(400);
    }
    let page = get(&sandbox, "/v1/payment_intents?limit=1").await.ok();
    assert_eq!((&page["object"], &page["url"]), (&"list".into(), &"/v1/payment_intents".into()));
}
