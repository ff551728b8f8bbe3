//! `…/library`: the organization's texts, which texters and admins choose from.

use std::future::{Ready, ready};

use axum::{
    Router,
    extract::Path,
    response::Response,
    routing::{get, post},
};
use muster_domain::goals::script::{NAME_LIMIT, ScriptKind};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Console,
    app::{
        Ids,
        desk::{Desk, key, once},
        kit::{Act, Body, Bubble, Cell, Field, Form, Link, Table, Tone},
    },
    client::{Answer, List, Problem, operations::admin as operations},
    form::{Fields, Query},
    words::states::{self, Plain},
};

/// Characters of a text that the list shows.
const SHOWN: usize = 120;

#[derive(Debug, Default, Deserialize)]
struct Script {
    id: String,
    kind: String,
    name: String,
    script: String,
    archived_at: Option<String>,
}

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/library", get(list))
        .route("/library/new", get(new).post(make))
        .route("/library/{script_id}", get(show).post(save))
        .route("/library/{script_id}/archive", post(archive))
}

fn kinds(first: Option<(String, String)>) -> Vec<(String, String)> {
    let kinds = ScriptKind::ALL.iter().map(|kind| (kind.to_string(), kind.english().what.to_owned()));
    first.into_iter().chain(kinds).collect()
}

async fn list(desk: Desk, Query(asked): Query) -> Result<Response, Problem> {
    let archived = asked.is_ticked("archived");
    let call = desk.call(&operations::SCRIPTS, []).query("limit", 25).query("archived", archived);
    let call = call.query_some("kind", asked.some("kind")).query_some("cursor", asked.some("cursor"));
    let list: List<Script> = call.read().await?;
    let mut body = Body::new();
    body.say(
        "Texters choose answers from these texts. First texts and reminders are kept here for those who write goals.",
    );
    if desk.is_organization_admin() {
        body.links(&[Link::main(desk.at("/library/new"), "Add a text")]);
    }
    body.form(
        &Form::asking("find", desk.at("/library"), "Show")
            .add(
                Field::choice("kind", "What it is for", kinds(Some((String::new(), "Anything".to_owned()))))
                    .value(asked.get("kind")),
            )
            .add(Field::tick("archived", "Those that were put away", archived)),
    );
    let empty =
        if archived { "No text was put away." } else { "There is no text yet. Add one that is asked for often." };
    let mut table = Table::new("Texts", &["Name", "What it is for", "The text"], empty);
    for script in &list.items {
        let begin: String = script.script.chars().take(SHOWN).collect();
        let dots = if script.script.chars().count() > SHOWN { "…" } else { "" };
        table.row(vec![
            Cell::link(desk.at(&format!("/library/{}", script.id)), &script.name),
            Cell::text(states::name::<ScriptKind>(&script.kind)),
            Cell::text(format!("{begin}{dots}")),
        ]);
    }
    let archived = if archived { "on" } else { "" };
    table.more(list.next.map(|next| {
        let kept = [("kind", asked.get("kind")), ("archived", archived), ("cursor", &next)];
        desk.at(&format!("/library?{}", crate::app::query(&kept)))
    }));
    body.table(&table);
    Ok(desk.page("Library of texts", "library", body))
}

/// Adds the fields that a new text and a known one have.
fn words(form: Form, now: &Script) -> Form {
    form.add(
        Field::text("name", "Name")
            .value(&now.name)
            .needed()
            .at_most(u32::try_from(NAME_LIMIT).unwrap_or(u32::MAX))
            .hint("Texters see it in the list."),
    )
    .add(
        Field::area("script", "The text")
            .value(&now.script)
            .needed()
            .at_most(1600)
            .hint("{{first_name|there}} becomes the person's first name. A first text and a reminder say how to stop."),
    )
}

fn fresh(desk: &Desk, typed: &Fields, problem: Option<&Problem>) -> Body {
    let kind = typed.some("kind").map_or_else(|| ScriptKind::Response.to_string(), ToOwned::to_owned);
    let form = Form::new("script", desk.at("/library/new"), "Add it")
        .add(Field::hidden("key", typed.some("key").map_or_else(once, ToOwned::to_owned)))
        .add(Field::choice("kind", "What it is for", kinds(None)).value(kind));
    let form = words(form, &typed_script(typed)).back(desk.at("/library"));
    let mut body = Body::new();
    body.form(&desk.refused(form, problem));
    body
}

