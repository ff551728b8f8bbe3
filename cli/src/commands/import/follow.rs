//! `muster import follow`: an import's progress, by the API's server-sent events, with a bar for
//! people.

use std::{process::ExitCode, time::Duration};

use anyhow::{Context, bail};
use clap::Args;
use futures::StreamExt;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use super::{EXIT_REFUSED, manage};
use crate::{
    commands::client::{Api, Where},
    out::say,
};

#[derive(Args)]
pub(crate) struct Follow {
    /// The import.
    id: Uuid,
    #[command(flatten)]
    at: Where,
    /// Print the import as one JSON object when it is over, and no progress.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &Follow) -> anyhow::Result<ExitCode> {
    until_over(&args.at.open()?, &args.id.to_string(), args.json).await
}

/// How often a stream that broke off is asked for again, without an event in between.
const RECONNECT_LIMIT: u32 = 20;

/// Follows an import to its end and prints its outcome; the exit code tells whether it succeeded.
pub(super) async fn until_over(api: &Api, id: &str, json: bool) -> anyhow::Result<ExitCode> {
    let bar = if json { ProgressBar::hidden() } else { bar("importing", 1) };
    let mut failures = 0;
    let import = loop {
        match stream(api, id, &bar, &mut failures).await {
            Ok(import) => break import,
            Err(error) if failures >= RECONNECT_LIMIT => return Err(error),
            Err(_) => {
                failures += 1;
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    };
    bar.finish_and_clear();
    if json {
        say!("{import}")?;
    } else {
        manage::print(&import)?;
    }
    Ok(if import["state"] == "succeeded" { ExitCode::SUCCESS } else { ExitCode::from(EXIT_REFUSED) })
}

/// Reads events until the last; that the stream broke off is an error.
async fn stream(api: &Api, id: &str, bar: &ProgressBar, failures: &mut u32) -> anyhow::Result<Value> {
    let response = api.send(api.request(Method::GET, &format!("imports/{id}/events"))).await?;
    let mut bytes = response.bytes_stream();
    let mut buffer = String::new();
    while let Some(chunk) = bytes.next().await {
        buffer.push_str(&String::from_utf8_lossy(&chunk.context("the stream broke off")?));
        while let Some((event, rest)) = buffer.split_once("\n\n") {
            let (event, rest) = (event.to_owned(), rest.to_owned());
            buffer = rest;
            let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim_start);
            let (Some(kind), Some(data)) = (field("event:"), field("data:")) else { continue };
            let import: Value = serde_json::from_str(data).context("an event is not JSON")?;
            *failures = 0;
            match kind {
                "end" => return Ok(import),
                "progress" => show(bar, &import),
                _ => bail!("the API says: {}", import["detail"].as_str().unwrap_or_default()),
            }
        }
    }
    bail!("the stream broke off")
}

/// Steps of a bar.
const BAR_STEPS: u64 = 1_000;

/// Returns a bar for a number of bytes.
pub(super) fn bar(doing: &'static str, bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes);
    if let Ok(style) = ProgressStyle::with_template("{prefix:10} [{bar:40}] {percent:>3} % {msg}") {
        bar.set_style(style);
    }
    bar.set_prefix(doing);
    bar
}

fn show(bar: &ProgressBar, import: &Value) {
    let number = |name: &str| import[name].as_u64().unwrap_or_default();
    let part = |done: &str, of: &str| number(done) * BAR_STEPS / number(of).max(1);
    bar.set_length(BAR_STEPS);
    let (cut, read, applied) =
        (part("bytes_cut", "size_bytes"), part("bytes_read", "text_bytes"), part("shards_applied", "shards"));
    bar.set_position((5 * cut + 25 * read + 70 * applied) / 100);
    let left = import["seconds_left"].as_f64().filter(|left| (0.0..1e7).contains(left));
    let left = left.map(|left| format!(", {} left", HumanDuration(Duration::from_secs_f64(left)))).unwrap_or_default();
    let rate = import["rows_per_second"].as_f64().unwrap_or_default();
    let of = import["rows_expected"].as_u64().map(|rows| format!(" of about {rows}")).unwrap_or_default();
    bar.set_message(format!("{} rows{of}, {rate:.0} a second{left}", number("rows_read")));
}
