//! `…/goals/{id}/words`: the texts of a goal.

use axum::{extract::Path, response::Response};
use muster_domain::goals::script::ScriptKind;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    app::{
        Ids,
        desk::Desk,
        goals::{answer::Goal, outlook, steps},
        kit::{Body, Field, Form, Tone},
    },
    client::{List, Problem, operations::admin as operations},
    form::{Fields, Query},
    page::see,
    words::states::Plain,
};

/// A first text to begin with.
const SAMPLE: &str = "Hi {{first_name|there}}, it's {{agent.first_name}}. Can we count on you on {{goal.date}}? \
    Reply STOP to get no more texts.";

/// Texts of a kind that the library offers here; its own page has all of them.
const OFFERED: usize = 100;

/// A text of the library.
#[derive(Debug, Deserialize)]
struct Script {
    id: String,
    kind: ScriptKind,
    name: String,
    script: String,
}

/// Shows the goal's texts; `take` is a text of the library that the form then has in their place.
pub(crate) async fn show(desk: Desk, Path(ids): Path<Ids>, Query(asked): Query) -> Result<Response, Problem> {
    let goal = steps::goal(&desk, &ids.goal_id).await?;
    let mut shown = goal.clone();
    let taken = match asked.some("take") {
        Some(id) => Some(desk.call(&operations::SCRIPT, [id]).read::<Script>().await?),
        None => None,
    };
    if let Some(Script { kind, script, .. }) = &taken {
        match kind {
            ScriptKind::Initial => shown.script.clone_from(script),
            ScriptKind::Reminder => shown.reminder_script = Some(script.clone()),
            ScriptKind::Response => {}
        }
    }
    let mut body = Body::new();
    if let Some(Script { name, .. }) = taken {
        let more = "It is in the form below. The goal has it once you go on to the next step.";
        body.note(Tone::Plain, &format!("“{name}” from the library"), more);
    }
    content(&desk, &goal, &shown, None, &mut body);
    library(&desk, &goal, &mut body).await?;
    Ok(desk.page(&goal.name, "goals", body))
}

/// Offers the library's first texts and reminders.
async fn library(desk: &Desk, goal: &Goal, body: &mut Body) -> Result<(), Problem> {
    let mut offered = Vec::new();
    for kind in [ScriptKind::Initial, ScriptKind::Reminder] {
        if kind == ScriptKind::Reminder && !can_remind(goal) {
            continue;
        }
        let call = desk.call(&operations::SCRIPTS, []).query("kind", kind.as_str()).query("limit", OFFERED);
        let list: List<Script> = call.read().await?;
        let name = kind.english().what;
        offered.extend(list.items.into_iter().map(|script| (script.id, format!("{name}: {}", script.name))));
    }
    if !offered.is_empty() {
        body.form(
            &Form::asking("take", desk.at(&format!("/goals/{}/words", goal.id)), "Put it into the form")
                .add(Field::choice("take", "A text of the library", offered)),
        );
    }
    Ok(())
}

/// A reminder comes with the draft: a goal that was launched without one gets none.
fn can_remind(goal: &Goal) -> bool {
    goal.is_draft() || goal.reminder_script.is_some()
}

/// Adds the form as it is to be shown, and the texts of the goal as it is saved.
fn content(desk: &Desk, saved: &Goal, goal: &Goal, problem: Option<&Problem>, body: &mut Body) {
    steps::ways(desk, goal, 2, body);
    let merge = "{{first_name|there}} becomes the person's first name, or “there” where it is not known. \
                 {{agent.first_name}} is your texter, {{goal.date}} the day. A field of yours goes by its name: {{Ward}}.";
    let mut script = Field::area("script", "First text").at_most(1600).hint(merge);
    script = script.value(if goal.script.is_empty() && problem.is_none() { SAMPLE } else { &goal.script });
    let reminder = goal.reminder_script.clone().unwrap_or_default();
    let mut form = Form::new("words", desk.at(&format!("/goals/{}/words", goal.id)), "Next: when it goes")
        .add(Field::hidden("version", goal.version.to_string()))
        .add(script.needed());
    if can_remind(goal) {
        let hint = "It goes to people who said yes, a day before unless you choose otherwise. Blank means no \
            reminder.";
        form = form.add(Field::area("reminder", "Reminder").value(reminder).at_most(500).hint(hint));
    }
    for (nth, (name, script)) in responses(goal).into_iter().enumerate() {
        form = form
            .add(
                Field::text(&format!("answer_name.{nth}"), &format!("Name of answer {}", nth + 1))
                    .value(name)
                    .at_most(100),
            )
            .add(Field::area(&format!("answer.{nth}"), &format!("Answer {}", nth + 1)).value(script).at_most(1600));
    }
    form = form.add(
        Field::area("instructions", "Advice for your texters")
            .value(&goal.instructions)
            .at_most(300)
            .hint("They see it before they start."),
    );
    if goal.is_draft() {
        form = form.watched(desk.at(&format!("/goals/{}/words/look", goal.id)), "outlook");
    }
    body.form(&desk.refused(form, problem));
    if saved.script.trim().is_empty() {
        let mut shown = Body::new();
        shown.say("Your text is shown here as people will get it.");
        body.live("outlook", "", true, &shown);
    } else {
        body.later("outlook", &desk.at(&format!("/goals/{}/texts", goal.id)), &Body::new());
    }
}

