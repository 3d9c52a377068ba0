#!/bin/sh
# Starts nginx with the policy that pages are sent with: what they may load depends on where Stripe's script is.
set -eu

url=${STRIPE_SCRIPT_URL:-https://js.stripe.com/v3/}
script=$(printf '%s' "$url" | grep -oE '^https?://[][A-Za-z0-9.:-]+') || {
  echo "client: STRIPE_SCRIPT_URL is no http:// or https:// URL: $url" >&2
  exit 2
}

# Stripe's own hosts are those of docs.stripe.com/security/guide, "Content security policy".
if [ "$script" = https://js.stripe.com ]; then
  calls='https://api.stripe.com https://js.stripe.com'
  frames='https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com'
else
  calls=$script
  frames=$script
fi
cat >/tmp/policy.conf <<POLICY
map "" \$policy {
  default "default-src 'none'; script-src 'self' $script; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self' $calls; frame-src $frames; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
}
POLICY

exec nginx -e stderr -g 'daemon off;'
