//! Problems in the document: the schema with every type, and a response for each status.

use std::borrow::Cow;

use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Content, Object, Ref, RefOr, Response, Schema,
        header::HeaderBuilder,
        schema::{AdditionalProperties, ObjectBuilder, SchemaFormat, SchemaType, Type},
    },
};

use crate::problem::Problem;

/// The media type of problems (RFC 9457).
const MEDIA_TYPE: &str = "application/problem+json";

impl ToSchema for Problem {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Problem")
    }
}

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        let text = |description: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(description));
        let types = Problem::TYPES.iter().map(|(kind, ..)| Value::from(*kind));
        let status = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(400))
            .maximum(Some(599))
            .description(Some("The HTTP status."));
        let nullable = SchemaType::from_iter([Type::String, Type::Null]);
        let mut problem = ObjectBuilder::new()
            .description(Some("An error (RFC 9457). Clients may match on `type`, which is stable."))
            .property("type", text("What is wrong, as a stable word.").enum_values(Some(types)))
            .required("type")
            .property("title", text("What the type means."))
            .required("title")
            .property("status", status)
            .required("status")
            .property("detail", text("What is wrong with this request."))
            .required("detail");
        for (name, format, description) in [
            ("goal_status", None, "With `conflict`: the goal's present status."),
            ("held_by", Some("uuid"), "With `thread-held`: the agent who holds the thread."),
            ("held_until", Some("date-time"), "With `thread-held`: when the claim ends."),
            ("retry_at", Some("date-time"), "With `reply-limit`: when the next reply can be made."),
        ] {
            let format = format.map(|format| SchemaFormat::Custom(format.to_owned()));
            problem = problem.property(name, text(description).schema_type(nullable.clone()).format(format));
        }
        problem.additional_properties(Some(AdditionalProperties::FreeForm(false))).into()
    }
}

/// The problem of a request that is signed instead of carrying a token.
const BAD_SIGNATURE: &str = "urn:muster:problem:bad-signature";

/// Problems of sign-in.
const SIGN_IN: [&str; 2] = ["urn:muster:problem:sign-in-failed", "urn:muster:problem:cross-site"];

/// The problem of a request from a page that a form does not know.
const FOREIGN_ORIGIN: &str = "urn:muster:problem:foreign-origin";

/// The way in which an operation knows its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Access {
    /// By nothing: anybody may ask.
    #[default]
    Public,
    /// By the proof that the request has, of which a session is made.
    SignIn,
    /// By a bearer token.
    Bearer,
    /// By a signature.
    Signed,
}

/// Callers that an operation is for: one kind, or admins of at least a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Least {
    /// Anybody.
    #[default]
    Anybody,
    /// The carrier.
    Carrier,
    /// Any member.
    Member,
    /// Agents, and nobody else.
    Agent,
    /// Admins of groups, and those above.
    GroupAdmin,
    /// Admins of organizations, and those above.
    OrganizationAdmin,
    /// Account admins.
    AccountAdmin,
    /// Operators of the installation: `read` for reading, `act` for changes.
    Operator,
}

impl Least {
    /// Returns the word in the document.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Anybody => "anybody",
            Self::Carrier => "carrier",
            Self::Member => "member",
            Self::Agent => "agent",
            Self::GroupAdmin => "group_admin",
            Self::OrganizationAdmin => "organization_admin",
            Self::AccountAdmin => "account_admin",
            Self::Operator => "operator",
        }
    }
}

impl Access {
    /// Returns whether an operation refuses a caller by this problem.
    fn refuses(self, kind: &str) -> bool {
        match self {
            Self::Public => kind == FOREIGN_ORIGIN,
            Self::SignIn => SIGN_IN.contains(&kind),
            Self::Bearer => kind != FOREIGN_ORIGIN && kind != BAD_SIGNATURE && kind != SIGN_IN[0],
            Self::Signed => kind == BAD_SIGNATURE,
        }
    }
}

/// Returns a status' response, if there are problems with it.
pub(super) fn response(status: u16, access: Access) -> Option<Response> {
    let doc: Vec<String> = Problem::TYPES
        .iter()
        .filter(|(kind, of, _)| *of == status && (status != 403 || access.refuses(kind)))
        .map(|(kind, _, title)| format!("{title} (`{kind}`)."))
        .collect();
    if doc.is_empty() {
        return None;
    }
    let mut response = problem(&doc.join(" "));
    if matches!(status, 429 | 503) {
        let seconds = Object::builder().schema_type(Type::Integer).minimum(Some(0));
        let header =
            HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait before trying again."));
        response.headers.insert("Retry-After".to_owned(), header.build().into());
    }
    Some(response)
}

/// Returns the description of statuses that are not listed.
pub(super) fn any_other() -> Response {
    problem("Any other problem.")
}

fn problem(description: &str) -> Response {
    let mut response = Response::new(description);
    let schema = Ref::from_schema_name("Problem");
    response.content.insert(MEDIA_TYPE.to_owned(), Content::new(Some(schema)).into());
    response
}