/// Returns the goal's prepared answers, and room for one more.
fn responses(goal: &Goal) -> Vec<(String, String)> {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    let known = goal.responses.as_array().into_iter().flatten().map(|one| (text(one, "name"), text(one, "script")));
    known.chain(std::iter::once((String::new(), String::new()))).take(20).collect()
}

fn input(goal: &Goal, fields: &Fields) -> Value {
    let mut input = goal.input();
    input["script"] = json!(fields.get("script"));
    input["instructions"] = json!(fields.get("instructions"));
    input["reminder"] = match fields.some("reminder") {
        Some(script) => json!({ "script": script, "opens": goal.reminder_opens, "closes": goal.reminder_closes }),
        None => Value::Null,
    };
    let answers = fields.under("answer.").filter(|(_, script)| !script.is_empty()).map(|(nth, script)| {
        let name = fields.some(&format!("answer_name.{nth}")).unwrap_or("Answer").to_owned();
        json!({ "name": name, "script": script })
    });
    input["responses"] = answers.collect();
    input
}

pub(crate) async fn save(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let goal = steps::goal(&desk, &ids.goal_id).await?;
    match steps::save(&desk, &goal, fields.get("version"), &input(&goal, &fields)).await {
        Ok(_) => Ok(see(&desk.at(&format!("/goals/{}/times", goal.id)))),
        Err(problem) if problem.is_of_the_input() => {
            let shown = Goal {
                script: fields.get("script").to_owned(),
                reminder_script: fields.some("reminder").map(ToOwned::to_owned),
                instructions: fields.get("instructions").to_owned(),
                responses: input(&goal, &fields)["responses"].take(),
                ..goal.clone()
            };
            let mut body = Body::new();
            content(&desk, &goal, &shown, Some(&problem), &mut body);
            Ok(desk.wrong(&problem, &shown.name, "goals", body))
        }
        Err(problem) => Err(problem),
    }
}

/// Saves a draft while its text is written, and answers with the texts as people get them.
pub(crate) async fn look(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let goal = steps::goal(&desk, &ids.goal_id).await?;
    let mut body = Body::new();
    if !goal.is_draft() {
        return Ok(Desk::part(body));
    }
    match steps::keep(&desk, &goal, |goal| input(goal, &fields)).await {
        Ok(goal) => {
            body.version("words-version", goal.version);
            outlook::all_texts(&desk, &goal, &mut body).await?;
        }
        Err(problem) if problem.is_of_the_input() => {
            body.note(Tone::Warn, "Not quite yet", desk.sentence(&problem));
            count(&desk, fields.get("script"), &mut body).await?;
        }
        Err(problem) => return Err(problem),
    }
    Ok(Desk::part(body))
}

/// Adds the parts of a text that cannot be saved yet.
async fn count(desk: &Desk, text: &str, body: &mut Body) -> Result<(), Problem> {
    let counted = json!({ "text": text, "smart": false });
    if text.is_empty() {
        return Ok(());
    }
    let count: Result<Value, Problem> = desk.call(&operations::COUNT, []).json(&counted).read().await;
    match count {
        Ok(count) => {
            body.say(format!("As it stands the text has {} parts.", count["segments"]));
            Ok(())
        }
        Err(problem) if problem.is_of_the_input() => Ok(()),
        Err(problem) => Err(problem),
    }
}
