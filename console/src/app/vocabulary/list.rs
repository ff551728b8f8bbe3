//! The list of tags or fields, with the form that makes one.

use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::{FIELDS, Kind, TAGS};
use crate::{
    app::{
        desk::{Desk, key, once},
        kit::{Body, Cell, Field, Form, Link, Table, Tone},
    },
    client::{List, Problem},
    form::{Fields, Query},
    page::see,
};

#[derive(Deserialize)]
struct Item {
    id: String,
    name: String,
    locked: bool,
    #[serde(default)]
    reason: bool,
}

#[derive(Deserialize)]
struct Made {
    id: String,
}

pub(super) async fn show(kind: &'static Kind, desk: Desk, Query(asked): Query) -> Result<Response, Problem> {
    let body = content(kind, &desk, &asked, &Fields::default(), None).await?;
    Ok(desk.page(kind.title, "tags", body))
}

async fn content(
    kind: &Kind,
    desk: &Desk,
    asked: &Fields,
    typed: &Fields,
    problem: Option<&Problem>,
) -> Result<Body, Problem> {
    let call = desk.call(kind.list, []).query("limit", 50).query_some("search", asked.some("search"));
    let list: List<Item> = call.query_some("cursor", asked.some("cursor")).read().await?;
    let mut body = Body::new();
    body.links(&[Link::new(desk.at(TAGS.path), TAGS.title), Link::new(desk.at(FIELDS.path), FIELDS.title)]);
    body.say(kind.about);
    body.form(
        &Form::asking("find", desk.at(kind.path), "Find")
            .add(Field::line("search", "Words of its name", "search").value(asked.get("search"))),
    );
    let mut table = Table::new(kind.title, &["Name", "Marks"], kind.empty);
    for item in &list.items {
        let marks = [(item.locked, "Only admins"), (item.reason, "A reason that texters give")];
        let marks: Vec<_> = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
        table.row(vec![Cell::link(desk.at(&kind.at(&item.id)), &item.name), Cell::some(Some(&marks.join(", ")))]);
    }
    table.more(list.next.map(|next| {
        let kept = crate::app::query(&[("search", asked.get("search")), ("cursor", &next)]);
        desk.at(&format!("{}?{kept}", kind.path))
    }));
    body.table(&table);
    if !desk.is_organization_admin() {
        body.note(Tone::Plain, "Organization admins make and change these", "Ask one of them.");
        return Ok(body);
    }
    body.heading(kind.make_it);
    let form = Form::new("new", desk.at(kind.path), kind.make_it)
        .add(Field::hidden("key", once()))
        .add(Field::text("name", "Name").value(typed.raw("name")).needed().at_most(100))
        .add(Field::tick("locked", kind.locked, typed.is_ticked("locked")))
        .add_some(kind.rename.is_none().then(|| reason(typed.is_ticked("reason"))));
    body.form(&desk.refused(form, problem));
    Ok(body)
}

/// Returns the mark of a tag that texters choose from.
pub(super) fn reason(is_ticked: bool) -> Field {
    Field::tick("reason", "Texters can give it as the reason why somebody stopped texts or was passed over", is_ticked)
}

pub(super) async fn make(kind: &'static Kind, desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let mut wanted = json!({ "name": fields.get("name"), "locked": fields.is_ticked("locked") });
    if kind.rename.is_none() {
        wanted["reason"] = json!(fields.is_ticked("reason"));
    }
    let made: Result<Made, Problem> = desk.call(kind.make, []).json(&wanted).key(&key(fields.get("key"))).read().await;
    match made {
        Ok(made) => Ok(see(&desk.at(&kind.at(&made.id)))),
        Err(problem) if problem.is_of_the_input() => {
            let body = content(kind, &desk, &Fields::default(), &fields, Some(&problem)).await?;
            Ok(desk.wrong(&problem, kind.title, "tags", body))
        }
        Err(problem) => Err(problem),
    }
}
