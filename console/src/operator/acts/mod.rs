//! `/operator/acts`: acts on all jobs that match a filter, with the count first, a rate, and an end
//! by failures.

pub(crate) mod new;

use std::time::Duration;

use askama::Template;
use axum::{extract::Path, response::Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    client::{List, Problem, operations::operator as operations},
    form::{Fields, Query},
    operator::{figures::count, looks::Look, session::Me},
    page::{Page, html},
    words::operator::{Said, act_state},
};

/// For so long the progress of an act is shared.
const PROGRESS_FOR: Duration = Duration::from_secs(1);

#[derive(Debug, Deserialize)]
struct Act {
    id: String,
    verb: String,
    filter: Map<String, Value>,
    matching: f64,
    rate: i32,
    abort_above: f64,
    state: String,
    acted: f64,
    tried: f64,
    failed: f64,
    created_at: String,
    finished_at: Option<String>,
}

impl Act {
    fn said(&self) -> Said {
        act_state(&self.state)
    }

    fn is_running(&self) -> bool {
        self.state == "running"
    }

    fn name(&self) -> &'static str {
        if self.verb == "cancel" { "Cancel" } else { "Run again" }
    }

    fn stop_address(&self) -> String {
        format!("/operator/acts/{}/stop", self.id)
    }

    fn share(&self) -> String {
        count(self.abort_above * 100.0)
    }

    /// Returns the members of its filter that narrow it.
    fn narrowed(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        self.filter.iter().filter_map(|(name, value)| Some((name.replace('_', " "), text(value)?))).collect()
    }
}

#[derive(Template)]
#[template(path = "operator/acts.html")]
struct ActsPage {
    page: Page,
    me: Me,
    acts: List<Act>,
}

pub(crate) async fn list(look: Look, Query(query): Query) -> Result<Response, Problem> {
    let cursor = query.some("cursor").map(|cursor| ("cursor", cursor.to_owned()));
    let acts = look.read(&operations::ACTS, &[], cursor.as_slice()).await?;
    Ok(html(&ActsPage { page: look.page("Acts on many jobs", "acts"), me: look.me, acts }))
}

#[derive(Template)]
#[template(path = "operator/act.html")]
struct ActPage {
    page: Page,
    me: Me,
    act: Act,
}

pub(crate) async fn show(look: Look, Path(id): Path<String>) -> Result<Response, Problem> {
    let act: Act = look.read_for(PROGRESS_FOR, &operations::ACT, &[&id], &[]).await?;
    let title = if act.verb == "cancel" { "Cancel many jobs" } else { "Run many jobs again" };
    Ok(html(&ActPage { page: look.page(title, "acts"), me: look.me, act }))
}

pub(crate) async fn stop(look: Look, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let to = format!("/operator/acts/{id}");
    let body = json!({ "reason": fields.get("reason") });
    look.act_and_see(&operations::STOP_ACT, &[&id], &body, "Stopped.", &to).await
}
