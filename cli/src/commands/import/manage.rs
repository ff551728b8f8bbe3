//! `muster import list | show | cancel | undo | rejects`.

use std::process::ExitCode;

use clap::Args;
use futures::StreamExt;
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    commands::client::Where,
    out::{self, say},
    table::Table,
};

#[derive(Args)]
pub(crate) struct One {
    /// The import.
    id: Uuid,
    #[command(flatten)]
    at: Where,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    at: Where,
    /// Imports at most.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn list(args: &List) -> anyhow::Result<ExitCode> {
    let page = args.at.open()?.get(&format!("imports?limit={}", args.limit)).await?;
    if args.json {
        say!("{page}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::with_names(["id", "since", "state", ">rows", "file"]);
    for import in page["items"].as_array().into_iter().flatten() {
        let [id, since, state, file] =
            ["id", "created_at", "state", "file_name"].map(|name| import[name].as_str().unwrap_or_default().to_owned());
        let dry = if import["dry_run"] == true { ", dry run" } else { "" };
        let rows = import["rows_read"].as_i64().unwrap_or_default();
        table.row([id, since, state, rows.to_string(), file + dry]);
    }
    table.print("")?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn show(one: &One) -> anyhow::Result<ExitCode> {
    let import = one.at.open()?.get(&format!("imports/{}", one.id)).await?;
    if one.json {
        say!("{import}")?;
    } else {
        print(&import)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks for something to be done to an import.
pub(super) async fn act(one: &One, what: &str) -> anyhow::Result<ExitCode> {
    let api = one.at.open()?;
    api.send(api.request(Method::POST, &format!("imports/{}/{what}", one.id))).await?;
    if one.json {
        say!("{}", serde_json::json!({ "id": one.id, "requested": what }))?;
    } else {
        say!("{what} was asked for; `muster import show` says what became of it")?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn rejects(one: &One) -> anyhow::Result<ExitCode> {
    let api = one.at.open()?;
    let response = api.send(api.request(Method::GET, &format!("imports/{}/rejects.csv", one.id))).await?;
    let mut bytes = response.bytes_stream();
    while let Some(chunk) = bytes.next().await {
        out::piece(&chunk?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// An import for people.
pub(super) fn print(import: &Value) -> anyhow::Result<()> {
    let text = |name: &str| import[name].as_str().unwrap_or_default().to_owned();
    let number = |name: &str| import[name].as_i64().unwrap_or_default();
    let dry = if import["dry_run"] == true { ", dry run" } else { "" };
    say!("import {} of {} ({}{dry})", text("id"), text("file_name"), text("state"))?;
    if let Some(failure) = import["failure"].as_str() {
        say!("  {failure}")?;
    }
    say!(
        "  {} rows: {} created, {} updated, {} unchanged, {} merged, {} rejected",
        number("rows_read"),
        number("created"),
        number("updated"),
        number("unchanged"),
        number("merged"),
        number("rejected"),
    )?;
    let mut reasons = Table::of([false, true]);
    for (reason, rows) in import["reject_reasons"].as_object().into_iter().flatten() {
        reasons.row([reason.clone(), rows.to_string()]);
    }
    reasons.print("    ")?;
    if number("rejects_not_kept") > 0 {
        say!("    {} of them are kept as rows, the others are counted alone", number("rejects_kept"))?;
    }
    if number("opted_out") > 0 {
        say!("  {} have opted out, as the file states", number("opted_out"))?;
    }
    let warned: Vec<u64> = import["warning_lines"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
    if !warned.is_empty() {
        say!("  {}", super::warned(import["warnings"].as_u64().unwrap_or_default(), &warned))?;
    }
    if let Some(undone) = import["undone"].as_object() {
        let parts: Vec<_> = undone.iter().map(|(what, count)| format!("{what} {count}")).collect();
        say!("  undone: {}", parts.join(", "))?;
    }
    Ok(())
}
