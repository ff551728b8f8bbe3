//! `…/people/{id}/why`: why a person was or was not texted in a goal, step by step, with
//! the acts that would change it.

use axum::{
    extract::{Path, RawQuery},
    response::Response,
};
use serde::Deserialize;

use crate::{
    app::{
        Ids,
        desk::Desk,
        goals::{answer::Goal, needs, place},
        kit::{Body, Cell, Field, Form, Link, Table, Told, Tone},
        people::card,
        when,
    },
    client::{List, Problem, operations::admin as operations},
    form::Fields,
    words::states,
};

#[derive(Deserialize)]
struct Why {
    texted: bool,
    reasons: Vec<Reason>,
    filters: Vec<Filter>,
    automations: Vec<Run>,
}

#[derive(Deserialize)]
struct Reason {
    at: Option<String>,
    what: String,
    detail: Option<String>,
}

#[derive(Deserialize)]
struct Filter {
    filter: String,
    passes: bool,
    needs: String,
}

#[derive(Deserialize)]
struct Run {
    at: String,
    name: Option<String>,
    actions: Vec<Done>,
}

#[derive(Deserialize)]
struct Done {
    action: String,
    outcome: String,
}

/// Goals that are offered to ask about.
const GOALS: u32 = 200;

pub(crate) async fn show(desk: Desk, Path(ids): Path<Ids>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let person = card::card(&desk, &ids.contact_id).await?.body.person;
    let goals: List<Goal> = desk.call(&operations::GOALS, []).query("limit", GOALS).read().await?;
    let name = crate::app::name(&person.first_name, &person.last_name);
    let mut body = Body::new();
    body.links(&[Link::new(desk.at(&format!("/people/{}", person.id)), "Back to the card")]);
    if goals.items.is_empty() {
        body.say("There is no goal yet, so nobody was texted.");
        return Ok(desk.page(format!("Why? {name}"), "people", body));
    }
    let chosen = asked
        .some("goal_id")
        .or_else(|| goals.items.last().map(|goal| goal.id.as_str()))
        .unwrap_or_default()
        .to_owned();
    let options = goals.items.iter().rev().map(|goal| (goal.id.clone(), goal.name.clone()));
    let form = Form::asking("goal", desk.at(&format!("/people/{}/why", person.id)), "Ask");
    body.form(&form.add(Field::choice("goal_id", "About the goal", options.collect()).value(&chosen)));
    let why: Why = desk.call(&operations::WHY, [&ids.contact_id]).query("goal_id", &chosen).read().await?;
    told(&why, &mut body);
    Ok(desk.page(format!("Why? {name}"), "people", body))
}

fn told(why: &Why, body: &mut Body) {
    let last = why.reasons.last().map(|reason| states::why(&reason.what, reason.detail.as_deref()));
    let because = last.map_or_else(String::new, |last| format!("{}: {} {}", last.what, last.why, last.now));
    if why.texted {
        body.note(Tone::Good, "Yes, this person was texted", because);
    } else {
        body.note(Tone::Warn, "No, this person was not texted", because);
    }
    body.heading("What happened");
    let steps = why.reasons.iter().map(|reason| {
        let states::Told { what, why, now, until } = states::why(&reason.what, reason.detail.as_deref());
        let why = match until {
            Some(until) => format!("{why} Until {}.", when::utc(&until)),
            None => why,
        };
        Told { at: reason.at.clone(), what, why, now }
    });
    body.story(&steps.collect::<Vec<_>>());
    if !why.filters.is_empty() {
        body.heading("The goal's conditions, by what is known of the person now");
        let mut table = Table::new("Conditions", &["Condition", "Fits", "What it takes"], "");
        for filter in &why.filters {
            let (tone, fits) = if filter.passes { (Tone::Good, "Yes") } else { (Tone::Bad, "No") };
            let fits = Cell::State { tone, what: fits.to_owned(), why: String::new() };
            table.row(vec![Cell::text(place(&filter.filter)), fits, Cell::text(needs(&filter.filter, &filter.needs))]);
        }
        body.table(&table);
        body.say("People are chosen when a goal is launched. A change now counts for the next goal.");
    }
    if !why.automations.is_empty() {
        body.heading("Automatic answers to their texts");
        let mut table = Table::new("Automatic answers", &["When", "Which", "What it did"], "");
        for run in &why.automations {
            let done = run
                .actions
                .iter()
                .map(|done| format!("{}: {}", done.action.replace('_', " "), states::automation(&done.outcome).what));
            table.row(vec![
                Cell::Time(run.at.clone()),
                Cell::text(run.name.as_deref().unwrap_or("One that was deleted")),
                Cell::text(done.collect::<Vec<_>>().join("; ")),
            ]);
        }
        body.table(&table);
    }
}
