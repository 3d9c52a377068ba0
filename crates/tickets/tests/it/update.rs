//! `PUT /api/tickets/{id}`

use events::tickets::TicketUpdated;
use events::{TicketId, Verdict};
use futures::future::join_all;
use serde_json::{Value, json};
use testkit::{Break, Database};

use crate::{Order, a_hold, a_ticket, everything, id, path, shown, tickets, versions_published};

fn lear() -> Value {
    json!({ "title": "Lear", "price": 9.5 })
}

#[tokio::test]
async fn its_owner_changes_a_ticket() {
    let app = tickets().await;
    let ann = app.sign_in();
    let ticket = a_ticket(&ann).await;
    let edited = ann.put(path(&ticket), lear()).await.is(200);
    let expected = json!({
        "id": ticket["id"], "title": "Lear", "price": 9.5, "userId": ann.id, "version": 2, "status": "available",
    });
    assert_eq!(edited, expected);
    assert_eq!(shown(&app, &ticket).await, expected);
}

#[tokio::test]
async fn its_change_is_published() {
    let app = tickets().await;
    let ann = app.sign_in();
    let ticket = a_ticket(&ann).await;
    app.forget_published().await;
    ann.put(path(&ticket), lear()).await.is(200);
    let event = json!({ "id": ticket["id"], "title": "Lear", "price": 9.5, "userId": ann.id, "version": 2 });
    assert_eq!(app.published().await, [("ticket:updated".to_owned(), event)]);
}

#[tokio::test]
async fn f8_an_edit_that_says_the_same_is_a_version_too_and_is_published() {
    let app = tickets().await;
    let ann = app.sign_in();
    let ticket = a_ticket(&ann).await;
    for version in [2, 3, 4] {
        let same = json!({ "title": ticket["title"], "price": ticket["price"] });
        assert_eq!(ann.put(path(&ticket), same).await.is(200)["version"], version);
    }
    assert_eq!(versions_published(&app, &ticket).await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn who_is_not_signed_in_is_told_so_before_all_else() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let nobody = app.anonymous();
    nobody.put(path(&ticket), lear()).await.refuses(401, "Not authorized");
    nobody.send("PUT", path(&ticket), "{").await.refuses(401, "Not authorized");
    nobody.put(format!("/api/tickets/{}", TicketId::new()), lear()).await.refuses(401, "Not authorized");
    assert_eq!(shown(&app, &ticket).await, ticket);
}

#[tokio::test]
async fn a_body_that_is_not_fit_is_refused_before_the_ticket_is_looked_for() {
    let app = tickets().await;
    let (ann, bob) = (app.sign_in(), app.sign_in());
    let ticket = a_ticket(&ann).await;
    let before = everything(&app).await;
    for path in [path(&ticket), format!("/api/tickets/{}", TicketId::new()), "/api/tickets/none".to_owned()] {
        for user in [&ann, &bob] {
            for title in [json!(""), json!(null), json!(5)] {
                let body = json!({ "title": title, "price": 10 });
                user.put(&path, body).await.refuses_field(400, "Title is required", "title");
            }
            for price in [json!(0), json!(-10), json!("free"), json!(null)] {
                let body = json!({ "title": "Lear", "price": price });
                user.put(&path, body).await.refuses_field(400, "Price must be greater than 0", "price");
            }
            let message = "Price must be at most 999999.99 and have at most two decimals";
            user.put(&path, json!({ "title": "Lear", "price": 19.999 })).await.refuses_field(400, message, "price");
            user.put(&path, json!({})).await.refuses_field(400, "Title is required", "title");
            user.send("PUT", &path, "{").await.refuses(400, "Malformed JSON");
        }
    }
    assert_eq!(everything(&app).await, before);
}

#[tokio::test]
async fn a_ticket_that_is_not_there_is_not_found() {
    let app = tickets().await;
    let ann = app.sign_in();
    let order = a_hold(&app, &a_ticket(&ann).await).await;
    for id in [TicketId::new().to_string(), order.id.to_string(), ann.id.to_string(), "5".to_owned(), "%00".to_owned()]
    {
        ann.put(format!("/api/tickets/{id}"), lear()).await.refuses(404, "Not Found");
    }
}

#[tokio::test]
async fn nobody_but_its_owner_changes_a_ticket() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    app.sign_in().put(path(&ticket), lear()).await.refuses(401, "Not authorized");
    assert_eq!(shown(&app, &ticket).await, ticket);
    assert_eq!(versions_published(&app, &ticket).await, [1]);
}

#[tokio::test]
async fn a_held_ticket_cannot_be_edited() {
    let app = tickets().await;
    let ann = app.sign_in();
    let ticket = a_ticket(&ann).await;
    a_hold(&app, &ticket).await;
    app.forget_published().await;
    ann.put(path(&ticket), lear()).await.refuses(400, "Cannot edit a reserved ticket");
    assert_eq!(app.published().await, [], "nothing changed, so nothing may be published");
    assert_eq!(shown(&app, &ticket).await["title"], "Hamlet");
}

#[tokio::test]
async fn a_sold_ticket_cannot_be_edited() {
    let app = tickets().await;
    let ann = app.sign_in();
    let ticket = a_ticket(&ann).await;
    let order = a_hold(&app, &ticket).await;
    assert_eq!(app.deliver(&order.completed(2)).await, Verdict::Done);
    ann.put(path(&ticket), lear()).await.refuses(400, "Cannot edit a reserved ticket");
}

