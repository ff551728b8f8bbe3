//! The OpenAPI document, written by the types of the handlers: an extractor declares its part of a
//! request (`asks`), a return type its answers (`answers`), and the method and path give the
//! operation its id (`names`).
//!
//! A handler that answers or asks by a type which says nothing here does not compile as an
//! endpoint. Attributes of a handler say its method, path and tag.

mod answers;
mod asks;
mod names;
mod problems;

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{Method, StatusCode};
use muster_domain::tenancy::sign_in::scope::Scope;
use serde_json::json;
use utoipa::{
    ToSchema,
    openapi::{
        Content, Ref, RefOr, Required, Response, Responses, Schema,
        header::HeaderBuilder,
        path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn, PathItem},
        request_body::RequestBody,
        security::SecurityRequirement,
    },
};
use utoipa_axum::router::UtoipaMethodRouter;

use self::problems::Access;
pub(crate) use self::problems::Least;
pub(crate) use self::{
    answers::{
        Accepted, Answers, Created, Csv, Digested, Download, Made, NoContent, Once, Success, Tagged, TakenOn, Unheld,
        WithCookie, digest,
    },
    asks::{Asks, PathParts},
};
use crate::{bounds, credentials, state::Api};

/// The name of the security scheme of tokens.
pub(crate) const BEARER: &str = "bearer";

/// The name of the security scheme of sessions' cookies.
pub(crate) const COOKIE: &str = "cookie";

/// The part of an operation that says its callers and the scope that they need.
const ACCESS: &str = "x-muster-access";

/// Problems that any operation may answer, as far as there are such types.
const EVERYWHERE: [StatusCode; 5] = [
    StatusCode::REQUEST_TIMEOUT,
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::INTERNAL_SERVER_ERROR,
    StatusCode::SERVICE_UNAVAILABLE,
    StatusCode::GATEWAY_TIMEOUT,
];

/// An operation as its handler's types tell it.
#[derive(Default)]
pub(crate) struct OperationDoc {
    parameters: Vec<Parameter>,
    /// Schemas of the path's parameters in order; ids unless told.
    path: Vec<RefOr<Schema>>,
    body: Option<RequestBody>,
    answers: BTreeMap<u16, Response>,
    problems: BTreeSet<u16>,
    access: Access,
    /// Callers that it is for.
    least: Least,
    /// Schemas by name that are referred to.
    schemas: Vec<(String, RefOr<Schema>)>,
}

/// A handler of which the types tell the operation.
pub(crate) trait Described<Arguments> {
    /// Adds the handler's requests and answers.
    fn describe(&self, doc: &mut OperationDoc);
}

macro_rules! described {
    ($($argument:ident),*) => {
        impl<F, Fut, R, $($argument),*> Described<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> Fut,
            Fut: Future<Output = R>,
            R: Answers,
            $($argument: Asks),*
        {
            fn describe(&self, doc: &mut OperationDoc) {
                $($argument::asks(doc);)*
                R::answers(doc);
            }
        }
    };
}

described!(A);
described!(A, B);
described!(A, B, C);
described!(A, B, C, D);
described!(A, B, C, D, E);
described!(A, B, C, D, E, G);

/// Returns the description that a handler's types give.
pub(crate) fn tell<Arguments>(handler: &impl Described<Arguments>) -> OperationDoc {
    let mut doc = OperationDoc::default();
    handler.describe(&mut doc);
    doc
}

/// A handler as a route with an operation described by its types.
macro_rules! endpoint {
    ($($handler:tt)+) => {
        $crate::document::route(utoipa_axum::routes!($($handler)+), $crate::document::tell(&$($handler)+))
    };
}
pub(crate) use endpoint;

/// Writes an operation into a route.
pub(crate) fn route((_, mut paths, methods): UtoipaMethodRouter<Api>, doc: OperationDoc) -> UtoipaMethodRouter<Api> {
    for (path, item) in &mut paths.paths {
        for (method, operation) in operations(item) {
            doc.write(&method, path, operation);
        }
    }
    (doc.schemas, paths, methods)
}

/// Returns the operations of a path, with their methods.
pub(crate) fn operations_of(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::DELETE, &item.delete),
        (Method::PATCH, &item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_ref().map(|operation| (method, operation)))
}

/// Returns the operations of a path.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Delete, &mut item.delete),
        (HttpMethod::Patch, &mut item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}

