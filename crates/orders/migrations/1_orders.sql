-- What `tickets` sells, as its events told: a replica, kept by the n - 1 rule.
create table tickets (
    id      uuid primary key,
    title   text not null,
    price   bigint not null check (price >= 0),
    user_id uuid not null,
    version bigint not null check (version > 0)
);

-- Who holds or owns a ticket.
create table orders (
    id              uuid primary key,
    user_id         uuid not null,
    status          text not null check (status in ('created', 'awaiting:payment', 'complete', 'cancelled')),
    version         bigint not null check (version > 0),
    expires_at      timestamptz not null,
    -- Since when `payments` is asked how the payment under way ended.
    expiring_since  timestamptz check (expiring_since is null or status = 'awaiting:payment'),
    -- When the sweep last told that the time is up.
    overdue_told_at timestamptz,
    -- The payment that completed it.
    payment_id      uuid check ((payment_id is not null) = (status = 'complete')),
    -- Payments that came too late or twice, and are asked back: each once.
    refunds         uuid[] not null default '{}',
    -- The ticket as agreed when the hold was taken.
    ticket_id       uuid not null,
    ticket_title    text not null,
    ticket_price    bigint not null check (ticket_price >= 0),
    ticket_version  bigint not null check (ticket_version > 0),
    created_at      timestamptz not null
);

-- One ticket, one order that holds or owns it: whoever comes second violates this, at whatever moment.
create unique index orders_live_ticket on orders (ticket_id) where status <> 'cancelled';
-- A user's orders, newest first: ids sort by when they were given.
create index orders_user on orders (user_id, id);
-- The holds of a user, which are counted before another is taken.
create index orders_holds on orders (user_id) where status in ('created', 'awaiting:payment');
-- What the sweeps look for: nothing of what is settled.
create index orders_due on orders (expires_at) where status in ('created', 'awaiting:payment') and expiring_since is null;
create index orders_expiring on orders (expiring_since) where expiring_since is not null;
