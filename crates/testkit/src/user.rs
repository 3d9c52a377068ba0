//! Who asks a service: somebody with cookies, as a browser keeps them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use events::UserId;
use reqwest::header::{COOKIE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use reqwest::{Client, Method};
use serde::Serialize;
use serde_json::Value;

use crate::{Answer, PATIENCE};

/// Somebody who asks: signed in or not, with a cookie jar and headers of their own.
#[derive(Clone)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// The e-mail address of the session, if there is one.
    pub email: String,
    base: String,
    client: Client,
    headers: HeaderMap,
    jar: Arc<Mutex<BTreeMap<String, String>>>,
}

impl User {
    /// Somebody new without cookies who asks at `base`, whatever serves there.
    pub fn at(base: &str) -> Self {
        Self::new(base, UserId::new())
    }

    /// Somebody without cookies who asks at `base`.
    pub(crate) fn new(base: &str, id: UserId) -> Self {
        // Each user has connections of their own: another test's runtime may end and take shared ones with it.
        let client = Client::builder()
            .tls_backend_preconfigured(TLS.clone())
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .pool_idle_timeout(Duration::from_secs(5))
            .no_proxy()
            .build()
            .expect("an HTTP client");
        let email = format!("{id}@test.test");
        Self { id, email, base: base.to_owned(), client, headers: HeaderMap::new(), jar: Arc::default() }
    }

    /// Puts the cookie of a `Set-Cookie` header into the jar, or takes it out if it has expired.
    pub fn keep_cookie(&self, set_cookie: &str) {
        let mut parts = set_cookie.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            panic!("this sets no cookie: {set_cookie:?}")
        };
        let gone = parts.any(|part| {
            let part = part.to_ascii_lowercase();
            part == "max-age=0" || part.starts_with("expires=thu, 01 jan 1970")
        });
        let mut jar = self.jar.lock().unwrap_or_else(PoisonError::into_inner);
        if gone {
            jar.remove(name);
        } else {
            jar.insert(name.to_owned(), value.to_owned());
        }
    }

    /// What the jar sends as `Cookie`; empty if there is none.
    pub fn cookies(&self) -> String {
        let jar = self.jar.lock().unwrap_or_else(PoisonError::into_inner);
        jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// The same user with a cookie jar of their own: another device, or somebody who copied the cookies.
    #[must_use]
    pub fn on_another_device(&self) -> Self {
        let jar = self.jar.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self { jar: Arc::new(Mutex::new(jar)), ..self.clone() }
    }

    /// The same user, sending this header with every request; a second one of a name takes the place of the first.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().unwrap_or_else(|error| panic!("{name:?} is no header's name: {error}"));
        let value = HeaderValue::from_bytes(value.as_bytes());
        self.headers.insert(name, value.unwrap_or_else(|error| panic!("no header's value: {error}")));
        self
    }

    /// `GET`
    pub async fn get(&self, path: impl AsRef<str>) -> Answer {
        self.request("GET", path, Vec::new(), false).await
    }

    /// `POST` with a JSON body; `()` sends none.
    pub async fn post(&self, path: impl AsRef<str>, json: impl Serialize) -> Answer {
        self.with_json("POST", path, json).await
    }

    /// `PUT` with a JSON body.
    pub async fn put(&self, path: impl AsRef<str>, json: impl Serialize) -> Answer {
        self.with_json("PUT", path, json).await
    }

    /// `PATCH` with a JSON body.
    pub async fn patch(&self, path: impl AsRef<str>, json: impl Serialize) -> Answer {
        self.with_json("PATCH", path, json).await
    }

    /// `DELETE`
    pub async fn delete(&self, path: impl AsRef<str>) -> Answer {
        self.request("DELETE", path, Vec::new(), false).await
    }

    /// Any method with any bytes, called JSON or whatever [`User::with_header`] says they are.
    pub async fn send(&self, method: &str, path: impl AsRef<str>, body: impl Into<Vec<u8>>) -> Answer {
        self.request(method, path, body.into(), true).await
    }

    /// The request itself, for an answer that has no end: `.send().await?.chunk().await`.
    pub fn ask(&self, method: impl TryInto<Method, Error: Debug>, path: impl AsRef<str>) -> reqwest::RequestBuilder {
        let method = method.try_into().unwrap_or_else(|error| panic!("that is no method: {error:?}"));
        let mut request = self.client.request(method, format!("{}{}", self.base, path.as_ref()));
        let cookies = self.cookies();
        if !cookies.is_empty() && !self.headers.contains_key(COOKIE) {
            request = request.header(COOKIE, cookies);
        }
        request.headers(self.headers.clone())
    }

    async fn with_json(&self, method: &str, path: impl AsRef<str>, json: impl Serialize) -> Answer {
        let json = serde_json::to_value(json).expect("a body that is JSON");
        let body = if json.is_null() { Vec::new() } else { json.to_string().into_bytes() };
        self.request(method, path, body, true).await
    }

    async fn request(&self, method: &str, path: impl AsRef<str>, body: Vec<u8>, is_json: bool) -> Answer {
        let path = path.as_ref();
        let asked = format!("{method} {path} {}", String::from_utf8_lossy(&body));
        let mut request = self.ask(method, path);
        if is_json && !body.is_empty() && !self.headers.contains_key("content-type") {
            request = request.header("content-type", "application/json");
        }
        if !body.is_empty() {
            request = request.body(body);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("{asked}: no answer: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for cookie in headers.get_all(SET_COOKIE) {
            self.keep_cookie(cookie.to_str().expect("a cookie of ASCII"));
        }
        let text = response.text().await.unwrap_or_else(|error| panic!("{asked}: {status}, but no body: {error:?}"));
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, json, text, headers, asked }
    }
}

/// Of no use to plain HTTP, but the client insists on being told whose cryptography not to use. It trusts nobody.
static TLS: LazyLock<rustls::ClientConfig> = LazyLock::new(|| {
    rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has the protocols of our rustls")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
});
