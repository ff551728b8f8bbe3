//! `muster plan`: the installation that a campaign needs, by a model. Needs no services.

use anyhow::ensure;
use muster_domain::engine::capacity::{Demand, Measured, Plan, plan};
use serde_json::json;

use crate::{out::say, table::Table};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// People to text once.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    contacts: u64,
    /// Hours in which their initial texts go out.
    #[arg(long, default_value_t = 8.0)]
    hours: f64,
    /// Segments of a text, on the average; `muster segments` counts those of one.
    #[arg(long, default_value_t = 1.5)]
    segments: f64,
    /// The share of people with an answer.
    #[arg(long, default_value_t = 0.15)]
    reply_share: f64,
    /// Texts that an agent's request hands over: 100 where a batch goes at once, 1 where each text
    /// needs a request.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=100))]
    texts_a_request: u64,
    /// Requests of initials, and replies, that an agent works through in an hour.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    agent_pace: u64,
    /// Milliseconds that the carrier takes to answer.
    #[arg(long, default_value_t = 250, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    carrier_ms: u32,
    /// Segments that all brands may send on a carrier's day; without it, there is no cap.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    daily_segments: Option<u64>,
    /// Segments that all brands may send in a minute; without it, there is no rate.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    segments_a_minute: Option<u64>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    ensure!(args.hours > 0.0 && args.hours <= 24.0 * 366.0, "--hours is more than 0, and a year at most");
    ensure!((0.5..=20.0).contains(&args.segments), "--segments is 0.5 to 20");
    ensure!((0.0..=1.0).contains(&args.reply_share), "--reply-share is a share, from 0 to 1");
    let demand = Demand {
        contacts: args.contacts,
        hours: args.hours,
        segments: args.segments,
        reply_share: args.reply_share,
        texts_a_request: args.texts_a_request,
        agent_pace: args.agent_pace,
        carrier_seconds: f64::from(args.carrier_ms) / 1_000.0,
        daily_segments: args.daily_segments,
        segments_a_minute: args.segments_a_minute,
    };
    let planned = plan(&demand, &Measured::NOW);
    if args.json { say!("{}", row(&planned)) } else { show(&demand, &planned) }
}

fn row(plan: &Plan) -> serde_json::Value {
    json!({
        "texts_a_second": plan.texts_a_second, "segments": plan.segments, "hours": plan.hours, "days": plan.days,
        "agents": plan.agents, "apis": plan.apis, "schedulers": plan.schedulers, "workers": plan.workers,
        "connections": plan.connections, "database_processors": plan.database_processors,
        "database_bytes": plan.database_bytes, "messages_a_second": plan.messages_a_second,
        "import_hours": plan.import_hours, "launch_minutes": plan.launch_minutes,
    })
}

#[expect(clippy::cast_precision_loss, reason = "gigabytes for people")]
fn show(demand: &Demand, plan: &Plan) -> anyhow::Result<()> {
    let mut table = Table::of([false, true, false]);
    let mut line = |name: &str, number: String, remark: &str| table.row([name.to_owned(), number, remark.to_owned()]);
    let paced = if plan.hours > demand.hours { "carriers' rates take longer than asked" } else { "" };
    line("texts a second", format!("{:.1}", plan.texts_a_second), "twice as many in busy minutes");
    line("hours of sending", format!("{:.1}", plan.hours), paced);
    line("segments", plan.segments.to_string(), "");
    line("carrier's days", plan.days.to_string(), if plan.days > 1 { "caps take several" } else { "" });
    line("agents at a time", plan.agents.to_string(), "");
    line("workers", plan.workers.to_string(), "of two processors");
    line("apis", plan.apis.to_string(), "of two processors");
    line("schedulers", plan.schedulers.to_string(), "so that one may go");
    line("connections to Postgres", plan.connections.to_string(), "with the default of 20 a process");
    line("Postgres' processors", plan.database_processors.to_string(), "");
    line("Postgres' data", format!("{:.1} GB", plan.database_bytes as f64 / 1e9), "grows with each campaign");
    line("broker's messages a second", format!("{:.0}", plan.messages_a_second), "three small nodes take thousands");
    line("import", format!("{:.2} h", plan.import_hours), "of all contacts, on two processors");
    line("launch", format!("{:.1} min", plan.launch_minutes), "to the last batch, on two processors");
    table.print("")
}
