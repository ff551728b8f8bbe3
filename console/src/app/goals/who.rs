//! `…/goals/{id}/who`: the people of a goal.

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use muster_domain::goals::targeting::EarlierResult;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    app::{
        Ids,
        desk::{Desk, Group},
        goals::{answer::Goal, outlook, steps},
        kit::{Body, Field, Form, Tone},
    },
    client::{List, Problem, operations::admin as operations},
    form::Fields,
    page::see,
    words::states::Plain,
};

/// Conditions on fields that the form has room for.
const ROWS: usize = 3;

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Earlier {
    id: String,
    name: String,
}

pub(crate) async fn show(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let goal = steps::goal(&desk, &ids.goal_id).await?;
    let body = content(&desk, &goal, None).await?;
    Ok(desk.page(&goal.name, "goals", body))
}

async fn content(desk: &Desk, goal: &Goal, problem: Option<&Problem>) -> Result<Body, Problem> {
    let mut body = Body::new();
    steps::ways(desk, goal, 1, &mut body);
    if !goal.is_draft() {
        let why = "A goal's people are chosen when it is launched. To text others, copy the goal.";
        body.note(Tone::Plain, "This cannot change any more", why);
        return Ok(body);
    }
    let form = form(desk, goal).await?;
    let form = form.watched(desk.at(&format!("/goals/{}/who/look", goal.id)), "outlook");
    body.form(&desk.refused(form, problem));
    body.heading("What that means");
    body.later("outlook", &desk.at(&format!("/goals/{}/people", goal.id)), &Body::new());
    Ok(body)
}

/// Returns the form, with the goal's conditions.
async fn form(desk: &Desk, goal: &Goal) -> Result<Form, Problem> {
    let tags: List<Named> = desk.call(&operations::TAGS, []).query("limit", 100).read().await?;
    let fields: List<Named> = desk.call(&operations::FIELDS, []).query("limit", 100).read().await?;
    let goals: List<Earlier> = desk.call(&operations::GOALS, []).query("limit", 200).read().await?;
    let groups = desk.groups().await?;
    let names: Vec<_> = tags.items.into_iter().map(|tag| tag.name).collect();
    let known =
        if names.is_empty() { "There is no tag yet.".to_owned() } else { format!("Your tags: {}.", names.join(", ")) };
    let list = |name: &str| {
        let values = goal.targeting[name].as_array().into_iter().flatten().filter_map(Value::as_str);
        values.collect::<Vec<_>>().join(", ")
    };
    let mut form = Form::new("who", desk.at(&format!("/goals/{}/who", goal.id)), "Next: what they get")
        .add(Field::hidden("version", goal.version.to_string()))
        .add(
            Field::text("tags_all", "They have all of these tags")
                .value(list("tags_all"))
                .hint(format!("Part them by commas. Blank means everybody of the group. {known}")),
        )
        .add(Field::text("tags_any", "They have at least one of these tags").value(list("tags_any")))
        .add(Field::text("tags_none", "They have none of these tags").value(list("tags_none")));
    for nth in 0..ROWS {
        form = condition(form, nth, &goal.targeting["fields"][nth], &fields.items);
    }
    let earlier = &goal.targeting["earlier_goals"][0];
    let nobody = (String::new(), "No goal".to_owned());
    let goals = goals.items.into_iter().filter(|other| other.id != goal.id).map(|other| (other.id, other.name));
    let results = EarlierResult::ALL.iter().map(|result| (result.to_string(), result.english().what.to_owned()));
    let mut outcome = Field::boxes("earlier_result", "In that goal, they …", results.collect());
    for result in earlier["any_of"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        outcome = outcome.value(result);
    }
    form = form
        .add(
            Field::choice("earlier_goal", "An earlier goal", std::iter::once(nobody).chain(goals).collect())
                .value(earlier["goal_id"].as_str().unwrap_or_default()),
        )
        .add(outcome);
    for (name, label) in
        [("member_of", "They are also in all of these groups"), ("not_member_of", "They are in none of these groups")]
    {
        form = form.add_some(other_groups(name, label, goal, &groups));
    }
    Ok(form)
}

