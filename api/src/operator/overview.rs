//! `GET /v1/operator/overview`: the figures of the whole installation.

use std::collections::BTreeMap;

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_storage::figures::{self, Figure, GAUGES};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Operator, problem::Problem, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct OverviewBody {
    /// When the figures were taken; null before the first were. A scheduler takes them every ten
    /// seconds: older ones tell that none works.
    taken_at: Option<DateTime<Utc>>,
    figures: Vec<FigureBody>,
}

/// A figure, named as the metric that schedulers tell: `muster_` goes before it there.
#[derive(Serialize, ToSchema)]
pub(crate) struct FigureBody {
    name: String,
    /// In a sentence.
    help: String,
    /// By kind, state, reason, role or carrier; never by tenant.
    labels: BTreeMap<String, String>,
    /// In the unit that the name ends with.
    value: f64,
}

/// Reads the figures of the whole installation as of the last ten seconds. Each counts a million
/// rows at most, and a figure at that bound means as many or more.
#[utoipa::path(get, path = "/v1/operator/overview", tag = "operator")]
pub(crate) async fn get(State(api): State<Api>, _operator: Operator) -> Result<Answer<OverviewBody>, Problem> {
    let taken = figures::latest(&api.pool).await?;
    Ok(Answer(OverviewBody { taken_at: taken.at, figures: taken.figures.into_iter().map(body).collect() }))
}

fn body(figure: Figure) -> FigureBody {
    let help = GAUGES.iter().find(|gauge| gauge.name == figure.name).map_or("", |gauge| gauge.help);
    FigureBody { help: help.to_owned(), name: figure.name, labels: figure.labels, value: figure.value }
}
