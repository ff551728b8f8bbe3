//! `GET /v1/operator/dead-letters`.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_storage::engine::dead_letters::{self, DeadLetter};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::Operator,
    list::{Item, ListQuery, Listed},
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct DeadLetterBody {
    id: Uuid,
    /// The queue that it came from.
    queue: String,
    error: String,
    /// Bytes of its body that are kept. The body may be anybody's words and is not told.
    bytes: i32,
    received_at: DateTime<Utc>,
}

impl Item for DeadLetterBody {
    type Id = Uuid;

    const PAGE: &'static str = "DeadLetterPage";
}

/// Lists the messages of the broker that could not be decoded, the newest first. Jobs are rows and
/// not among them: nothing of Muster's is lost with such a message.
#[utoipa::path(get, path = "/v1/operator/dead-letters", tag = "operator")]
pub(crate) async fn list(
    State(api): State<Api>,
    _operator: Operator,
    query: ListQuery,
) -> Result<Answer<Listed<DeadLetterBody>>, Problem> {
    let page = query.page(|id| id);
    let found = dead_letters::page(&api.pool, page).await?;
    Ok(Listed::answer(&page, found, |letter| letter.id, body))
}

fn body(letter: DeadLetter) -> DeadLetterBody {
    let DeadLetter { id, queue, error, bytes, received_at } = letter;
    DeadLetterBody { id, queue, error, bytes, received_at }
}
