//! `muster jobs why`: the reasons for which a job has not run yet, or ran late.

use muster_domain::engine::{
    lateness::{self, Parts, Row, Surroundings},
    process::ProcessRole,
};
use muster_storage::engine::processes::SILENT_SECONDS;
use serde_json::json;
use uuid::Uuid;

use crate::{commands::look::Way, out::say};

/// Tells the reasons, in one look at the job and its surroundings.
pub(super) async fn tell(id: Uuid, as_json: bool) -> anyhow::Result<()> {
    let way = Way::chosen()?;
    let row = way.job(id).await?;
    let (around, now) = (surroundings(&way, &row).await?, way.now().await?);
    let causes = lateness::causes(&row, &around, now);
    let late = lateness::lateness(&row, now);
    let parts = lateness::parts(&row, now);
    if as_json {
        let causes: Vec<_> = causes
            .iter()
            .map(|cause| json!({ "code": cause.code, "told": cause.told, "remedy": cause.remedy }))
            .collect();
        let seconds = |time: Option<chrono::TimeDelta>| time.map(|time| time.num_seconds());
        let Parts { for_the_relay, for_a_worker, running } = parts;
        let told = json!({
            "id": row.id, "kind": row.kind, "state": row.state, "due_at": row.run_at, "late_seconds": seconds(late),
            "seconds": {
                "for_the_relay": seconds(for_the_relay), "for_a_worker": seconds(for_a_worker), "running": seconds(running),
            },
            "causes": causes,
        });
        return say!("{told}");
    }
    let lateness = late.map_or_else(|| "not late".to_owned(), |late| format!("late by {}", lateness::lasting(late)));
    say!("job {} of {} is {}, {lateness}", row.id, row.kind, row.state)?;
    for cause in &causes {
        say!("- {}", cause.told)?;
        if let Some(remedy) = &cause.remedy {
            say!("    {remedy}")?;
        }
    }
    Ok(())
}

#[expect(clippy::cast_possible_truncation, reason = "counts of jobs")]
async fn surroundings(way: &Way, row: &Row) -> anyhow::Result<Surroundings> {
    let daemons = way.daemons().await?;
    let mut live = daemons.iter().filter(|daemon| daemon.seen_seconds_ago < SILENT_SECONDS);
    let kind = way.kinds().await?.into_iter().find(|kind| kind.kind == row.kind).unwrap_or_default();
    Ok(Surroundings {
        policies: way.policies().await?,
        schedulers: live.clone().filter(|daemon| daemon.role == ProcessRole::Scheduler).count(),
        workers: usize::try_from(kind.workers)?,
        worker_lives: live.any(|daemon| Some(&daemon.name) == row.worker.as_ref()),
        due: kind.due as i64,
        done_per_minute: kind.done_per_minute.unwrap_or_default() as i64,
    })
}
