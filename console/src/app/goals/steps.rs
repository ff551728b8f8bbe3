//! The steps of a goal's form, and how a step is saved.

use axum::http::StatusCode;
use serde_json::Value;

use crate::{
    app::{
        desk::Desk,
        goals::answer::Goal,
        kit::{Body, Link},
    },
    client::{Problem, operations::admin as operations},
};

/// Steps by the end of their address and their name.
pub(crate) const STEPS: [(&str, &str); 5] = [
    ("", "What it is"),
    ("who", "Who gets it"),
    ("words", "What they get"),
    ("times", "When it goes"),
    ("review", "Review"),
];

/// Returns where a step stands.
pub(crate) fn told(nth: usize) -> String {
    let name = STEPS.get(nth).map_or("", |(_, name)| name);
    format!(
        "Step {} of {}: {name}. Everything is saved as a draft; nobody is texted before you launch it.",
        nth + 1,
        STEPS.len()
    )
}

/// Adds the ways to the other steps of a draft.
pub(crate) fn ways(desk: &Desk, goal: &Goal, nth: usize, body: &mut Body) {
    if goal.is_draft() {
        body.say(told(nth));
    }
    let others = STEPS.iter().enumerate().skip(1).filter(|(other, _)| *other != nth);
    let links = others.map(|(_, (path, name))| Link::new(desk.at(&format!("/goals/{}/{path}", goal.id)), *name));
    let links: Vec<_> = links.chain([Link::new(desk.at(&format!("/goals/{}", goal.id)), "Its page")]).collect();
    body.links(&links);
}

/// Returns a goal of the organization.
pub(crate) async fn goal(desk: &Desk, id: &str) -> Result<Goal, Problem> {
    desk.call(&operations::GOAL, [id]).read().await
}

/// Saves an edit of the version that was shown; returns the goal as it is then.
pub(crate) async fn save(desk: &Desk, goal: &Goal, shown: &str, input: &Value) -> Result<Goal, Problem> {
    if !shown.is_empty() && shown != goal.version.to_string() {
        let detail = "somebody else has changed the goal meanwhile".to_owned();
        return Err(Problem::own(StatusCode::PRECONDITION_FAILED, "edited-meanwhile", detail));
    }
    let etag = format!("\"{}\"", goal.version);
    desk.call(&operations::EDIT_GOAL, [&goal.id]).json(input).if_match(&etag).read().await
}

/// Saves a draft as it is typed; returns the goal as it is then. The form's look before this one
/// may still be saving on a slow machine: the edit is then made anew, of the goal behind it.
pub(crate) async fn keep(desk: &Desk, goal: &Goal, input: impl Fn(&Goal) -> Value) -> Result<Goal, Problem> {
    match save(desk, goal, "", &input(goal)).await {
        Err(problem) if problem.status == StatusCode::PRECONDITION_FAILED.as_u16() => {
            let goal = self::goal(desk, &goal.id).await?;
            save(desk, &goal, "", &input(&goal)).await
        }
        saved => saved,
    }
}
