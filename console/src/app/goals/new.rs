//! `…/goals/new`: the first step of a goal. It makes a draft, which the other steps edit.

use axum::response::Response;
use muster_domain::goals::goal::GoalType;
use serde::Deserialize;
use serde_json::json;

use crate::{
    app::{
        desk::{Desk, Group, group_options, key, once},
        goals::steps,
        kit::{Body, Field, Form, Link, Tone},
    },
    client::{Problem, operations::admin as operations},
    form::Fields,
    page::see,
    words::states::Plain,
};

#[derive(Deserialize)]
struct Made {
    id: String,
}

pub(crate) async fn show(desk: Desk) -> Result<Response, Problem> {
    let groups = desk.groups().await?;
    Ok(desk.page("Start a goal", "goals", content(&desk, &groups, &Fields::default(), None)))
}

fn content(desk: &Desk, groups: &[Group], fields: &Fields, problem: Option<&Problem>) -> Body {
    let mut body = Body::new();
    if groups.iter().all(|group| group.archived) {
        body.note(Tone::Warn, "First you need a group with people", "Import a file of people: it makes the group.");
        body.links(&[Link::main(desk.at("/imports/new"), "Import people")]);
        return body;
    }
    body.say(steps::told(0));
    let form = Form::new("goal", desk.at("/goals/new"), "Next: who gets it")
        .add(Field::hidden("key", fields.some("key").map_or_else(once, ToOwned::to_owned)))
        .add(Field::text("name", "Name").value(fields.raw("name")).needed().at_most(200).hint("Your texters see it."))
        .add(Field::choice("group_id", "Group of people", group_options(groups, None)).value(fields.get("group_id")));
    let form = purpose(form, fields).back(desk.at("/goals"));
    body.form(&desk.refused(form, problem));
    body
}

/// Adds a goal's purpose, and its day.
pub(crate) fn purpose(form: Form, fields: &Fields) -> Form {
    let types = GoalType::ALL.iter().map(|of| (of.to_string(), format!("{}: {}", of.english().what, of.english().why)));
    form.add(Field::choice("goal_type", "What is it for?", types.collect()).value(fields.get("goal_type")))
        .add(
            Field::line("date", "Day", "date")
                .value(fields.get("date"))
                .needed()
                .hint("The day of the event or the shift, or the day until which it matters."),
        )
        .add(
            Field::line("time", "Time it starts", "time")
                .value(fields.get("time"))
                .hint("Only for an event or a shift. It is the time on the clocks of the group."),
        )
}

/// Returns the day of a form, with its time where the goal's type has one, as the API takes it.
pub(crate) fn date(fields: &Fields) -> String {
    let day = fields.get("date");
    let has_time = GoalType::parse(fields.get("goal_type")).is_some_and(GoalType::has_time);
    fields.some("time").filter(|_| has_time).map_or_else(|| day.to_owned(), |time| format!("{day}T{time}"))
}

pub(crate) async fn make(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let goal = json!({ "name": fields.get("name"), "goal_type": fields.get("goal_type"), "date": date(&fields) });
    let new = json!({ "group_id": fields.get("group_id"), "goal": goal });
    let made: Result<Made, Problem> =
        desk.call(&operations::NEW_GOAL, []).json(&new).key(&key(fields.get("key"))).read().await;
    match made {
        Ok(made) => Ok(see(&desk.at(&format!("/goals/{}/who", made.id)))),
        Err(problem) if problem.is_of_the_input() => {
            let groups = desk.groups().await?;
            let body = content(&desk, &groups, &fields, Some(&problem));
            Ok(desk.wrong(&problem, "Start a goal", "goals", body))
        }
        Err(problem) => Err(problem),
    }
}
