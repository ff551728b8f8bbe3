//! `…/imports/new`: a file of people is chosen, looked at, and imported.

use askama::Template;
use axum::{body::Body as Bytes, response::Response};
use muster_domain::zone::Zone;
use serde::Deserialize;

use crate::{
    app::{
        desk::{Desk, Group, key, once},
        imports::parts::Parts,
        kit::Body,
    },
    client::{Problem, operations::admin as operations},
    page::see,
};

/// Zones that are offered for a new group: those of the numbers that can be texted.
const ZONES: [&str; 12] = [
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "America/Halifax",
    "America/Toronto",
    "America/Winnipeg",
    "America/Vancouver",
];

#[derive(Template)]
#[template(path = "app/imports/upload.html")]
struct Upload<'a> {
    action: String,
    look: String,
    key: String,
    groups: Vec<&'a Group>,
    can_make_a_group: bool,
    zones: Vec<(String, String)>,
    given: Given,
    error: Option<String>,
}

/// Values that were typed already.
#[derive(Debug, Default)]
struct Given {
    group_id: String,
    zone: String,
    area_code: String,
    tags: String,
    consent_text: String,
}

#[derive(Deserialize)]
struct Made {
    id: String,
}

/// Returns zones as options of a form.
pub(crate) fn zones() -> Vec<(String, String)> {
    let known = ZONES.iter().filter(|zone| Zone::parse(zone).is_ok());
    known.map(|zone| ((*zone).to_owned(), crate::app::when::place(zone))).collect()
}

pub(crate) async fn show(desk: Desk) -> Result<Response, Problem> {
    let body = content(&desk, Given::default(), None).await?;
    Ok(desk.page("Import people", "imports", body))
}

async fn content(desk: &Desk, given: Given, problem: Option<&Problem>) -> Result<Body, Problem> {
    let groups = desk.groups().await?;
    let form = Upload {
        action: desk.at("/imports"),
        look: desk.at("/imports/look"),
        key: once(),
        groups: groups.iter().filter(|group| !group.archived).collect(),
        can_make_a_group: desk.is_organization_admin(),
        zones: zones(),
        given,
        error: problem.map(|problem| told(desk, problem)),
    };
    let mut body = Body::new();
    body.say(
        "Bring people in from a spreadsheet, saved as CSV. Each row is a person, with a first name, a last \
        name and a mobile number.",
    );
    body.template(&form);
    Ok(body)
}

/// Returns the fault in the words of the form.
fn told(desk: &Desk, problem: &Problem) -> String {
    if problem.detail.contains("area_code") {
        return "There is no group with the file's name yet. Give the area code of the new group, or choose a group."
            .to_owned();
    }
    desk.sentence(problem)
}

pub(crate) async fn take(desk: Desk, mut parts: Parts) -> Result<Response, Problem> {
    let Some(file) = parts.file.take() else {
        let detail = "choose a file first".to_owned();
        let problem = Problem::own(axum::http::StatusCode::UNPROCESSABLE_ENTITY, "invalid-body", detail);
        let body = content(&desk, given(&parts), Some(&problem)).await?;
        return Ok(desk.wrong(&problem, "Import people", "imports", body));
    };
    let call = desk
        .call(&operations::NEW_IMPORT, [])
        .query("file_name", &file.name)
        .query_some("group_id", parts.some("group_id"))
        .query_some("zone", parts.some("zone"))
        .query_some("area_code", parts.some("area_code"))
        .query("tags", parts.get("tags"))
        .query_some("mapping", parts.some("mapping"))
        .query_some("consent_text", parts.some("consent_text"))
        .query("dry_run", parts.get("dry_run") == "on")
        .key(&key(parts.get("key")))
        .body(Bytes::from_stream(file.bytes), "application/octet-stream");
    let made: Result<Made, Problem> = call.read().await;
    match made {
        Ok(made) => Ok(see(&desk.at(&format!("/imports/{}", made.id)))),
        Err(problem) if problem.is_of_the_input() => {
            let body = content(&desk, given(&parts), Some(&problem)).await?;
            Ok(desk.wrong(&problem, "Import people", "imports", body))
        }
        Err(problem) => Err(problem),
    }
}

fn given(parts: &Parts) -> Given {
    let text = |name: &str| parts.get(name).to_owned();
    Given {
        group_id: text("group_id"),
        zone: text("zone"),
        area_code: text("area_code"),
        tags: text("tags"),
        consent_text: text("consent_text"),
    }
}
