//! How handlers answer. Each type is a status and its body, so that an answer cannot differ from
//! the document.

use std::marker::PhantomData;

use axum::{
    Json,
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response, Sse},
};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::{
    ToSchema,
    openapi::schema::{ObjectBuilder, Type},
};
use uuid::Uuid;

use crate::{document::OperationDoc, problem::Problem};

/// A return type that declares its answers.
pub(crate) trait Answers {
    /// Adds the responses.
    fn answers(doc: &mut OperationDoc);
}

/// An answer with a body, which can be kept with an idempotency key.
pub(crate) trait Success: Answers {
    /// Its status.
    const STATUS: StatusCode;

    /// Its body.
    type Body: Serialize;

    /// Returns its body.
    fn into_body(self) -> Self::Body;
}

impl<T: Answers> Answers for Result<T, Problem> {
    fn answers(doc: &mut OperationDoc) {
        let _name = doc.schema::<Problem>();
        T::answers(doc);
    }
}

/// Says that a type is a status and a JSON body.
macro_rules! bodies {
    ($($answer:ident = $status:ident, $description:literal;)+) => {$(
        impl<T: Serialize + ToSchema> Answers for $answer<T> {
            fn answers(doc: &mut OperationDoc) {
                let schema = doc.schema::<T>();
                doc.answer(StatusCode::$status, $description, Some(("application/json", schema)));
            }
        }

        impl<T: Serialize + ToSchema> Success for $answer<T> {
            const STATUS: StatusCode = StatusCode::$status;

            type Body = T;

            fn into_body(self) -> T {
                self.0
            }
        }
    )+};
}

bodies! {
    Json = OK, "As asked.";
    Created = CREATED, "It was made.";
    Accepted = ACCEPTED, "It was taken on; a job does it.";
}

/// 201 with the new record.
pub(crate) struct Created<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Json(self.0)).into_response()
    }
}

/// 202 with the work left to a job.
pub(crate) struct Accepted<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, Json(self.0)).into_response()
    }
}

/// The id of the record that was made or of the work to be done.
#[derive(Serialize, ToSchema)]
pub(crate) struct Made {
    /// Its id.
    pub(crate) id: Uuid,
}

/// 204: done, and nothing to say of it.
pub(crate) struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl Answers for NoContent {
    fn answers(doc: &mut OperationDoc) {
        doc.answer(StatusCode::NO_CONTENT, "Done.", None);
    }
}

/// 202 without a body: a job will do it.
pub(crate) struct TakenOn;

impl IntoResponse for TakenOn {
    fn into_response(self) -> Response {
        StatusCode::ACCEPTED.into_response()
    }
}

impl Answers for TakenOn {
    fn answers(doc: &mut OperationDoc) {
        doc.answer(StatusCode::ACCEPTED, "It was taken on; a job does it.", None);
    }
}

/// 200 with a version, which goes into `If-Match` of an edit.
pub(crate) struct Tagged<T> {
    /// The version.
    pub(crate) version: i32,
    /// The resource that has it.
    pub(crate) body: T,
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        ([(header::ETAG, format!("\"{}\"", self.version))], Json(self.body)).into_response()
    }
}

impl<T: Serialize + ToSchema> Answers for Tagged<T> {
    fn answers(doc: &mut OperationDoc) {
        Json::<T>::answers(doc);
        doc.answer_header("ETag", "The version, for `If-Match`.", ObjectBuilder::new().schema_type(Type::String));
    }
}

/// 200 as long as another agent does not hold the conversation; else 409.
pub(crate) struct Unheld<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Unheld<T> {
    fn into_response(self) -> Response {
        Json(self.0).into_response()
    }
}

impl<T: Serialize + ToSchema> Answers for Unheld<T> {
    fn answers(doc: &mut OperationDoc) {
        Json::<T>::answers(doc);
        doc.problem(StatusCode::CONFLICT);
    }
}

/// 200 with a digest of the answer itself as its `ETag`: it changes with all that the answer shows,
/// and tells nothing of the rest (rule A5).
pub(crate) struct Digested<T>(pub(crate) T);

/// Returns the digest of an answer, as `If-Match` names it.
pub(crate) fn digest(body: &impl Serialize) -> String {
    let bytes = serde_json::to_vec(body).unwrap_or_default();
    let hex = Sha256::digest(&bytes).iter().take(16).fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    format!("\"{hex}\"")
}

impl<T: Serialize> IntoResponse for Digested<T> {
    fn into_response(self) -> Response {
        ([(header::ETAG, digest(&self.0))], Json(self.0)).into_response()
    }
}

impl<T: Serialize + ToSchema> Answers for Digested<T> {
    fn answers(doc: &mut OperationDoc) {
        Json::<T>::answers(doc);
        let schema = ObjectBuilder::new().schema_type(Type::String);
        doc.answer_header("ETag", "A digest of the answer, for `If-Match`.", schema);
    }
}

/// An answer that is kept with its idempotency key and given again.
pub(crate) struct Once<S> {
    status: StatusCode,
    body: Value,
    replayed: bool,
    answer: PhantomData<S>,
}

impl<S: Success> Once<S> {
    /// Returns an answer that is given for the first time.
    pub(crate) fn new(body: Value) -> Self {
        Self { status: S::STATUS, body, replayed: false, answer: PhantomData }
    }

    /// Returns an answer that was given before.
    pub(crate) fn again(status: StatusCode, body: Value) -> Self {
        Self { status, body, replayed: true, answer: PhantomData }
    }
}

impl<S> IntoResponse for Once<S> {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if self.replayed {
            let name = HeaderName::from_static("idempotency-replayed");
            response.headers_mut().insert(name, HeaderValue::from_static("true"));
        }
        response
    }
}

impl<S: Answers> Answers for Once<S> {
    fn answers(doc: &mut OperationDoc) {
        S::answers(doc);
        let flag = ObjectBuilder::new().schema_type(Type::Boolean);
        doc.answer_header("Idempotency-Replayed", "`true` where the answer was given before for this key.", flag);
    }
}

/// 200 with a CSV file.
pub(crate) struct Csv(pub(crate) Body);

impl IntoResponse for Csv {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], self.0).into_response()
    }
}

impl Answers for Csv {
    fn answers(doc: &mut OperationDoc) {
        let text = ObjectBuilder::new().schema_type(Type::String).into();
        doc.answer(StatusCode::OK, "The file, with a line of headers.", Some(("text/csv", text)));
    }
}

impl<S> Answers for Sse<S> {
    fn answers(doc: &mut OperationDoc) {
        let text = ObjectBuilder::new().schema_type(Type::String).into();
        doc.answer(StatusCode::OK, "Events as they come.", Some(("text/event-stream", text)));
    }
}
