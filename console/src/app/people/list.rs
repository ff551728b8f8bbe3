//! `…/people`: people by search, and the way to do something with all that match.

use axum::{extract::RawQuery, response::Response};
use muster_domain::people::filter::ContactStatus;
use serde::Deserialize;

use crate::{
    app::{
        desk::{Desk, Group, group_name},
        kit::{Body, Cell, Field, Form, Link, Table, Tone},
    },
    client::{Call, List, Problem, operations::admin as operations},
    form::Fields,
    words::states::Plain,
};

/// Conditions of the search, by their names in the API.
pub(crate) const CONDITIONS: [&str; 6] = ["name", "phone", "tag", "group_id", "status", "without_tag"];

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) phone: Option<String>,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) tags: Vec<String>,
    pub(crate) line_type: String,
    pub(crate) opted_out_at: Option<String>,
    pub(crate) redacted_at: Option<String>,
    pub(crate) memberships: Vec<Membership>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Membership {
    pub(crate) group_id: String,
    pub(crate) active: bool,
    pub(crate) assigned_agent_id: Option<String>,
}

/// Returns whether a person can be texted, as a page shows it.
pub(crate) fn standing(person: &Person) -> Cell {
    let status = if person.redacted_at.is_some() {
        ContactStatus::Redacted
    } else if person.opted_out_at.is_some() {
        ContactStatus::OptedOut
    } else if matches!(person.line_type.as_str(), "landline" | "invalid") {
        ContactStatus::NotTextable
    } else if person.memberships.iter().any(|one| one.active) {
        ContactStatus::Active
    } else {
        ContactStatus::Deactivated
    };
    let tone = if status == ContactStatus::Active { Tone::Good } else { Tone::Warn };
    Cell::state(tone, &status.english())
}

/// Adds the conditions of a search to a request.
pub(crate) fn conditions<'c>(call: Call<'c>, asked: &Fields) -> Call<'c> {
    CONDITIONS.iter().fold(call, |call, name| call.query_some(name, asked.some(name)))
}

pub(crate) async fn show(desk: Desk, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let groups = desk.groups().await?;
    // A name that few have is looked for among all people, which takes longer than a page may.
    let is_later = asked.some("name").is_some();
    let found = if is_later { Ok(None) } else { found(&desk, &asked).await.map(Some) };
    let mut body = Body::new();
    body.links(&[
        Link::main(desk.at("/people/new"), "Add a person"),
        Link::new(desk.at("/imports/new"), "Import people"),
    ]);
    let any = || (String::new(), "Any".to_owned());
    let all_groups = groups.iter().map(|group| (group.id.clone(), group.name.clone()));
    let statuses = ContactStatus::ALL.iter().map(|status| (status.to_string(), status.english().what.to_owned()));
    let mut form = Form::asking("find", desk.at("/people"), "Find")
        .add(Field::line("name", "Name", "search").value(asked.get("name")))
        .add(Field::line("phone", "Phone", "tel").value(asked.get("phone")))
        .add(
            Field::choice("group_id", "Group", std::iter::once(any()).chain(all_groups).collect())
                .value(asked.get("group_id")),
        )
        .add(Field::text("tag", "Tag").value(asked.get("tag")))
        .add(
            Field::choice("status", "Standing", std::iter::once(any()).chain(statuses).collect())
                .value(asked.get("status")),
        );
    let list = match found {
        Ok(list) => list,
        Err(problem) if problem.is_of_the_input() => {
            form = desk.refused(form, Some(&problem));
            body.form(&form);
            return Ok(desk.wrong(&problem, "People", "people", body));
        }
        Err(problem) => return Err(problem),
    };
    body.form(&form);
    if let Some(list) = list {
        listed(&desk, &groups, &asked, list, &mut body);
    } else {
        let kept: Vec<_> = CONDITIONS.iter().chain(&["cursor"]).map(|name| (*name, asked.get(name))).collect();
        body.later("found", &desk.at(&format!("/people/found?{}", crate::app::query(&kept))), &Body::new());
    }
    Ok(desk.page("People", "people", body))
}

/// The people that a search finds, after its page.
pub(crate) async fn part(desk: Desk, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let groups = desk.groups().await?;
    let mut body = Body::new();
    match found(&desk, &asked).await {
        Ok(list) => listed(&desk, &groups, &asked, list, &mut body),
        Err(problem) if problem.is_of_the_input() => {
            body.note(Tone::Warn, "This cannot be searched for", desk.sentence(&problem));
        }
        Err(problem) => return Err(problem),
    }
    Ok(Desk::part(body))
}

async fn found(desk: &Desk, asked: &Fields) -> Result<List<Person>, Problem> {
    let call = desk.call(&operations::CONTACTS, []).query("limit", 25).query_some("cursor", asked.some("cursor"));
    conditions(call, asked).read().await
}

/// Adds the people of a page, and the way to do something with all that match.
fn listed(desk: &Desk, groups: &[Group], asked: &Fields, list: List<Person>, body: &mut Body) {
    let kept: Vec<_> = CONDITIONS.iter().map(|name| (*name, asked.get(name))).collect();
    let conditions = crate::app::query(&kept);
    if !conditions.is_empty() && !list.items.is_empty() {
        body.links(&[Link::new(desk.at(&format!("/bulk/new?{conditions}")), "Do something with all of them")]);
    }
    let empty = if conditions.is_empty() {
        "There is nobody yet. Import a file of people, or add one person."
    } else {
        "Nobody matches. Try fewer conditions: a part of the name is enough."
    };
    let mut table = Table::new("People", &["Name", "Phone", "Standing", "Groups", "Tags"], empty);
    for person in &list.items {
        let name = crate::app::name(&person.first_name, &person.last_name);
        let groups: Vec<_> = person.memberships.iter().map(|one| group_name(groups, &one.group_id)).collect();
        table.row(vec![
            Cell::link(desk.at(&format!("/people/{}", person.id)), name),
            Cell::some(person.phone.as_deref().map(crate::app::phone).as_deref()),
            standing(person),
            Cell::text(groups.join(", ")),
            Cell::text(person.tags.join(", ")),
        ]);
    }
    table.more(list.next.map(|next| {
        desk.at(&format!(
            "/people?{}cursor={next}",
            if conditions.is_empty() { String::new() } else { format!("{conditions}&") }
        ))
    }));
    body.table(&table);
}
