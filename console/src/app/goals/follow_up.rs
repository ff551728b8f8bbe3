//! `…/goals/{id}/follow-up`: a goal for people by their results in an earlier one. It makes a
//! draft, which the other steps edit.

use axum::{extract::Path, response::Response};
use muster_domain::goals::targeting::EarlierResult;
use serde::Deserialize;
use serde_json::json;

use crate::{
    app::{
        Ids,
        desk::{Desk, key, once},
        goals::{answer::Goal, new, steps},
        kit::{Body, Field, Form, Tone},
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

/// Returns the choice of results in an earlier goal.
pub(crate) fn results(typed: &Fields) -> Field {
    let results = EarlierResult::ALL.iter().map(|result| (result.to_string(), result.english().what.to_owned()));
    let boxes = Field::boxes("any_of", "People with at least one of these", results.collect());
    typed.all("any_of").fold(boxes, Field::value)
}

fn content(desk: &Desk, goal: &Goal, typed: &Fields, problem: Option<&Problem>) -> Body {
    let mut body = Body::new();
    if goal.is_draft() {
        body.note(Tone::Plain, "Nothing came of it yet", "Launch it first. What comes of it chooses the people here.");
        return body;
    }
    body.say(format!("A new goal in the same group, for people by what came of “{}”.", goal.name));
    let form = Form::new("goal", desk.at(&format!("/goals/{}/follow-up", goal.id)), "Next: who gets it")
        .add(Field::hidden("key", typed.some("key").map_or_else(once, ToOwned::to_owned)))
        .add(results(typed))
        .add(Field::text("name", "Name").value(typed.raw("name")).needed().at_most(200).hint("Your texters see it."));
    let form = new::purpose(form, typed).back(desk.at(&format!("/goals/{}", goal.id)));
    body.form(&desk.refused(form, problem));
    body
}

pub(crate) async fn show(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let goal = steps::goal(&desk, &ids.goal_id).await?;
    let body = content(&desk, &goal, &Fields::default(), None);
    Ok(desk.page("Follow it up", "goals", body))
}

pub(crate) async fn make(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let goal = json!({ "name": fields.get("name"), "goal_type": fields.get("goal_type"), "date": new::date(&fields) });
    let wanted = json!({ "any_of": fields.all("any_of").collect::<Vec<_>>(), "goal": goal });
    let call = desk.call(&operations::FOLLOW_UP_GOAL, [&ids.goal_id]).json(&wanted).key(&key(fields.get("key")));
    let made: Result<Made, Problem> = call.read().await;
    match made {
        Ok(made) => Ok(see(&desk.at(&format!("/goals/{}/who", made.id)))),
        Err(problem) if problem.is_of_the_input() => {
            let goal = steps::goal(&desk, &ids.goal_id).await?;
            let body = content(&desk, &goal, &fields, Some(&problem));
            Ok(desk.wrong(&problem, "Follow it up", "goals", body))
        }
        Err(problem) => Err(problem),
    }
}
