//! `…/forms`: pages on which people sign up by themselves.

use axum::{Router, extract::Path, response::Response, routing::get};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Console,
    app::{
        Ids,
        desk::{Desk, Group, group_name, group_options, key, once},
        kit::{Body, Cell, Field, Form, Link, Table, Tone},
    },
    client::{List, Problem, operations::admin as operations},
    form::Fields,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SignUp {
    id: String,
    group_id: String,
    title: String,
    consent_text: String,
    questions: Vec<Question>,
    tag_ids: Vec<String>,
    allowed_origins: Vec<String>,
    sign_ups_an_hour: u32,
    sign_ups_an_hour_and_client: u32,
    active: bool,
    url: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Question {
    field: String,
    label: Option<String>,
    required: bool,
}

/// Questions that the form has room for.
const ROWS: usize = 5;

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/forms", get(list))
        .route("/forms/new", get(new).post(make))
        .route("/forms/{form_id}", get(show).post(save))
}

async fn list(desk: Desk) -> Result<Response, Problem> {
    let list: List<SignUp> = desk.call(&operations::FORMS, []).query("limit", 200).read().await?;
    let groups = desk.groups().await?;
    let mut body = Body::new();
    body.say(
        "People sign up by themselves on a page of yours, and agree to texts in your words, which are kept with \
            them.",
    );
    body.links(&[Link::main(desk.at("/forms/new"), "Make a form")]);
    let mut table = Table::new("Sign-up forms", &["Form", "On", "Group", "Address"], "There is none yet.");
    for form in &list.items {
        let (tone, on) = if form.active { (Tone::Good, "On") } else { (Tone::Plain, "Off") };
        table.row(vec![
            Cell::link(desk.at(&format!("/forms/{}", form.id)), &form.title),
            Cell::State { tone, what: on.to_owned(), why: String::new() },
            Cell::text(group_name(&groups, &form.group_id)),
            Cell::text(&form.url),
        ]);
    }
    body.table(&table);
    Ok(desk.page("Sign-up forms", "forms", body))
}

fn form(desk: &Desk, path: &str, now: &SignUp, groups: &[Group]) -> Form {
    let mut form = Form::new("form", desk.at(path), "Save")
        .add(Field::hidden("key", once()))
        .add(Field::text("title", "Title").value(&now.title).needed())
        .add(Field::choice("group_id", "Group that they join", group_options(groups, None)).value(&now.group_id))
        .add(Field::area("consent_text", "The words by which they agree to texts").value(&now.consent_text).needed())
        .add(Field::tick("active", "It is on", now.active))
        .add(
            Field::area("allowed_origins", "Your web sites that may show it")
                .value(now.allowed_origins.join("\n"))
                .hint("One a line, such as https://example.org. Blank means only its own address."),
        );
    for nth in 0..ROWS.max(now.questions.len()) {
        let question = now.questions.get(nth);
        let number = nth + 1;
        form = form
            .add(
                Field::text(&format!("field.{nth}"), &format!("Question {number}: field"))
                    .value(question.map_or("", |one| one.field.as_str()))
                    .hint("Such as email, postal_code, or a field of yours."),
            )
            .add(
                Field::text(&format!("label.{nth}"), &format!("Question {number}: words"))
                    .value(question.and_then(|one| one.label.as_deref()).unwrap_or_default()),
            )
            .add(Field::tick(
                &format!("required.{nth}"),
                &format!("Question {number} must be answered"),
                question.is_some_and(|one| one.required),
            ));
    }
    form.back(desk.at("/forms"))
}

/// Returns the form of the page as the API takes it. Members that the page does not show stay.
fn read(fields: &Fields, before: &SignUp) -> Value {
    let questions = fields.under("field.").filter(|(_, field)| !field.is_empty()).map(|(nth, field)| {
        json!({
            "field": field,
            "label": fields.some(&format!("label.{nth}")),
            "required": fields.is_ticked(&format!("required.{nth}")),
        })
    });
    let origins: Vec<_> =
        fields.get("allowed_origins").lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut wanted = json!({
        "group_id": fields.get("group_id"),
        "title": fields.get("title"),
        "consent_text": fields.get("consent_text"),
        "questions": questions.collect::<Vec<_>>(),
        "tag_ids": before.tag_ids,
        "allowed_origins": origins,
        "active": fields.is_ticked("active"),
    });
    if before.sign_ups_an_hour > 0 {
        wanted["sign_ups_an_hour"] = json!(before.sign_ups_an_hour);
        wanted["sign_ups_an_hour_and_client"] = json!(before.sign_ups_an_hour_and_client);
    }
    wanted
}

fn typed(fields: &Fields, before: &SignUp) -> SignUp {
    serde_json::from_value(read(fields, before)).unwrap_or_default()
}

async fn new(desk: Desk) -> Result<Response, Problem> {
    let groups = desk.groups().await?;
    let mut body = Body::new();
    body.form(&form(&desk, "/forms/new", &SignUp { active: true, ..SignUp::default() }, &groups));
    Ok(desk.page("Make a form", "forms", body))
}

async fn make(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let before = SignUp::default();
    let call = desk.call(&operations::NEW_FORM, []).json(&read(&fields, &before)).key(&key(fields.get("key")));
    match call.done().await {
        Ok(()) => Ok(desk.done("/forms", "The form is made. Its address is in the list.")),
        Err(problem) if problem.is_of_the_input() => {
            let groups = desk.groups().await?;
            let mut body = Body::new();
            body.form(&desk.refused(form(&desk, "/forms/new", &typed(&fields, &before), &groups), Some(&problem)));
            Ok(desk.wrong(&problem, "Make a form", "forms", body))
        }
        Err(problem) => Err(problem),
    }
}

async fn show(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let sign_up: SignUp = desk.call(&operations::FORM, [&ids.form_id]).read().await?;
    let groups = desk.groups().await?;
    let mut body = Body::new();
    body.facts(&[("Its address".to_owned(), Cell::link(sign_up.url.clone(), sign_up.url.clone()))]);
    body.form(&form(&desk, &format!("/forms/{}", sign_up.id), &sign_up, &groups));
    body.links(&[Link::new(desk.at("/forms"), "All forms")]);
    Ok(desk.page(sign_up.title, "forms", body))
}

async fn save(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let before: SignUp = desk.call(&operations::FORM, [&ids.form_id]).read().await?;
    let call = desk.call(&operations::EDIT_FORM, [&ids.form_id]).json(&read(&fields, &before));
    match call.done().await {
        Ok(()) => Ok(desk.done("/forms", "Saved.")),
        Err(problem) if problem.is_of_the_input() => {
            let groups = desk.groups().await?;
            let mut body = Body::new();
            let path = format!("/forms/{}", ids.form_id);
            body.form(&desk.refused(form(&desk, &path, &typed(&fields, &before), &groups), Some(&problem)));
            Ok(desk.wrong(&problem, "Edit the form", "forms", body))
        }
        Err(problem) => Err(problem),
    }
}
