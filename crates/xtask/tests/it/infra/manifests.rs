//! Slips in manifests.

use std::fs;

use super::{Copy, found};

const AUTH: &str = "infra/k8s/base/auth-depl.yaml";
const TICKETS: &str = "infra/k8s/base/tickets-depl.yaml";
const PAYMENTS: &str = "infra/k8s/base/payments-depl.yaml";
const CLIENT: &str = "infra/k8s/base/client-depl.yaml";
const INGRESS: &str = "infra/k8s/base/ingress.yaml";
const POLICY: &str = "infra/k8s/base/network-policy.yaml";
const NATS: &str = "infra/k8s/components/streaming-server/nats-depl.yaml";
const POSTGRES: &str = "infra/k8s/components/postgres/postgres-depl.yaml";
const PRODUCTION: &str = "infra/k8s/overlays/production/kustomization.yaml";
const SCALING: &str = "infra/k8s/overlays/production/autoscaling.yaml";

#[test]
#[ignore = "the step infra runs it"]
fn what_does_not_fit_the_schemas() {
    found(&[
        (
            AUTH,
            "terminationGracePeriodSeconds",
            "terminationGracePeriodSecond",
            "schemas",
            "terminationGracePeriodSecond",
        ),
        (AUTH, "maxSurge: 1", "maxSurge: [1]", "schemas", "maxSurge"),
        (NATS, "storage: 2Gi", "storage: {}", "schemas", "storage"),
        (INGRESS, "pathType: Prefix", "pathtype: Prefix", "schemas", "pathType"),
        (SCALING, "maxReplicas: 6", "maxReplica: 6", "schemas", "maxReplica"),
    ]);
}

#[test]
#[ignore = "the step infra runs it"]
fn what_is_wrong_within_a_pod() {
    found(&[
        (TICKETS, "containerPort: 3000", "containerPort: 99999", "pods", "99999 is no port"),
        (
            TICKETS,
            "              port: http\n            periodSeconds: 5",
            "              port: web\n            periodSeconds: 5",
            "pods",
            "readinessProbe asks port \"web\"",
        ),
        (
            CLIENT,
            "        - name: tmp\n          emptyDir",
            "        - name: temp\n          emptyDir",
            "pods",
            "mounts tmp, which is no volume",
        ),
        (
            CLIENT,
            "memory: 16Mi\n            limits",
            "memory: 1Gi\n            limits",
            "pods",
            "requests more memory than its limit",
        ),
        (CLIENT, "memory: 64Mi", "memory: 64MB", "pods", "how much memory"),
        (CLIENT, "runAsUser: 65532", "runAsUser: 0", "pods", "must not be root"),
        (CLIENT, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "pods", "readOnlyRootFilesystem"),
        (
            CLIENT,
            "allowPrivilegeEscalation: false",
            "allowPrivilegeEscalation: true",
            "pods",
            "allowPrivilegeEscalation",
        ),
        (CLIENT, "drop: [ALL]", "drop: [NET_RAW]", "pods", "drop ALL"),
        (CLIENT, "type: RuntimeDefault", "type: Unconfined", "pods", "seccompProfile"),
        (
            CLIENT,
            "automountServiceAccountToken: false",
            "automountServiceAccountToken: true",
            "pods",
            "automountServiceAccountToken",
        ),
        (NATS, "        fsGroup: 65532\n", "", "pods", "fsGroup is missing"),
        (NATS, "livenessProbe", "lifenessProbe", "pods", "has no livenessProbe"),
    ]);
}

#[test]
#[ignore = "the step infra runs it"]
fn names_that_nobody_answers_to() {
    found(&[
        (
            AUTH,
            "      app: auth\n  template",
            "      app: oauth\n  template",
            "references",
            "does not take its own pods",
        ),
        (
            AUTH,
            "name: ticketing-settings",
            "name: ticketing-setting",
            "references",
            "no ConfigMap \"ticketing-setting\"",
        ),
        (AUTH, "name: jwt-secret", "name: jwt-secrets", "references", "does not tell of the secret jwt-secrets"),
        (AUTH, "key: JWT_KEY", "key: JWT_KEYS", "references", "JWT_KEYS"),
        (POSTGRES, "key: AUTH_PASSWORD", "key: OAUTH_PASSWORD", "references", "OAUTH_PASSWORD"),
        (POSTGRES, "serviceName: postgres-srv", "serviceName: postgres", "references", "no Service \"postgres\""),
        (
            SCALING,
            "    name: tickets-depl\n  minReplicas",
            "    name: ticket-depl\n  minReplicas",
            "references",
            "no Deployment ticket-depl",
        ),
        (SCALING, "minReplicas: 3", "minReplicas: 30", "references", "minReplicas is more than maxReplicas"),
        (
            PRODUCTION,
            "  - name: orders-depl\n    count: 3",
            "  - name: auth-depl\n    count: 3",
            "references",
            "an autoscaler says how many",
        ),
        (
            INGRESS,
            "secretName: ticketing-tls",
            "secretName: ticketing-certificate",
            "references",
            "ticketing-certificate",
        ),
    ]);
}

