-- Who signed up.
create table users (
    id            uuid primary key,
    -- As its owner writes it.
    email         text not null check (length(email) <= 254),
    -- A PHC string: which function, with which parameters, the salt, the hash.
    password_hash text not null,
    created_at    timestamptz not null default now()
);
-- A@x.com and a@x.com are one person's.
create unique index users_email on users (lower(email));
