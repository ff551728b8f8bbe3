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
    openapi::schema::{ObjectBuilder, SchemaFormat, Type},
};
use uuid::Uuid;

use crate::{credentials::SESSION_COOKIE, document::OperationDoc, problem::Problem};

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

/// An answer with a session's cookie, or one that takes it back.
pub(crate) struct WithCookie<T> {
    /// The header `Set-Cookie`.
    cookie: Option<String>,
    /// The answer.
    answer: T,
}

/// Attributes of a session's cookie: for this origin's pages over TLS alone, out of reach of
/// scripts, and not sent with requests that another site's page makes.
const COOKIE_ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

impl<T> WithCookie<T> {
    /// Answers with a cookie of this name, value and age in seconds, or without one. A cookie
    /// without an age lasts until the browser is closed.
    pub(crate) fn new(answer: T, cookie: Option<(&str, String, Option<i64>)>) -> Self {
        let cookie = cookie.map(|(name, value, age)| {
            let age = age.map(|seconds| format!("Max-Age={seconds}; ")).unwrap_or_default();
            format!("{name}={value}; {age}{COOKIE_ATTRIBUTES}")
        });
        Self { cookie, answer }
    }

    /// Answers otherwise, with the same cookie.
    pub(crate) fn over<U>(self, answer: U) -> WithCookie<U> {
        WithCookie { cookie: self.cookie, answer }
    }

    /// Takes the cookie back.
    pub(crate) fn taken_back(answer: T) -> Self {
        Self { cookie: Some(format!("{SESSION_COOKIE}=; Max-Age=0; {COOKIE_ATTRIBUTES}")), answer }
    }
}

impl<T: IntoResponse> IntoResponse for WithCookie<T> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        if let Some(cookie) = self.cookie.and_then(|cookie| HeaderValue::try_from(cookie).ok()) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    }
}

impl<T: Answers> Answers for WithCookie<T> {
    fn answers(doc: &mut OperationDoc) {
        T::answers(doc);
        let text = ObjectBuilder::new().schema_type(Type::String);
        doc.answer_header("Set-Cookie", "The session's cookie, where one was asked for.", text);
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

/// 200 with a file to keep, under a name.
pub(crate) struct Download {
    /// The file's name: letters, digits, `-`, `_` and `.`.
    pub(crate) name: String,
    /// The file.
    pub(crate) file: Body,
}

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", self.name)),
            (header::CACHE_CONTROL, "no-store".to_owned()),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
            (header::REFERRER_POLICY, "no-referrer".to_owned()),
        ];
        (headers, self.file).into_response()
    }
}

impl Answers for Download {
    fn answers(doc: &mut OperationDoc) {
        let bytes =
            ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::Custom("binary".to_owned())));
        doc.answer(StatusCode::OK, "The file.", Some(("application/octet-stream", bytes.into())));
    }
}

impl<S> Answers for Sse<S> {
    fn answers(doc: &mut OperationDoc) {
        let text = ObjectBuilder::new().schema_type(Type::String).into();
        doc.answer(StatusCode::OK, "Events as they come.", Some(("text/event-stream", text)));
    }
}
