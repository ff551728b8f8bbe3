//! `/docs/operations/{id}`: one operation, and the form that tries it with the browser's session.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use muster_domain::tenancy::role::Role;
use serde::Deserialize;

use super::{
    book::{Answer, Book, Operation, Parameter},
    chapters,
    shape::{Piece, Shape, bounds, example_text, pieces, referred},
};
use crate::{
    Console,
    client::{Problem, operations::sign_in},
    page::{Page, html},
    visit::Visit,
    words::states,
};

/// The member that has signed in, as the form tells them.
#[derive(Debug, Deserialize)]
struct Me {
    account_name: String,
    role: String,
    organization_id: Option<String>,
}

impl Me {
    fn role(&self) -> &'static str {
        states::name::<Role>(&self.role)
    }
}

/// A parameter with its type in words.
struct Told<'b> {
    parameter: &'b Parameter,
    kind: Vec<Piece>,
    bounds: String,
    /// The value that the form begins with.
    value: String,
}

/// An answer that is no problem.
struct Good<'b> {
    status: &'b str,
    answer: &'b Answer,
    shapes: Vec<(&'b str, Vec<Piece>, Shape)>,
}

#[derive(Template)]
#[template(path = "docs/operation.html")]
struct OperationPage<'b> {
    page: Page,
    asked: String,
    operation: &'b Operation,
    chapter: (String, String),
    access: String,
    parameters: Vec<Told<'b>>,
    /// Types of the body, and its shape.
    body: Option<(Vec<&'b str>, Vec<Piece>, Shape)>,
    good: Vec<Good<'b>>,
    bad: Vec<(&'b str, &'b str)>,
    curl: String,
    me: Option<Me>,
    sign_in: String,
    example: String,
}

pub(super) async fn show(
    visit: Visit,
    State(console): State<Console>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let book = console.book();
    let operation = book.operation(&id).ok_or_else(Problem::nothing)?;
    let me: Option<Me> = visit.call(&sign_in::ACCOUNT, []).read().await.ok();
    let tag = operation.tags.first().map(String::as_str).unwrap_or_default();
    let parameters = operation.parameters.iter().map(|parameter| told(parameter, me.as_ref()));
    let good = operation.responses.iter().filter(|(status, _)| status.starts_with(['2', '3']));
    let bad = operation.responses.iter().filter(|(status, _)| status.starts_with(['4', '5']));
    let sign_in = serde_urlencoded::to_string([("next", visit.here.as_str())]).unwrap_or_default();
    let (body, example) = (body(book, operation), example(book, operation));
    let kind = body.as_ref().and_then(|(kinds, ..)| kinds.first().copied());
    Ok(html(&OperationPage {
        page: visit.page(operation.title(), "chapters"),
        asked: String::new(),
        operation,
        chapter: (tag.to_owned(), chapters::title(tag)),
        access: access(operation),
        parameters: parameters.collect(),
        body,
        good: good.map(|(status, answer)| good_answer(book, status, answer)).collect(),
        bad: bad.map(|(status, answer)| (status.as_str(), answer.description.as_str())).collect(),
        curl: curl(operation, kind, &example),
        me,
        sign_in: format!("/sign-in?{sign_in}"),
        example,
    }))
}

fn told<'b>(parameter: &'b Parameter, me: Option<&Me>) -> Told<'b> {
    let value = match parameter.name.as_str() {
        "organization_id" => me.and_then(|me| me.organization_id.clone()).unwrap_or_default(),
        "Idempotency-Key" => uuid::Uuid::now_v7().to_string(),
        _ => String::new(),
    };
    Told { parameter, kind: pieces(&parameter.schema), bounds: bounds(&parameter.schema), value }
}

