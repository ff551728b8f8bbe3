//! An admin's acts on a goal: launch, pause, resume, close, copy.

use axum::{extract::Path, response::Response};
use serde::Deserialize;
use serde_json::json;

use crate::{
    app::{
        Ids,
        desk::{Desk, key},
    },
    client::{Operation, Problem, operations::admin as operations},
    form::Fields,
};

#[derive(Deserialize)]
struct Copies {
    goals: Vec<Copy>,
}

#[derive(Deserialize)]
struct Copy {
    id: String,
}

async fn act(desk: &Desk, operation: &'static Operation, id: &str, sentence: &str) -> Result<Response, Problem> {
    let done = desk.call(operation, [id]).done().await;
    desk.after(&format!("/goals/{id}"), done, sentence)
}

pub(crate) async fn launch(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let sentence = "The goal is launched. Its people are being lined up for your texters.";
    act(&desk, &operations::LAUNCH, &ids.goal_id, sentence).await
}

pub(crate) async fn pause(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    act(&desk, &operations::PAUSE, &ids.goal_id, "The goal is paused. Nothing goes out.").await
}

pub(crate) async fn resume(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    act(&desk, &operations::RESUME, &ids.goal_id, "The goal goes on.").await
}

pub(crate) async fn close(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    act(&desk, &operations::CLOSE, &ids.goal_id, "The goal is closed.").await
}

pub(crate) async fn copy(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let wanted = json!({ "group_ids": [fields.get("group_id")] });
    let call = desk.call(&operations::DUPLICATE, [&ids.goal_id]).json(&wanted).key(&key(fields.get("key")));
    let made: Result<Copies, Problem> = call.read().await;
    match made {
        Ok(made) => {
            let id = made.goals.first().map_or("", |copy| copy.id.as_str());
            Ok(desk.done(&format!("/goals/{id}"), "This is the copy. It is a draft."))
        }
        Err(problem) => desk.after(&format!("/goals/{}", ids.goal_id), Err(problem), ""),
    }
}
