//! `GET /api/tickets/{id}`

use events::{OrderId, TicketId, Verdict};
use serde_json::json;

use crate::{Order, UNTIL, a_hold, a_ticket, path, shown, state, tickets};

#[tokio::test]
async fn a_ticket_is_shown_to_anybody() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    assert_eq!(app.anonymous().get(path(&ticket)).await.is(200), ticket);
    assert_eq!(app.sign_in().get(path(&ticket)).await.is(200), ticket);
    assert_eq!(app.anonymous().get(format!("{}/", path(&ticket))).await.is(200), ticket, "with a slash at its end");
}

#[tokio::test]
async fn a_held_and_a_sold_ticket_are_shown_too() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order = a_hold(&app, &ticket).await;
    let held = json!({ "status": "held", "orderId": order.id, "heldUntil": UNTIL, "version": 2 });
    assert_eq!(state(&shown(&app, &ticket).await), held);
    assert_eq!(app.deliver(&order.completed(2)).await, Verdict::Done);
    let sold = shown(&app, &ticket).await;
    assert_eq!(state(&sold), json!({ "status": "sold", "orderId": order.id, "heldUntil": null, "version": 3 }));
    assert!(sold.get("heldUntil").is_none(), "what is sold is held until no time");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let order: Order = a_hold(&app, &ticket).await;
    for id in [TicketId::new().to_string(), OrderId::new().to_string(), order.id.to_string(), order.user.to_string()] {
        app.anonymous().get(format!("/api/tickets/{id}")).await.refuses(404, "Not Found");
    }
}

#[tokio::test]
async fn an_id_that_is_none_is_not_found() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let more = format!("{}0", path(&ticket));
    let inside = format!("{}/orders", path(&ticket));
    for path in [
        "/api/tickets/1",
        "/api/tickets/%00",
        "/api/tickets/%ff",
        "/api/tickets/null",
        "/api/tickets/5c690124",
        &more,
        &inside,
    ] {
        app.anonymous().get(path).await.refuses(404, "Not Found");
    }
}

#[tokio::test]
async fn there_is_no_other_way_to_ask() {
    let app = tickets().await;
    let (ann, path) = (app.sign_in(), path(&a_ticket(&app.sign_in()).await));
    ann.delete(&path).await.refuses(404, "Not Found");
    ann.post(&path, json!({ "title": "Lear", "price": 9 })).await.refuses(404, "Not Found");
    ann.patch(&path, json!({ "title": "Lear" })).await.refuses(404, "Not Found");
    ann.delete("/api/tickets").await.refuses(404, "Not Found");
}
