//! `OPTIONS`: a browser asks whether a page elsewhere may post.

use axum::{
    extract::State,
    http::{
        HeaderValue, StatusCode,
        header::{ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE},
    },
    response::{IntoResponse, Response},
};
use muster_storage::people::forms;

use crate::{
    extract::Path,
    problem::Problem,
    sign_ups::{
        cross_origin::{allowed, headers},
        visitor::{FormKey, Visitor},
    },
    state::Api,
};

/// Answers for an origin that the form allows.
pub(crate) async fn answer(
    State(api): State<Api>,
    Path(FormKey(key)): Path<FormKey>,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let mut tx = api.pool.begin().await?;
    let form = forms::public(&mut tx, &key).await?.ok_or_else(|| Problem::no("form"))?;
    let mut headers = headers(allowed(&api, &form.form, &visitor)?);
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}
