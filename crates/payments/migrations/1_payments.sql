-- What is known here of orders: who may pay, how much, until when.
create table orders (
    id         uuid primary key,
    version    bigint not null check (version > 0),
    user_id    uuid not null,
    status     text not null check (status in ('created', 'awaiting:payment', 'complete', 'cancelled')),
    -- Cents: the price agreed when the hold was taken.
    price      bigint not null check (price >= 0),
    expires_at timestamptz not null,
    -- Time was up while a payment was under way: `orders` waits for how it ends, and nothing new may begin.
    closing    boolean not null default false
);

-- Attempts to pay. One row is one payment intent of the provider, which succeeds at most once.
create table payments (
    -- UUIDv7: the order of ids is the order of attempts.
    id                uuid primary key,
    order_id          uuid not null references orders (id),
    user_id           uuid not null,
    -- Who confirms the intent: we, with the buyer's token, or the buyer's browser.
    kind              text not null check (kind in ('token', 'intent')),
    status            text not null check (status in ('created', 'completed', 'failed', 'refunded')),
    -- Cents.
    amount            bigint not null check (amount > 0),
    currency          text not null check (currency ~ '^[a-z]{3}$'),
    created_at        timestamptz not null,
    -- The intent's name at the provider. While it is null, no money can move.
    stripe_id         text unique,
    -- SHA-256 of the token: the same one again asks for the same payment.
    token_digest      bytea,
    -- The provider's sentence for the buyer.
    failure           text,
    -- The buyer was told to come back for the answer.
    answer_owed       boolean not null default false,

    -- When the provider is asked how the intent stands: the schedule, and the lease of whoever asks. Null: no more.
    next_look_at      timestamptz,
    looks             integer not null default 0,

    -- Set once the money has to go back.
    refund_wanted_at  timestamptz,
    -- The number of the refund asked for: part of its idempotency key. The next one only after that has failed.
    refund_attempt    integer not null default 1,
    stripe_refund_id  text unique,
    -- When the provider is asked for the refund, or how it stands: the schedule, and the lease of whoever asks.
    next_refund_at    timestamptz,
    refund_looks      integer not null default 0,

    check (status <> 'completed' or stripe_id is not null),
    check (status <> 'refunded' or stripe_refund_id is not null),
    check (next_refund_at is null or refund_wanted_at is not null)
);

-- One order has at most one payment that is under way or paid for it: whoever comes second pays nothing.
create unique index payments_live on payments (order_id) where status in ('created', 'completed');
create index payments_order on payments (order_id, id);
create index payments_user on payments (user_id, id desc);
create index payments_looks on payments (next_look_at) where next_look_at is not null;
create index payments_refunds on payments (next_refund_at) where next_refund_at is not null;

-- The provider's events that were seen, by the provider's id.
create table webhook_events (
    id      text primary key,
    type    text not null,
    seen_at timestamptz not null
);
create index webhook_events_seen_at on webhook_events (seen_at);
