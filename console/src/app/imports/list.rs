//! `…/imports`: the files that were imported.

use axum::{extract::RawQuery, response::Response};
use muster_domain::imports::ImportState;
use serde::Deserialize;

use crate::{
    app::{
        desk::Desk,
        kit::{Body, Cell, Link, Table, Tone},
    },
    client::{List, Problem, operations::admin as operations},
    form::Fields,
    words::states,
};

#[derive(Deserialize)]
struct Item {
    id: String,
    file_name: String,
    state: String,
    dry_run: bool,
    created: i64,
    updated: i64,
    rejected: i64,
    created_at: String,
}

/// Returns an import's state as a page shows it.
pub(crate) fn state(word: &str) -> Cell {
    let tone = match ImportState::parse(word) {
        Some(ImportState::Succeeded) => Tone::Good,
        Some(ImportState::Failed) => Tone::Bad,
        Some(ImportState::Waiting | ImportState::Running | ImportState::Cancelled) | None => Tone::Plain,
    };
    Cell::state(tone, &states::of_word::<ImportState>(word))
}

pub(crate) async fn show(desk: Desk, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let call = desk.call(&operations::IMPORTS, []).query("limit", 25).query_some("cursor", asked.some("cursor"));
    let list: List<Item> = call.read().await?;
    let mut body = Body::new();
    body.links(&[Link::main(desk.at("/imports/new"), "Import people")]);
    let heads = ["File", "State", "When", "New", "Changed", "Not taken"];
    let mut table = Table::new(
        "Imported files",
        &heads,
        "No file was imported yet. A file of people from a spreadsheet is the way to begin.",
    );
    for import in list.items {
        let name = if import.dry_run { format!("{} (tried only)", import.file_name) } else { import.file_name };
        table.row(vec![
            Cell::link(desk.at(&format!("/imports/{}", import.id)), name),
            state(&import.state),
            Cell::Time(import.created_at),
            Cell::Number(import.created),
            Cell::Number(import.updated),
            Cell::Number(import.rejected),
        ]);
    }
    table.more(list.next.map(|next| desk.at(&format!("/imports?{}", crate::app::query(&[("cursor", &next)])))));
    body.table(&table);
    Ok(desk.page("Imports", "imports", body))
}
