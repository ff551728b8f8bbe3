//! Extractors that answer problem+json when something cannot be read.

use axum::{
    body::{Bytes, HttpBody},
    extract::{FromRequest, FromRequestParts, Request, rejection::JsonRejection},
    http::{header::CONTENT_TYPE, request::Parts},
};
use muster_storage::trust::audit;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

use crate::problem::Problem;

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = match axum::Json::<Value>::from_request(request, state).await {
            Ok(axum::Json(body)) => body,
            Err(JsonRejection::BytesRejection(_)) => {
                return Err(Problem::too_large("the body is too large or broke off"));
            }
            Err(error) => return Err(Problem::invalid_body(error.body_text())),
        };
        // A list would be read as the members by their position.
        if !body.is_object() {
            return Err(Problem::invalid_body("the body must be a JSON object"));
        }
        if has_nul(&body) {
            return Err(Problem::invalid_body("a text contains a NUL character"));
        }
        let named = Named::of(&body);
        let read = serde_json::from_value(body).map_err(|error| Problem::invalid_body(error.to_string()))?;
        named.tell();
        Ok(Self(read))
    }
}

/// The parts of a body that the audit has: names of its members, which are the document's words,
/// ids of records, and a reason.
struct Named {
    members: Vec<String>,
    records: Vec<(String, Uuid)>,
    reason: Option<String>,
}

impl Named {
    fn of(body: &Value) -> Self {
        let members = body.as_object().into_iter().flatten();
        let record = |(name, value): (&String, &Value)| {
            let id = value.as_str().and_then(|text| Uuid::parse_str(text).ok())?;
            Some((name.strip_suffix("_id")?.to_owned(), id))
        };
        Self {
            members: members.clone().map(|(name, _)| name.clone()).collect(),
            records: members.filter_map(record).collect(),
            reason: body.get("reason").and_then(Value::as_str).map(ToOwned::to_owned),
        }
    }

    /// Tells the audit, once the body is one that the operation takes.
    fn tell(&self) {
        audit::changes(&self.members);
        self.records.iter().for_each(|(kind, id)| audit::concerns(kind, *id));
        if let Some(reason) = &self.reason {
            audit::because(reason);
        }
    }
}

/// A JSON body that may be left out: without one, all members have their defaults.
pub(crate) struct OptionalJson<T>(pub(crate) T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if request.headers().get(CONTENT_TYPE).is_none() && request.body().is_end_stream() {
            return Ok(Self(T::default()));
        }
        Json::from_request(request, state).await.map(|Json(body)| Self(body))
    }
}

/// Returns whether there is a U+0000 in a text or a name. Postgres cannot keep it.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Tells null from absent, for members of an edit.
#[expect(clippy::option_option, reason = "absent, null and a value are three different edits")]
pub(crate) fn present<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A small CSV file, whole.
pub(crate) struct CsvText(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for CsvText {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read = Bytes::from_request(request, state).await;
        read.map(Self).map_err(|_| Problem::too_large("the file is too large or broke off"))
    }
}

/// Parameters of the path.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            // An id of the wrong form is an id of nothing.
            Err(_) => Err(Problem::no("resource")),
        }
    }
}

/// Parameters of the query.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read_query(query_of(parts)?).map(Self)
    }
}

/// Returns a request's query.
pub(crate) fn query_of(parts: &Parts) -> Result<&str, Problem> {
    let query = parts.uri.query().unwrap_or_default();
    if query.contains("%00") {
        return Err(Problem::invalid_parameter("a parameter contains a NUL character"));
    }
    Ok(query)
}

/// Returns the parameters of a query, or of a part of one.
pub(crate) fn read_query<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let uri = format!("/?{query}").parse().map_err(|_| Problem::invalid_parameter("the query cannot be read"))?;
    match axum::extract::Query::try_from_uri(&uri) {
        Ok(axum::extract::Query(parameters)) => Ok(parameters),
        Err(error) => Err(Problem::invalid_parameter(error.body_text())),
    }
}

/// The versions that `If-Match` names, if it is sent.
pub(crate) struct IfMatch(pub(crate) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(parts.headers.get("if-match").and_then(|value| value.to_str().ok()).map(ToOwned::to_owned)))
    }
}

impl IfMatch {
    /// Returns whether a record of this version may be edited: any version, or one of a list.
    pub(crate) fn allows(&self, version: i32) -> bool {
        self.allows_tag(&format!("\"{version}\""))
    }

    /// Returns whether a record with this `ETag` may be edited.
    pub(crate) fn allows_tag(&self, own: &str) -> bool {
        self.0.as_ref().is_none_or(|expected| expected.split(',').map(str::trim).any(|tag| tag == "*" || tag == own))
    }

    /// Returns whether a version is expected at all.
    pub(crate) const fn is_sent(&self) -> bool {
        self.0.is_some()
    }
}

/// Returns a text that must not be blank, of at most `limit` characters.
pub(crate) fn text<'a>(name: &str, value: &'a str, limit: usize) -> Result<&'a str, Problem> {
    let value = value.trim();
    if value.is_empty() {
        return Err(Problem::invalid_body(format!("{name} must not be blank")));
    }
    at_most(name, value, limit)
}

/// Returns a text of at most `limit` characters, without U+0000, which Postgres cannot keep.
pub(crate) fn at_most<'a>(name: &str, value: &'a str, limit: usize) -> Result<&'a str, Problem> {
    if value.chars().count() > limit {
        return Err(Problem::invalid_body(format!("{name} has more than {limit} characters")));
    }
    if value.contains('\0') {
        return Err(Problem::invalid_body(format!("{name} contains a NUL character")));
    }
    Ok(value)
}
