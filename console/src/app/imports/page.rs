//! `…/imports/{id}`: how far a file is, the fate of its rows, and taking it back.

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use muster_domain::imports::RejectReason;
use serde::Deserialize;

use crate::{
    app::{
        Ids,
        desk::Desk,
        imports::{list::state, look::field_name},
        kit::{Act, Body, Cell, Link, Table, Tone},
    },
    client::{Problem, operations::admin as operations},
    pictures::{number, percent},
    words::states,
};

#[derive(Deserialize)]
struct Import {
    id: String,
    group_id: Option<String>,
    file_name: String,
    dry_run: bool,
    state: String,
    failure: Option<String>,
    columns: Vec<Column>,
    rows_expected: Option<i64>,
    seconds_left: Option<f64>,
    rows_read: i64,
    created: i64,
    updated: i64,
    unchanged: i64,
    merged: i64,
    rejected: i64,
    reject_reasons: BTreeMap<String, i64>,
    rejects_kept: i64,
    opted_out: i64,
    warning_reasons: BTreeMap<String, i64>,
    warning_lines: Vec<i64>,
    locked_tags: Vec<String>,
    undone_at: Option<String>,
    undone: Option<Undone>,
}

#[derive(Deserialize)]
struct Column {
    header: String,
    field: String,
}

#[derive(Deserialize)]
struct Undone {
    deleted: Option<i64>,
    restored: Option<i64>,
    kept: Option<i64>,
    refused: Option<String>,
}

impl Import {
    fn is_over(&self) -> bool {
        !matches!(self.state.as_str(), "waiting" | "running")
    }
}

async fn import(desk: &Desk, id: &str) -> Result<Import, Problem> {
    desk.call(&operations::IMPORT, [id]).read().await
}

pub(crate) async fn show(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let import = import(&desk, &ids.import_id).await?;
    let mut body = Body::new();
    progress(&desk, &import, &mut body);
    if !import.is_over() {
        let stop = Act::new("cancel", desk.at(&format!("/imports/{}/cancel", import.id)), "Stop");
        body.act(&stop.sure("Rows that were taken stay."));
    }
    Ok(desk.page(import.file_name.clone(), "imports", body))
}

/// The progress alone, which the page asks for again.
pub(crate) async fn part(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let import = import(&desk, &ids.import_id).await?;
    let mut body = Body::new();
    progress(&desk, &import, &mut body);
    Ok(Desk::part(body))
}

fn progress(desk: &Desk, import: &Import, body: &mut Body) {
    let mut inner = Body::new();
    inner.facts(&[("State".to_owned(), state(&import.state))]);
    if import.is_over() {
        over(desk, import, &mut inner);
    } else {
        going_on(import, &mut inner);
    }
    body.live("progress", &desk.at(&format!("/imports/{}/progress", import.id)), import.is_over(), &inner);
}

fn going_on(import: &Import, body: &mut Body) {
    let rows = match import.rows_expected {
        Some(expected) if expected > 0 => {
            let share = percent(import.rows_read, expected).min(100);
            format!("{} of about {} rows are read ({share} %).", number(import.rows_read), number(expected))
        }
        _ => format!("{} rows are read.", number(import.rows_read)),
    };
    body.say(rows);
    if let Some(seconds) = import.seconds_left {
        let minutes = (seconds / 60.0).ceil();
        body.say(if minutes <= 1.0 {
            "Less than a minute is left.".to_owned()
        } else {
            format!("About {minutes:.0} minutes are left.")
        });
    }
    body.say("You may leave this page. It goes on.");
}

