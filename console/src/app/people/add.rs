//! `…/people/new`: one person more.

use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use crate::{
    app::{
        desk::{Desk, group_options, key, once},
        kit::{Body, Field, Form, Link, Tone},
    },
    client::{Problem, operations::admin as operations},
    form::Fields,
};

#[derive(Deserialize)]
struct Saved {
    id: String,
    outcome: String,
}

pub(crate) async fn show(desk: Desk) -> Result<Response, Problem> {
    let body = content(&desk, &Fields::default(), None).await?;
    Ok(desk.page("Add a person", "people", body))
}

async fn content(desk: &Desk, typed: &Fields, problem: Option<&Problem>) -> Result<Body, Problem> {
    let groups = desk.groups().await?;
    let mut body = Body::new();
    let options = group_options(&groups, None);
    if options.is_empty() {
        body.note(
            Tone::Warn,
            "First you need a group",
            "People are in groups, and goals text the people of a \
            group.",
        );
        body.links(&[Link::main(desk.at("/groups/new"), "Make a group")]);
        return Ok(body);
    }
    let form = Form::new("add", desk.at("/people/new"), "Add")
        .add(Field::hidden("key", typed.some("key").map_or_else(once, ToOwned::to_owned)))
        .add(
            Field::line("phone", "Mobile number", "tel")
                .value(typed.raw("phone"))
                .needed()
                .hint("Ten digits, as you like to write them."),
        )
        .add(Field::text("first_name", "First name").value(typed.raw("first_name")).needed())
        .add(Field::text("last_name", "Last name").value(typed.raw("last_name")))
        .add(Field::choice("group_id", "Group", options).value(typed.get("group_id")))
        .add(Field::text("tags", "Tags").value(typed.raw("tags")).hint("Part them by commas."))
        .add(Field::area("consent_text", "The words by which they agreed to texts").value(typed.raw("consent_text")))
        .back(desk.at("/people"));
    body.form(&desk.refused(form, problem));
    Ok(body)
}

pub(crate) async fn save(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let tags: Vec<_> = fields.get("tags").split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect();
    let person = json!({
        "phone": fields.get("phone"),
        "group_id": fields.get("group_id"),
        "first_name": fields.get("first_name"),
        "last_name": fields.get("last_name"),
        "tags": tags,
        "consent_text": fields.some("consent_text"),
    });
    let call = desk.call(&operations::SAVE_CONTACT, []).json(&person).key(&key(fields.get("key")));
    let saved: Result<Saved, Problem> = call.read().await;
    match saved {
        Ok(saved) => {
            let words = crate::words::states::of_word::<muster_domain::people::contact::SaveOutcome>(&saved.outcome);
            Ok(desk.done(&format!("/people/{}", saved.id), words.why))
        }
        Err(problem) if problem.is_of_the_input() => {
            let body = content(&desk, &fields, Some(&problem)).await?;
            Ok(desk.wrong(&problem, "Add a person", "people", body))
        }
        Err(problem) => Err(problem),
    }
}
