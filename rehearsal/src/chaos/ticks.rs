//! A schedule that ticks each second for as long as anything is broken, and the ledger of its ticks
//! (engine promises J9 and J11).

use anyhow::Context as _;

use crate::invariants::{evidence::Ticks, tables::Reader};

const INSTALL: &str =
    "insert into schedule (name, cron, zone, kind, payload) values ('chaos', '* * * * * *', 'UTC', 'probe', '{}')";

/// The number of planned ticks follows from when the schedule was made and until when it is
/// decided.
const TICKS: &str = "select json_build_object(
    'planned', (select floor(extract(epoch from decided_until)) - floor(extract(epoch from changed_at)) from schedule where name = 'chaos'),
    'jobs', (select count(*) from job where kind = 'probe'),
    'fired', coalesce(sum(ticks) filter (where fate in ('fired', 'late') and exists (select from job where id = job_id)), 0),
    'coalesced', coalesce(sum(ticks) filter (where fate = 'coalesced'), 0),
    'skipped', coalesce(sum(ticks) filter (where fate = 'skipped'), 0)
    ) from tick where schedule = 'chaos'";

/// Makes the schedule.
pub(super) async fn begin(reader: Reader<'_>) -> anyhow::Result<()> {
    reader.script(INSTALL).await.context("making the harness's schedule")
}

/// Ends the schedule: nothing rests while it makes jobs.
pub(super) async fn end(reader: Reader<'_>) -> anyhow::Result<()> {
    reader.script("update schedule set enabled = false where name = 'chaos'").await
}

/// Reads the ledger.
pub(super) async fn count(reader: Reader<'_>) -> anyhow::Result<Ticks> {
    reader.json(TICKS).await.context("counting ticks")
}
