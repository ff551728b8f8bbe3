//! `muster workers`: the live daemons, their jobs, and which are safe to stop; and draining.

mod show;

use anyhow::bail;
use muster_storage::engine::processes::{self, Drained, SILENT_SECONDS};
use serde_json::json;

use super::{look::Way, operator, pool, remote::Remote, watch::Watch};
use crate::{out::say, table::Table};

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    watch: Watch,
    /// Print a JSON list of `{name, role, seen_seconds_ago, alive, running: {kind: jobs},
    /// safe_to_stop, kinds, draining_since}`; without `kinds` a worker takes every kind.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Have a worker take no more jobs. It finishes those in its hands and stays idle.
    Drain(Which),
    /// Have a worker that drains take jobs again.
    Undrain(Which),
    /// Show a daemon with its running jobs, and the consequences of stopping it.
    Show {
        /// The daemon's name; on Kubernetes that of its pod.
        name: String,
        /// Print one JSON object: `{name, role, alive, draining_since, safe_to_stop, jobs: [{id,
        /// kind, organization_id, running_seconds}], if_stopped: [sentence]}`.
        #[arg(long)]
        json: bool,
    },
}

#[derive(clap::Args)]
struct Which {
    /// The worker's name.
    name: String,
    /// Reason, for later readers.
    #[arg(long)]
    reason: Option<String>,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Some(Command::Drain(which)) => drain(which, true).await,
        Some(Command::Undrain(which)) => drain(which, false).await,
        Some(Command::Show { name, json }) => show::show(&name, json).await,
        None => args.watch.show(async || list(args.json).await).await,
    }
}

async fn drain(which: Which, draining: bool) -> anyhow::Result<()> {
    let Which { name, reason } = which;
    let command = if draining { "workers_drain" } else { "workers_undrain" };
    let mut draft = operator::draft(command, [name.clone()]);
    draft.reason = reason;
    if let Some(remote) = Remote::chosen()? {
        let act = if draining { "drain" } else { "undrain" };
        remote.act(&format!("daemons/{name}/{act}"), json!({}), draft.reason.as_deref()).await?;
        return tell(&name, draining);
    }
    match operator::acts(draft, processes::set_draining(&pool()?, &name, draining)).await? {
        Drained::Told => tell(&name, draining),
        Drained::Gone => bail!("there is no process {name} that lives"),
        Drained::NoWorker => bail!("{name} is no worker: it is safe to stop at any time"),
    }
}

fn tell(name: &str, draining: bool) -> anyhow::Result<()> {
    if draining {
        say!("{name} takes no more jobs; it is safe to stop once it runs none")
    } else {
        say!("{name} takes jobs again")
    }
}

async fn list(as_json: bool) -> anyhow::Result<()> {
    let processes = Way::chosen()?.daemons().await?;
    let rows: Vec<_> = processes
        .iter()
        .map(|process| {
            // Killing a worker loses nothing; stopping it while it runs long jobs makes them begin
            // again.
            let idle = process.running.as_object().is_none_or(serde_json::Map::is_empty);
            json!({
                "name": process.name, "role": process.role, "seen_seconds_ago": process.seen_seconds_ago,
                "alive": process.seen_seconds_ago < SILENT_SECONDS, "running": process.running, "safe_to_stop": idle,
                "kinds": process.kinds, "draining_since": process.draining_since,
            })
        })
        .collect();
    if as_json {
        say!("{}", serde_json::to_string(&rows)?)?;
        return Ok(());
    }
    let mut table = Table::with_names(["name", "role", ">last seen", "alive", "safe", "takes", "running"]);
    for (process, row) in processes.iter().zip(&rows) {
        let word = |key: &str| if row[key] == true { "yes" } else { "no" };
        let seen = format!("{:.0} s", process.seen_seconds_ago);
        let [alive, safe] = ["alive", "safe_to_stop"].map(|key| word(key).to_owned());
        let takes = match (&process.draining_since, &process.kinds) {
            (Some(_), _) => "nothing: it drains".to_owned(),
            (None, Some(kinds)) => kinds.join(","),
            (None, None) => String::new(),
        };
        let role = process.role.to_string();
        table.row([process.name.clone(), role, seen, alive, safe, takes, process.running.to_string()]);
    }
    table.print("")
}
