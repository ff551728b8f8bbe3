//! What the harness writes down in the database while the campaign runs: every job that is enqueued, and every completion, in the
//! transaction that does it. The engine knows nothing of it, so that what is lost there is still here.

use anyhow::Context as _;
use muster_local::Stack;

const INSTALL: &str = "
create schema chaos;
create table chaos.enqueued (job_id uuid primary key);
create table chaos.completed (job_id uuid not null);
create table chaos.revived (job_id uuid not null, was text not null, became text not null);

create function chaos.on_insert() returns trigger language plpgsql as $$
begin insert into chaos.enqueued values (new.id) on conflict do nothing; return null; end $$;
create function chaos.on_success() returns trigger language plpgsql as $$
begin insert into chaos.completed values (new.id); return null; end $$;
create function chaos.on_revival() returns trigger language plpgsql as $$
begin insert into chaos.revived values (new.id, old.state, new.state); return null; end $$;

insert into chaos.enqueued select id from job;
insert into chaos.completed select id from job where state = 'succeeded';
create trigger chaos_enqueued after insert on job for each row execute function chaos.on_insert();
create trigger chaos_completed after update on job for each row
    when (new.state = 'succeeded') execute function chaos.on_success();
create trigger chaos_revived after update on job for each row
    when (old.state in ('succeeded', 'cancelled') and new.state <> old.state) execute function chaos.on_revival();

-- A tick each second for as long as anything is broken.
insert into schedule (name, cron, zone, kind, payload) values ('chaos', '* * * * * *', 'UTC', 'probe', '{}');
";

/// Begins the ledger, before anything is enqueued.
pub(crate) async fn install(stack: &Stack, database: &str) -> anyhow::Result<()> {
    stack.postgres.run_script(database, INSTALL).await.context("installing the harness's ledger")?;
    Ok(())
}