#[tokio::test]
async fn whose_a_held_ticket_is_is_looked_at_before_that_it_is_held() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    a_hold(&app, &ticket).await;
    app.sign_in().put(path(&ticket), lear()).await.refuses(401, "Not authorized");
}

#[tokio::test]
async fn a_released_ticket_can_be_edited_again() {
    let app = tickets().await;
    let ann = app.sign_in();
    let ticket = a_ticket(&ann).await;
    let order = a_hold(&app, &ticket).await;
    assert_eq!(app.deliver(&order.cancelled(2)).await, Verdict::Done);
    assert_eq!(ann.put(path(&ticket), lear()).await.is(200)["version"], 4);
    assert_eq!(versions_published(&app, &ticket).await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn what_a_client_has_no_say_in_is_ignored() {
    let app = tickets().await;
    let (ann, bob) = (app.sign_in(), app.sign_in());
    let ticket = a_ticket(&ann).await;
    let body = json!({
        "title": "Lear", "price": 9, "userId": bob.id, "id": bob.id, "status": "sold", "orderId": bob.id, "version": 70,
    });
    let expected = json!({
        "id": ticket["id"], "title": "Lear", "price": 9, "userId": ann.id, "version": 2, "status": "available",
    });
    assert_eq!(ann.put(path(&ticket), body).await.is(200), expected);
}

#[tokio::test]
async fn twenty_edits_at_once_are_twenty_versions_without_a_gap() {
    let app = tickets().await;
    let ann = app.sign_in();
    let ticket = a_ticket(&ann).await;
    let edit = async |number: i64| {
        let body = json!({ "title": format!("Henry {number}"), "price": number });
        ann.put(path(&ticket), body).await.is(200)
    };
    let mut answers = join_all((1..=20).map(edit)).await;
    answers.sort_by_key(|answer| answer["version"].as_i64());
    let versions: Vec<_> = answers.iter().map(|answer| answer["version"].as_i64().unwrap()).collect();
    assert_eq!(versions, (2..=21).collect::<Vec<_>>());
    // What was answered of each version is what was published of it, and the last is what stays.
    let published = app.published_of::<TicketUpdated>().await;
    for (answer, event) in answers.iter().zip(&published) {
        assert_eq!((&answer["title"], answer["version"].as_i64()), (&json!(event.title), Some(event.version.0)));
    }
    assert_eq!(published.len(), 20);
    assert_eq!(Some(&shown(&app, &ticket).await), answers.last());
}

#[tokio::test]
async fn an_edit_and_a_hold_at_once_come_one_after_the_other() {
    let app = tickets().await;
    let ann = app.sign_in();
    for _ in 0..20 {
        let ticket = a_ticket(&ann).await;
        let order = Order::of(&ticket);
        let hold = order.created();
        let (answer, verdict) = tokio::join!(ann.put(path(&ticket), lear()), app.deliver(&hold));
        assert_eq!(verdict, Verdict::Done);
        let now = shown(&app, &ticket).await;
        assert_eq!(now["orderId"], json!(order.id));
        if answer.status == 200 {
            assert_eq!((&now["title"], &now["version"]), (&json!("Lear"), &json!(3)), "the edit came first");
            assert_eq!(answer.json["version"], 2);
        } else {
            answer.refuses(400, "Cannot edit a reserved ticket");
            assert_eq!((&now["title"], &now["version"]), (&json!("Hamlet"), &json!(2)), "the hold came first");
        }
        let last = now["version"].as_i64().unwrap();
        assert_eq!(versions_published(&app, &ticket).await, (1..=last).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_change_that_follows_another_version_than_the_stored_one_is_not_saved() {
    let app = tickets().await;
    let mut tx = app.db().begin().await.unwrap();
    let (owner, offer) = (events::UserId::new(), crate::an_offer("Hamlet"));
    let ticket = tickets::Ticket::list(TicketId::new(), owner, offer);
    tickets::store::insert(&mut tx, &ticket).await.unwrap();
    // Two who read the same version, as if there were no lock.
    let (mut one, mut two) = (ticket.clone(), ticket.clone());
    one.edit(owner, crate::an_offer("Lear")).unwrap();
    two.edit(owner, crate::an_offer("Othello")).unwrap();
    tickets::store::save(&mut tx, &one).await.unwrap();
    let second = tickets::store::save(&mut tx, &two).await;
    assert!(matches!(second, Err(tickets::Error::Stale)), "{second:?}");
    assert_eq!(tickets::store::find(&mut tx, ticket.id).await.unwrap(), Some(one));
}

#[tokio::test]
async fn f9_an_edit_whose_event_cannot_be_kept_does_not_happen() {
    let app = tickets().await;
    let (ann, kit) = (app.sign_in(), Database::of(app.db()));
    let ticket = a_ticket(&ann).await;
    let before = everything(&app).await;
    for table in ["outbox", "tickets"] {
        for how in [Break::Raise, Break::Disconnect, Break::AtCommit] {
            kit.break_writes(table, how).await;
            ann.put(path(&ticket), lear()).await.refuses(500, "Something went wrong");
            kit.mend(table).await;
            assert_eq!(everything(&app).await, before);
        }
    }
    ann.put(path(&ticket), lear()).await.is(200);
    assert_eq!(versions_published(&app, &ticket).await, [1, 2]);
    assert_eq!(id(&ticket), app.published_of::<TicketUpdated>().await[0].id);
}
