create table seats (
    id   uuid primary key,
    name text not null
);
