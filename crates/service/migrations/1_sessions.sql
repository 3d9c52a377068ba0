-- Sessions that ended before their token did. A row is of no use once the token has expired.
create table revoked_sessions (
    id         uuid primary key,
    expires_at timestamptz not null
);
create index revoked_sessions_expires_at on revoked_sessions (expires_at);
