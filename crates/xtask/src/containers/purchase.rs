//! A whole purchase by the API: what a marketplace is for.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

use crate::http::{self, Answer};

/// How long the services may take to hear of one another's changes.
const NEWS_MAX: Duration = Duration::from_secs(30);
/// Between two looks.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// Ann lists a ticket, Bob orders it, has a card declined, pays with another, and it is sold. `address` is a host and a port.
pub fn of_a_ticket(address: &str) -> anyhow::Result<()> {
    let (ann, bob) = (Person::signs_up(address, "ann")?, Person::signs_up(address, "bob")?);
    let ticket = ann.does("/api/tickets", &json!({ "title": "Hamlet, row 3", "price": 19.99 }), 201)?;
    let ticket = id(&ticket)?;
    // `orders` hears of the ticket, and `payments` of the order, a moment later than we do.
    let order = bob.does_in_time("/api/orders", &json!({ "ticketId": ticket }), 201)?;
    let order = id(&order)?;
    let mut pay = json!({ "orderId": order, "token": "tok_chargeDeclined" });
    let declined = bob.does_in_time("/api/payments", &pay, 400)?;
    ensure!(declined["errors"][0]["message"] == "Your card was declined.", "a card is declined with {declined}");
    pay["token"] = "tok_visa".into();
    bob.does("/api/payments", &pay, 201)?;
    bob.sees(&format!("/api/orders/{order}"), "complete")?;
    ann.sees(&format!("/api/tickets/{ticket}"), "sold")
}

/// Somebody with an account.
struct Person<'a> {
    address: &'a str,
    cookie: String,
}

impl<'a> Person<'a> {
    fn signs_up(address: &'a str, name: &str) -> anyhow::Result<Self> {
        let account = json!({ "email": format!("{name}@example.com"), "password": "correct horse" });
        let answer = http::ask(address, "POST", "/api/users/signup", &[], Some(&account))?;
        let cookie = answer.header("set-cookie").and_then(|cookie| cookie.split(';').next());
        let cookie = cookie.with_context(|| format!("{name} could not sign up: {answer:?}"))?;
        Ok(Self { address, cookie: format!("Cookie: {cookie}") })
    }

    fn asks(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Answer> {
        let answer = http::ask(self.address, method, path, std::slice::from_ref(&self.cookie), body);
        answer.with_context(|| format!("{method} {path}"))
    }

    fn does(&self, path: &str, body: &Value, status: u16) -> anyhow::Result<Value> {
        let answer = self.asks("POST", path, Some(body))?;
        ensure!(answer.status == status, "POST {path} {body} is answered by {answer:?}, and not by {status}");
        Ok(answer.json())
    }

    /// Does it as soon as what it is about is known there.
    fn does_in_time(&self, path: &str, body: &Value, status: u16) -> anyhow::Result<Value> {
        let begun = Instant::now();
        loop {
            let answer = self.asks("POST", path, Some(body))?;
            if answer.status == status {
                return Ok(answer.json());
            }
            if answer.status != 404 || begun.elapsed() > NEWS_MAX {
                bail!("POST {path} {body} is answered by {answer:?}, and not by {status}");
            }
            thread::sleep(LOOK_INTERVAL);
        }
    }

    /// Waits until what is at `path` has this status.
    fn sees(&self, path: &str, status: &str) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let answer = self.asks("GET", path, None)?;
            if answer.json()["status"] == status {
                return Ok(());
            }
            if begun.elapsed() > NEWS_MAX {
                bail!("{path} is not {status} after {} s: {}", NEWS_MAX.as_secs(), answer.body);
            }
            thread::sleep(LOOK_INTERVAL);
        }
    }
}

fn id(thing: &Value) -> anyhow::Result<String> {
    thing["id"].as_str().map(str::to_owned).with_context(|| format!("{thing} has no id"))
}
