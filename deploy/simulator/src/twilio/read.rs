//! `GET …/Messages/{MessageSid}.json`: one message as it stands.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::Value;

use crate::{
    clock,
    sim::Sim,
    twilio::{account::OwnAccount, error::Refusal, resource},
};

pub(crate) async fn read(
    _: OwnAccount,
    State(sim): State<Arc<Sim>>,
    Path((account, file)): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let message =
        file.strip_suffix(".json").and_then(|sid| sim.book().message(sid).cloned()).ok_or(Refusal::of(20404))?;
    Ok(Json(resource::of(&message, &account, clock::now())))
}
