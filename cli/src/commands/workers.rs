//! `muster workers`: the live daemons, their jobs, and which are safe to stop.

use muster_storage::engine::operate;
use serde_json::json;

use super::pool;
use crate::{out::say, table::Table};

/// Daemons say that they are alive every two seconds.
const SILENT_SECONDS: f64 = 15.0;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print a JSON list of `{name, role, seen_seconds_ago, alive, running: {kind: jobs},
    /// safe_to_stop}`.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let processes = operate::processes(&pool()?).await?;
    let rows: Vec<_> = processes
        .iter()
        .map(|process| {
            // Killing a worker loses nothing; stopping it while it runs long jobs makes them begin
            // again.
            let idle = process.running.as_object().is_none_or(serde_json::Map::is_empty);
            json!({
                "name": process.name, "role": process.role, "seen_seconds_ago": process.seen_seconds_ago,
                "alive": process.seen_seconds_ago < SILENT_SECONDS, "running": process.running, "safe_to_stop": idle,
            })
        })
        .collect();
    if args.json {
        say!("{}", serde_json::to_string(&rows)?)?;
        return Ok(());
    }
    let mut table = Table::with_names(["name", "role", ">last seen", "alive", "safe", "running"]);
    for (process, row) in processes.iter().zip(&rows) {
        let word = |key: &str| if row[key] == true { "yes" } else { "no" };
        let seen = format!("{:.0} s", process.seen_seconds_ago);
        let [alive, safe] = ["alive", "safe_to_stop"].map(|key| word(key).to_owned());
        table.row([process.name.clone(), process.role.to_string(), seen, alive, safe, process.running.to_string()]);
    }
    table.print("")
}
