//! `muster-bench NAME`: measurements, each against a reference in the same run. `cargo xtask bench`
//! builds it in release and runs it.
//!
//! A benchmark starts its own servers and daemons, makes its own data, prints its measurements, and
//! fails nothing by being slow.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it prints what it measured, and how far it is")]

mod agents;
mod bare;
mod console;
mod export;
mod fair;
mod floor;
mod idle;
mod ingest;
mod jobs;
mod partition;
mod pause;
mod process;
mod redact;
mod replies;
mod report;
mod rig;
mod send;
mod statements;
mod store;
mod timers;

use std::process::ExitCode;

use clap::Parser;

/// Measures Muster on this machine.
#[derive(Debug, Parser)]
#[command(name = "muster-bench", version)]
struct Arguments {
    /// Benchmark to run.
    #[arg(value_enum)]
    name: Name,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// A part of the work, for a quick look; results are only comparable at 1.
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Name {
    /// No-op jobs through outbox, relay, broker and workers; the reference is a bare loop of
    /// publishing and consuming.
    Jobs,
    /// A thousand timers due a second among a million pending ones; the reference is the same among
    /// a thousand.
    Timers,
    /// A file of a million contacts through the whole import; the reference is COPY of its clean
    /// rows into the same tables.
    Ingest,
    /// A file of about 10 GB through the whole import: its counters, and the memory that it takes.
    /// Needs 40 GB of disk.
    IngestLarge,
    /// An export of a million contacts; the reference is COPY of the same rows.
    Export,
    /// Messages to the simulated carrier with caps and rates on; the references are the same
    /// without, and a bare loop of requests.
    Send,
    /// A goal with a million queued messages is paused: how long until the last hand-over to the
    /// carrier.
    Pause,
    /// A thousand agents claim and send text by text; the reference is a handler that only stores
    /// their requests.
    Agents,
    /// 200 agents of one tenant beside another tenant's admin; the reference is the other tenant
    /// alone.
    Fair,
    /// A campaign of a hundred groups is cut into ten thousand batches; the reference is one
    /// statement that does the same.
    Partition,
    /// Two thousand webhooks a second, texts and receipts; the reference is a handler that only
    /// stores their bodies.
    Replies,
    /// People are redacted among ten million messages; the reference is the same among ten
    /// thousand.
    Redact,
    /// Every page of the web console beside a million people, and what the open screens of 500
    /// agents cost while nothing happens.
    Console,
    /// Cost of an idle scheduler and worker.
    Idle,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("muster-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    anyhow::ensure!(arguments.scale > 0.0 && arguments.scale <= 10.0, "--scale is above 0 and at most 10");
    let report = match arguments.name {
        Name::Jobs => jobs::run(arguments.scale).await?,
        Name::Timers => timers::run(arguments.scale).await?,
        Name::Ingest => ingest::run(arguments.scale).await?,
        Name::IngestLarge => ingest::large(arguments.scale).await?,
        Name::Export => export::run(arguments.scale).await?,
        Name::Send => send::run(arguments.scale).await?,
        Name::Pause => pause::run(arguments.scale).await?,
        Name::Agents => agents::run(arguments.scale).await?,
        Name::Fair => fair::run(arguments.scale).await?,
        Name::Partition => partition::run(arguments.scale).await?,
        Name::Replies => replies::run(arguments.scale).await?,
        Name::Redact => redact::run(arguments.scale).await?,
        Name::Console => console::run(arguments.scale).await?,
        Name::Idle => idle::run(arguments.scale).await?,
    };
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(())
}

/// So many of so many, at least one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive number of rows")]
fn scaled(whole: usize, scale: f64) -> usize {
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let part = whole as f64 * scale;
    (part as usize).max(1)
}
