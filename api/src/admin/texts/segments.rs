//! `/v1/organizations/{organization_id}/texts/segments`: the cost of a text, before it is a script
//! (rules M4 and M5).

use axum::Json as Answer;
use muster_domain::sending::segments::{self, Encoding, Segments};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{auth::Admin, bounds, extract::Json, problem::Problem, shapes};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextToCount {
    /// A rendered text.
    #[schema(value_type = bounds::AnyText)]
    text: String,
    /// Replace typographic look-alikes first, where that pays; false by default.
    #[serde(default)]
    smart: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TextCount {
    /// The text that was counted: with `smart`, after the replacements.
    text: String,
    #[schema(value_type = shapes::TextEncoding)]
    encoding: Encoding,
    /// Septets or UTF-16 code units in all.
    units: u32,
    /// Parts that the carrier bills.
    segments: u32,
    /// Units of each part, in order.
    parts: Vec<u32>,
}

/// Counts the segments of a text, as carriers bill it. Nothing is kept.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/texts/segments", tag = "goals")]
pub(crate) async fn count(_admin: Admin, Json(asked): Json<TextToCount>) -> Result<Answer<TextCount>, Problem> {
    let written = bounds::AnyText::read("text", &asked.text)?;
    let text = if asked.smart { segments::smart_encode(written) } else { written.to_owned() };
    let Segments { encoding, units, segments } = segments::count(&text);
    let parts = segments::parts(&text).map(|part| part.units).collect();
    Ok(Answer(TextCount { text, encoding, units, segments, parts }))
}
