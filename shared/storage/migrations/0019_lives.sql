-- Lives of workers: a session of the database that lasts as long as its worker does.

-- A worker that runs jobs, from its start to its orderly end or its death.
create table life (
    -- Of the advisory lock that the worker's session shares.
    id int generated always as identity primary key,
    worker text not null,
    -- Start of the server on which the session has the lock. Another server, or the same one after
    -- a restart, knows of no session, and tells nothing about the worker.
    server_started_at timestamptz not null,
    began_at timestamptz not null default clock_timestamp(),
    -- Since when the worker is known to be dead.
    over_at timestamptz
);

-- The life in which a running job was claimed.
alter table job add column life int;
