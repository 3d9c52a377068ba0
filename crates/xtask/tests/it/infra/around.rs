//! Slips in what is around the manifests: images, compose, skaffold, workflows, scripts, settings.

use super::found;

const SKAFFOLD: &str = "skaffold.yaml";
const COMPOSE: &str = "docker/compose.yaml";
const TEST: &str = ".github/workflows/test.yml";
const IMAGES: &str = ".github/workflows/images.yml";
const DEPLOY: &str = ".github/workflows/deploy.yml";
const DEPENDABOT: &str = ".github/dependabot.yml";
const BUG: &str = ".github/ISSUE_TEMPLATE/bug.yml";
const BASE: &str = "infra/k8s/base/kustomization.yaml";
const AUTH: &str = "infra/k8s/base/auth-depl.yaml";
const NATS: &str = "infra/k8s/components/streaming-server/nats-depl.yaml";
const SANDBOX: &str = "infra/k8s/components/stripe-sandbox/stripe-sandbox-depl.yaml";

#[test]
#[ignore = "the step infra runs it"]
fn what_skaffold_could_not_do() {
    found(&[
        (SKAFFOLD, "context: .", "context: ./services", "skaffold", "is no folder"),
        (SKAFFOLD, "dockerfile: docker/Dockerfile", "dockerfile: docker/Dockerfiles", "skaffold", "which is not there"),
        (SKAFFOLD, "target: streaming-server", "target: streaming", "skaffold", "does not have"),
        (SKAFFOLD, "BIN: auth", "BIN: oauth", "skaffold", "with the program oauth"),
        (SKAFFOLD, "          BIN: auth", "          BINARY: auth", "skaffold", "does not ask for"),
        (SKAFFOLD, "buildArgs", "buildargs", "skaffold", "buildargs"),
        (
            SKAFFOLD,
            "image: ticketing/auth",
            "image: ticketing/oauth",
            "skaffold",
            "nobody makes the image ticketing/auth",
        ),
        (SKAFFOLD, "infra/k8s/overlays/dev", "infra/k8s/overlays/development", "skaffold", "no kustomization"),
        (SKAFFOLD, "port: 8222", "port: 8223", "skaffold", "nats-srv:8222 is not forwarded"),
        (AUTH, "image: ticketing/auth", "image: ticketing/oauth", "skaffold", "nobody makes the image ticketing/oauth"),
        (AUTH, "image: ticketing/auth", "image: alpine:3.22", "skaffold", "nobody makes the image alpine"),
        (
            "infra/k8s/components/redis/expiration-redis-depl.yaml",
            "redis:7-alpine",
            "redis:latest",
            "skaffold",
            "say which redis",
        ),
    ]);
}

#[test]
#[ignore = "the step infra runs it"]
fn what_docker_could_not_do() {
    found(&[
        ("docker/Dockerfile", "FROM scratch", "FORM scratch", "docker", "docker/Dockerfile"),
        ("docker/Dockerfile", "USER 65532:65532", "RUN sudo true", "docker", "DL3004"),
        ("docker/client.Dockerfile", "FROM ${DEBIAN_IMAGE}", "FROM debian:latest", "docker", "DL3007"),
        (COMPOSE, "cap_drop:", "cap_dorp:", "docker", "cap_dorp"),
        (COMPOSE, "./nginx/proxy.conf", "./nginx/proxies.conf", "docker", "proxies.conf, which is not there"),
        (COMPOSE, "condition: service_healthy", "condition: service_helthy", "docker", "service_helthy"),
    ]);
}

#[test]
#[ignore = "the step infra runs it"]
fn what_github_would_not_take() {
    found(&[
        (TEST, "runs-on: ubuntu-24.04", "run-on: ubuntu-24.04", "workflows", "runs-on"),
        (TEST, "run: .ci/run", "run: echo ${{ github.sah }}", "workflows", "sah"),
        (TEST, "timeout-minutes: 90", "timeout-minuets: 90", "workflows", "timeout-minuets"),
        (TEST, "@de0fac2e4500dabe0009e67214ff5f5447ce83dd", "@v6", "workflows", "is not pinned to a commit"),
        (TEST, "        with:\n          persist-credentials: false\n", "", "workflows", "credential"),
        (TEST, "permissions: {}", "permissions: write-all", "workflows", "permissions"),
        (IMAGES, "{ image: orders,", "{ image: order,", "workflows", "orders is deployed to production, and not built"),
        (DEPLOY, "IMAGES: auth tickets", "IMAGES: auth", "workflows", "it sets the images"),
        (
            DEPLOY,
            "          for image in $IMAGES; do\n            name",
            "          for image in ${{ inputs.commit }}; do\n            name",
            "workflows",
            "inputs.commit",
        ),
        (DEPENDABOT, "package-ecosystem: cargo", "package-ecosystem: crago", "workflows", "crago"),
        (DEPENDABOT, "directory: /client", "directory: /clients", "workflows", "npm finds nothing in clients"),
        (BUG, "type: dropdown", "type: dropup", "workflows", "dropup"),
    ]);
}

#[test]
#[ignore = "the step infra runs it"]
fn files_that_are_badly_written() {
    found(&[
        (SKAFFOLD, "apiVersion: skaffold", "apiVersion:   skaffold", "texts", "too many spaces"),
        (
            AUTH,
            "spec:\n  revisionHistoryLimit: 3",
            "spec:\n  revisionHistoryLimit: 3\n  revisionHistoryLimit: 3",
            "schemas",
            "revisionHistoryLimit",
        ),
        (TEST, "permissions: {}", "permissions: {}\npermissions: {}", "texts", "duplication of key"),
        ("docker/secrets.sh", "set -eu", "set -eu\ncd $1", "texts", "SC2086"),
        ("infra/k8s/components/postgres/roles.sh", "for role in", "for rol in", "texts", "SC2154"),
        (".ci/run", "cargo xtask test --yes", "if true; then cargo xtask test --yes", "texts", "SC1"),
    ]);
}

#[test]
#[ignore = "the step infra runs it"]
fn what_programs_would_refuse_to_be_told() {
    found(&[
        (BASE, "SHUTDOWN_GRACE=25s", "SHUTDOWN_GRACE=soon", "settings", "SHUTDOWN_GRACE is wrong"),
        (BASE, "SHUTDOWN_GRACE=25s", "SHUTDOWN_GRACE=60s", "settings", "terminationGracePeriodSeconds is too short"),
        (BASE, "TRUSTED_PROXY_HOPS=1", "TRUSTED_PROXY_HOP=1", "settings", "knows no TRUSTED_PROXY_HOP"),
        (BASE, "      - NATS_URL=nats://nats-srv:4222\n", "", "settings", "NATS_URL is missing"),
        (AUTH, "- name: AUTH_DATABASE_URL", "- name: DATABASE_URL", "settings", "AUTH_DATABASE_URL is missing"),
        (AUTH, "args: [migrate]", "args: [migrat]", "settings", "migrat"),
        (NATS, "value: 1536MiB", "value: much", "settings", "STREAMING_MAX_FILE_STORE"),
        (NATS, "STREAMING_LOG_FORMAT", "STREAMING_LOG_FORMATS", "settings", "knows no STREAMING_LOG_FORMATS"),
        (SANDBOX, "SANDBOX_PUBLIC_URL", "SANDBOX_URL", "settings", "knows no SANDBOX_URL"),
    ]);
}
