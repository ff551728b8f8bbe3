//! `/text/goals/{goal_id}/{workflow}`: first texts and reminders, one contact after the other.
//!
//! The page has the whole batch with its rendered texts, so that the next contact is there at once.
//! It works as a form of one contact without a script, and as a queue with it (`texting.js`).

use askama::Template;
use axum::{
    Json,
    extract::Path,
    response::{IntoResponse, Response},
};
use futures::try_join;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    client::{Problem, operations::agent as operations},
    flash::Flash,
    form::Fields,
    page::{Page, html, see},
    text::{Agent, home::Home},
    visit::Visit,
};

#[derive(Debug, Deserialize)]
struct Claimed {
    batch: Option<Batch>,
}

#[derive(Debug, Deserialize)]
struct Batch {
    id: String,
    lease_token: i64,
    instructions: String,
    contacts: Vec<Contact>,
}

#[derive(Debug, Deserialize)]
struct Contact {
    id: String,
    first_name: String,
    text: Option<String>,
    segments: Option<u32>,
    kept_out: Option<String>,
}

impl Contact {
    fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    fn segments(&self) -> u32 {
        self.segments.unwrap_or_default()
    }

    /// Returns the contact's name; one that came in by an unknown text has none.
    fn name<'c>(&'c self, nameless: &'c str) -> &'c str {
        if self.first_name.trim().is_empty() { nameless } else { &self.first_name }
    }
}

/// A reason for a skip or an opt-out: a tag of the organization.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Reason {
    pub(crate) id: String,
    pub(crate) name: String,
}

#[derive(Template)]
#[template(path = "text/batch.html")]
struct BatchPage {
    page: Page,
    goal_id: String,
    workflow: String,
    goal_name: String,
    batch: Batch,
    /// Seconds of the lease that are left.
    seconds: i64,
    texts_wait_until: Option<String>,
    reasons: Vec<Reason>,
    may_edit: bool,
    key: Uuid,
    /// Words for the script, as JSON.
    words: String,
}

impl BatchPage {
    /// Returns the time that is left, in minutes and seconds.
    fn clock(&self) -> String {
        format!("{}:{:02}", self.seconds / 60, self.seconds % 60)
    }
}

/// `GET`: shows the batch in hand. Without one there is nothing to show, and nothing is claimed.
pub(crate) async fn show(visit: Visit, Path((goal_id, workflow)): Path<(String, String)>) -> Result<Response, Problem> {
    let home: Home = visit.call(&operations::HOME, []).read().await?;
    let goal = home.goal(&goal_id).ok_or_else(Problem::nothing)?;
    let work = goal.workflow(&workflow).ok_or_else(Problem::nothing)?;
    let Some(in_hand) = &work.batch else {
        let words = if goal.has_work() { visit.lang.nothing_in_hand() } else { visit.lang.batch_is_over() };
        return Ok(Flash::good(words).on(see("/text")));
    };
    // The agent has a batch, which a claim returns as it is.
    let claim = visit.call(&operations::CLAIM, [&goal_id]).json(&json!({ "workflow": workflow })).harmless();
    let reasons = visit.call(&operations::REASONS, []);
    let (claimed, reasons, agent) =
        try_join!(claim.read::<Claimed>(), reasons.read::<Vec<Reason>>(), Agent::of(&visit))?;
    let Some(batch) = claimed.batch else { return Ok(see("/text")) };
    let may_edit = workflow == "initial" && may_edit(&visit, &batch).await;
    let name = if workflow == "initial" { visit.lang.first_texts() } else { visit.lang.reminders() };
    Ok(html(&BatchPage {
        page: visit.page(name, "to-do").of(&agent.member_id),
        goal_name: goal.name.clone(),
        seconds: in_hand.seconds_left,
        texts_wait_until: work.texts_wait_until.clone(),
        goal_id,
        workflow,
        batch,
        reasons,
        may_edit,
        key: Uuid::now_v7(),
        words: words(&visit).to_string(),
    }))
}

/// Returns whether the organization lets its agents edit initials: a preview of the same words says
/// so.
async fn may_edit(visit: &Visit, batch: &Batch) -> bool {
    let Some(contact) = batch.contacts.iter().find(|contact| contact.text.is_some()) else { return false };
    let body = json!({ "lease_token": batch.lease_token, "contact_id": contact.id, "text": contact.text });
    let tried = visit.call(&operations::PREVIEW, [&batch.id]).json(&body).done().await;
    tried.err().is_none_or(|problem| problem.word() != "edit-not-allowed")
}

