//! `PATCH /v1/operator/schedules/{schedule_name}`.

use axum::extract::State;
use muster_domain::{
    engine::schedule::{CatchUpPolicy, CronExpression, Gap, Overlap},
    zone::Zone,
};
use muster_storage::{
    engine::schedule_ops::{self, Edit},
    trust::audit,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::Operator,
    bounds,
    document::NoContent,
    extract::{Json, Path},
    operator::named,
    problem::Problem,
    shapes,
    state::Api,
};

/// A change of a schedule; members that are left out stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleEdit {
    #[schema(value_type = Option<bounds::CronFields>)]
    cron: Option<String>,
    /// The zone of the expression's wall-clock times.
    #[schema(value_type = Option<bounds::ZoneName>)]
    zone: Option<String>,
    #[schema(value_type = Option<shapes::GapPolicy>)]
    gap: Option<Gap>,
    #[schema(value_type = Option<shapes::OverlapPolicy>)]
    overlap: Option<Overlap>,
    #[schema(value_type = Option<shapes::CatchUpPolicy>)]
    catch_up: Option<CatchUpPolicy>,
    /// Its jobs run up to so many seconds later than planned.
    #[schema(value_type = Option<bounds::JitterSeconds>)]
    jitter_seconds: Option<i32>,
    /// The reason, for later readers; no personal data.
    #[schema(value_type = bounds::Reason)]
    reason: String,
}

/// Changes when a schedule recurs, and its policies, from now on. Ticks that nobody has decided
/// about are skipped, and the ledger says so. A schedule that could not be read is back in service.
#[utoipa::path(patch, path = "/v1/operator/schedules/{schedule_name}", tag = "operator")]
pub(crate) async fn edit(
    State(api): State<Api>,
    _operator: Operator,
    Path(name): Path<String>,
    Json(body): Json<ScheduleEdit>,
) -> Result<NoContent, Problem> {
    bounds::Reason::read("reason", &body.reason)?;
    let jitter_seconds = body.jitter_seconds.map(|seconds| bounds::JitterSeconds::read("jitter_seconds", seconds));
    let name = named("schedule", &name)?.to_owned();
    let edit = Edit {
        cron: body.cron.as_deref().map(cron).transpose()?,
        zone: body.zone.as_deref().map(zone).transpose()?,
        gap: body.gap,
        overlap: body.overlap,
        catch_up: body.catch_up,
        jitter_seconds: jitter_seconds.transpose()?,
        enabled: None,
    };
    audit::changes([&name]);
    if schedule_ops::edit(&api.pool, &name, &edit).await? { Ok(NoContent) } else { Err(Problem::no("schedule")) }
}

fn cron(text: &str) -> Result<String, Problem> {
    let text = bounds::CronFields::read("cron", text)?;
    let read = CronExpression::parse(text).map_err(|error| Problem::invalid_body(format!("cron: {error}")))?;
    Ok(read.as_str().to_owned())
}

fn zone(name: &str) -> Result<String, Problem> {
    let read = Zone::parse(name).map_err(|error| Problem::invalid_body(format!("zone: {error}")))?;
    Ok(read.name().to_owned())
}
