#!/bin/sh
# A role for each service, and a schema that only it can use: one database, and nobody reads another's tables.
#
# The image runs it once, when the data folder is empty. It may be run again at any time, after a password was changed:
#   kubectl exec postgres-depl-0 -- /docker-entrypoint-initdb.d/roles.sh
set -eu

database=${POSTGRES_DB:-ticketing}

psql -v ON_ERROR_STOP=1 -v database="$database" --no-psqlrc --quiet --username "${POSTGRES_USER:-postgres}" --dbname "$database" <<'SQL'
-- What everybody may do by default, nobody needs.
revoke all on database :"database" from public;
revoke all on schema public from public;
SQL

for role in auth tickets orders payments; do
  # The password stays out of the command line, which everybody in the pod can see.
  password=$(printenv "$(echo "$role" | tr '[:lower:]' '[:upper:]')_PASSWORD")
  PASSWORD=$password psql -v ON_ERROR_STOP=1 -v role="$role" -v database="$database" --no-psqlrc --quiet \
    --username "${POSTGRES_USER:-postgres}" --dbname "$database" <<'SQL'
\getenv password PASSWORD
select format('create role %I', :'role') where not exists (select from pg_roles where rolname = :'role') \gexec
alter role :"role" login nosuperuser nocreatedb nocreaterole connection limit 60 password :'password';
grant connect on database :"database" to :"role";
create schema if not exists :"role" authorization :"role";
alter schema :"role" owner to :"role";
SQL
done
