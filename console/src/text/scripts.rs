//! `/text/scripts`: the agent's own answers, which conversations offer beside the organization's.

use askama::Template;
use axum::{extract::Path, response::Response};
use futures::try_join;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::{
    client::{Problem, operations::agent as operations},
    flash::Flash,
    form::Fields,
    page::{Page, html, html_with, see},
    text::Agent,
    visit::Visit,
};

const PLACE: &str = "/text/scripts";

#[derive(Debug, Deserialize)]
struct OwnScript {
    id: String,
    name: String,
    script: String,
}

#[derive(Template)]
#[template(path = "text/scripts.html")]
struct Scripts {
    page: Page,
    scripts: Vec<OwnScript>,
    /// The fields of a new one, as they were typed.
    name: String,
    script: String,
    key: Uuid,
}

#[derive(Template)]
#[template(path = "text/script.html")]
struct Edit {
    page: Page,
    script: OwnScript,
    etag: String,
}

impl Edit {
    fn delete_action(&self) -> String {
        format!("{PLACE}/{}/delete", self.script.id)
    }
}

async fn page(visit: &Visit, fields: &Fields) -> Result<Scripts, Problem> {
    let (agent, scripts) = try_join!(Agent::of(visit), visit.call(&operations::SCRIPTS, []).read())?;
    Ok(Scripts {
        page: visit.page(visit.lang.own_scripts(), "scripts").of(&agent.member_id),
        scripts,
        name: fields.get("name").to_owned(),
        script: fields.raw("script").to_owned(),
        key: Uuid::now_v7(),
    })
}

/// `GET`: lists them.
pub(crate) async fn list(visit: Visit) -> Result<Response, Problem> {
    Ok(html(&page(&visit, &Fields::default()).await?))
}

/// `POST`: adds one.
pub(crate) async fn add(visit: Visit, fields: Fields) -> Result<Response, Problem> {
    let body = json!({ "name": fields.get("name"), "script": fields.raw("script") });
    let call = visit.call(&operations::ADD_SCRIPT, []).json(&body).key(fields.get("key"));
    match call.done().await {
        Ok(()) => Ok(Flash::good(visit.lang.script_saved()).on(see(PLACE))),
        Err(problem) if problem.is_of_the_input() => {
            let mut shown = page(&visit, &fields).await?;
            shown.page = shown.page.refused(&problem);
            Ok(html_with(problem.status(), &shown))
        }
        Err(problem) => Err(problem),
    }
}

/// `GET …/{script_id}`: shows one to edit.
pub(crate) async fn show(visit: Visit, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let script = visit.call(&operations::SCRIPT, [&id.to_string()]);
    let (agent, answer) = try_join!(Agent::of(&visit), script.answer::<OwnScript>())?;
    let etag = answer.etag.clone().unwrap_or_default();
    let page = visit.page(visit.lang.edit_script(), "scripts").of(&agent.member_id);
    Ok(html(&Edit { page, script: answer.body, etag }))
}

/// `POST …/{script_id}`: edits the version that was shown.
pub(crate) async fn edit(visit: Visit, Path(id): Path<Uuid>, fields: Fields) -> Result<Response, Problem> {
    let body = json!({ "name": fields.get("name"), "script": fields.raw("script") });
    let call = visit.call(&operations::EDIT_SCRIPT, [&id.to_string()]).json(&body).if_match(fields.get("etag"));
    match call.done().await {
        Ok(()) => Ok(Flash::good(visit.lang.script_saved()).on(see(PLACE))),
        Err(problem) if problem.is_of_the_input() => {
            let page = visit.page(visit.lang.edit_script(), "scripts").refused(&problem);
            let typed = OwnScript {
                id: id.to_string(),
                name: fields.get("name").to_owned(),
                script: fields.raw("script").to_owned(),
            };
            let etag = fields.get("etag").to_owned();
            Ok(html_with(problem.status(), &Edit { page, script: typed, etag }))
        }
        Err(problem) => Err(problem),
    }
}

/// `POST …/{script_id}/delete`: deletes one.
pub(crate) async fn delete(visit: Visit, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    visit.call(&operations::DELETE_SCRIPT, [&id.to_string()]).done().await?;
    Ok(Flash::good(visit.lang.script_deleted()).on(see(PLACE)))
}
