//! `muster queues`: jobs that are not over, by kind: how many, how old, how fast.

use std::collections::BTreeMap;

use muster_storage::engine::policies::{self, Queue};
use serde_json::{Value, json};

use super::{pool, remote::Remote, watch::Watch};
use crate::{out::say, table::Table};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    watch: Watch,
    /// Print one JSON object: by kind, `{jobs: {pending, published, running, parked}, due,
    /// oldest_seconds, per_minute, seconds_to_drain, paused}`.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    if let Some(remote) = Remote::chosen()? {
        return args.watch.show(async || show(&told(&remote.get("queues").await?), args.json)).await;
    }
    let pool = pool()?;
    args.watch.show(async || show(&policies::queues(&pool).await?, args.json)).await
}

/// Returns the queues that the operators' API tells, without those that have no job and no pause.
fn told(answer: &Value) -> Vec<Queue> {
    #[expect(clippy::cast_possible_truncation, reason = "counts of jobs")]
    let number = |kind: &Value, name: &str| kind[name].as_f64().unwrap_or_default() as i64;
    let queue = |kind: &Value| Queue {
        kind: kind["kind"].as_str().unwrap_or_default().to_owned(),
        pending: number(kind, "pending") + number(kind, "blocked"),
        due: number(kind, "due"),
        published: number(kind, "published"),
        running: number(kind, "running"),
        parked: number(kind, "parked"),
        oldest_seconds: kind["oldest_due_seconds"].as_f64(),
        succeeded_last_minute: number(kind, "done_per_minute"),
        paused: kind["policy"]["paused"] == true,
    };
    let mut queues: Vec<_> = answer["kinds"].as_array().into_iter().flatten().map(queue).collect();
    queues.retain(|queue| {
        let jobs = [queue.pending, queue.published, queue.running, queue.parked, queue.succeeded_last_minute];
        queue.paused || jobs.iter().any(|jobs| *jobs > 0)
    });
    queues
}

fn show(queues: &[Queue], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let kinds: BTreeMap<_, _> = queues.iter().map(|queue| (&queue.kind, row(queue))).collect();
        say!("{}", serde_json::to_string(&kinds)?)?;
        return Ok(());
    }
    let names =
        ["kind", ">pending", ">due", ">published", ">running", ">parked", ">oldest", ">per min", ">to drain", ""];
    let mut table = Table::with_names(names);
    for queue in queues {
        let seconds =
            |seconds: Option<f64>| seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.0} s"));
        let [pending, due, published, running, parked] =
            [queue.pending, queue.due, queue.published, queue.running, queue.parked].map(|jobs| jobs.to_string());
        table.row([
            queue.kind.clone(),
            pending,
            due,
            published,
            running,
            parked,
            seconds(queue.oldest_seconds),
            queue.succeeded_last_minute.to_string(),
            seconds(seconds_to_drain(queue)),
            if queue.paused { "paused".to_owned() } else { String::new() },
        ]);
    }
    table.print("")
}

/// At the last minute's rate; none when nothing ended in it.
fn seconds_to_drain(queue: &Queue) -> Option<f64> {
    let waiting = queue.due + queue.published + queue.running;
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    (queue.succeeded_last_minute > 0).then(|| waiting as f64 * 60.0 / queue.succeeded_last_minute as f64)
}

fn row(queue: &Queue) -> serde_json::Value {
    json!({
        "jobs": {
            "pending": queue.pending, "published": queue.published, "running": queue.running, "parked": queue.parked,
        },
        "due": queue.due,
        "oldest_seconds": queue.oldest_seconds,
        "per_minute": queue.succeeded_last_minute,
        "seconds_to_drain": seconds_to_drain(queue),
        "paused": queue.paused,
    })
}
