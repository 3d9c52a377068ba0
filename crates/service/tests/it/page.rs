//! Lists by page.

use serde_json::json;

use crate::things::things;

#[tokio::test]
async fn without_a_word_a_list_is_a_bare_array_of_all() {
    let answer = things().await.anonymous().get("/api/things").await;
    assert_eq!(answer.header("x-next-cursor"), None);
    assert_eq!(answer.is(200), json!([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
}

#[tokio::test]
async fn the_pages_of_a_list_are_all_of_it_and_nothing_twice() {
    let user = things().await.anonymous();
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = user.get(format!("/api/things?limit=5&from=1&cursor={cursor}")).await;
        let next = answer.header("x-next-cursor").map(str::to_owned);
        rows.extend(answer.reads::<Vec<i64>>(200));
        match next {
            Some(next) => cursor = next,
            None => break,
        }
    }
    assert_eq!(rows, [2, 3, 4, 5, 6, 7, 8, 9, 10]);
}

#[tokio::test]
async fn a_page_that_ends_with_the_list_is_the_last() {
    let answer = things().await.anonymous().get("/api/things?limit=10").await;
    assert_eq!(answer.header("x-next-cursor"), None);
}

#[tokio::test]
async fn nobody_gets_more_than_the_most() {
    things().await.anonymous().get("/api/things?limit=1000000").await.is(200);
}

#[tokio::test]
async fn what_makes_no_page_is_refused() {
    let user = things().await.anonymous();
    for limit in ["0", "-1", "x", "", "1.5", "99999999999999999999"] {
        let answer = user.get(format!("/api/things?limit={limit}")).await;
        answer.refuses(400, "The query is not valid: limit must be a number from 1 to 100");
    }
    for cursor in ["x", "!!", "bnVsbA", &"a".repeat(5000)] {
        let answer = user.get(format!("/api/things?cursor={cursor}")).await;
        answer.refuses_field(400, "The cursor is not valid", "cursor");
    }
}
