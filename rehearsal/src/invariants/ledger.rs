//! The rehearsal's ledger: triggers in the database record every enqueued job and every completion,
//! in the transaction that does it. The engine knows nothing of it, so that a job that is lost
//! there is still here.

use anyhow::Context as _;

use super::tables::Reader;

const INSTALL: &str = "
-- The daemons' role has no rights here: the functions run with those of their owner.
create schema rehearsal;
create table rehearsal.enqueued (job_id uuid primary key);
create table rehearsal.completed (job_id uuid not null);
create table rehearsal.revived (job_id uuid not null, was text not null, became text not null);

create function rehearsal.on_insert() returns trigger language plpgsql security definer as $$
begin insert into rehearsal.enqueued values (new.id) on conflict do nothing; return null; end $$;
create function rehearsal.on_success() returns trigger language plpgsql security definer as $$
begin insert into rehearsal.completed values (new.id); return null; end $$;
create function rehearsal.on_revival() returns trigger language plpgsql security definer as $$
begin insert into rehearsal.revived values (new.id, old.state, new.state); return null; end $$;

-- Nothing is enqueued between the copies and the triggers.
lock table job in share row exclusive mode;
insert into rehearsal.enqueued select id from job;
insert into rehearsal.completed select id from job where state = 'succeeded';
create trigger rehearsal_enqueued after insert on job for each row execute function rehearsal.on_insert();
create trigger rehearsal_completed after update on job for each row
    when (new.state = 'succeeded') execute function rehearsal.on_success();
create trigger rehearsal_revived after update on job for each row
    when (old.state in ('succeeded', 'cancelled') and new.state <> old.state) execute function rehearsal.on_revival();
";

/// Begins the ledger.
pub(crate) async fn install(reader: Reader<'_>) -> anyhow::Result<()> {
    reader.script(INSTALL).await.context("installing the rehearsal's ledger")
}