fn over(desk: &Desk, import: &Import, body: &mut Body) {
    if let Some(failure) = &import.failure {
        body.note(Tone::Bad, "The file was not imported", failure);
        body.links(&[Link::main(desk.at("/imports/new"), "Try again")]);
    }
    if import.dry_run {
        body.note(
            Tone::Plain,
            "It was only tried",
            "Nothing has changed. These are the rows as they would be \
            taken.",
        );
    }
    undone(import, body);
    body.heading("What became of the rows");
    let count = |name: &str, rows: i64| (name.to_owned(), Cell::text(number(rows)));
    body.facts(&[
        count("Rows in the file", import.rows_read),
        count("New people", import.created),
        count("Known people, changed", import.updated),
        count("Known people, as before", import.unchanged),
        count("Same phone twice, the last row was taken", import.merged),
        count("Not taken", import.rejected),
        count("People who stopped texts, by the file", import.opted_out),
    ]);
    rejects(desk, import, body);
    doubts(import, body);
    if !import.locked_tags.is_empty() {
        let why = format!("These tags are locked, and nobody got them: {}.", import.locked_tags.join(", "));
        body.note(Tone::Warn, "Some tags were not given", why);
    }
    next(desk, import, body);
    let mut columns = Table::new("What each column was taken for", &["Column", "Taken for"], "No column was read.");
    for column in &import.columns {
        columns.row(vec![Cell::text(&column.header), Cell::text(field_name(&column.field))]);
    }
    let mut inner = Body::new();
    inner.table(&columns);
    body.fold("Columns", &inner);
}

fn rejects(desk: &Desk, import: &Import, body: &mut Body) {
    if import.reject_reasons.is_empty() {
        return;
    }
    let mut table = Table::new("Rows that were not taken", &["Why", "Rows", "What to do"], "");
    for (reason, rows) in &import.reject_reasons {
        let words = states::of_word::<RejectReason>(reason);
        table.row(vec![
            Cell::text(words.what),
            Cell::Number(*rows),
            Cell::text(format!("{} {}", words.why, words.now)),
        ]);
    }
    body.table(&table);
    if import.rejects_kept > 0 {
        let file = desk.api(&format!("/imports/{}/rejects.csv", import.id));
        body.say("Mend these rows in the file below, and import that file: the others are not touched.");
        body.links(&[Link::new(file, "Download the rows that were not taken")]);
    }
}

fn doubts(import: &Import, body: &mut Body) {
    if import.warning_reasons.is_empty() {
        return;
    }
    let mut table = Table::new("Rows that were taken, and should be looked at", &["Why", "Rows", "What to do"], "");
    for (doubt, rows) in &import.warning_reasons {
        let words = states::row_doubt(doubt);
        table.row(vec![
            Cell::text(words.what),
            Cell::Number(*rows),
            Cell::text(format!("{} {}", words.why, words.now)),
        ]);
    }
    body.table(&table);
    let lines: Vec<_> = import.warning_lines.iter().map(ToString::to_string).collect();
    body.say(format!("The first of them are in lines {}.", lines.join(", ")));
}

fn undone(import: &Import, body: &mut Body) {
    let Some(undone) = &import.undone else { return };
    if let Some(why) = &undone.refused {
        body.note(Tone::Bad, "It could not be taken back", why);
        return;
    }
    let count = |people: Option<i64>| number(people.unwrap_or(0));
    let told = format!(
        "{} people were deleted, {} are as they were before, and {} stayed because they were used or edited since.",
        count(undone.deleted),
        count(undone.restored),
        count(undone.kept)
    );
    body.note(Tone::Good, "It was taken back", told);
}

fn next(desk: &Desk, import: &Import, body: &mut Body) {
    if import.dry_run || import.state == "failed" || import.undone_at.is_some() {
        return;
    }
    body.heading("What next");
    let mut links = vec![Link::main(desk.at("/goals/new"), "Start a goal with these people")];
    if let Some(group) = &import.group_id {
        links.push(Link::new(desk.at(&format!("/people?group_id={group}")), "See the people"));
    }
    links.push(Link::new(desk.at(&format!("/imports/{}/changes", import.id)), "See what changed"));
    body.links(&links);
    let sure = "New people are deleted, and changed people become as they were. It works as long as nobody of \
        them has been texted.";
    body.act(&Act::new("undo", desk.at(&format!("/imports/{}/undo", import.id)), "Take the file back").sure(sure));
}

pub(crate) async fn cancel(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let done = desk.call(&operations::CANCEL_IMPORT, [&ids.import_id]).done().await;
    desk.after(&format!("/imports/{}", ids.import_id), done, "It stops.")
}

pub(crate) async fn undo(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let done = desk.call(&operations::UNDO_IMPORT, [&ids.import_id]).done().await;
    desk.after(
        &format!("/imports/{}", ids.import_id),
        done,
        "The file is being taken back. Load the page again in a moment.",
    )
}