fn condition(form: Form, nth: usize, is: &Value, fields: &[Named]) -> Form {
    if fields.is_empty() {
        return form;
    }
    let none = (String::new(), "No field".to_owned());
    let names = fields.iter().map(|field| (field.name.clone(), field.name.clone()));
    let (kind, values) = match &is["is"] {
        Value::String(word) => (word.clone(), String::new()),
        Value::Object(object) => object.iter().next().map_or_else(Default::default, |(kind, values)| {
            let values = values.as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
            (kind.clone(), values.join(", "))
        }),
        _ => (String::new(), String::new()),
    };
    let kinds =
        [("any_of", "is one of"), ("none_of", "is none of"), ("has_value", "has a value"), ("blank", "has no value")];
    let kinds = kinds.map(|(word, label)| (word.to_owned(), label.to_owned())).to_vec();
    let number = nth + 1;
    form.add(
        Field::choice(
            &format!("field.{nth}"),
            &format!("Field {number}"),
            std::iter::once(none).chain(names).collect(),
        )
        .value(is["field"].as_str().unwrap_or_default()),
    )
    .add(Field::choice(&format!("is.{nth}"), &format!("Field {number} …"), kinds).value(kind))
    .add(
        Field::text(&format!("values.{nth}"), &format!("Values of field {number}"))
            .value(values)
            .hint("Part them by commas."),
    )
}

fn other_groups(name: &str, label: &str, goal: &Goal, groups: &[Group]) -> Option<Field> {
    let others = groups.iter().filter(|group| group.id != goal.group_id && !group.archived);
    let others: Vec<_> = others.map(|group| (group.id.clone(), group.name.clone())).take(50).collect();
    if others.is_empty() {
        return None;
    }
    let chosen = goal.targeting[name].as_array().into_iter().flatten().filter_map(Value::as_str);
    Some(chosen.fold(Field::boxes(name, label, others), Field::value))
}

/// Returns the goal's edit with the conditions of the form. Conditions that the form does not show
/// stay as they are.
fn input(goal: &Goal, fields: &Fields) -> Value {
    let listed = |name: &str| -> Vec<&str> {
        fields.get(name).split(',').map(str::trim).filter(|text| !text.is_empty()).collect()
    };
    let mut input = goal.input();
    let targeting = &mut input["targeting"];
    for name in ["tags_all", "tags_any", "tags_none"] {
        targeting[name] = json!(listed(name));
    }
    let conditions = (0..ROWS).filter_map(|nth| {
        let field = fields.some(&format!("field.{nth}"))?;
        let values = listed(&format!("values.{nth}"));
        let is = match fields.get(&format!("is.{nth}")) {
            word @ ("has_value" | "blank") => json!(word),
            word => json!(BTreeMap::from([(word, values)])),
        };
        Some(json!({ "field": field, "is": is }))
    });
    let unseen = goal.targeting["fields"].as_array().into_iter().flatten().skip(ROWS).cloned();
    targeting["fields"] = conditions.chain(unseen).collect();
    let earlier = fields
        .some("earlier_goal")
        .map(|id| json!({ "goal_id": id, "any_of": fields.all("earlier_result").collect::<Vec<_>>() }));
    let unseen = goal.targeting["earlier_goals"].as_array().into_iter().flatten().skip(1).cloned();
    targeting["earlier_goals"] = earlier.into_iter().chain(unseen).collect();
    for name in ["member_of", "not_member_of"] {
        targeting[name] = fields.all(name).collect::<Vec<_>>().into();
    }
    input
}

pub(crate) async fn save(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let goal = steps::goal(&desk, &ids.goal_id).await?;
    match steps::save(&desk, &goal, fields.get("version"), &input(&goal, &fields)).await {
        Ok(_) => Ok(see(&desk.at(&format!("/goals/{}/words", goal.id)))),
        Err(problem) if problem.is_of_the_input() => {
            let shown = Goal { targeting: input(&goal, &fields)["targeting"].take(), ..goal };
            let body = content(&desk, &shown, Some(&problem)).await?;
            Ok(desk.wrong(&problem, &shown.name, "goals", body))
        }
        Err(problem) => Err(problem),
    }
}

/// Saves a draft while its form is filled, and answers with the effect.
pub(crate) async fn look(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let goal = steps::goal(&desk, &ids.goal_id).await?;
    let mut body = Body::new();
    if !goal.is_draft() {
        return Ok(Desk::part(body));
    }
    let wanted = input(&goal, &fields);
    let goal = if wanted["targeting"] == goal.targeting {
        goal
    } else {
        match steps::keep(&desk, &goal, |goal| input(goal, &fields)).await {
            Ok(goal) => goal,
            Err(problem) if problem.is_of_the_input() => {
                body.note(Tone::Warn, "Not quite yet", desk.sentence(&problem));
                return Ok(Desk::part(body));
            }
            Err(problem) => return Err(problem),
        }
    };
    body.version("who-version", goal.version);
    outlook::people(&desk, &goal, &mut body).await?;
    outlook::excluded(&desk, &goal, &mut body).await?;
    Ok(Desk::part(body))
}
