//! The names that operators and their habits rely on.

use super::manifests::Overlay;
use super::object::{list, text};
use super::tree::Fault;

/// What runs, and the port by which it is reached at `<name>-srv`.
const DEPLOYED: [(&str, &str, &[u64]); 7] = [
    ("auth-depl", "auth-srv", &[3000]),
    ("tickets-depl", "tickets-srv", &[3000]),
    ("orders-depl", "orders-srv", &[3000]),
    ("payments-depl", "payments-srv", &[3000]),
    ("expiration-depl", "expiration-srv", &[3000]),
    ("client-depl", "client-srv", &[3000]),
    ("nats-depl", "nats-srv", &[4222, 8222]),
];
/// The same in a cluster of one's own: in production they are elsewhere.
const DEPLOYED_IN_DEV: [(&str, &str, &[u64]); 2] =
    [("expiration-redis-depl", "expiration-redis-srv", &[6379]), ("postgres-depl", "postgres-srv", &[5432])];
/// Where each path of the host leads.
const PATHS: [(&str, &str); 5] = [
    ("/api/payments", "payments-srv"),
    ("/api/users", "auth-srv"),
    ("/api/tickets", "tickets-srv"),
    ("/api/orders", "orders-srv"),
    ("/", "client-srv"),
];
const HOST: &str = "ticketing.dev";
/// Secrets, their keys, and who reads them.
const SECRETS: [(&str, &str, &str); 6] = [
    ("auth-depl", "jwt-secret", "JWT_KEY"),
    ("tickets-depl", "jwt-secret", "JWT_KEY"),
    ("orders-depl", "jwt-secret", "JWT_KEY"),
    ("payments-depl", "jwt-secret", "JWT_KEY"),
    ("expiration-depl", "jwt-secret", "JWT_KEY"),
    ("payments-depl", "stripe-secret", "STRIPE_KEY"),
];
/// What the streaming server has always been told.
const STREAMING: &str = "-p 4222 -m 8222 -hbi 5s -hbt 5s -hbf 2 -SD -cid ticketing";

pub fn check(overlay: &Overlay) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut wrong = |what: String| faults.push(overlay.fault(what));
    let in_dev = DEPLOYED_IN_DEV.iter().filter(|_| overlay.name == "dev");
    for (name, service, ports) in DEPLOYED.iter().chain(in_dev).copied() {
        if !overlay.makers().any(|maker| maker.name() == name) {
            wrong(format!("{name} is not deployed"));
        }
        for port in ports {
            let has = |service: &super::object::Object| service.list("/spec/ports").iter().any(|p| p["port"] == *port);
            if !overlay.find("Service", service).is_some_and(has) {
                wrong(format!("there is no Service {service} with port {port}"));
            }
        }
    }
    for (path, service) in PATHS {
        let leads = overlay.of_kind("Ingress").flat_map(|ingress| ingress.list("/spec/rules")).any(|rule| {
            let paths = list(rule, "/http/paths").iter();
            rule["host"] == HOST
                && paths.into_iter().any(|to| to["path"] == path && text(to, "/backend/service/name") == service)
        });
        if !leads {
            wrong(format!("no Ingress leads {HOST}{path} to {service}"));
        }
    }
    for (name, secret, key) in SECRETS {
        for maker in overlay.makers().filter(|maker| maker.name() == name) {
            let mut variables = maker.containers().flat_map(|container| list(container.value, "/env"));
            let reads = variables.any(|variable| {
                let from = &variable["valueFrom"]["secretKeyRef"];
                variable["name"] == key && from["name"] == secret && from["key"] == key
            });
            if !reads {
                faults.push(maker.fault(format!("it does not get {key} from the secret {secret}")));
            }
        }
    }
    for maker in overlay.makers() {
        for container in maker.containers().filter(|container| container.image() == "ticketing/streaming-server") {
            let words: Vec<&str> =
                list(container.value, "/args").iter().filter_map(serde_json::Value::as_str).collect();
            if words.join(" ") != STREAMING {
                faults.push(maker.fault(format!("the streaming server must be told: {STREAMING}")));
            }
        }
    }
    faults
}