/// Returns which callers may ask.
fn access(operation: &Operation) -> String {
    let role = match operation.access.role.as_str() {
        "anybody" => "Everybody.".to_owned(),
        "carrier" => "The carrier, by its signature.".to_owned(),
        "member" => "Every member that has signed in.".to_owned(),
        "operator" => "Operators, by their token.".to_owned(),
        role => match Role::parse(role) {
            Some(role) => format!("{}, and roles above.", states::Plain::english(role).what),
            None => format!("Members with the role {role}."),
        },
    };
    if operation.changes() { format!("{role} Not with a token for reading alone.") } else { role }
}

/// Returns the shape of a schema, or of the one that it refers to.
fn shape(book: &Book, schema: &serde_json::Value) -> Shape {
    Shape::of(referred(schema).and_then(|name| book.schema(name)).unwrap_or(schema))
}

fn body<'b>(book: &Book, operation: &'b Operation) -> Option<(Vec<&'b str>, Vec<Piece>, Shape)> {
    let content = &operation.request_body.as_ref()?.content;
    let schema = &content.values().next()?.schema;
    let mut kinds: Vec<_> = content.keys().map(String::as_str).collect();
    // The form sends the first one: text comes before bytes.
    kinds.sort_by_key(|kind| !(kind.contains("json") || kind.starts_with("text/")));
    Some((kinds, pieces(schema), shape(book, schema)))
}

fn good_answer<'b>(book: &Book, status: &'b str, answer: &'b Answer) -> Good<'b> {
    let shapes = answer.content.iter();
    let shapes = shapes.map(|(kind, of)| (kind.as_str(), pieces(&of.schema), shape(book, &of.schema)));
    Good { status, answer, shapes: shapes.collect() }
}

/// Returns an example of the body; blank where it is no JSON.
fn example(book: &Book, operation: &Operation) -> String {
    let json = operation.request_body.as_ref().and_then(|body| body.content.get("application/json"));
    json.map(|json| example_text(book, &json.schema)).unwrap_or_default()
}

/// Returns the request as a command. `kind` is the type of its body.
fn curl(operation: &Operation, kind: Option<&str>, example: &str) -> String {
    let mut lines = vec![format!("curl -X {} \"$MUSTER{}\"", operation.method, operation.path)];
    if !operation.takes_a_session() && operation.access.role == "carrier" {
        lines.push("  -H \"X-Twilio-Signature: $SIGNATURE\"".to_owned());
    } else if operation.access.role != "anybody" {
        lines.push("  -H \"Authorization: Bearer $TOKEN\"".to_owned());
    }
    for header in operation.parameters.iter().filter(|parameter| parameter.place == "header") {
        if header.required || header.name == "Idempotency-Key" {
            lines.push(format!("  -H \"{}: …\"", header.name));
        }
    }
    if let Some(kind) = kind {
        lines.push(format!("  -H \"Content-Type: {kind}\""));
        let body = if example.is_empty() { "  --data-binary @FILE".to_owned() } else { format!("  -d '{example}'") };
        lines.push(body);
    }
    lines.join(" \\\n")
}

impl OperationPage<'_> {
    /// Returns the type of the body that the form sends.
    fn content_type(&self) -> &str {
        self.body.as_ref().and_then(|(kinds, ..)| kinds.first()).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_operation_is_told_as_a_command_with_the_members_that_it_needs() {
        let document = json!({
            "paths": { "/v1/tags": { "post": {
                "operationId": "create_tag", "security": [{ "bearer": [] }],
                "x-muster-access": { "role": "organization_admin", "scope": "full" },
                "requestBody": { "content": { "application/json": { "schema": {
                    "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } } } } },
            } } },
        });
        let book = Book::read(&document.to_string());
        let operation = book.operation("create_tag").unwrap();
        let command = curl(operation, Some("application/json"), &example(&book, operation));
        assert!(
            command.contains("curl -X POST \"$MUSTER/v1/tags\"") && command.contains("\"name\": \"text\""),
            "{command}"
        );
        assert_eq!(access(operation), "Organization admin, and roles above. Not with a token for reading alone.");
    }
}
