//! `muster opt-outs`: opt-outs in force, through the API.

use clap::{Args, Subcommand};
use futures::StreamExt;
use muster_domain::people::contact::OptOutOrigin;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    commands::{client::Where, words},
    out::{self, say},
    table::Table,
};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Say whether a number is opted out, since when, and the origin.
    Check(Check),
    /// List opt-outs, the latest first.
    List(List),
    /// Print all opt-outs as CSV.
    Export(Export),
}

#[derive(Args)]
pub(crate) struct Check {
    /// The number, in any usual form.
    phone: String,
    #[command(flatten)]
    at: Where,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    at: Where,
    /// Only those that were recorded like this.
    #[arg(long, value_parser = words::<OptOutOrigin>())]
    origin: Option<OptOutOrigin>,
    /// Opt-outs at most.
    #[arg(long, default_value_t = 100)]
    limit: u16,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct Export {
    #[command(flatten)]
    at: Where,
    /// Only those that were recorded like this.
    #[arg(long, value_parser = words::<OptOutOrigin>())]
    origin: Option<OptOutOrigin>,
}

pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Check(args) => check(&args).await,
        Command::List(args) => list(&args).await,
        Command::Export(args) => export(&args).await,
    }
}

async fn check(args: &Check) -> anyhow::Result<()> {
    let api = args.at.open()?;
    let asked = api.request(Method::POST, "opt-outs/lookup").json(&json!({ "phone": args.phone }));
    let found: Value = api.send(asked).await?.json().await?;
    if args.json {
        return say!("{found}");
    }
    if found["opted_out"] == false {
        return say!("not opted out");
    }
    let text = |name: &str| found[name].as_str().unwrap_or("unknown").to_owned();
    say!("opted out since {}, recorded by {}", text("since"), text("origin"))?;
    if let Some(reason) = found["reason"].as_str() {
        say!("  {reason}")?;
    }
    Ok(())
}

fn origin_of(origin: Option<OptOutOrigin>) -> String {
    origin.map(|origin| format!("origin={origin}")).unwrap_or_default()
}

async fn list(args: &List) -> anyhow::Result<()> {
    let api = args.at.open()?;
    let page = api.get(&format!("opt-outs?limit={}&{}", args.limit, origin_of(args.origin))).await?;
    if args.json {
        return say!("{}", page["items"]);
    }
    let mut table = Table::with_names(["phone", "since", "origin", "reason"]);
    for item in page["items"].as_array().into_iter().flatten() {
        let text = |name: &str| item[name].as_str().unwrap_or("-").to_owned();
        table.row([text("phone"), text("opted_out_at"), text("origin"), text("reason")]);
    }
    table.print("")
}

async fn export(args: &Export) -> anyhow::Result<()> {
    let api = args.at.open()?;
    let path = format!("opt-outs.csv?{}", origin_of(args.origin));
    let mut bytes = api.send(api.request(Method::GET, &path)).await?.bytes_stream();
    while let Some(chunk) = bytes.next().await {
        out::piece(&chunk?)?;
    }
    Ok(())
}
