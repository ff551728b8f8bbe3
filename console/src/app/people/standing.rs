//! An admin's acts on a person: stop and allow texts, groups, texters.

use axum::{extract::Path, response::Response};
use serde_json::{Value, json};

use crate::{
    app::{Ids, desk::Desk},
    client::{Problem, operations::admin as operations},
    form::Fields,
};

pub(crate) async fn stop(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let why = json!({ "reason": fields.get("reason") });
    let done = desk.call(&operations::OPT_OUT, [&ids.contact_id]).json(&why).done().await;
    desk.after(&format!("/people/{}", ids.contact_id), done, "This person gets no more texts, from now on.")
}

pub(crate) async fn start(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let done = desk.call(&operations::OPT_IN, [&ids.contact_id]).done().await;
    desk.after(&format!("/people/{}", ids.contact_id), done, "This person can be texted again.")
}

/// Changes the person's place in a group.
pub(crate) async fn in_group(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let place = [ids.group_id.as_str(), ids.contact_id.as_str()];
    let edit = async |edit: Value| desk.call(&operations::EDIT_MEMBERSHIP, place).json(&edit).done().await;
    let (done, sentence) = match fields.get("do") {
        "on" => (edit(json!({ "active": true })).await, "They are switched on in the group."),
        "off" => (edit(json!({ "active": false })).await, "They are switched off in the group."),
        "assign" => {
            let agent = fields.some("agent_id");
            (edit(json!({ "assigned_agent_id": agent })).await, "It is done.")
        }
        "join" => {
            let place = [fields.get("group_id"), ids.contact_id.as_str()];
            (desk.call(&operations::JOIN_GROUP, place).done().await, "They are in the group now.")
        }
        "leave" => (desk.call(&operations::LEAVE_GROUP, place).done().await, "They are no longer in the group."),
        _ => (Err(Problem::nothing()), ""),
    };
    desk.after(&format!("/people/{}", ids.contact_id), done, sentence)
}
