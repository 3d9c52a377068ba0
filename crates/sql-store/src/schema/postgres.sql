create table if not exists streaming_server (
    id integer primary key,
    epoch bigint not null,
    next_log bigint not null,
    holder bytea not null
);

insert into streaming_server (id, epoch, next_log, holder) values (1, 0, 1, '') on conflict (id) do nothing;

-- Its rows change with every commit: with room beside them, that happens in place.
create table if not exists streaming_logs (
    id bigint primary key,
    folder bytea not null,
    name bytea not null,
    epoch bigint not null,
    head bigint not null,
    last bigint not null,
    unique (folder, name)
) with (fillfactor = 20);

create table if not exists streaming_messages (
    log bigint not null,
    seq bigint not null,
    time bigint not null,
    due_at bigint not null,
    previous bigint not null,
    bytes bigint not null,
    due_kind smallint not null,
    removed smallint not null,
    subject bytea not null,
    headers bytea not null,
    data bytea not null,
    primary key (log, seq)
);

create table if not exists streaming_entries (
    log bigint not null,
    number bigint not null,
    entry bytea not null,
    primary key (log, number)
);

create table if not exists streaming_documents (
    folder bytea not null,
    name bytea not null,
    content bytea not null,
    primary key (folder, name)
);
