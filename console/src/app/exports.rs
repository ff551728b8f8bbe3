//! `…/exports`: records as files to download.

use axum::{
    Router,
    extract::{Path, RawQuery},
    response::Response,
    routing::{get, post},
};
use muster_domain::trust::export::{ExportFailure, ExportFormat, ExportKind, ExportState, FileEnd};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Console,
    app::{
        Ids, compliance,
        desk::{Desk, key, once},
        kit::{Act, Body, Cell, Field, Form, Link, Table, Tone},
    },
    client::{List, Problem, operations::admin as operations},
    form::Fields,
    page::see,
    pictures::{number, percent},
    words::states::{self, Plain},
};

#[derive(Deserialize)]
struct Export {
    id: String,
    kind: String,
    state: String,
    failure: Option<String>,
    rows_expected: Option<i64>,
    rows: i64,
    created_at: String,
    file_until: Option<String>,
    file_end: Option<String>,
}

#[derive(Deserialize)]
struct Made {
    id: String,
}

#[derive(Deserialize)]
struct NewLink {
    path: String,
    expires_at: String,
}

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/exports", get(list).post(make))
        .route("/exports/{export_id}", get(show))
        .route("/exports/{export_id}/progress", get(part))
        .route("/exports/{export_id}/cancel", post(cancel))
        .route("/exports/{export_id}/link", post(link))
}

fn state(word: &str) -> Cell {
    let tone = match ExportState::parse(word) {
        Some(ExportState::Succeeded) => Tone::Good,
        Some(ExportState::Failed) => Tone::Bad,
        Some(ExportState::Waiting | ExportState::Running | ExportState::Cancelled) | None => Tone::Plain,
    };
    Cell::state(tone, &states::of_word::<ExportState>(word))
}

async fn content(desk: &Desk, asked: &Fields, problem: Option<&Problem>) -> Result<Body, Problem> {
    let call = desk.call(&operations::EXPORTS, []).query("limit", 25).query_some("cursor", asked.some("cursor"));
    let list: List<Export> = call.read().await?;
    let mut body = Body::new();
    let kinds = ExportKind::OFFERED.iter().filter(|kind| **kind != ExportKind::Audit || desk.is_organization_admin());
    let kinds = kinds.map(|kind| (kind.to_string(), format!("{}: {}", kind.english().what, kind.english().why)));
    let formats = ExportFormat::OFFERED
        .iter()
        .map(|format| (format.to_string(), format!("{}: {}", format.english().what, format.english().why)));
    let form = Form::new("export", desk.at("/exports"), "Make the file")
        .add(Field::hidden("key", once()))
        .add(Field::choice("kind", "What", kinds.collect()).value(asked.get("kind")))
        .add(Field::choice("format", "Form", formats.collect()).value(asked.get("format")))
        .add(Field::tick("gzip", "Pack it, for a large file", asked.is_ticked("gzip")));
    body.form(&desk.refused(form, problem));
    let mut table =
        Table::new("Files", &["What", "State", "When", "Records"], "No file was made yet. Choose what you need above.");
    for export in &list.items {
        table.row(vec![
            Cell::link(desk.at(&format!("/exports/{}", export.id)), states::name::<ExportKind>(&export.kind)),
            state(&export.state),
            Cell::Time(export.created_at.clone()),
            Cell::Number(export.rows),
        ]);
    }
    table.more(list.next.map(|next| desk.at(&format!("/exports?{}", crate::app::query(&[("cursor", &next)])))));
    body.table(&table);
    Ok(body)
}

async fn list(desk: Desk, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let body = content(&desk, &asked, None).await?;
    Ok(desk.page("Files to download", "exports", body))
}

async fn make(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let wanted =
        json!({ "kind": fields.get("kind"), "format": fields.get("format"), "gzip": fields.is_ticked("gzip") });
    let call = desk.call(&operations::NEW_EXPORT, []).json(&wanted).key(&key(fields.get("key")));
    let made: Result<Made, Problem> = call.read().await;
    match made {
        Ok(made) => Ok(see(&desk.at(&format!("/exports/{}", made.id)))),
        Err(problem) if problem.is_of_the_input() => {
            let body = content(&desk, &fields, Some(&problem)).await?;
            Ok(desk.wrong(&problem, "Files to download", "exports", body))
        }
        Err(problem) => Err(problem),
    }
}

async fn progress(desk: &Desk, id: &str) -> Result<(Body, Export), Problem> {
    let export: Export = desk.call(&operations::EXPORT, [id]).read().await?;
    let is_over = !matches!(export.state.as_str(), "waiting" | "running");
    let mut inner = Body::new();
    inner.facts(&[
        ("State".to_owned(), state(&export.state)),
        ("Records".to_owned(), Cell::Number(export.rows)),
        ("Asked for".to_owned(), Cell::Time(export.created_at.clone())),
        ("Kept until".to_owned(), Cell::time(export.file_until.as_deref())),
    ]);
    if let Some(failure) = &export.failure {
        inner.words(Tone::Bad, &states::of_word::<ExportFailure>(failure));
    }
    if let Some(end) = &export.file_end {
        inner.words(Tone::Warn, &states::of_word::<FileEnd>(end));
    }
    if !is_over {
        let expected = export.rows_expected.unwrap_or(0);
        inner.say(format!(
            "{} of about {} records are written ({} %).",
            number(export.rows),
            number(expected),
            percent(export.rows, expected).min(100)
        ));
    }
    if export.state == "succeeded" && export.file_end.is_none() {
        inner.act(&Act::new("link", desk.at(&format!("/exports/{id}/link")), "Get a link to download it").main());
    }
    let mut body = Body::new();
    body.live("progress", &desk.at(&format!("/exports/{id}/progress")), is_over, &inner);
    Ok((body, export))
}

async fn show(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let (mut body, export) = progress(&desk, &ids.export_id).await?;
    if matches!(export.state.as_str(), "waiting" | "running") {
        let stop = Act::new("cancel", desk.at(&format!("/exports/{}/cancel", ids.export_id)), "Stop");
        body.act(&stop.sure("Nothing of the file is kept."));
    }
    body.links(&[Link::new(desk.at("/exports"), "All files")]);
    Ok(desk.page(states::name::<ExportKind>(&export.kind), "exports", body))
}

async fn part(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let (body, _) = progress(&desk, &ids.export_id).await?;
    Ok(Desk::part(body))
}

async fn cancel(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let done = desk.call(&operations::CANCEL_EXPORT, [&ids.export_id]).done().await;
    desk.after(&format!("/exports/{}", ids.export_id), done, "It stops.")
}

async fn link(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let made: Result<NewLink, Problem> =
        desk.call(&operations::EXPORT_LINK, [&ids.export_id]).key(&once()).read().await;
    match made {
        Ok(made) => {
            let mut body = Body::new();
            compliance::shown(&made.path, &made.expires_at, &mut body);
            body.links(&[Link::new(desk.at(&format!("/exports/{}", ids.export_id)), "Back")]);
            Ok(desk.page("Your link", "exports", body))
        }
        Err(problem) => desk.after(&format!("/exports/{}", ids.export_id), Err(problem), ""),
    }
}
