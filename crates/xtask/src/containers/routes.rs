//! Ingresses as a configuration of nginx: what a controller would make of them, as far as ours go.
//!
//! What is more is refused rather than read half: an annotation, a path by regular expression.

use std::fmt::Write;

use anyhow::{Context, bail, ensure};
use serde_json::Value;

/// Where it listens for https: no right is needed for that.
pub const PORT: u16 = 8443;
/// Where it finds what it is started with.
pub const FOLDER: &str = "/etc/ingress";

/// One path of an Ingress.
#[derive(Debug, PartialEq, Eq)]
struct Route {
    path: String,
    exact: bool,
    /// A host and a port.
    backend: String,
}

/// The hosts that the Ingresses among `objects` are for, and the configuration. Who is behind a Service is told by the
/// label `app` that it selects: the name of that service in compose.yaml.
pub fn configuration(objects: &[Value]) -> anyhow::Result<(Vec<String>, String)> {
    let (mut hosts, mut servers) = (Vec::new(), String::new());
    for ingress in objects.iter().filter(|object| object["kind"] == "Ingress") {
        let name = ingress["metadata"]["name"].as_str().unwrap_or_default();
        let (host, routes) = read(ingress, objects).with_context(|| format!("the Ingress {name}"))?;
        ensure!(!hosts.contains(&host), "two Ingresses are for {host}");
        servers.push_str(&server(&host, &routes));
        hosts.push(host);
    }
    ensure!(!hosts.is_empty(), "there is no Ingress");
    Ok((hosts, whole(&servers)))
}

/// Its host, and where its paths lead.
fn read(ingress: &Value, objects: &[Value]) -> anyhow::Result<(String, Vec<Route>)> {
    let annotations = ingress["metadata"]["annotations"].as_object().map_or(0, serde_json::Map::len);
    ensure!(annotations == 0, "it has annotations, which mean something to its controller only");
    let rules = ingress["spec"]["rules"].as_array().context("it has no rules")?;
    let [rule] = &rules[..] else { bail!("it has {} rules, and not one", rules.len()) };
    let host = rule["host"].as_str().context("its rule has no host")?;
    let certified = |tls: &Value| tls["hosts"].as_array().is_some_and(|hosts| hosts.iter().any(|known| known == host));
    let tls = ingress["spec"]["tls"].as_array().context("it has no tls")?;
    ensure!(tls.iter().any(certified), "it has no certificate for {host}");
    let paths = rule["http"]["paths"].as_array().context("it has no paths")?;
    let routes = paths.iter().map(|path| route(path, objects)).collect::<anyhow::Result<_>>()?;
    Ok((host.to_owned(), routes))
}

fn route(path: &Value, objects: &[Value]) -> anyhow::Result<Route> {
    let text = path["path"].as_str().context("a path is none")?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
    ensure!(text.starts_with('/') && text.bytes().all(plain), "{text:?} is no plain path");
    let exact = match path["pathType"].as_str() {
        Some("Prefix") => false,
        Some("Exact") => true,
        other => bail!("the path {text} is of type {other:?}, which each controller reads in its own way"),
    };
    let backend = &path["backend"]["service"];
    let name = backend["name"].as_str().with_context(|| format!("{text} leads to no Service"))?;
    let is_it = |object: &&Value| object["kind"] == "Service" && object["metadata"]["name"] == name;
    let service = objects.iter().find(is_it).with_context(|| format!("{text} leads to {name}, which is nowhere"))?;
    let app = service["spec"]["selector"]["app"].as_str().with_context(|| format!("{name} selects no app"))?;
    let wanted = &backend["port"];
    let is_wanted = |port: &&Value| match &wanted["name"] {
        Value::Null => port["port"] == wanted["number"],
        name => port["name"] == *name,
    };
    let mut ports = service["spec"]["ports"].as_array().into_iter().flatten();
    let port = ports.find(is_wanted).and_then(|port| port["port"].as_u64());
    let port = port.with_context(|| format!("{name} has no port {wanted}"))?;
    Ok(Route { path: text.to_owned(), exact, backend: format!("{app}:{port}") })
}

fn server(host: &str, routes: &[Route]) -> String {
    let mut locations = String::new();
    for Route { path, exact, backend } in routes {
        let proxy = format!("{{ proxy_pass http://{backend}; }}");
        let trimmed = path.trim_end_matches('/');
        let _ = match (exact, trimmed) {
            // By whole words between slashes: /api/orders leads /api/orders/1 there too, and /api/ordersheet not.
            (false, "") => writeln!(locations, "    location / {proxy}"),
            (false, path) => writeln!(locations, "    location = {path} {proxy}\n    location {path}/ {proxy}"),
            (true, _) => writeln!(locations, "    location = {path} {proxy}"),
        };
    }
    format!("  server {{\n    listen {PORT} ssl http2;\n    server_name {host};\n{locations}  }}\n")
}

