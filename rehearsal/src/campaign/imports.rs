//! Uploading the files and reading the reports.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::{
    csv::{ContactFile, Counters},
    setup::Organization,
};
use crate::client::{Client, number, text, with_query};

/// How long an import may take.
const LIMIT: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(300);
/// The file that is uploaded twice.
const REPEATED_FILE: usize = 2;

/// An import that is over, beside the expected one.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) file: String,
    pub(crate) kind: &'static str,
    pub(crate) expected: Counters,
    pub(crate) counted: Counters,
}

/// Uploads each file into its group, all at a time, and then one of them once more.
pub(crate) async fn run(
    admin: &Client,
    organization: &Organization,
    files: &[ContactFile],
) -> anyhow::Result<Vec<Report>> {
    let mut under_way = Vec::new();
    for (index, file) in files.iter().enumerate() {
        under_way.push(upload(admin, organization, file, group(organization, index)?, "first").await?);
    }
    let mut reports = Vec::new();
    for (file, id) in files.iter().zip(&under_way) {
        let counted = wait(admin, organization, id, LIMIT).await?;
        reports.push(report(file, file.name.to_owned(), file.expected.clone(), counted));
    }
    if let Some(file) = files.get(REPEATED_FILE) {
        let id = upload(admin, organization, file, group(organization, REPEATED_FILE)?, "again").await?;
        let counted = wait(admin, organization, &id, LIMIT).await?;
        reports.push(report(file, format!("{} again", file.name), file.expected.again(), counted));
    }
    Ok(reports)
}

/// Uploads one file into a group and waits for its import; `time` tells this upload from others of
/// files with the same name.
pub(crate) async fn one(
    admin: &Client,
    organization: &Organization,
    group: &str,
    file: &ContactFile,
    time: &str,
    limit: Duration,
) -> anyhow::Result<Report> {
    let id = upload(admin, organization, file, group, time).await?;
    let counted = wait(admin, organization, &id, limit).await?;
    Ok(report(file, format!("{} {time}", file.name), file.expected.clone(), counted))
}

fn group(organization: &Organization, index: usize) -> anyhow::Result<&str> {
    let group = organization.groups.get(index).with_context(|| format!("no group for the file {index}"))?;
    Ok(&group.id)
}

fn report(file: &ContactFile, name: String, expected: Counters, counted: Counters) -> Report {
    Report { file: name, kind: file.kind, expected, counted }
}

async fn upload(
    admin: &Client,
    organization: &Organization,
    file: &ContactFile,
    group: &str,
    time: &str,
) -> anyhow::Result<String> {
    let parameters = [("file_name", file.name), ("group_id", group), ("tags", "demo")];
    let path = with_query(&format!("{}/imports", organization.path), &parameters)?;
    let made = admin.upload(&path, &format!("import-{}-{time}", file.name), &file.bytes).await?;
    text(&made, "id")
}

async fn wait(admin: &Client, organization: &Organization, id: &str, limit: Duration) -> anyhow::Result<Counters> {
    let started = Instant::now();
    loop {
        let import = admin.get(&format!("{}/imports/{id}", organization.path)).await?;
        let state = text(&import, "state")?;
        if state == "succeeded" {
            return Ok(counters(&import));
        }
        ensure!(
            matches!(state.as_str(), "waiting" | "running"),
            "an import ended as {state}: {}",
            import["failure"].as_str().unwrap_or("no reason given")
        );
        ensure!(started.elapsed() < limit, "an import is {state} after {} s", limit.as_secs());
        tokio::time::sleep(POLL).await;
    }
}

fn counters(import: &Value) -> Counters {
    let reasons = import["reject_reasons"].as_object().into_iter().flatten();
    Counters {
        rows_read: number(import, "rows_read"),
        created: number(import, "created"),
        updated: number(import, "updated"),
        unchanged: number(import, "unchanged"),
        merged: number(import, "merged"),
        rejected: number(import, "rejected"),
        reject_reasons: reasons.map(|(reason, rows)| (reason.clone(), rows.as_i64().unwrap_or_default())).collect(),
    }
}
