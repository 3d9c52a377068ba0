//! `GET /api/tickets`

use events::Verdict;
use serde_json::{Value, json};
use testkit::{TestApp, User};

use crate::{a_hold, a_ticket, a_ticket_of, tickets};

/// What `user` is shown of `field`, ticket by ticket.
async fn listed(user: &User, query: &str, field: &str) -> Vec<Value> {
    let list = user.get(format!("/api/tickets{query}")).await.is(200);
    list.as_array().expect("a bare array").iter().map(|ticket| ticket[field].clone()).collect()
}

async fn titles(app: &TestApp, query: &str) -> Vec<String> {
    let titles = listed(&app.anonymous(), query, "title").await;
    titles.into_iter().map(|title| title.as_str().expect("a title").to_owned()).collect()
}

/// The same titles in the alphabet's order.
async fn found(app: &TestApp, query: &str) -> Vec<String> {
    let mut titles = titles(app, query).await;
    titles.sort();
    titles
}

#[tokio::test]
async fn without_tickets_the_list_is_empty() {
    let app = tickets().await;
    let answer = app.anonymous().get("/api/tickets").await;
    assert_eq!(answer.header("x-next-cursor"), None);
    assert_eq!(answer.is(200), json!([]));
}

#[tokio::test]
async fn anybody_sees_every_ticket_whole_the_newest_first() {
    let app = tickets().await;
    let (ann, bob) = (app.sign_in(), app.sign_in());
    let one = a_ticket_of(&ann, "Hamlet", 20).await;
    let two = a_ticket_of(&bob, "Lear", 19.99).await;
    let three = a_ticket_of(&ann, "Othello", 5).await;
    assert_eq!(app.anonymous().get("/api/tickets").await.is(200), json!([three, two, one]));
    assert_eq!(ann.get("/api/tickets/").await.is(200), json!([three, two, one]));
}

#[tokio::test]
async fn what_cannot_be_bought_is_left_out() {
    let app = tickets().await;
    let ann = app.sign_in();
    let (held, sold, free) = (a_ticket(&ann).await, a_ticket(&ann).await, a_ticket(&ann).await);
    let (hold, sale) = (a_hold(&app, &held).await, a_hold(&app, &sold).await);
    assert_eq!(app.deliver(&sale.completed(2)).await, Verdict::Done);
    assert_eq!(listed(&ann, "", "id").await, [free["id"].clone()]);
    for sort in ["newest", "price", "-price", "title"] {
        assert_eq!(listed(&ann, &format!("?sort={sort}&q=ham&minPrice=1"), "id").await, [free["id"].clone()]);
    }
    assert_eq!(app.deliver(&hold.cancelled(2)).await, Verdict::Done);
    assert_eq!(listed(&ann, "", "id").await, [free["id"].clone(), held["id"].clone()]);
}

#[tokio::test]
async fn words_are_found_in_either_case_wherever_they_are() {
    let app = tickets().await;
    let ann = app.sign_in();
    for title in ["Hamlet, row 3", "The HAMLET rehearsal", "Lear, row 3", "ΆΜΛΕΤ στην Αθήνα", "École des femmes"]
    {
        a_ticket_of(&ann, title, 20).await;
    }
    assert_eq!(found(&app, "?q=hamlet").await, ["Hamlet, row 3", "The HAMLET rehearsal"]);
    assert_eq!(found(&app, "?q=ROW%203").await, ["Hamlet, row 3", "Lear, row 3"]);
    assert_eq!(found(&app, "?q=ham+row").await, ["Hamlet, row 3"], "words in their order, anything between them");
    assert_eq!(found(&app, "?q=row+ham").await, [""; 0]);
    assert_eq!(found(&app, "?q=%CE%AC%CE%BC%CE%BB").await, ["ΆΜΛΕΤ στην Αθήνα"], "άμλ");
    assert_eq!(found(&app, "?q=%C3%89COLE").await, ["École des femmes"], "ÉCOLE");
    assert_eq!(found(&app, "?q=macbeth").await, [""; 0]);
}

