//! `…/audit`: acts, with their member and their instant.

use std::collections::BTreeMap;

use axum::{Router, extract::RawQuery, response::Response, routing::get};
use muster_domain::{
    tenancy::role::Role,
    trust::audit::{PrincipalKind, Via},
};
use serde::Deserialize;

use crate::{
    Console,
    app::{
        desk::Desk,
        kit::{Body, Cell, Field, Form, Table, Tone},
    },
    client::{List, Problem, operations::admin as operations},
    form::Fields,
    words::states,
};

#[derive(Deserialize)]
struct Entry {
    at: String,
    principal: String,
    member_id: Option<String>,
    role: Option<String>,
    operator: Option<String>,
    via: String,
    operation: String,
    records: Vec<Record>,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Record {
    kind: String,
    id: String,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Entry>,
    next: Option<i64>,
}

#[derive(Deserialize)]
struct Member {
    id: String,
    first_name: String,
    last_name: String,
}

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new().route("/audit", get(show))
}

async fn show(desk: Desk, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let mut body = Body::new();
    if !desk.is_organization_admin() {
        body.note(Tone::Plain, "Organization admins see this", "Ask one of them.");
        return Ok(desk.page("What was done", "audit", body));
    }
    let members: List<Member> = desk.call(&operations::MEMBERS, []).query("limit", 500).read().await?;
    let names: BTreeMap<_, _> = members
        .items
        .into_iter()
        .map(|member| (member.id, crate::app::name(&member.first_name, &member.last_name)))
        .collect();
    let call = desk.call(&operations::AUDIT, []).query("limit", 50);
    let call = ["member_id", "cursor"].iter().fold(call, |call, name| call.query_some(name, asked.some(name)));
    let page: Page = call.read().await?;
    body.say("Every change is kept here, and nobody can take one out.");
    let any = (String::new(), "Anybody".to_owned());
    let people = names.iter().map(|(id, name)| (id.clone(), name.clone()));
    let form = Form::asking("find", desk.at("/audit"), "Show");
    body.form(&form.add(
        Field::choice("member_id", "Who", std::iter::once(any).chain(people).collect()).value(asked.get("member_id")),
    ));
    let heads = ["When", "Who", "What", "How", "Reason"];
    let mut table = Table::new("What was done", &heads, "Nothing was done yet by these people.");
    for entry in &page.items {
        table.row(vec![
            Cell::Time(entry.at.clone()),
            who(&desk, entry, &names),
            what(&desk, entry),
            Cell::text(states::name::<Via>(&entry.via)),
            Cell::some(entry.reason.as_deref()),
        ]);
    }
    table.more(page.next.map(|next| {
        let next = next.to_string();
        desk.at(&format!("/audit?{}", crate::app::query(&[("member_id", asked.get("member_id")), ("cursor", &next)])))
    }));
    body.table(&table);
    Ok(desk.page("What was done", "audit", body))
}

fn who(desk: &Desk, entry: &Entry, names: &BTreeMap<String, String>) -> Cell {
    let role = entry.role.as_deref().map(states::name::<Role>);
    match (&entry.member_id, &entry.operator) {
        (Some(id), _) => {
            let name = names.get(id).map_or(role.unwrap_or("A member"), String::as_str);
            Cell::link(desk.at(&format!("/team/{id}")), name)
        }
        (None, Some(operator)) => Cell::text(operator),
        (None, None) => Cell::text(states::name::<PrincipalKind>(&entry.principal)),
    }
}

/// Returns an act in words: the operation's name, and a way to its record where there is a page.
fn what(desk: &Desk, entry: &Entry) -> Cell {
    let words = entry.operation.replace('_', " ");
    let mut letters = words.chars();
    let words: String = letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
    let page = entry.records.iter().find_map(|record| {
        let folder = match record.kind.as_str() {
            "goal" => "goals",
            "contact" => "people",
            "import" => "imports",
            "member" => "team",
            "group" => "groups",
            "export" => "exports",
            "campaign" => "campaigns",
            _ => return None,
        };
        Some(desk.at(&format!("/{folder}/{}", record.id)))
    });
    page.map_or_else(|| Cell::text(words.clone()), |page| Cell::link(page, words.clone()))
}
