//! `GET /v2/PhoneNumbers/{number}?Fields=line_type_intelligence`: type and carrier of a line.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    sim::Sim,
    twilio::{account::SignedIn, error::Refusal},
};

#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    #[serde(rename = "Fields", default)]
    fields: String,
}

pub(crate) async fn lookup(
    _: SignedIn,
    State(sim): State<Arc<Sim>>,
    Path(number): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Value>, Refusal> {
    let digits = number.strip_prefix("+1").unwrap_or_default();
    if digits.len() != 10 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::of(20404));
    }
    let line = sim.look_up(&number)?;
    let intelligence = wanted.fields.split(',').any(|field| field == "line_type_intelligence").then(|| {
        json!({
            "mobile_country_code": Value::Null,
            "mobile_network_code": Value::Null,
            "carrier_name": line.carrier_name,
            "type": line.line_type,
            "error_code": Value::Null,
        })
    });
    Ok(Json(json!({
        "calling_country_code": "1",
        "country_code": "US",
        "phone_number": number,
        "national_format": format!("({}) {}-{}", &digits[..3], &digits[3..6], &digits[6..]),
        "valid": true,
        "validation_errors": [],
        "line_type_intelligence": intelligence,
    })))
}
