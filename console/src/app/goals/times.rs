//! `…/goals/{id}/times`: when a goal's texts go, and the texters that may send them.

use axum::{extract::Path, response::Response};
use muster_domain::goals::goal::AssignmentStrategy;
use serde_json::{Value, json};

use crate::{
    app::{
        Ids,
        desk::Desk,
        goals::{answer::Goal, steps},
        kit::{Body, Cell, Field, Form, Tone},
        when,
    },
    client::Problem,
    form::Fields,
    page::see,
    words::states::Plain,
};

pub(crate) async fn show(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let goal = steps::goal(&desk, &ids.goal_id).await?;
    let body = content(&desk, &goal, None);
    Ok(desk.page(&goal.name, "goals", body))
}

fn content(desk: &Desk, goal: &Goal, problem: Option<&Problem>) -> Body {
    let mut body = Body::new();
    steps::ways(desk, goal, 3, &mut body);
    body.say(format!("All times are on the clocks of {}, where the group is.", when::place(&goal.zone)));
    let line = |name: &str, label: &str, local: Option<&str>| {
        let local = local.unwrap_or_default();
        let field = Field::line(name, label, "datetime-local").value(when::field(local));
        when::gap(local, &goal.zone).map_or(field.clone(), |gap| field.hint(gap))
    };
    let mut form = Form::new("times", desk.at(&format!("/goals/{}/times", goal.id)), "Next: review")
        .add(Field::hidden("version", goal.version.to_string()))
        .add(line("opens", "Texting opens", Some(&goal.opens)).needed())
        .add(line("closes", "Texting closes", Some(&goal.closes)).needed());
    if goal.reminder_script.is_some() {
        form = form.add(line("reminder_opens", "Reminders begin", goal.reminder_opens.as_deref())).add(line(
            "reminder_closes",
            "Reminders end",
            goal.reminder_closes.as_deref(),
        ));
    }
    if goal.is_draft() {
        let strategies = AssignmentStrategy::ALL.iter().map(|one| (one.to_string(), one.english().what.to_owned()));
        let every = &goal.release_plan["pace"]["every"];
        let is_every = every.is_object();
        let number = |name: &str| every[name].as_u64().map_or_else(String::new, |number| number.to_string());
        let paces = [("all_at_open", "All people at once"), ("every", "Some people after each while")];
        let paces = paces.map(|(word, label)| (word.to_owned(), label.to_owned())).to_vec();
        form = form
            .add(Field::choice("strategy", "Who texts whom", strategies.collect()).value(&goal.strategy))
            .add(Field::choice("pace", "How people are handed out", paces).value(if is_every {
                "every"
            } else {
                "all_at_open"
            }))
            .add(
                Field::line("batches", "Bundles of people each time", "number")
                    .value(number("batches"))
                    .hint("Only for some after each while. Settings says how many people are in a bundle."),
            )
            .add(Field::line("minutes", "Minutes between", "number").value(number("minutes")))
            .add(Field::tick(
                "paced_to_caps",
                "Hand out no more a day than phone companies take",
                goal.release_plan["paced_to_caps"].as_bool().unwrap_or(true),
            ));
    }
    body.form(&desk.refused(form, problem));
    body.heading("What that means");
    body.facts(&facts(goal));
    if !goal.script.trim().is_empty() {
        body.later("to-come", &desk.at(&format!("/goals/{}/forecast", goal.id)), &Body::new());
    }
    body
}

/// Returns the times of a goal, with the gaps of the clocks.
pub(crate) fn facts(goal: &Goal) -> Vec<(String, Cell)> {
    let times = [
        ("Texting opens", Some(&goal.opens)),
        ("Texting closes", Some(&goal.closes)),
        ("Reminders begin", goal.reminder_opens.as_ref()),
        ("Reminders end", goal.reminder_closes.as_ref()),
    ];
    let told = times.into_iter().filter_map(|(name, local)| {
        let local = local?;
        let gap = when::gap(local, &goal.zone).map_or_else(String::new, |gap| format!(" {gap}"));
        Some((name.to_owned(), Cell::text(format!("{}.{gap}", when::clock(local)))))
    });
    told.collect()
}

fn input(goal: &Goal, fields: &Fields) -> Value {
    let mut input = goal.input();
    for name in ["opens", "closes"] {
        input[name] = json!(fields.some(name));
    }
    if goal.reminder_script.is_some() {
        input["reminder"]["opens"] = json!(fields.some("reminder_opens"));
        input["reminder"]["closes"] = json!(fields.some("reminder_closes"));
    }
    if goal.is_draft() {
        input["strategy"] = json!(fields.get("strategy"));
        let number = |name: &str| fields.get(name).parse::<u32>().unwrap_or(0);
        let is_cron = goal.release_plan["pace"]["cron"].is_object();
        let pace = match fields.get("pace") {
            "every" => json!({ "every": { "batches": number("batches"), "minutes": number("minutes") } }),
            // A plan by a cron expression is made by the API; the form leaves it as it is.
            _ if is_cron => goal.release_plan["pace"].clone(),
            _ => json!("all_at_open"),
        };
        input["release_plan"] = json!({ "pace": pace, "paced_to_caps": fields.is_ticked("paced_to_caps") });
    }
    input
}

pub(crate) async fn save(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let goal = steps::goal(&desk, &ids.goal_id).await?;
    match steps::save(&desk, &goal, fields.get("version"), &input(&goal, &fields)).await {
        Ok(goal) if goal.is_draft() => Ok(see(&desk.at(&format!("/goals/{}/review", goal.id)))),
        Ok(goal) => Ok(desk.done(&format!("/goals/{}", goal.id), "The new times are in force.")),
        Err(problem) if problem.is_of_the_input() => {
            let mut body = Body::new();
            body.note(Tone::Bad, "The times were not changed", desk.sentence(&problem));
            let mut whole = content(&desk, &goal, Some(&problem));
            whole.before(&body);
            Ok(desk.wrong(&problem, &goal.name, "goals", whole))
        }
        Err(problem) => Err(problem),
    }
}
