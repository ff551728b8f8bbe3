//! `muster export`: an organization's records as files, by the API.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Args, Subcommand};
use muster_domain::trust::export::{ExportFormat, ExportKind};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    commands::{
        client::Where,
        contacts::filter::Filter,
        offered,
        to_file::{Download, One, Work, code, state},
    },
    out::say,
    table::Table,
};

const EXPORTS: Work = Work("exports");

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Have records written into a file.
    Start(Box<Start>),
    /// List exports, the youngest first.
    List(List),
    /// Show an export and its progress.
    Show(One),
    /// Wait for the end of an export. Exits with 2 unless it succeeded.
    Follow(One),
    /// Cancel an export that is not over.
    Cancel(One),
    /// Make a link to an export's file, for one person and use.
    Link(One),
    /// List the links to an export's file, with their openings.
    Links(One),
    /// Download an export's file. It is written beside its name first, and is there as a whole or
    /// not at all.
    Download(Download),
}

#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command")]
pub(crate) struct Start {
    /// The records.
    #[arg(value_parser = offered(&ExportKind::OFFERED, ExportKind::as_str))]
    kind: ExportKind,
    #[command(flatten)]
    at: Where,
    /// The form of the file.
    #[arg(long, value_parser = offered(&ExportFormat::OFFERED, ExportFormat::as_str), default_value = "csv")]
    format: ExportFormat,
    /// Pack the file by gzip.
    #[arg(long)]
    gzip: bool,
    /// A column, or `field:NAME`; may be given several times, in their order. All of the kind if
    /// none is given.
    #[arg(long = "column", value_name = "COLUMN")]
    columns: Vec<String>,
    /// Of `audit`: acts of the whole account; for account admins.
    #[arg(long)]
    account: bool,
    /// Conditions on contacts, of the kind `contacts` alone.
    #[command(flatten)]
    filter: Filter,
    /// Of `goal_results`: this goal alone; may be given several times.
    #[arg(long = "goal", value_name = "GOAL")]
    goals: Vec<Uuid>,
    /// Of `campaign_results`: this campaign alone; may be given several times.
    #[arg(long = "campaign", value_name = "CAMPAIGN")]
    campaigns: Vec<Uuid>,
    /// Wait for the end.
    #[arg(long)]
    follow: bool,
    /// Wait for the end, and download the file.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    at: Where,
    /// Exports at most.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Start(args) => return start(&args).await,
        Command::List(args) => list(&args).await?,
        Command::Show(one) => show(&EXPORTS.get(&one).await?, one.json)?,
        Command::Follow(one) => {
            let export = EXPORTS.until_over(&one.at.open()?, &one.id.to_string()).await?;
            show(&export, one.json)?;
            return Ok(code(&export));
        }
        Command::Cancel(one) => show(&EXPORTS.post(&one, "cancel").await?, one.json)?,
        Command::Link(one) => EXPORTS.link(&one).await?,
        Command::Links(one) => EXPORTS.links(&one).await?,
        Command::Download(args) => EXPORTS.download(&args.at.open()?, &args.id.to_string(), &args.output).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn start(args: &Start) -> anyhow::Result<ExitCode> {
    let api = args.at.open()?;
    let mut body = json!({ "kind": args.kind, "format": args.format, "gzip": args.gzip });
    let filter = args.filter.members();
    let members = [
        ("columns", (!args.columns.is_empty()).then(|| json!(args.columns))),
        ("contacts", (!filter.is_empty()).then(|| json!(filter))),
        ("goal_ids", (!args.goals.is_empty()).then(|| json!(args.goals))),
        ("campaign_ids", (!args.campaigns.is_empty()).then(|| json!(args.campaigns))),
        ("audit", args.account.then(|| json!({ "account": true }))),
    ];
    for (name, value) in members {
        if let Some(value) = value {
            body[name] = value;
        }
    }
    let asked: Value = api.send(api.request(Method::POST, "exports").json(&body)).await?.json().await?;
    let id = asked["id"].as_str().context("the API told no id")?;
    if !args.follow && args.output.is_none() {
        if args.json {
            say!("{asked}")?;
        } else {
            say!("export {id}")?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let export = EXPORTS.until_over(&api, id).await?;
    show(&export, args.json)?;
    if let Some(output) = args.output.as_ref().filter(|_| export["state"] == "succeeded") {
        EXPORTS.download(&api, id, output).await?;
    }
    Ok(code(&export))
}

async fn list(args: &List) -> anyhow::Result<()> {
    let page = args.at.open()?.get(&format!("exports?limit={}", args.limit)).await?;
    if args.json {
        return say!("{page}");
    }
    let mut table = Table::with_names(["id", "since", "state", ">records", "kind", "format"]);
    for export in page["items"].as_array().into_iter().flatten() {
        let text = |name: &str| export[name].as_str().unwrap_or_default().to_owned();
        let rows = export["rows"].as_i64().unwrap_or_default().to_string();
        table.row([text("id"), text("created_at"), state(export), rows, text("kind"), text("format")]);
    }
    table.print("")
}

fn show(export: &Value, json: bool) -> anyhow::Result<()> {
    if json {
        return say!("{export}");
    }
    let text = |name: &str| export[name].as_str().unwrap_or_default();
    say!("export {} ({}: {})", text("id"), text("kind"), state(export))?;
    if let Some(failure) = export["failure"].as_str() {
        say!("  {failure}")?;
    }
    let rows = export["rows"].as_i64().unwrap_or_default();
    let bytes = export["bytes"].as_i64().unwrap_or_default();
    match export["rows_expected"].as_i64() {
        Some(expected) if export["state"] == "running" => say!("  {rows} of about {expected} records")?,
        _ => say!("  {rows} records, {bytes} bytes")?,
    }
    if let Some(until) = export["file_until"].as_str().filter(|_| export["file_end"].is_null()) {
        say!("  kept until {until}")?;
    }
    Ok(())
}
