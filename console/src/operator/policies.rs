//! `POST /operator/policies/{verb}`: pauses and limits of kinds and organizations.

use axum::{extract::Path, response::Response};
use serde::Deserialize;
use serde_json::json;

use crate::{
    client::{Operation, Problem, operations::operator as operations},
    form::Fields,
    next,
    operator::looks::Look,
};

/// A pause or a limit in force.
#[derive(Debug, Deserialize)]
pub(crate) struct Policy {
    /// None for every kind.
    pub(crate) kind: Option<String>,
    /// None for every organization.
    pub(crate) organization_id: Option<String>,
    /// Nothing of it is published.
    pub(crate) paused: bool,
    /// Jobs at a time.
    pub(crate) at_most: Option<i32>,
    /// The reason of the last pause or its end.
    pub(crate) reason: Option<String>,
    /// Since when it is so.
    pub(crate) since: String,
}

impl Policy {
    /// Returns the kind for a form; empty for every kind.
    pub(crate) fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or_default()
    }

    /// Returns the organization for a form; empty for every one.
    pub(crate) fn organization(&self) -> &str {
        self.organization_id.as_deref().unwrap_or_default()
    }
}

pub(crate) async fn set(look: Look, Path(verb): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let back = next::own(fields.get("next")).unwrap_or("/operator/queues");
    let mut body = json!({ "reason": fields.get("reason") });
    for name in ["kind", "organization_id"] {
        if let Some(value) = fields.some(name) {
            body[name] = json!(value);
        }
    }
    let (operation, done): (&'static Operation, _) = match verb.as_str() {
        "pause" => (&operations::PAUSE, "Paused. Jobs that are in the broker already still run."),
        "resume" => (&operations::RESUME, "It goes on."),
        "limit" => {
            if let Some(most) = fields.some("at_most") {
                // A text that is no number is refused with the api's own words.
                body["at_most"] = most.parse::<i64>().map_or_else(|_| json!(most), |most| json!(most));
            }
            (
                &operations::LIMIT,
                if fields.some("at_most").is_some() { "The limit holds." } else { "The limit is lifted." },
            )
        }
        _ => return Err(Problem::nothing()),
    };
    look.act_and_see(operation, &[], &body, done, back).await
}