#[tokio::test]
async fn no_character_is_a_wildcard() {
    let app = tickets().await;
    let ann = app.sign_in();
    for title in ["100% Hamlet", "100 Hamlets", "a_b", "axb", "back\\slash", "O'Neill; drop table tickets"] {
        a_ticket_of(&ann, title, 20).await;
    }
    assert_eq!(found(&app, "?q=100%25").await, ["100% Hamlet"]);
    assert_eq!(found(&app, "?q=a_b").await, ["a_b"]);
    assert_eq!(found(&app, "?q=k%5Cs").await, ["back\\slash"]);
    assert_eq!(found(&app, "?q=%27neill%3B%20drop").await, ["O'Neill; drop table tickets"]);
    assert_eq!(found(&app, "?q=%25").await, ["100% Hamlet"]);
}

#[tokio::test]
async fn prices_are_found_between_two_bounds_both_included() {
    let app = tickets().await;
    let ann = app.sign_in();
    for price in ["5", "19.99", "20", "20.01", "999999.99"] {
        a_ticket_of(&ann, price, price).await;
    }
    assert_eq!(titles(&app, "?sort=price&minPrice=19.99&maxPrice=20").await, ["19.99", "20"]);
    assert_eq!(titles(&app, "?sort=price&maxPrice=19.98").await, ["5"]);
    assert_eq!(titles(&app, "?sort=price&minPrice=20.01").await, ["20.01", "999999.99"]);
    assert_eq!(titles(&app, "?sort=price&minPrice=20&maxPrice=5").await, [""; 0]);
}

#[tokio::test]
async fn it_is_sorted_as_asked() {
    let app = tickets().await;
    let ann = app.sign_in();
    for (title, price) in [("lear", "20"), ("Othello", "5"), ("Hamlet", "19.99"), ("Macbeth", "100")] {
        a_ticket_of(&ann, title, price).await;
    }
    let newest = ["Macbeth", "Hamlet", "Othello", "lear"];
    assert_eq!(titles(&app, "").await, newest);
    assert_eq!(titles(&app, "?sort=newest").await, newest);
    assert_eq!(titles(&app, "?sort=price").await, ["Othello", "Hamlet", "lear", "Macbeth"]);
    assert_eq!(titles(&app, "?sort=-price").await, ["Macbeth", "lear", "Hamlet", "Othello"]);
    assert_eq!(titles(&app, "?sort=title").await, ["Hamlet", "lear", "Macbeth", "Othello"], "in either case");
}

/// Every title, a page of `limit` after the other.
async fn paged(app: &TestApp, query: &str, limit: usize) -> Vec<Value> {
    let (user, mut all, mut cursor) = (app.anonymous(), Vec::new(), String::new());
    loop {
        let answer = user.get(format!("/api/tickets?{query}&limit={limit}&cursor={cursor}")).await;
        let next = answer.header("x-next-cursor").map(str::to_owned);
        let page = answer.is(200);
        let page = page.as_array().expect("a bare array");
        assert!(page.len() == limit || next.is_none(), "only the last page is shorter");
        all.extend(page.iter().map(|ticket| ticket["id"].clone()));
        let Some(next) = next else { return all };
        cursor = next;
    }
}

#[tokio::test]
async fn pages_are_the_list_cut_up_in_every_order_also_where_tickets_are_alike() {
    let app = tickets().await;
    let ann = app.sign_in();
    let long = format!("{} \"\\", "𝕳".repeat(190));
    for (title, price) in
        [("Lear", 20), ("lear", 20), ("Lear", 5), ("Hamlet", 5), ("Hamlet", 5), (&*long, 5), (&*long, 7)]
    {
        a_ticket_of(&ann, title, price).await;
    }
    for sort in ["newest", "price", "-price", "title"] {
        let whole = listed(&ann, &format!("?sort={sort}"), "id").await;
        assert_eq!(whole.len(), 7);
        for limit in [1, 2, 3, 6, 7, 100] {
            assert_eq!(paged(&app, &format!("sort={sort}"), limit).await, whole, "{sort}, {limit} a page");
        }
    }
    assert_eq!(paged(&app, "sort=title&q=LEAR&maxPrice=20&minPrice=20", 1).await.len(), 2);
}