#[test]
#[ignore = "the step infra runs it"]
fn what_no_overlay_can_be_made_from() {
    found(&[
        ("infra/k8s/base/kustomization.yaml", "  - auth-depl.yaml", "  - oauth-depl.yaml", "pods", "oauth-depl.yaml"),
        ("infra/k8s/overlays/dev/kustomization.yaml", "resources:", "resource:", "pods", "resource"),
        (AUTH, "kind: Deployment", "kind: [Deployment", "pods", "auth-depl.yaml"),
        (
            "infra/k8s/overlays/dev/kustomization.yaml",
            "  - ../../components/redis\n",
            "",
            "contract",
            "infra/k8s/overlays/dev",
        ),
    ]);
}

#[test]
#[ignore = "the step infra runs it"]
fn a_file_that_no_overlay_uses() {
    let copy = Copy::new();
    fs::write(copy.path("infra/k8s/base/forgotten.yaml"), "kind: ConfigMap\n").unwrap();
    let (content, said) = copy.check("references");
    assert!(!content && said.contains("infra/k8s/base/forgotten.yaml: no overlay has a use for it"), "{said}");
}

#[test]
#[ignore = "the step infra runs it"]
fn names_that_operators_rely_on() {
    found(&[
        (NATS, "\"-hbf\", \"2\"", "\"-hbf\", \"3\"", "contract", "must be told"),
        (
            PAYMENTS,
            "                  name: stripe-secret\n                  key: STRIPE_KEY",
            "                  name: stripe-secrets\n                  key: STRIPE_KEY",
            "contract",
            "does not get STRIPE_KEY",
        ),
    ]);
}

#[test]
#[ignore = "the step infra runs it"]
fn ways_in_that_lead_nowhere() {
    found(&[
        (
            TICKETS,
            "  selector:\n    app: tickets",
            "  selector:\n    app: ticket",
            "traffic",
            "its selector takes no pods",
        ),
        (TICKETS, "targetPort: http", "targetPort: web", "traffic", "do not listen on \"web\""),
        (TICKETS, "      port: 3000\n", "      port: 70000\n", "traffic", "70000 is no port"),
        (INGRESS, "name: tickets-srv", "name: ticket-srv", "traffic", "ticket-srv, which is no Service"),
        (INGRESS, "name: http", "name: web", "traffic", "has no port"),
        (INGRESS, "path: /api/users", "path: /api/users/?(.*)", "traffic", "must be a plain Prefix"),
        (INGRESS, "hosts: [ticketing.dev]", "hosts: [tickets.dev]", "traffic", "no certificate is named for"),
    ]);
}

#[test]
#[ignore = "the step infra runs it"]
fn policies_that_stop_what_has_to_get_through() {
    found(&[
        (
            POLICY,
            "values: [auth, tickets, orders, payments, client]",
            "values: [auth, ticket, orders, payments, client]",
            "policies",
            "no policy lets the controller through to tickets-depl",
        ),
        (POLICY, "        - port: 3000", "        - port: 3001", "policies", "do not listen on 3001"),
        (
            POLICY,
            "  podSelector:\n    matchLabels:\n      app: payments",
            "  podSelector:\n    matchLabels:\n      app: payment",
            "policies",
            "its podSelector takes no pods",
        ),
        (POLICY, "policyTypes: [Ingress, Egress]", "policyTypes: [Ingress]", "policies", "denies it all Egress"),
        (
            NATS,
            "values: [auth, tickets, orders, payments, expiration]",
            "values: [auth, tickets, orders, payments]",
            "policies",
            "no policies let it through to nats-srv",
        ),
        (
            POSTGRES,
            "        - port: 5432\n          protocol: TCP",
            "        - port: 5433\n          protocol: TCP",
            "policies",
            "5433",
        ),
        (
            "infra/k8s/base/kustomization.yaml",
            "nats://nats-srv:4222",
            "nats://nats-srv:4223",
            "policies",
            "nats-srv:4223",
        ),
        (
            "infra/k8s/components/redis/redis-host.yaml",
            "expiration-redis-srv:6379",
            "redis-srv:6379",
            "policies",
            "redis-srv, which is no Service",
        ),
    ]);
}
