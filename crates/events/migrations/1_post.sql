-- What is yet to be published. A row is deleted once the broker has the event.
create table outbox (
    id         uuid primary key,
    -- The order of pushes. Of one aggregate it is the order of commits, since each change locks the aggregate's row first.
    position   bigint generated always as identity unique,
    aggregate  uuid not null,
    subject    text not null,
    payload    bytea not null,
    headers    jsonb not null default '{}',
    created_at timestamptz not null default now()
);

-- Wakes the relay. The channel bears the schema's name, so that services in one database do not wake each other.
create function outbox_notify() returns trigger language plpgsql as $$
begin
    perform pg_notify(tg_table_schema || '_outbox', '');
    return null;
end $$;
create trigger outbox_notify after insert on outbox for each statement execute function outbox_notify();

-- What was seen, written in the transaction of its effect.
create table inbox (
    id      uuid primary key,
    seen_at timestamptz not null default now()
);
create index inbox_seen_at on inbox (seen_at);

-- What could not be handled, with all that is needed to try again.
create table dead_letters (
    id         uuid primary key,
    subject    text not null,
    payload    bytea not null,
    headers    jsonb not null default '{}',
    error      text not null,
    stream     text not null,
    sequence   bigint not null,
    deliveries bigint not null,
    died_at    timestamptz not null default now()
);
create index dead_letters_stream_sequence on dead_letters (stream, sequence);
