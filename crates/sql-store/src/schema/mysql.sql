create table if not exists streaming_server (
    id integer primary key,
    epoch bigint not null,
    next_log bigint not null,
    holder varbinary(512) not null
) engine = innodb;

insert ignore into streaming_server (id, epoch, next_log, holder) values (1, 0, 1, '');

create table if not exists streaming_logs (
    id bigint primary key,
    folder varbinary(512) not null,
    name varbinary(128) not null,
    epoch bigint not null,
    head bigint not null,
    last bigint not null,
    unique (folder, name)
) engine = innodb;

create table if not exists streaming_messages (
    log bigint not null,
    seq bigint not null,
    time bigint not null,
    due_at bigint not null,
    previous bigint not null,
    bytes bigint not null,
    due_kind smallint not null,
    removed smallint not null,
    subject blob not null,
    headers longblob not null,
    data longblob not null,
    primary key (log, seq)
) engine = innodb;

create table if not exists streaming_entries (
    log bigint not null,
    number bigint not null,
    entry longblob not null,
    primary key (log, number)
) engine = innodb;

create table if not exists streaming_documents (
    folder varbinary(512) not null,
    name varbinary(128) not null,
    content longblob not null,
    primary key (folder, name)
) engine = innodb;