/// Around the servers of the hosts: what is for all of them, whoever knows no host of ours, and health.
fn whole(servers: &str) -> String {
    format!(
        "worker_processes 2;
pid /tmp/nginx.pid;
events {{ worker_connections 1024; }}
http {{
  include /etc/nginx/common.conf;
  ssl_certificate {FOLDER}/tls.crt;
  ssl_certificate_key {FOLDER}/tls.key;
  ssl_protocols TLSv1.2 TLSv1.3;
  client_max_body_size 1m;
  proxy_http_version 1.1;
  proxy_buffering off;
  proxy_read_timeout 60s;
  proxy_set_header Connection \"\";
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Forwarded-Proto $scheme;
  server {{ listen {PORT} ssl http2 default_server; return 404; }}
  server {{ listen 3000; location = /healthz {{ return 200; }} }}
{servers}}}
"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn objects(path: &Value) -> Vec<Value> {
        vec![
            json!({ "kind": "Service", "metadata": { "name": "orders-srv" },
                "spec": { "selector": { "app": "orders" }, "ports": [{ "name": "http", "port": 3000 }] } }),
            json!({ "kind": "Ingress", "metadata": { "name": "ingress-srv" }, "spec": {
                "tls": [{ "hosts": ["ticketing.dev"] }],
                "rules": [{ "host": "ticketing.dev", "http": { "paths": [path] } }] } }),
        ]
    }

    fn path(path: &str, kind: &str, service: &str, port: &Value) -> Value {
        json!({ "path": path, "pathType": kind, "backend": { "service": { "name": service, "port": port } } })
    }

    fn locations(object: &Value) -> Vec<String> {
        let (hosts, text) = configuration(&objects(object)).unwrap();
        assert_eq!(hosts, ["ticketing.dev"]);
        let (_, ours) = text.split_once("server_name ticketing.dev;").unwrap();
        ours.lines().map(str::trim).filter(|line| line.starts_with("location")).map(str::to_owned).collect()
    }

    #[test]
    fn a_prefix_is_whole_words_of_a_path() {
        let proxy = "{ proxy_pass http://orders:3000; }";
        assert_eq!(
            locations(&path("/api/orders", "Prefix", "orders-srv", &json!({ "name": "http" }))),
            [format!("location = /api/orders {proxy}"), format!("location /api/orders/ {proxy}")]
        );
        assert_eq!(
            locations(&path("/", "Prefix", "orders-srv", &json!({ "number": 3000 }))),
            [format!("location / {proxy}")]
        );
        assert_eq!(
            locations(&path("/x/", "Exact", "orders-srv", &json!({ "number": 3000 }))),
            [format!("location = /x/ {proxy}")]
        );
    }

    #[test]
    fn what_leads_nowhere_or_is_not_plain_is_refused() {
        let port = &json!({ "name": "http" });
        for (wrong, why) in [
            (path("/", "Prefix", "payments-srv", port), "payments-srv, which is nowhere"),
            (path("/", "Prefix", "orders-srv", &json!({ "name": "grpc" })), "orders-srv has no port"),
            (path("/api/?(.*)", "Prefix", "orders-srv", port), "is no plain path"),
            (path("/", "ImplementationSpecific", "orders-srv", port), "ImplementationSpecific"),
        ] {
            let error = format!("{:#}", configuration(&objects(&wrong)).unwrap_err());
            assert!(error.contains(why), "{error}");
        }
        let mut annotated = objects(&path("/", "Prefix", "orders-srv", port));
        annotated[1]["metadata"]["annotations"] = json!({ "nginx.ingress.kubernetes.io/use-regex": "true" });
        assert!(format!("{:#}", configuration(&annotated).unwrap_err()).contains("annotations"));
        let mut plain = objects(&path("/", "Prefix", "orders-srv", port));
        plain[1]["spec"]["tls"][0]["hosts"] = json!(["other.dev"]);
        assert!(format!("{:#}", configuration(&plain).unwrap_err()).contains("no certificate for ticketing.dev"));
        let mut twice = objects(&path("/", "Prefix", "orders-srv", port));
        twice.push(twice[1].clone());
        assert!(configuration(&twice).unwrap_err().to_string().contains("two Ingresses are for ticketing.dev"));
        assert!(configuration(&[]).unwrap_err().to_string().contains("no Ingress"));
    }
}
