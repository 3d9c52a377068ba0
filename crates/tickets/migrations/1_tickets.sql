-- What is for sale. Three states, told apart by the order: available (none), held (one, until then), sold (one, for good).
create table tickets (
    -- UUIDv7: the order of ids is the order of listing.
    id         uuid primary key,
    user_id    uuid not null,
    -- ICU's rules, so that letters are compared and lowered alike whatever locale the cluster was made with.
    title      text collate "und-x-icu" not null check (char_length(title) between 1 and 200),
    -- Cents, up to events::Cents::MAX.
    price      bigint not null check (price between 1 and 99999999),
    version    bigint not null check (version > 0),
    order_id   uuid,
    held_until timestamptz check (held_until is null or order_id is not null)
);

-- Browsing: one index for each way to sort, of the tickets that can be bought.
create index tickets_newest on tickets (id desc) where order_id is null;
create index tickets_price on tickets (price, id) where order_id is null;
create index tickets_title on tickets (lower(title), id) where order_id is null;
-- Own listings, in any state.
create index tickets_owner on tickets (user_id, id desc);

-- Searching within titles. Where the extension can't be had the search is the same, only slower: of all that can be
-- bought. Its operators may be in another schema, if it was in the database before us.
do $$
declare
    home text;
begin
    create extension if not exists pg_trgm;
    select nspname into strict home
    from pg_extension join pg_namespace on pg_namespace.oid = extnamespace where extname = 'pg_trgm';
    execute format('create index tickets_search on tickets using gin (lower(title) %I.gin_trgm_ops) where order_id is null', home);
exception
    when insufficient_privilege or undefined_file or feature_not_supported then
        raise notice 'no index for the search of tickets: %', sqlerrm;
end $$;

-- The orders, as far as they concern tickets: the n - 1 rule for their events, and which of them waits for a ticket that
-- another one still has here, until when. Its turn comes as soon as this service hears that the other let go.
create table orders (
    id         uuid primary key,
    version    bigint not null check (version > 0),
    ticket_id  uuid,
    held_until timestamptz check ((held_until is null) = (ticket_id is null))
);
create index orders_waiting on orders (ticket_id) where ticket_id is not null;
