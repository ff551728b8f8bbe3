//! `muster access-request`: everything that is held of one person as a file, by the API (rule R8).

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    commands::{
        client::Where,
        to_file::{Download, One, Work, code, state},
    },
    out::say,
    table::Table,
};

const REQUESTS: Work = Work("access-requests");

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Have everything that is held of a person written into a file.
    Start(Start),
    /// List access requests, the youngest first.
    List(List),
    /// Show an access request and its progress.
    Show(One),
    /// Wait for the end of an access request. Exits with 2 unless it succeeded.
    Follow(One),
    /// Cancel an access request that is not over.
    Cancel(One),
    /// Make a link to an access request's file, for one person and use.
    Link(One),
    /// List the links to an access request's file, with their openings.
    Links(One),
    /// Download an access request's file. It is written beside its name first, and is there as a
    /// whole or not at all.
    Download(Download),
}

#[derive(Args)]
pub(crate) struct Start {
    /// The person's number.
    #[arg(required_unless_present = "contact", conflicts_with = "contact")]
    phone: Option<String>,
    /// The contact, instead of a number.
    #[arg(long, value_name = "CONTACT")]
    contact: Option<Uuid>,
    #[command(flatten)]
    at: Where,
    /// Why it is asked for; no personal data.
    #[arg(long)]
    reason: String,
    /// Count the records alone.
    #[arg(long)]
    dry_run: bool,
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
    /// Access requests at most.
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
        Command::Show(one) => show(&REQUESTS.get(&one).await?, one.json)?,
        Command::Follow(one) => {
            let request = REQUESTS.until_over(&one.at.open()?, &one.id.to_string()).await?;
            show(&request, one.json)?;
            return Ok(code(&request));
        }
        Command::Cancel(one) => show(&REQUESTS.post(&one, "cancel").await?, one.json)?,
        Command::Link(one) => REQUESTS.link(&one).await?,
        Command::Links(one) => REQUESTS.links(&one).await?,
        Command::Download(args) => REQUESTS.download(&args.at.open()?, &args.id.to_string(), &args.output).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn start(args: &Start) -> anyhow::Result<ExitCode> {
    let api = args.at.open()?;
    let mut body = json!({ "reason": args.reason, "dry_run": args.dry_run });
    if let Some(phone) = &args.phone {
        body["phone"] = json!(phone);
    }
    if let Some(contact) = args.contact {
        body["contact_id"] = json!(contact);
    }
    let asked: Value = api.send(api.request(Method::POST, "access-requests").json(&body)).await?.json().await?;
    if args.dry_run || (!args.follow && args.output.is_none()) {
        if args.json {
            say!("{asked}")?;
        } else {
            preview(&asked)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let id = asked["id"].as_str().context("the API told no id")?;
    let request = REQUESTS.until_over(&api, id).await?;
    show(&request, args.json)?;
    if let Some(output) = args.output.as_ref().filter(|_| request["state"] == "succeeded") {
        REQUESTS.download(&api, id, output).await?;
    }
    Ok(code(&request))
}

/// Prints the contact and the records of each kind.
fn preview(asked: &Value) -> anyhow::Result<()> {
    if let Some(id) = asked["id"].as_str() {
        say!("access request {id}")?;
    }
    say!("  contact {}", asked["contact"]["id"].as_str().unwrap_or_default())?;
    let mut table = Table::with_names([">records", "of"]);
    for section in asked["sections"].as_array().into_iter().flatten() {
        let records = section["records"].as_i64().unwrap_or_default().to_string();
        table.row([records, section["title"].as_str().unwrap_or_default().to_owned()]);
    }
    table.print("  ")
}

async fn list(args: &List) -> anyhow::Result<()> {
    let page = args.at.open()?.get(&format!("access-requests?limit={}", args.limit)).await?;
    if args.json {
        return say!("{page}");
    }
    let mut table = Table::with_names(["id", "since", "state", ">records", "contact"]);
    for request in page["items"].as_array().into_iter().flatten() {
        let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        let rows = request["rows"].as_i64().unwrap_or_default().to_string();
        table.row([text("id"), text("created_at"), state(request), rows, text("contact_id")]);
    }
    table.print("")
}

fn show(request: &Value, json: bool) -> anyhow::Result<()> {
    if json {
        return say!("{request}");
    }
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    say!("access request {} ({})", text("id"), state(request))?;
    if let Some(failure) = request["failure"].as_str() {
        say!("  {failure}")?;
    }
    let (rows, bytes) = (request["rows"].as_i64().unwrap_or_default(), request["bytes"].as_i64().unwrap_or_default());
    say!("  {rows} records, {bytes} bytes")?;
    if let Some(until) = request["file_until"].as_str().filter(|_| request["file_end"].is_null()) {
        say!("  kept until {until}")?;
    }
    Ok(())
}
