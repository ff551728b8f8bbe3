//! `…/people/{id}/edit`: names, address, notes, tags and fields of a person.

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use serde_json::json;

use crate::{
    app::{
        Ids,
        desk::Desk,
        kit::{Body, Field, Form},
        people::card::{self, Card},
    },
    client::{Answer, Problem, operations::admin as operations},
    form::Fields,
};

pub(crate) async fn show(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let card = card::card(&desk, &ids.contact_id).await?;
    let mut body = Body::new();
    body.form(&form(&desk, &card, None));
    Ok(desk.page(title(&card.body), "people", body))
}

fn title(card: &Card) -> String {
    format!("Edit {}", crate::app::name(&card.person.first_name, &card.person.last_name))
}

fn form(desk: &Desk, card: &Answer<Card>, typed: Option<&Fields>) -> Form {
    let Answer { body: card, etag, .. } = card;
    let person = &card.person;
    let at = desk.at(&format!("/people/{}", person.id));
    let value = |name: &str, now: &str| typed.map_or(now, |typed| typed.raw(name)).to_owned();
    let some = |name: &str, now: Option<&String>| value(name, now.map_or("", String::as_str));
    let shown = typed.map_or_else(|| etag.clone().unwrap_or_default(), |typed| typed.raw("etag").to_owned());
    let mut form = Form::new("edit", format!("{at}/edit"), "Save")
        .add(Field::hidden("etag", shown))
        .add(Field::text("first_name", "First name").value(value("first_name", &person.first_name)))
        .add(Field::text("last_name", "Last name").value(value("last_name", &person.last_name)))
        .add(Field::line("email", "Email", "email").value(some("email", card.email.as_ref())))
        .add(
            Field::text("postal_code", "Postal code")
                .value(some("postal_code", card.postal_code.as_ref()))
                .hint("It tells at which hours the person may be texted."),
        )
        .add(Field::text("tags", "Tags").value(value("tags", &person.tags.join(", "))).hint("Part them by commas."))
        .add(Field::area("notes", "Notes for texters").value(some("notes", card.notes.as_ref())))
        .add(Field::text("external_id", "Your own id").value(some("external_id", card.external_id.as_ref())));
    for (name, now) in &card.fields {
        form = form.add(Field::text(&format!("field.{name}"), name).value(value(&format!("field.{name}"), now)));
    }
    form.back(at)
}

pub(crate) async fn save(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let tags: Vec<_> = fields.get("tags").split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect();
    let custom: BTreeMap<_, _> =
        fields.under("field.").map(|(name, value)| (name, Some(value).filter(|value| !value.is_empty()))).collect();
    let edit = json!({
        "first_name": fields.get("first_name"),
        "last_name": fields.get("last_name"),
        "email": fields.some("email"),
        "postal_code": fields.some("postal_code"),
        "notes": fields.some("notes"),
        "external_id": fields.some("external_id"),
        "tags": tags,
        "fields": custom,
    });
    let call = desk.call(&operations::EDIT_CONTACT, [&ids.contact_id]).json(&edit).if_match(fields.get("etag"));
    match call.done().await {
        Ok(()) => Ok(desk.done(&format!("/people/{}", ids.contact_id), "Saved.")),
        Err(problem) if problem.is_of_the_input() => {
            let card = card::card(&desk, &ids.contact_id).await?;
            let mut body = Body::new();
            body.form(&desk.refused(form(&desk, &card, Some(&fields)), Some(&problem)));
            Ok(desk.wrong(&problem, title(&card.body), "people", body))
        }
        Err(problem) => Err(problem),
    }
}
