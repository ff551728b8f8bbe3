//! `…/imports/look`: a file before it is imported: its columns, their meaning, its first rows.

use std::{
    collections::BTreeMap,
    future::{Ready, ready},
};

use askama::Template;
use axum::{body::Body as Bytes, response::Response};
use futures::StreamExt as _;
use muster_domain::imports::{FileEncoding, RejectReason};
use serde::Deserialize;

use crate::{
    app::{
        desk::Desk,
        imports::parts::{File, Parts},
        kit::{Body, Cell, Table, Tone},
    },
    client::{Problem, operations::admin as operations},
    form::Fields,
    words::states,
};

/// Bytes of a file that are looked at.
const BEGINNING: usize = 4 * 1024 * 1024;
/// Bytes of the rest that are waited for, so that the browser comes to read the answer.
const REST: usize = 256 * 1024 * 1024;
/// Columns that can be given a meaning.
const COLUMNS: usize = 200;

/// Fields that a column can fill, and their names for people.
const FIELDS: [(&str, &str); 13] = [
    ("phone", "Mobile number"),
    ("first_name", "First name"),
    ("last_name", "Last name"),
    ("email", "Email"),
    ("postal_code", "Postal code"),
    ("notes", "Notes for texters"),
    ("tags", "Tags"),
    ("external_id", "Your own id"),
    ("assigned_agent", "Texter"),
    ("opt_out", "Stopped texts: yes or a date"),
    ("opt_in", "Agreed to texts: yes or no"),
    ("opt_out_status", "Standing of texts, such as unsubscribed"),
    ("ignore", "Leave it out"),
];

