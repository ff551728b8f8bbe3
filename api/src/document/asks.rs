//! Extractors, and their needs in the document: parameters, bodies and headers.

use std::collections::BTreeMap;

use axum::{body::Body, extract::State, http::StatusCode};
use muster_domain::ids;
use serde::de::DeserializeOwned;
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{
        Content, RefOr, Required, Schema,
        path::{Parameter, ParameterIn},
        request_body::RequestBodyBuilder,
        schema::{ObjectBuilder, SchemaFormat, Type},
    },
};
use uuid::Uuid;

use crate::{
    auth::{AccountAdmin, AccountAdminHere, Admin, Agent, Caller, Operator, OrganizationAdmin, TokenHash},
    bounds,
    credentials::Signed,
    document::{Least, OperationDoc, problems::Access},
    downloads::client::{ClientAddress, DownloadKey},
    extract::{CsvText, IfMatch, Json, OptionalJson, Path, Query},
    idempotency::{Keyed, LONGEST_KEY},
    list::ListQuery,
    sign_in::SignInClient,
    sign_ups::visitor::{FormKey, SmallJson, Visitor},
    state::Api,
    webhooks::signed::SignedForm,
};

/// An extractor that declares its part of a request.
pub(crate) trait Asks {
    /// Adds parameters, the body, and the answers to wrong ones.
    fn asks(doc: &mut OperationDoc);
}

impl Asks for State<Api> {
    fn asks(_: &mut OperationDoc) {}
}

impl Asks for TokenHash {
    fn asks(_: &mut OperationDoc) {}
}

impl Asks for Signed {
    fn asks(doc: &mut OperationDoc) {
        Caller::asks(doc);
    }
}

impl Asks for Caller {
    fn asks(doc: &mut OperationDoc) {
        doc.access = Access::Bearer;
        if doc.least == Least::Anybody {
            doc.least = Least::Member;
        }
        doc.problem(StatusCode::UNAUTHORIZED);
        doc.problem(StatusCode::FORBIDDEN);
    }
}

impl Asks for Admin {
    fn asks(doc: &mut OperationDoc) {
        Caller::asks(doc);
        doc.least = Least::GroupAdmin;
        doc.problem(StatusCode::NOT_FOUND);
    }
}

impl Asks for OrganizationAdmin {
    fn asks(doc: &mut OperationDoc) {
        Admin::asks(doc);
        doc.least = Least::OrganizationAdmin;
    }
}

impl Asks for AccountAdminHere {
    fn asks(doc: &mut OperationDoc) {
        Admin::asks(doc);
        doc.least = Least::AccountAdmin;
    }
}

impl Asks for AccountAdmin {
    fn asks(doc: &mut OperationDoc) {
        Caller::asks(doc);
        doc.least = Least::AccountAdmin;
    }
}

impl Asks for Operator {
    fn asks(doc: &mut OperationDoc) {
        Caller::asks(doc);
        doc.least = Least::Operator;
    }
}

impl Asks for Agent {
    fn asks(doc: &mut OperationDoc) {
        Caller::asks(doc);
        doc.least = Least::Agent;
    }
}

impl<T: PathParts> Asks for Path<T> {
    fn asks(doc: &mut OperationDoc) {
        T::parts(&mut doc.path);
        doc.problem(StatusCode::NOT_FOUND);
    }
}

/// Parameters of a path.
pub(crate) trait PathParts {
    /// Adds the schema of each, in order.
    fn parts(parts: &mut Vec<RefOr<Schema>>);
}

macro_rules! ids {
    ($($id:ident),+) => {$(
        impl PathParts for ids::$id {
            fn parts(parts: &mut Vec<RefOr<Schema>>) {
                Uuid::parts(parts);
            }
        }
    )+};
}

ids!(
    OrganizationId,
    GroupId,
    MemberId,
    ContactId,
    ImportId,
    ImportSourceId,
    CampaignId,
    GoalId,
    BatchId,
    ScriptId,
    ThreadId,
    MessageId,
    RedactionId,
    TagId,
    FieldId,
    MergeId,
    FormId,
    BulkChangeId,
    AutomationId,
    SessionId,
    ExportId,
    ExportLinkId,
    JobId,
    JobActId
);

/// A name, such as a daemon's or a schedule's.
impl PathParts for String {
    fn parts(parts: &mut Vec<RefOr<Schema>>) {
        parts.push(bounds::Name::schema());
    }
}

impl PathParts for DownloadKey {
    fn parts(parts: &mut Vec<RefOr<Schema>>) {
        parts.push(bounds::DownloadKey::schema());
    }
}

impl PathParts for FormKey {
    fn parts(parts: &mut Vec<RefOr<Schema>>) {
        parts.push(bounds::FormKey::schema());
    }
}

impl PathParts for Uuid {
    fn parts(parts: &mut Vec<RefOr<Schema>>) {
        parts.push(bounds::id());
    }
}

impl<A: PathParts, B: PathParts> PathParts for (A, B) {
    fn parts(parts: &mut Vec<RefOr<Schema>>) {
        A::parts(parts);
        B::parts(parts);
    }
}