impl OperationDoc {
    /// Adds a schema; returns a reference to it. A list has no name and is written where it stands.
    fn schema<T: ToSchema>(&mut self) -> RefOr<Schema> {
        T::schemas(&mut self.schemas);
        let schema = T::schema();
        if matches!(schema, RefOr::T(Schema::Array(_))) {
            return schema;
        }
        self.schemas.push((T::name().into_owned(), schema));
        Ref::from_schema_name(T::name()).into()
    }

    /// Adds a parameter.
    fn parameter(&mut self, parameter: ParameterBuilder) {
        self.parameters.push(parameter.build());
    }

    /// Adds a header that may be sent.
    fn header(&mut self, name: &str, required: Required, description: &str, schema: impl Into<RefOr<Schema>>) {
        self.parameter(
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Header)
                .required(required)
                .description(Some(description))
                .schema(Some(schema)),
        );
    }

    /// Adds a problem's status.
    fn problem(&mut self, status: StatusCode) {
        self.problems.insert(status.as_u16());
    }

    /// Adds a success.
    fn answer(&mut self, status: StatusCode, description: &str, content: Option<(&str, RefOr<Schema>)>) {
        let mut response = Response::new(description);
        if let Some((media_type, schema)) = content {
            response.content.insert(media_type.to_owned(), Content::new(Some(schema)).into());
        }
        self.answers.insert(status.as_u16(), response);
    }

    /// Adds a header to every success.
    fn answer_header(&mut self, name: &str, description: &str, schema: impl Into<RefOr<Schema>>) {
        let schema = schema.into();
        for response in self.answers.values_mut() {
            let header = HeaderBuilder::new().schema(Some(schema.clone())).description(Some(description)).build();
            response.headers.insert(name.to_owned(), header.into());
        }
    }

    /// Writes everything into an operation.
    fn write(&self, method: &HttpMethod, path: &str, operation: &mut Operation) {
        let mut parameters: Vec<Parameter> = parameters_of(path)
            .enumerate()
            .map(|(nth, name)| {
                let schema = self.path.get(nth).cloned().unwrap_or_else(bounds::id);
                ParameterBuilder::new()
                    .name(name)
                    .parameter_in(ParameterIn::Path)
                    .required(Required::True)
                    .schema(Some(schema))
                    .build()
            })
            .collect();
        parameters.extend(self.parameters.iter().cloned());
        operation.operation_id = Some(names::operation_id(method, path, self.is_list(), self.makes()));
        operation.parameters = Some(parameters.into_iter().map(RefOr::T).collect());
        operation.request_body = self.body.clone().map(RefOr::T);
        operation.responses = self.responses(method);
        let scheme = |name| SecurityRequirement::new(name, Vec::<String>::new());
        operation.security = Some(match (self.access, self.least) {
            (Access::Bearer, Least::Operator) => vec![scheme(BEARER)],
            (Access::Bearer, _) => vec![scheme(BEARER), scheme(COOKIE)],
            (Access::Public | Access::SignIn | Access::Signed, _) => Vec::new(),
        });
        let scope = if credentials::changes(&verb(method), path) { Scope::Full } else { Scope::Read };
        let access = json!({ "role": self.least.as_str(), "scope": scope.as_str() });
        operation.extensions = Some([(ACCESS, access)].into_iter().collect());
    }

    fn responses(&self, method: &HttpMethod) -> Responses {
        let mut all: BTreeMap<String, RefOr<Response>> =
            self.answers.iter().map(|(status, response)| (status.to_string(), response.clone().into())).collect();
        let mut problems = self.problems.clone();
        problems.extend(EVERYWHERE.map(|status| status.as_u16()));
        if self.access == Access::Bearer && *method != HttpMethod::Get {
            problems.insert(StatusCode::CONFLICT.as_u16());
        }
        for status in problems {
            all.extend(problems::response(status, self.access).map(|response| (status.to_string(), response.into())));
        }
        all.insert("default".to_owned(), problems::any_other().into());
        Responses::from_iter(all)
    }

    /// Returns whether the answer is a list or a page of one.
    fn is_list(&self) -> bool {
        let listed = |response: &Response| {
            response.content.values().any(|content| {
                matches!(content, RefOr::T(content) if matches!(content.schema, Some(RefOr::T(Schema::Array(_)))))
            })
        };
        self.parameters.iter().any(|parameter| parameter.name == "cursor") || self.answers.values().any(listed)
    }

    /// Returns whether the operation makes something.
    fn makes(&self) -> bool {
        self.answers.keys().any(|status| matches!(status, 201 | 202))
    }
}

/// Returns a method as requests have it.
fn verb(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Patch => Method::PATCH,
        _ => Method::POST,
    }
}

/// Returns the names of a path's parameters.
fn parameters_of(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}
