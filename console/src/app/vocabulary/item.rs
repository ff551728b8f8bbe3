//! A tag or a field: its people, its name, its lock, and its end.

use axum::{extract::Path, response::Response};
use serde::Deserialize;
use serde_json::json;

use super::{Kind, list::reason, merge};
use crate::{
    app::{
        Ids,
        desk::{Desk, once},
        kit::{Act, Body, Cell, Field, Form, Link},
    },
    client::{Answer, Problem},
    form::Fields,
    pictures::number,
};

/// People that the API counts at most.
const COUNTED: i64 = 10_000;

#[derive(Debug, Deserialize)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) name: String,
    locked: bool,
    #[serde(default)]
    reason: bool,
    contacts: i64,
}

pub(super) async fn show(kind: &'static Kind, desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let found: Answer<Item> = desk.call(kind.one, [kind.id(&ids)]).answer().await?;
    let body = content(kind, &desk, &found, None).await?;
    Ok(desk.page(format!("{}: {}", kind.one_of, found.body.name), "tags", body))
}

pub(super) async fn content(
    kind: &'static Kind,
    desk: &Desk,
    found: &Answer<Item>,
    problem: Option<(&Problem, &str)>,
) -> Result<Body, Problem> {
    let item = &found.body;
    let people = if item.contacts >= COUNTED { format!("{} or more", number(COUNTED)) } else { number(item.contacts) };
    let mut body = Body::new();
    body.facts(&[("People with it".to_owned(), Cell::text(people))]);
    let mut links = vec![Link::new(desk.at(kind.path), format!("All {}", kind.title.to_lowercase()))];
    if kind.rename.is_none() && item.contacts > 0 {
        let conditions = crate::app::query(&[("tag", &item.name)]);
        links.insert(0, Link::main(desk.at(&format!("/people?{conditions}")), "See the people who have it"));
    }
    body.links(&links);
    if !desk.is_organization_admin() {
        return Ok(body);
    }
    let refused = |form: Form, of: &str| match problem {
        Some((problem, at)) if at == of => desk.refused(form, Some(problem)),
        _ => form,
    };
    let at = |rest: &str| desk.at(&format!("{}{rest}", kind.at(&item.id)));
    let form = Form::new("edit", at(""), "Save")
        .add(Field::hidden("etag", found.etag.clone().unwrap_or_default()))
        .add_some(kind.rename.is_none().then(|| Field::text("name", "Name").value(&item.name).needed().at_most(100)))
        .add(Field::tick("locked", kind.locked, item.locked))
        .add_some(kind.rename.is_none().then(|| reason(item.reason)));
    body.heading("Change it").form(&refused(form, "edit"));
    if kind.rename.is_some() {
        let form = Form::new("rename", at("/rename"), "Give it this name").add(Field::hidden("key", once())).add(
            Field::text("name", "New name")
                .value(&item.name)
                .needed()
                .at_most(200)
                .hint("Goals and texts that name it follow. It takes a moment when many people have it."),
        );
        body.form(&refused(form, "rename"));
    }
    if let Some(form) = merge::form(kind, desk, item).await? {
        let mut inner = Body::new();
        inner.say(kind.merging).form(&refused(form, "merge"));
        body.fold(kind.merge_it, &inner);
    }
    let sure = "Only one that no person has, and that nothing names, can be deleted.";
    body.act(&Act::new("delete", at("/delete"), "Delete it").sure(sure));
    Ok(body)
}

pub(super) async fn save(
    kind: &'static Kind,
    desk: Desk,
    Path(ids): Path<Ids>,
    fields: Fields,
) -> Result<Response, Problem> {
    let mut edit = json!({ "locked": fields.is_ticked("locked") });
    if kind.rename.is_none() {
        edit["name"] = json!(fields.get("name"));
        edit["reason"] = json!(fields.is_ticked("reason"));
    }
    let id = kind.id(&ids);
    match desk.call(kind.edit, [id]).json(&edit).if_match(fields.get("etag")).done().await {
        Ok(()) => Ok(desk.done(&kind.at(id), "Saved.")),
        Err(problem) if problem.is_of_the_input() => again(kind, &desk, id, "edit", &problem).await,
        Err(problem) => Err(problem),
    }
}

/// Shows the page again, with a refusal in one of its forms.
pub(super) async fn again(
    kind: &'static Kind,
    desk: &Desk,
    id: &str,
    form: &str,
    problem: &Problem,
) -> Result<Response, Problem> {
    let found: Answer<Item> = desk.call(kind.one, [id]).answer().await?;
    let body = content(kind, desk, &found, Some((problem, form))).await?;
    Ok(desk.wrong(problem, format!("{}: {}", kind.one_of, found.body.name), "tags", body))
}

pub(super) async fn delete(kind: &'static Kind, desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let id = kind.id(&ids);
    match desk.call(kind.delete, [id]).done().await {
        Ok(()) => Ok(desk.done(kind.path, "It is deleted.")),
        refused => desk.after(&kind.at(id), refused, ""),
    }
}
