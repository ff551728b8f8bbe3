//! `POST …/Messages.json`: asks for a message to be sent.

use std::sync::Arc;

use axum::{
    Form, Json,
    extract::{ConnectInfo, State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{
    clock,
    order::Order,
    sim::{Outcome, Sim},
    twilio::{account::OwnAccount, error::Refusal, resource},
    wire::Wire,
};

pub(crate) async fn create(
    _: OwnAccount,
    State(sim): State<Arc<Sim>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    form: Result<Form<Order>, FormRejection>,
) -> Response {
    let Ok(Form(order)) = form else {
        return Refusal::of(20001).into_response();
    };
    let (outcome, latency) = match sim.take(order) {
        Ok(taken) => taken,
        Err(error) => {
            tracing::error!(error = %error, "a create could not be logged and was refused");
            return Refusal::of(20500).into_response();
        }
    };
    tokio::time::sleep(latency).await;
    match outcome {
        Outcome::Accepted(message) if !message.fate.drop_answer => {
            let resource = resource::of(&message, &sim.config.account_sid, clock::now());
            (StatusCode::CREATED, Json(resource)).into_response()
        }
        Outcome::Refused(refusal) => refusal.into_response(),
        Outcome::Accepted(_) | Outcome::Dropped => {
            wire.cut();
            // This never leaves: the connection is gone.
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
