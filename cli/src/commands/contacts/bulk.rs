//! `muster contacts bulk`: one action on all contacts that match a filter.

use std::{process::ExitCode, time::Duration};

use clap::{Args, Subcommand};
use muster_domain::people::bulk::BulkActionKind;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::filter::Filter;
use crate::{
    commands::{
        client::{Api, Where},
        words,
    },
    out::say,
    table::Table,
};

/// The exit code of a change that ends otherwise than with success.
const EXIT_NOT_DONE: u8 = 2;
/// Between two looks at a change.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Count the contacts that match, and have the action done with them. With --dry-run, count
    /// alone.
    Start(Box<Start>),
    /// List bulk changes, the youngest first.
    List(List),
    /// Show a bulk change and its progress.
    Show(One),
    /// Wait for the end of a bulk change. Exits with 2 unless it succeeded.
    Follow(One),
    /// Cancel a bulk change that is not over; its changes so far stay.
    Cancel(One),
}

#[derive(Args)]
pub(crate) struct Start {
    /// The action.
    #[arg(value_parser = words::<BulkActionKind>())]
    action: BulkActionKind,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    filter: Filter,
    /// This contact alone; may be given several times.
    #[arg(long = "contact")]
    contacts: Vec<Uuid>,
    /// The tag of `tag` and `untag`.
    #[arg(long, value_name = "TAG")]
    with_tag: Option<String>,
    /// The group that the action is about.
    #[arg(long, value_name = "GROUP")]
    in_group: Option<Uuid>,
    /// The agent of `assign`.
    #[arg(long, value_name = "AGENT")]
    to_agent: Option<Uuid>,
    /// The reason of `opt_out`.
    #[arg(long)]
    reason: Option<String>,
    /// Count the contacts, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// Wait for the end.
    #[arg(long, conflicts_with = "dry_run")]
    follow: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    at: Where,
    /// Changes at most.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct One {
    /// The bulk change.
    id: Uuid,
    #[command(flatten)]
    at: Where,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Start(args) => return start(&args).await,
        Command::List(args) => list(&args).await?,
        Command::Show(one) => show(&one.at.open()?.get(&format!("bulk-changes/{}", one.id)).await?, one.json)?,
        Command::Follow(one) => return until_over(&one.at.open()?, &one.id.to_string(), one.json).await,
        Command::Cancel(one) => {
            let api = one.at.open()?;
            let request = api.request(Method::POST, &format!("bulk-changes/{}/cancel", one.id));
            show(&api.send(request).await?.json().await?, one.json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn start(args: &Start) -> anyhow::Result<ExitCode> {
    let api = args.at.open()?;
    let mut body = json!({ "filter": args.filter.members(), "action": args.action, "dry_run": args.dry_run });
    let members = [
        ("contact_ids", (!args.contacts.is_empty()).then(|| json!(args.contacts))),
        ("tag", args.with_tag.as_ref().map(|tag| json!(tag))),
        ("group_id", args.in_group.map(|id| json!(id))),
        ("agent_id", args.to_agent.map(|id| json!(id))),
        ("reason", args.reason.as_ref().map(|text| json!(text))),
    ];
    for (name, value) in members {
        if let Some(value) = value {
            body[name] = value;
        }
    }
    let asked: Value = api.send(api.request(Method::POST, "bulk-changes").json(&body)).await?.json().await?;
    if let Some(id) = asked["id"].as_str().filter(|_| args.follow) {
        return until_over(&api, id, args.json).await;
    }
    if args.json {
        say!("{asked}")?;
    } else {
        let contacts = asked["contacts"].as_i64().unwrap_or_default();
        match asked["id"].as_str() {
            Some(id) => say!("bulk change {id}: {contacts} contacts match")?,
            None => say!("{contacts} contacts match; nothing was done")?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(args: &List) -> anyhow::Result<()> {
    let page = args.at.open()?.get(&format!("bulk-changes?limit={}", args.limit)).await?;
    if args.json {
        return say!("{page}");
    }
    let mut table = Table::with_names(["id", "since", "state", ">done", ">of", "action"]);
    for change in page["items"].as_array().into_iter().flatten() {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let number = |value: &Value| value.as_i64().map(|number| number.to_string()).unwrap_or_default();
        table.row([
            text(&change["id"]),
            text(&change["created_at"]),
            text(&change["state"]),
            number(&change["done"]),
            number(&change["contacts"]),
            text(&change["action"]["action"]),
        ]);
    }
    table.print("")
}

/// Looks at a change until it is over, and prints it; the exit code tells whether it succeeded.
async fn until_over(api: &Api, id: &str, json: bool) -> anyhow::Result<ExitCode> {
    loop {
        let change = api.get(&format!("bulk-changes/{id}")).await?;
        if !matches!(change["state"].as_str(), Some("waiting" | "running")) {
            show(&change, json)?;
            let done = change["state"] == "succeeded";
            return Ok(if done { ExitCode::SUCCESS } else { ExitCode::from(EXIT_NOT_DONE) });
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

fn show(change: &Value, json: bool) -> anyhow::Result<()> {
    if json {
        return say!("{change}");
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    say!("bulk change {} ({}: {})", text(&change["id"]), text(&change["action"]["action"]), text(&change["state"]))?;
    if let Some(failure) = change["failure"].as_str() {
        say!("  {failure}")?;
    }
    match change["contacts"].as_i64() {
        Some(contacts) => say!("  {} of {contacts} contacts", change["done"].as_i64().unwrap_or_default())?,
        None => say!("  its contacts are not counted yet")?,
    }
    let mut table = Table::of([false, true]);
    for (outcome, contacts) in change["outcomes"].as_object().into_iter().flatten() {
        table.row([outcome.clone(), contacts.to_string()]);
    }
    table.print("    ")
}