fn typed_script(typed: &Fields) -> Script {
    Script { name: typed.raw("name").to_owned(), script: typed.raw("script").to_owned(), ..Script::default() }
}

#[expect(clippy::needless_pass_by_value, reason = "a handler owns its extractors")]
fn new(desk: Desk) -> Ready<Response> {
    let mut body = Body::new();
    if desk.is_organization_admin() {
        body = fresh(&desk, &Fields::default(), None);
    } else {
        body.note(Tone::Plain, "Organization admins write these", "Ask one of them.");
    }
    ready(desk.page("Add a text", "library", body))
}

async fn make(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let wanted = json!({ "kind": fields.get("kind"), "name": fields.get("name"), "script": fields.raw("script") });
    match desk.call(&operations::NEW_SCRIPT, []).json(&wanted).key(&key(fields.get("key"))).done().await {
        Ok(()) => Ok(desk.done("/library", "It is in the library.")),
        Err(problem) if problem.is_of_the_input() => {
            let body = fresh(&desk, &fields, Some(&problem));
            Ok(desk.wrong(&problem, "Add a text", "library", body))
        }
        Err(problem) => Err(problem),
    }
}

fn known(desk: &Desk, script: &Script, etag: &str, problem: Option<&Problem>) -> Body {
    let mut body = Body::new();
    body.facts(&[("What it is for".to_owned(), Cell::text(states::name::<ScriptKind>(&script.kind)))]);
    if script.archived_at.is_some() {
        body.note(Tone::Plain, "It is put away", "Nobody is offered it. You can take it back below.");
    }
    if !desk.is_organization_admin() {
        let text = Bubble { is_theirs: false, head: String::new(), body: script.script.clone(), foot: String::new() };
        body.texts(&[text]).links(&[Link::new(desk.at("/library"), "All texts")]);
        return body;
    }
    let form = Form::new("script", desk.at(&format!("/library/{}", script.id)), "Save");
    let form = words(form.add(Field::hidden("etag", etag)), script).back(desk.at("/library"));
    body.form(&desk.refused(form, problem));
    body.say("Goals that were written with it keep the words that they have.");
    let action = desk.at(&format!("/library/{}/archive", script.id));
    body.act(&if script.archived_at.is_some() {
        Act::new("archive", action, "Take it back into use").with("do", "back")
    } else {
        let sure = "Nobody is offered it any more. You can take it back.";
        Act::new("archive", action, "Put it away").sure(sure).with("do", "away")
    });
    body
}

async fn show(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let found: Answer<Script> = desk.call(&operations::SCRIPT, [&ids.script_id]).answer().await?;
    let body = known(&desk, &found.body, found.etag.as_deref().unwrap_or_default(), None);
    Ok(desk.page(found.body.name, "library", body))
}

async fn save(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let edit = json!({ "name": fields.get("name"), "script": fields.raw("script") });
    let call = desk.call(&operations::EDIT_SCRIPT, [&ids.script_id]).json(&edit).if_match(fields.get("etag"));
    match call.done().await {
        Ok(()) => Ok(desk.done("/library", "Saved.")),
        Err(problem) if problem.is_of_the_input() => {
            let found: Answer<Script> = desk.call(&operations::SCRIPT, [&ids.script_id]).answer().await?;
            let Script { id, kind, archived_at, .. } = found.body;
            let shown = Script { id, kind, archived_at, ..typed_script(&fields) };
            let body = known(&desk, &shown, found.etag.as_deref().unwrap_or_default(), Some(&problem));
            Ok(desk.wrong(&problem, "Edit a text", "library", body))
        }
        Err(problem) => Err(problem),
    }
}

async fn archive(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let (operation, sentence) = match fields.get("do") {
        "back" => (&operations::UNARCHIVE_SCRIPT, "It is in use again."),
        _ => (&operations::ARCHIVE_SCRIPT, "It is put away."),
    };
    let done = desk.call(operation, [&ids.script_id]).done().await;
    desk.after(&format!("/library/{}", ids.script_id), done, sentence)
}
