//! A stand-in to try, and a client that sends what Stripe's clients send.

use reqwest::header::HeaderMap;
use serde_json::Value;
use stripe_sandbox::{Handle, Options, Sandbox};

/// A stand-in with the default key.
pub async fn sandbox() -> Handle {
    Sandbox::start(Options::default()).await.unwrap()
}

/// An answer, read.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub json: Value,
}

impl Answer {
    /// The object, if it went well.
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{:#}", self.json);
        self.json
    }

    /// The error, if it has this status.
    pub fn refused(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.json);
        self.json["error"].clone()
    }
}

/// Asks with the secret key.
pub async fn post(sandbox: &Handle, path: &str, form: &str) -> Answer {
    send(sandbox, "POST", path, form, &[]).await
}

/// Asks with the secret key.
pub async fn get(sandbox: &Handle, path: &str) -> Answer {
    send(sandbox, "GET", path, "", &[]).await
}

/// Asks with the secret key and these headers (which may replace it).
pub async fn send(sandbox: &Handle, method: &str, path: &str, form: &str, headers: &[(&str, &str)]) -> Answer {
    try_send(sandbox, method, path, form, headers).await.unwrap()
}

/// The same, for calls that may get lost.
pub async fn try_send(
    sandbox: &Handle,
    method: &str,
    path: &str,
    form: &str,
    headers: &[(&str, &str)],
) -> reqwest::Result<Answer> {
    let method = method.parse().unwrap();
    let mut request = client().request(method, format!("{}{path}", sandbox.url));
    if !headers.iter().any(|(name, _)| *name == "authorization") {
        request = request.bearer_auth(sandbox.secret_key());
    }
    if !form.is_empty() {
        request = request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await?;
    Ok(Answer { status, headers, json: serde_json::from_str(&text).unwrap_or(Value::Null) })
}

/// A client without connections to reuse: what hangs up is then never a pooled one.
pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap()
}

/// The id of an object.
pub fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}
