//! `…/compliance/retention`: times after which records leave, and records that would leave now or
//! have left.

use std::collections::BTreeMap;

use axum::response::Response;
use muster_domain::trust::retention::RetentionStep;
use serde::Deserialize;

use super::ways;
use crate::{
    app::{
        desk::Desk,
        kit::{Body, Cell, Link, Table, Tone},
    },
    client::{List, Problem, operations::admin as operations},
    form::Query,
    pictures::number,
    words::states,
};

#[derive(Deserialize)]
struct Retention {
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    step: String,
    days: Option<i64>,
    would_leave: i64,
}

#[derive(Deserialize)]
struct Run {
    step: String,
    counts: BTreeMap<String, i64>,
    left_alone: i64,
    began_at: String,
    finished_at: Option<String>,
}

#[derive(Deserialize)]
struct Person {
    id: String,
    first_name: String,
    last_name: String,
}

pub(super) async fn show(desk: Desk, Query(asked): Query) -> Result<Response, Problem> {
    let mut body = Body::new();
    body.links(&ways(&desk));
    if !desk.is_organization_admin() {
        body.note(Tone::Plain, "Organization admins see this", "Ask one of them.");
        return Ok(desk.page("How long records stay", "compliance", body));
    }
    if desk.is_account_admin() {
        preview(&desk, &mut body).await?;
    } else {
        body.say("Account admins see what would leave now.");
    }
    body.links(&[Link::new(desk.at("/settings"), "Change the times in Settings")]);
    let call = desk.call(&operations::RETENTION_RUNS, []).query("limit", 25);
    let runs: List<Run> = call.query_some("cursor", asked.some("cursor")).read().await?;
    let heads = ["Began", "State", "Left", "Kept after all", "Finished"];
    let empty = "Nothing has left yet. Each night, what is older than your times leaves.";
    let mut table = Table::new("What has left so far", &heads, empty);
    for run in &runs.items {
        let is_over = RetentionStep::parse(&run.step) == Some(RetentionStep::Done);
        let state = if is_over { (Tone::Good, "Done") } else { (Tone::Plain, "Going on") };
        let left = run.counts.iter().filter(|(_, count)| **count > 0);
        let left: Vec<_> =
            left.map(|(step, count)| format!("{}: {}", states::name::<RetentionStep>(step), number(*count))).collect();
        table.row(vec![
            Cell::Time(run.began_at.clone()),
            Cell::State { tone: state.0, what: state.1.to_owned(), why: String::new() },
            Cell::text(if left.is_empty() { "Nothing".to_owned() } else { left.join("; ") }),
            Cell::Number(run.left_alone),
            Cell::time(run.finished_at.as_deref()),
        ]);
    }
    table.more(
        runs.next.map(|next| desk.at(&format!("/compliance/retention?{}", crate::app::query(&[("cursor", &next)])))),
    );
    body.heading("What has left").table(&table);
    Ok(desk.page("How long records stay", "compliance", body))
}

/// Adds the records that would leave if it were done now.
async fn preview(desk: &Desk, body: &mut Body) -> Result<(), Problem> {
    let retention: Retention = desk.call(&operations::RETENTION, []).read().await?;
    let heads = ["What leaves", "After", "Would leave now", "What it means"];
    let mut table = Table::new("How long records stay", &heads, "Everything stays.");
    for step in &retention.steps {
        let words = states::of_word::<RetentionStep>(&step.step);
        let after = step.days.map_or_else(|| "Never".to_owned(), |days| format!("{} days", number(days)));
        table.row(vec![
            Cell::text(words.what),
            Cell::text(after),
            Cell::Number(step.would_leave),
            Cell::text(words.why),
        ]);
    }
    body.table(&table);
    body.links(&[Link::new(desk.at("/compliance/retention/people"), "See the people who would be erased now")]);
    Ok(())
}

/// The people that would be erased if it were done now.
pub(super) async fn people(desk: Desk, Query(asked): Query) -> Result<Response, Problem> {
    let mut body = Body::new();
    if !desk.is_account_admin() {
        body.note(Tone::Plain, "Account admins see this", "Ask one of them.");
        return Ok(desk.page("People who would be erased", "compliance", body));
    }
    let call = desk.call(&operations::RETENTION_CONTACTS, []).query("limit", 50);
    let list: List<Person> = call.query_some("cursor", asked.some("cursor")).read().await?;
    body.links(&[Link::new(desk.at("/compliance/retention"), "How long records stay")]);
    body.say("They were not in touch for longer than your times say. The oldest stand first.");
    let mut table = Table::new("People who would be erased now", &["Person"], "Nobody would be erased now.");
    for person in &list.items {
        let name = crate::app::name(&person.first_name, &person.last_name);
        table.row(vec![Cell::link(desk.at(&format!("/people/{}", person.id)), name)]);
    }
    table.more(
        list.next
            .map(|next| desk.at(&format!("/compliance/retention/people?{}", crate::app::query(&[("cursor", &next)])))),
    );
    body.table(&table);
    Ok(desk.page("People who would be erased", "compliance", body))
}