#[derive(Deserialize)]
struct Looked {
    encoding: String,
    columns: Vec<Column>,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Column {
    header: String,
    field: String,
    meaning: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    line: u64,
    #[serde(default)]
    values: BTreeMap<String, String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    opted_out: bool,
    #[serde(default)]
    warnings: Vec<String>,
    reason: Option<String>,
    column: Option<String>,
    value: Option<String>,
}

#[derive(Template)]
#[template(path = "app/imports/mapping.html")]
struct Mapping {
    address: String,
    columns: Vec<Mapped>,
}

/// A column with its choices.
struct Mapped {
    header: String,
    field: String,
    example: String,
    meaning: String,
    options: Vec<(String, String)>,
}

#[derive(Template)]
#[template(source = r#"<input type="hidden" id="upload-mapping" name="mapping" value="{{ json }}">"#, ext = "html")]
struct Chosen {
    json: String,
}

/// Shows a file's beginning. Nothing is kept.
pub(crate) async fn look(desk: Desk, parts: Parts) -> Result<Response, Problem> {
    let mut body = Body::new();
    let Some(file) = parts.file else { return Ok(Desk::part(body)) };
    let beginning = beginning(file).await?;
    let call = desk.call(&operations::LOOK_AT_FILE, []).query("rows", 8);
    let looked: Result<Looked, Problem> = call.body(Bytes::from(beginning), "application/octet-stream").read().await;
    match looked {
        Ok(looked) => shown(&desk, &looked, &mut body),
        Err(problem) if problem.is_of_the_input() => {
            body.note(Tone::Bad, "This file cannot be imported", desk.sentence(&problem));
        }
        Err(problem) => return Err(problem),
    }
    Ok(Desk::part(body))
}

async fn beginning(file: File) -> Result<Vec<u8>, Problem> {
    let File { mut bytes, rest, .. } = file;
    let (mut beginning, mut left) = (Vec::new(), REST);
    while let Some(chunk) = bytes.next().await {
        let broke =
            || Problem::own(axum::http::StatusCode::BAD_REQUEST, "invalid-body", "the upload broke off".to_owned());
        let chunk = chunk.map_err(|_| broke())?;
        let room = BEGINNING - beginning.len();
        beginning.extend_from_slice(&chunk[..chunk.len().min(room)]);
        left = left.saturating_sub(chunk.len());
        if left == 0 {
            break;
        }
    }
    drop(rest);
    Ok(beginning)
}

fn shown(desk: &Desk, looked: &Looked, body: &mut Body) {
    let rejected = looked.lines.iter().filter(|line| line.reason.is_some()).count();
    let tone = if rejected == 0 { Tone::Good } else { Tone::Warn };
    let told = format!(
        "Letters: {}. {}",
        states::name::<FileEncoding>(&looked.encoding),
        match rejected {
            0 => "The first rows are fine.".to_owned(),
            1 => "One of the first rows would not be taken.".to_owned(),
            rows => format!("{rows} of the first rows would not be taken."),
        }
    );
    body.note(tone, "The file can be read", told);
    let columns = looked.columns.iter().take(COLUMNS).map(|column| mapped(column, &looked.lines));
    body.template(&Mapping { address: desk.at("/imports/mapping"), columns: columns.collect() });
    let mut table = Table::new("The first rows", &["Line", "Person", "Phone", "What else"], "The file has no row.");
    for line in &looked.lines {
        let value = |field: &str| line.values.get(field).map(String::as_str);
        let name = crate::app::name(value("first_name").unwrap_or_default(), value("last_name").unwrap_or_default());
        let number = i64::try_from(line.line).unwrap_or(i64::MAX);
        if let Some(reason) = &line.reason {
            let words = states::of_word::<RejectReason>(reason);
            let at = line.column.as_deref().map_or_else(String::new, |column| format!(" Column: {column}."));
            let cell = line.value.as_deref().map_or_else(String::new, |value| format!(" It says “{value}”."));
            let why = format!("{} {}{at}{cell}", words.why, words.now);
            table.row(vec![Cell::Number(number), Cell::state(Tone::Bad, &words), Cell::text("–"), Cell::text(why)]);
            continue;
        }
        let others =
            line.values.iter().filter(|(field, _)| !["phone", "first_name", "last_name"].contains(&field.as_str()));
        let others = others.map(|(field, value)| format!("{}: {value}", field_name(field)));
        let tags = (!line.tags.is_empty()).then(|| format!("Tags: {}", line.tags.join(", ")));
        let stopped = line.opted_out.then(|| "Stopped texts".to_owned());
        let doubts = line.warnings.iter().map(|doubt| states::row_doubt(doubt).what.to_owned());
        let others: Vec<_> = others.chain(tags).chain(stopped).chain(doubts).collect();
        let phone = crate::app::phone(value("phone").unwrap_or_default());
        table.row(vec![Cell::Number(number), Cell::text(name), Cell::text(phone), Cell::text(others.join("; "))]);
    }
    body.table(&table);
}

/// Returns a field's name for people.
pub(crate) fn field_name(field: &str) -> String {
    let known = FIELDS.iter().find(|(word, _)| *word == field).map(|(_, name)| (*name).to_owned());
    known.unwrap_or_else(|| field.trim_start_matches("custom:").to_owned())
}

/// Returns the field of a name for people; a name of no known field is a field of its own.
pub(crate) fn field_word(name: &str) -> String {
    let known = FIELDS.iter().find(|(word, known)| known.eq_ignore_ascii_case(name) || *word == name);
    known.map_or_else(|| format!("custom:{name}"), |(word, _)| (*word).to_owned())
}

fn mapped(column: &Column, lines: &[Line]) -> Mapped {
    let field = column.field.as_str();
    let example = lines
        .iter()
        .find_map(|line| line.values.get(field.trim_start_matches("custom:")).or_else(|| line.values.get(field)));
    let offered = FIELDS.iter().map(|(word, name)| ((*word).to_owned(), (*name).to_owned()));
    let own = format!("custom:{}", column.header);
    let mut options: Vec<_> = offered.chain([(own, format!("A field of its own: {}", column.header))]).collect();
    if !options.iter().any(|(word, _)| word == field) {
        options.push((field.to_owned(), field_name(field)));
    }
    Mapped {
        header: column.header.clone(),
        field: field.to_owned(),
        example: example.cloned().unwrap_or_default(),
        meaning: column.meaning.clone().unwrap_or_default(),
        options,
    }
}

/// Answers with the choices of all columns, as the upload takes them.
#[expect(clippy::needless_pass_by_value, reason = "a handler owns its extractors")]
pub(crate) fn mapping(_: Desk, fields: Fields) -> Ready<Response> {
    let mut body = Body::new();
    let chosen: BTreeMap<_, _> = fields
        .under("head.")
        .filter_map(|(nth, _)| {
            Some((fields.raw(&format!("head.{nth}")).to_owned(), fields.some(&format!("map.{nth}"))?.to_owned()))
        })
        .take(COLUMNS)
        .collect();
    let json = serde_json::to_string(&chosen).unwrap_or_default();
    body.template(&Chosen { json });
    ready(Desk::part(body))
}