fn words(visit: &Visit) -> Value {
    let lang = visit.lang;
    json!({
        "left": lang.left_n(),
        "segment": lang.segment_one(),
        "segments": lang.segments_n(),
        "sending": lang.sending_n(),
        "skipped": lang.skipped_name(),
        "keptOut": lang.kept_out(),
        "later": lang.no_network(),
    })
}

/// `POST`: claims a batch, or goes on with the one in hand.
pub(crate) async fn claim(visit: Visit, Path((goal_id, workflow)): Path<(Uuid, String)>) -> Result<Response, Problem> {
    let call = visit.call(&operations::CLAIM, [&goal_id.to_string()]).json(&json!({ "workflow": workflow }));
    match call.read::<Claimed>().await {
        Ok(Claimed { batch: Some(_) }) if matches!(workflow.as_str(), "initial" | "reminder") => {
            Ok(see(&format!("/text/goals/{goal_id}/{workflow}")))
        }
        Ok(_) => Ok(Flash::bad(visit.lang.nothing_to_claim()).on(see("/text"))),
        Err(problem) if problem.status == 409 => Ok(Flash::bad(problem.sentence(visit.lang)).on(see("/text"))),
        Err(problem) => Err(problem),
    }
}

/// Returns the page that a form of the batch has named, to which it leads without a script.
fn back(fields: &Fields) -> Response {
    match (fields.get("goal_id").parse::<Uuid>(), fields.get("workflow")) {
        (Ok(goal_id), workflow @ ("initial" | "reminder")) => see(&format!("/text/goals/{goal_id}/{workflow}")),
        _ => see("/text"),
    }
}

fn lease_token(fields: &Fields) -> i64 {
    fields.get("lease_token").parse().unwrap_or_default()
}

/// Answers a form's request: with JSON for the script, else by the page that the form was on.
fn answered(visit: &Visit, fields: &Fields, done: Result<Value, Problem>) -> Result<Response, Problem> {
    match done {
        Ok(answer) if visit.by_script => Ok(Json(answer).into_response()),
        Ok(_) => Ok(back(fields)),
        Err(problem) if !visit.by_script && problem.is_of_the_input() => {
            Ok(Flash::bad(problem.sentence(visit.lang)).on(back(fields)))
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /text/batches/{batch_id}/contacts/{contact_id}/send`: one contact's text.
pub(crate) async fn send(
    visit: Visit,
    Path((batch_id, contact_id)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let mut body = json!({ "lease_token": lease_token(&fields) });
    if let Some(text) = fields.some("text") {
        body["text"] = text.into();
    }
    let call = visit.call(&operations::SEND_ONE, [&batch_id, &contact_id]).json(&body).key(fields.get("key"));
    answered(&visit, &fields, call.read().await)
}

/// `POST /text/batches/{batch_id}/skip`: leaves a contact out for good.
pub(crate) async fn skip(visit: Visit, Path(batch_id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let mut body = json!({
        "lease_token": lease_token(&fields),
        "contact_id": fields.get("contact_id"),
        // The record is read by admins.
        "reason": "skipped by the agent",
    });
    if let Some(reason_id) = fields.some("reason_id") {
        body["reason_id"] = reason_id.into();
    }
    let call = visit.call(&operations::SKIP, [&batch_id]).json(&body).key(fields.get("key"));
    answered(&visit, &fields, call.read().await)
}

#[derive(Debug, Deserialize)]
struct Previewed {
    text: Option<String>,
    segments: Option<Segments>,
}

#[derive(Debug, Deserialize)]
struct Segments {
    segments: u32,
}

/// `POST /text/batches/{batch_id}/preview`: the agent's words as they would go, for the script.
pub(crate) async fn preview(visit: Visit, Path(batch_id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let body = json!({
        "lease_token": lease_token(&fields),
        "contact_id": fields.get("contact_id"),
        "text": fields.get("text"),
    });
    let previewed: Previewed = visit.call(&operations::PREVIEW, [&batch_id]).json(&body).read().await?;
    let segments = previewed.segments.map(|counted| counted.segments);
    Ok(Json(json!({ "text": previewed.text, "segments": segments })).into_response())
}

/// `POST /text/batches/{batch_id}/return`: hands the batch back early.
pub(crate) async fn give_back(visit: Visit, Path(batch_id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let body = json!({ "lease_token": lease_token(&fields) });
    match visit.call(&operations::RETURN, [&batch_id]).json(&body).done().await {
        Ok(()) => Ok(Flash::good(visit.lang.handed_back()).on(see("/text"))),
        Err(problem) if problem.is_of_the_input() => Ok(Flash::bad(problem.sentence(visit.lang)).on(see("/text"))),
        Err(problem) => Err(problem),
    }
}
