//! `/operator/jobs/{job_id}`: one job's life as a timeline.

use askama::Template;
use axum::{extract::Path, response::Response};
use serde::Deserialize;
use serde_json::json;

use super::Job;
use crate::{
    client::{Operation, Problem, operations::operator as operations},
    form::Fields,
    operator::{looks::Look, session::Me},
    page::{Page, html},
    words::operator::{Said, job_event},
};

#[derive(Debug, Deserialize)]
struct Life {
    job: Job,
    payload: String,
    priority: i16,
    unique_key: Option<String>,
    order_key: Option<String>,
    blocked: bool,
    suspect: bool,
    lease_until: Option<String>,
    progress_done: Option<i64>,
    progress_total: Option<i64>,
    trace_id: Option<String>,
    first_attempt_trace_id: Option<String>,
    timeline: Vec<Event>,
}

#[derive(Debug, Deserialize)]
struct Event {
    at: String,
    event: String,
    attempt: Option<i32>,
    worker: Option<String>,
    detail: Option<String>,
}

impl Event {
    fn said(&self) -> Said {
        job_event(&self.event)
    }
}

#[derive(Template)]
#[template(path = "operator/job.html")]
struct JobPage {
    page: Page,
    me: Me,
    life: Life,
}

pub(crate) async fn show(look: Look, Path(id): Path<String>) -> Result<Response, Problem> {
    let life: Life = look.read(&operations::JOB, &[&id], &[]).await?;
    let title = format!("Job of {}", life.job.kind);
    Ok(html(&JobPage { page: look.page(title, "jobs"), me: look.me, life }))
}

pub(crate) async fn act(
    look: Look,
    Path((id, verb)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let (operation, done): (&'static Operation, _) = match verb.as_str() {
        "retry" => (&operations::RETRY, "The job runs again, with all its attempts."),
        "cancel" => (&operations::CANCEL, "The job is cancelled."),
        _ => return Err(Problem::nothing()),
    };
    // The id is one that the api knows, or nothing is done.
    let to = format!("/operator/jobs/{id}");
    look.act_and_see(operation, &[&id], &json!({ "reason": fields.get("reason") }), done, &to).await
}
