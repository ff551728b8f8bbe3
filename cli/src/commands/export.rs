//! `muster export`: an organization's records as files, by the API.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Context;
use clap::{Args, Subcommand};
use muster_domain::trust::export::{ExportFormat, ExportKind};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use crate::{
    commands::{
        client::{Api, Where},
        contacts::filter::Filter,
        words,
    },
    out::say,
    table::Table,
};

/// The exit code of an export that ends otherwise than with success.
const EXIT_NOT_DONE: u8 = 2;
/// Between two looks at an export.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

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
pub(crate) struct Start {
    /// The records.
    #[arg(value_parser = words::<ExportKind>())]
    kind: ExportKind,
    #[command(flatten)]
    at: Where,
    /// The form of the file.
    #[arg(long, value_parser = words::<ExportFormat>(), default_value = "csv")]
    format: ExportFormat,
    /// Pack the file by gzip.
    #[arg(long)]
    gzip: bool,
    /// A column, or `field:NAME`; may be given several times, in their order. All of the kind if
    /// none is given.
    #[arg(long = "column", value_name = "COLUMN")]
    columns: Vec<String>,
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

#[derive(Args)]
pub(crate) struct One {
    /// The export.
    id: Uuid,
    #[command(flatten)]
    at: Where,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct Download {
    /// The export.
    id: Uuid,
    /// Where to.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    at: Where,
}

pub(crate) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Start(args) => return start(&args).await,
        Command::List(args) => list(&args).await?,
        Command::Show(one) => show(&one.at.open()?.get(&format!("exports/{}", one.id)).await?, one.json)?,
        Command::Follow(one) => {
            let export = until_over(&one.at.open()?, &one.id.to_string()).await?;
            show(&export, one.json)?;
            return Ok(code(&export));
        }
        Command::Cancel(one) => show(&post(&one, "cancel").await?, one.json)?,
        Command::Link(one) => {
            let link = post(&one, "links").await?;
            if one.json {
                say!("{link}")?;
            } else {
                say!("{}", link["path"].as_str().unwrap_or_default())?;
                say!("until {}", link["expires_at"].as_str().unwrap_or_default())?;
            }
        }
        Command::Links(one) => links(&one).await?,
        Command::Download(args) => download(&args.at.open()?, &args.id.to_string(), &args.output).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn post(one: &One, act: &str) -> anyhow::Result<Value> {
    let api = one.at.open()?;
    let request = api.request(Method::POST, &format!("exports/{}/{act}", one.id));
    Ok(api.send(request).await?.json().await?)
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
    let export = until_over(&api, id).await?;
    show(&export, args.json)?;
    if let Some(output) = args.output.as_ref().filter(|_| export["state"] == "succeeded") {
        download(&api, id, output).await?;
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

async fn links(one: &One) -> anyhow::Result<()> {
    let links = one.at.open()?.get(&format!("exports/{}/links", one.id)).await?;
    if one.json {
        return say!("{links}");
    }
    let mut table = Table::with_names(["member", "until", ">opened", "last", "from"]);
    for link in links["items"].as_array().into_iter().flatten() {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let last = &link["openings"][0];
        let opened = link["opened"].as_i64().unwrap_or_default().to_string();
        table.row([
            text(&link["member_id"]),
            text(&link["expires_at"]),
            opened,
            text(&last["at"]),
            text(&last["client_address"]),
        ]);
    }
    table.print("")
}

/// Makes a link of one's own, and writes the file.
async fn download(api: &Api, id: &str, output: &PathBuf) -> anyhow::Result<()> {
    let link: Value = api.send(api.request(Method::POST, &format!("exports/{id}/links"))).await?.json().await?;
    let mut file = api.open_link(link["path"].as_str().context("the API told no path")?).await?;
    let mut partial = output.clone().into_os_string();
    partial.push(".partial");
    let mut written = tokio::fs::File::create(&partial).await.context("the file cannot be written")?;
    while let Some(piece) = file.chunk().await.context("the download broke off")? {
        written.write_all(&piece).await.context("the file cannot be written")?;
    }
    written.sync_all().await.context("the file cannot be written")?;
    tokio::fs::rename(&partial, output).await.context("the file cannot be written")
}

/// Looks at an export until it is over; returns it.
async fn until_over(api: &Api, id: &str) -> anyhow::Result<Value> {
    loop {
        let export = api.get(&format!("exports/{id}")).await?;
        if !matches!(export["state"].as_str(), Some("waiting" | "running")) {
            return Ok(export);
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

fn code(export: &Value) -> ExitCode {
    if export["state"] == "succeeded" { ExitCode::SUCCESS } else { ExitCode::from(EXIT_NOT_DONE) }
}

/// Returns the state, or why the file of an export has ended.
fn state(export: &Value) -> String {
    let state = export["state"].as_str().unwrap_or_default();
    match export["file_end"].as_str() {
        Some(end) => format!("{state}, file ended ({end})"),
        None => state.to_owned(),
    }
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
