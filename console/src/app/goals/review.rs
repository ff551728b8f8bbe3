//! `…/goals/{id}/review`: everything of a draft at a glance, a test on the admin's own phone, and
//! the launch.

use axum::{extract::Path, response::Response};
use muster_domain::goals::goal::{AssignmentStrategy, GoalType};
use serde::Deserialize;

use crate::{
    app::{
        Ids,
        desk::{Desk, group_name, key, once},
        goals::{answer::Goal, steps, times},
        kit::{Act, Body, Cell, Field, Form, Link, Tone},
        when,
    },
    client::{List, Problem, operations::admin as operations},
    form::Fields,
    words::states,
};

#[derive(Deserialize)]
struct TestPhone {
    text: String,
}

#[derive(Deserialize)]
struct Texter {}

pub(crate) async fn show(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let goal = steps::goal(&desk, &ids.goal_id).await?;
    let groups = desk.groups().await?;
    let mut body = Body::new();
    steps::ways(&desk, &goal, 4, &mut body);
    body.facts(&[
        ("Group".to_owned(), Cell::text(group_name(&groups, &goal.group_id))),
        ("For".to_owned(), Cell::text(states::name::<GoalType>(&goal.goal_type))),
        ("The day".to_owned(), Cell::text(when::clock(&goal.date))),
        ("Who texts whom".to_owned(), Cell::text(states::name::<AssignmentStrategy>(&goal.strategy))),
    ]);
    body.heading("Who gets it");
    // These read the whole group, which takes longer than a page may.
    let at = |part: &str| desk.at(&format!("/goals/{}/{part}", goal.id));
    body.later("people", &at("people"), &Body::new());
    let has_script = !goal.script.trim().is_empty();
    if has_script {
        body.later("texts", &at("texts"), &Body::new());
    }
    body.heading("When it goes");
    body.facts(&times::facts(&goal));
    if has_script {
        body.later("to-come", &at("forecast"), &Body::new());
    }
    if goal.is_draft() {
        launch_part(&desk, &goal, has_script, &mut body).await?;
        test_part(&desk, &goal, &mut body).await?;
    }
    Ok(desk.page(format!("Review: {}", goal.name), "goals", body))
}

async fn launch_part(desk: &Desk, goal: &Goal, has_script: bool, body: &mut Body) -> Result<(), Problem> {
    body.heading("Launch");
    let call =
        desk.call(&operations::MEMBERS, []).query("role", "agent").query("group_id", &goal.group_id).query("limit", 1);
    let texters: List<Texter> = call.read().await?;
    if texters.items.is_empty() {
        body.note(
            Tone::Warn,
            "Nobody can text yet",
            "The group has no texter. You can launch, and invite texters then.",
        );
        body.links(&[Link::new(desk.at(&format!("/team/new?group_id={}", goal.group_id)), "Invite a texter")]);
    }
    if !has_script {
        body.note(Tone::Bad, "The text is missing", "Write what people get first.");
        body.links(&[Link::main(desk.at(&format!("/goals/{}/words", goal.id)), "Write the text")]);
        return Ok(());
    }
    body.say(
        "The people above are chosen at this moment, and your texters can begin when texting opens. Who gets it \
            cannot change afterwards. You can pause at any time.",
    );
    body.act(&Act::new("launch", desk.at(&format!("/goals/{}/launch", goal.id)), "Launch the goal").main());
    Ok(())
}

async fn test_part(desk: &Desk, goal: &Goal, body: &mut Body) -> Result<(), Problem> {
    let phone: TestPhone = desk.call(&operations::TEST_PHONE, []).read().await?;
    let mut test = Body::new();
    test.say("See the text on your own phone first. Nobody else gets it, and it counts nowhere.");
    test.say(format!("Your phone must be known: text “{}” from it to a number of the group, once.", phone.text));
    let form = Form::new("test", desk.at(&format!("/goals/{}/test", goal.id)), "Send me the text")
        .add(Field::hidden("key", once()))
        .add(Field::line("phone", "Your phone", "tel").needed());
    test.form(&form);
    body.fold("Try it on your own phone", &test);
    Ok(())
}

pub(crate) async fn test(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let asked = serde_json::json!({ "phone": crate::app::e164(fields.get("phone")) });
    let call = desk.call(&operations::TEST_TEXT, [&ids.goal_id]).json(&asked).key(&key(fields.get("key")));
    let sent = call.done().await;
    desk.after(&format!("/goals/{}/review", ids.goal_id), sent, "The text is on its way to your phone.")
}
