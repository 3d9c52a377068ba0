#!/bin/sh
# A role for each service, which owns the schema of its name and sees no other. Run once, when the database is made.
set -e # Not -u: the image may read this as part of a script of its own.

for service in auth tickets orders payments; do
  password=$(sed 's,.*:\([0-9a-f]*\)@.*,\1,' "/run/secrets/${service}_database_url")
  psql -v ON_ERROR_STOP=1 -v role="$service" -v password="$password" -v database="$POSTGRES_DB" \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
create role :"role" login password :'password';
grant connect on database :"database" to :"role";
create schema :"role" authorization :"role";
SQL
done

psql -v ON_ERROR_STOP=1 -v database="$POSTGRES_DB" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
revoke all on database :"database" from public;
revoke all on schema public from public;
SQL
