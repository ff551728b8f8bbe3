//! `/docs`: the API's document as pages, made from `/openapi.json` itself.
//!
//! `/docs` has the chapters and the search, `/docs/chapters/{name}` a chapter's operations,
//! `/docs/operations/{id}` one operation with the form that tries it, `/docs/schemas/{name}` a
//! schema, and `/docs/errors` the problems. They are for everybody, as the document is. `book`
//! reads the document, `shape` tells a schema.

mod book;
mod chapters;
mod operation;
mod shape;

use std::future::{Ready, ready};

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};

pub(crate) use self::book::Book;
use self::{
    book::{Operation, Problems},
    shape::Shape,
};
use crate::{
    Console,
    client::Problem,
    form::Query,
    page::{Page, html},
    visit::{Visit, nothing},
};

/// Operations that a search shows at most.
const FOUND: usize = 60;

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/", get(index))
        .route("/chapters/{name}", get(chapter))
        .route("/operations/{id}", get(operation::show))
        .route("/schemas/{name}", get(schema))
        .route("/errors", get(errors))
        .fallback(nothing)
}

/// A chapter of the index.
struct Chapter {
    name: String,
    title: String,
    about: &'static str,
    operations: usize,
}

#[derive(Template)]
#[template(path = "docs/index.html")]
struct Index<'b> {
    page: Page,
    asked: String,
    about: &'b str,
    chapters: Vec<Chapter>,
    found: Vec<&'b Operation>,
    has_more: bool,
    schemas: Vec<&'b str>,
}

#[expect(clippy::needless_pass_by_value, reason = "a handler owns its extractors")]
fn index(visit: Visit, State(console): State<Console>, Query(query): Query) -> Ready<Response> {
    let book = console.book();
    let asked = query.get("q").to_owned();
    let (mut found, mut schemas) = (Vec::new(), Vec::new());
    if !asked.is_empty() {
        found = book.search(&asked).take(FOUND + 1).collect();
        schemas = book.schemas_named(&asked).take(FOUND).collect();
    }
    let has_more = found.len() > FOUND;
    found.truncate(FOUND);
    let chapters = book.chapters().map(|(name, operations)| Chapter {
        name: name.to_owned(),
        title: chapters::title(name),
        about: chapters::about(name),
        operations,
    });
    let (page, chapters) = (visit.page("The API", "chapters"), chapters.collect());
    ready(html(&Index { page, asked, about: book.about(), chapters, found, has_more, schemas }))
}

#[derive(Template)]
#[template(path = "docs/chapter.html")]
struct ChapterPage<'b> {
    page: Page,
    asked: String,
    about: &'static str,
    operations: Vec<&'b Operation>,
}

#[expect(clippy::needless_pass_by_value, reason = "a handler owns its extractors")]
fn chapter(visit: Visit, State(console): State<Console>, Path(name): Path<String>) -> Ready<Result<Response, Problem>> {
    let operations: Vec<_> = console.book().of_chapter(&name).collect();
    if operations.is_empty() {
        return ready(Err(Problem::nothing()));
    }
    let page = visit.page(chapters::title(&name), "chapters");
    ready(Ok(html(&ChapterPage { page, asked: String::new(), about: chapters::about(&name), operations })))
}

#[derive(Template)]
#[template(path = "docs/schema.html")]
struct SchemaPage<'b> {
    page: Page,
    asked: String,
    shape: Shape,
    example: String,
    used_by: Vec<&'b Operation>,
}

#[expect(clippy::needless_pass_by_value, reason = "a handler owns its extractors")]
fn schema(visit: Visit, State(console): State<Console>, Path(name): Path<String>) -> Ready<Result<Response, Problem>> {
    let book = console.book();
    let Some(schema) = book.schema(&name) else { return ready(Err(Problem::nothing())) };
    ready(Ok(html(&SchemaPage {
        page: visit.page(name.clone(), "chapters"),
        asked: String::new(),
        shape: Shape::of(schema),
        example: shape::example_text(book, schema),
        used_by: book.naming(&name).take(FOUND).collect(),
    })))
}

#[derive(Template)]
#[template(path = "docs/errors.html")]
struct Errors<'b> {
    page: Page,
    asked: String,
    problems: &'b Problems,
    shape: Option<Shape>,
}

#[expect(clippy::needless_pass_by_value, reason = "a handler owns its extractors")]
fn errors(visit: Visit, State(console): State<Console>) -> Ready<Response> {
    let book = console.book();
    let shape = book.schema("Problem").map(Shape::of);
    let page = visit.page("Errors", "errors");
    ready(html(&Errors { page, asked: String::new(), problems: book.problems(), shape }))
}