impl<A: PathParts, B: PathParts, C: PathParts> PathParts for (A, B, C) {
    fn parts(parts: &mut Vec<RefOr<Schema>>) {
        <(A, B)>::parts(parts);
        C::parts(parts);
    }
}

impl<T: IntoParams> Asks for Query<T> {
    fn asks(doc: &mut OperationDoc) {
        let parameters: Vec<Parameter> = T::into_params(|| Some(ParameterIn::Query));
        doc.parameters.extend(parameters);
        doc.problem(StatusCode::BAD_REQUEST);
    }
}

impl<F: DeserializeOwned + IntoParams> Asks for ListQuery<F> {
    fn asks(doc: &mut OperationDoc) {
        Query::<Self>::asks(doc);
    }
}

impl<T: DeserializeOwned + ToSchema> Asks for Json<T> {
    fn asks(doc: &mut OperationDoc) {
        let content = Content::new(Some(doc.schema::<T>()));
        let body = RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True));
        doc.body = Some(body.build());
        doc.problem(StatusCode::PAYLOAD_TOO_LARGE);
        doc.problem(StatusCode::UNPROCESSABLE_ENTITY);
    }
}

impl<T: DeserializeOwned + Default + ToSchema> Asks for OptionalJson<T> {
    fn asks(doc: &mut OperationDoc) {
        Json::<T>::asks(doc);
        if let Some(body) = &mut doc.body {
            body.required = Some(Required::False);
        }
    }
}

impl<T: DeserializeOwned + ToSchema> Asks for SmallJson<T> {
    fn asks(doc: &mut OperationDoc) {
        Json::<T>::asks(doc);
        doc.problem(StatusCode::CONFLICT);
    }
}

impl Asks for SignInClient {
    fn asks(doc: &mut OperationDoc) {
        doc.access = Access::SignIn;
        doc.problem(StatusCode::FORBIDDEN);
    }
}

impl Asks for Visitor {
    fn asks(doc: &mut OperationDoc) {
        let origin = ObjectBuilder::new().schema_type(Type::String);
        doc.header("Origin", Required::False, "The origin of the page, as browsers tell it.", origin);
        doc.problem(StatusCode::FORBIDDEN);
    }
}

impl Asks for ClientAddress {
    fn asks(_: &mut OperationDoc) {}
}

/// A file of members.
impl Asks for CsvText {
    fn asks(doc: &mut OperationDoc) {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let body = RequestBodyBuilder::new()
            .description(Some("The file itself, with a line of headers."))
            .content("text/csv", Content::new(Some(text)))
            .required(Some(Required::True));
        doc.body = Some(body.build());
        doc.problem(StatusCode::PAYLOAD_TOO_LARGE);
        doc.problem(StatusCode::UNPROCESSABLE_ENTITY);
    }
}

/// A file of contacts.
impl Asks for Body {
    fn asks(doc: &mut OperationDoc) {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let bytes: RefOr<Schema> = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom("binary".to_owned())))
            .into();
        let mut body = RequestBodyBuilder::new()
            .description(Some("The file itself: CSV, plain or packed by gzip, zstd or zip."))
            .content("text/csv", Content::new(Some(text)))
            .required(Some(Required::True));
        for packed in ["application/gzip", "application/zstd", "application/zip", "application/octet-stream"] {
            body = body.content(packed, Content::new(Some(bytes.clone())));
        }
        doc.body = Some(body.build());
        doc.problem(StatusCode::PAYLOAD_TOO_LARGE);
        doc.problem(StatusCode::UNPROCESSABLE_ENTITY);
    }
}

impl Asks for Keyed {
    fn asks(doc: &mut OperationDoc) {
        let key = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(LONGEST_KEY))
            .pattern(Some("^[ -~]+$"))
            .description(Some("Visible characters of ASCII."));
        doc.header(
            "Idempotency-Key",
            Required::False,
            "The same request again with the same key gets the same answer and does nothing.",
            key,
        );
        doc.problem(StatusCode::BAD_REQUEST);
        doc.problem(StatusCode::UNPROCESSABLE_ENTITY);
    }
}

impl Asks for IfMatch {
    fn asks(doc: &mut OperationDoc) {
        let tags = ObjectBuilder::new().schema_type(Type::String);
        doc.header(
            "If-Match",
            Required::False,
            "The `ETag` that was read; the edit is refused if it is another by now.",
            tags,
        );
        doc.problem(StatusCode::PRECONDITION_FAILED);
    }
}

impl Asks for SignedForm {
    fn asks(doc: &mut OperationDoc) {
        doc.access = Access::Signed;
        doc.least = Least::Carrier;
        let form = BTreeMap::<String, String>::schema();
        let body = RequestBodyBuilder::new()
            .description(Some("The carrier's form."))
            .content("application/x-www-form-urlencoded", Content::new(Some(form)))
            .required(Some(Required::True));
        doc.body = Some(body.build());
        let signature = ObjectBuilder::new().schema_type(Type::String);
        doc.header("X-Twilio-Signature", Required::True, "The carrier's signature of the URL and the form.", signature);
        doc.problem(StatusCode::FORBIDDEN);
        doc.problem(StatusCode::PAYLOAD_TOO_LARGE);
        doc.problem(StatusCode::UNPROCESSABLE_ENTITY);
    }
}