#[tokio::test]
async fn what_comes_and_goes_between_two_pages_moves_no_other_ticket() {
    let app = tickets().await;
    let ann = app.sign_in();
    let mut ids = Vec::new();
    for number in 1..=4 {
        ids.push(a_ticket_of(&ann, &format!("Henry {number}"), number).await);
    }
    let first = ann.get("/api/tickets?limit=2").await;
    let cursor = first.header("x-next-cursor").expect("another page").to_owned();
    assert_eq!(first.is(200), json!([ids[3], ids[2]]));
    a_ticket_of(&ann, "Henry 5", 5).await;
    a_hold(&app, &ids[2]).await;
    assert_eq!(ann.get(format!("/api/tickets?limit=2&cursor={cursor}")).await.is(200), json!([ids[1], ids[0]]));
}

#[tokio::test]
async fn a_page_has_a_hundred_tickets_at_most() {
    let app = tickets().await;
    sqlx::query(
        "insert into tickets (id, user_id, title, price, version)
         select gen_random_uuid(), gen_random_uuid(), 'Henry ' || number, number, 1 from generate_series(1, 101) number",
    )
    .execute(app.db())
    .await
    .unwrap();
    for query in ["", "?limit=100", "?limit=1000"] {
        let answer = app.anonymous().get(format!("/api/tickets{query}")).await;
        let cursor = answer.header("x-next-cursor").expect("another page").to_owned();
        assert_eq!(answer.is(200).as_array().map(Vec::len), Some(100), "{query:?}");
        assert_eq!(listed(&app.anonymous(), &format!("?cursor={cursor}"), "id").await.len(), 1);
    }
}

#[tokio::test]
async fn a_parameter_that_is_not_fit_is_refused_by_its_name() {
    let app = tickets().await;
    let ann = app.sign_in();
    a_ticket(&ann).await;
    a_ticket(&ann).await;
    let by_price = ann.get("/api/tickets?sort=price&limit=1").await.header("x-next-cursor").unwrap().to_owned();
    let amount = "an amount is a number from 0 to 999999.99 with at most two decimals";
    for (query, field, message) in [
        ("sort=cheapest", "sort", "sort must be newest, price, -price or title"),
        ("minPrice=-1", "minPrice", &*format!("minPrice: {amount}")),
        ("minPrice=abc", "minPrice", &*format!("minPrice: {amount}")),
        ("maxPrice=1.999", "maxPrice", &*format!("maxPrice: {amount}")),
        ("maxPrice=1e400", "maxPrice", &*format!("maxPrice: {amount}")),
        ("limit=0", "limit", "limit must be a number from 1 to 100"),
        ("limit=-5", "limit", "limit must be a number from 1 to 100"),
        ("limit=ten", "limit", "limit must be a number from 1 to 100"),
        ("limit=99999999999999999999", "limit", "limit must be a number from 1 to 100"),
        ("cursor=hello", "cursor", "The cursor is not valid"),
        ("cursor=e30", "cursor", "The cursor is not valid"),
        (&*format!("cursor={by_price}"), "cursor", "The cursor is not valid"),
        (&*format!("sort=title&cursor={by_price}"), "cursor", "The cursor is not valid"),
        (&*format!("sort=price&cursor={by_price}x"), "cursor", "The cursor is not valid"),
        // {"title":{"title":"\u0000","id":"00000000-0000-0000-0000-000000000000"}}
        (
            "sort=title&cursor=eyJ0aXRsZSI6eyJ0aXRsZSI6Ilx1MDAwMCIsImlkIjoiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIn19",
            "cursor",
            "The cursor is not valid",
        ),
        (&*format!("q={}", "x".repeat(201)), "q", "q must be text of at most 200 characters"),
    ] {
        ann.get(format!("/api/tickets?{query}")).await.refuses_field(400, message, field);
    }
    for query in ["q=%00", "sort=price&sort=title"] {
        assert_eq!(ann.get(format!("/api/tickets?{query}")).await.status, 400, "{query}");
    }
    // What is no text at all is read as text that no title has.
    assert_eq!(found(&app, "?q=%ff").await, [""; 0]);
}

#[tokio::test]
async fn what_is_empty_or_unknown_says_nothing() {
    let app = tickets().await;
    let ticket = a_ticket(&app.sign_in()).await;
    let list = app.anonymous().get("/api/tickets?q=&sort=&minPrice=&maxPrice=&cursor=&colour=red").await.is(200);
    assert_eq!(list, json!([ticket]));
}
