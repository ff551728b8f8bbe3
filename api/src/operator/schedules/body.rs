//! Schedules as answers tell them.

use chrono::{DateTime, Utc};
use muster_domain::engine::schedule::{CatchUpPolicy, Gap, Overlap, TickFate};
use muster_storage::{
    Page,
    engine::schedule_ops::{self, ScheduleFilter, ScheduleSummary},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{operator, problem::Problem, shapes, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct ScheduleBody {
    name: String,
    cron: String,
    zone: String,
    #[schema(value_type = shapes::GapPolicy)]
    gap: Gap,
    #[schema(value_type = shapes::OverlapPolicy)]
    overlap: Overlap,
    #[schema(value_type = shapes::CatchUpPolicy)]
    catch_up: CatchUpPolicy,
    /// Its jobs run up to so much later than planned.
    jitter_seconds: i32,
    enabled: bool,
    /// Since when it is removed; its last ticks are left.
    removed_at: Option<DateTime<Utc>>,
    /// Why it is out of service.
    error: Option<String>,
    /// The kind of its jobs.
    kind: String,
    /// Null where it is off, out of service or new.
    next_at: Option<DateTime<Utc>>,
    /// The last planned tick that was decided about.
    last_tick_at: Option<DateTime<Utc>>,
    #[schema(value_type = Option<shapes::TickFate>)]
    last_fate: Option<TickFate>,
}

/// Returns a schedule as it is told.
pub(crate) fn body(schedule: ScheduleSummary) -> ScheduleBody {
    ScheduleBody {
        name: schedule.name,
        cron: schedule.cron,
        zone: schedule.zone,
        gap: schedule.gap,
        overlap: schedule.overlap,
        catch_up: schedule.catch_up,
        jitter_seconds: schedule.jitter_seconds,
        enabled: schedule.enabled,
        removed_at: schedule.removed_at,
        error: schedule.error,
        kind: schedule.kind,
        next_at: schedule.next_at,
        last_tick_at: schedule.last.map(|last| last.planned_at),
        last_fate: schedule.last.map(|last| last.fate),
    }
}

/// Returns the schedule of a name, which may be removed.
pub(super) async fn named(api: &Api, name: &str) -> Result<ScheduleSummary, Problem> {
    let filter = ScheduleFilter { with_removed: true, name: Some(operator::named("schedule", name)?) };
    let found = schedule_ops::list(&api.pool, filter, Page::first(1)).await?.pop();
    found.ok_or_else(|| Problem::no("schedule"))
}
