# The web client's static files, and the nginx that serves them. From the root of the repository:
#
#   docker build -f docker/client.Dockerfile -t ticketing/client .
#   docker build -f docker/client.Dockerfile --target nginx .     # nginx alone: compose.yaml's front proxy

ARG NODE_IMAGE=node:20-bookworm-slim
ARG DEBIAN_IMAGE=debian:bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /client
COPY client/package.json client/package-lock.json client/.npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY client/ ./
# The manifest is for the build's own checks.
RUN npm run build && rm -r dist/.vite

FROM ${DEBIAN_IMAGE} AS nginx
# Without versions: Debian's stable release fixes faults and changes nothing else.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends nginx libnginx-mod-http-brotli-static \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/* /etc/nginx/sites-* /etc/nginx/conf.d
COPY docker/nginx/common.conf docker/nginx/healthcheck.sh /etc/nginx/
USER 65532:65532
EXPOSE 3000
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --start-interval=1s --retries=3 \
  CMD ["bash", "/etc/nginx/healthcheck.sh"]
LABEL org.opencontainers.image.licenses=Apache-2.0
ENTRYPOINT ["nginx", "-e", "stderr", "-g", "daemon off;"]

FROM nginx AS client
COPY docker/nginx/client.conf /etc/nginx/nginx.conf
COPY docker/nginx/headers.conf docker/nginx/client.sh /etc/nginx/
COPY --from=build /client/dist /srv
LABEL org.opencontainers.image.title=client
ENTRYPOINT ["sh", "/etc/nginx/client.sh"]
