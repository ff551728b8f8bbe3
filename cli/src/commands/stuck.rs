//! `muster stuck`: everything that stands still, in one look.

use chrono::TimeDelta;
use muster_domain::engine::{
    job::JobState,
    lateness::{Policy, lasting},
};
use muster_storage::{
    engine::{
        look::Filter,
        processes::{Process, SILENT_SECONDS},
    },
    figures::{self, Gauge, Taken},
};
use serde_json::json;

use super::{
    look::{Kind, Way},
    watch::Watch,
};
use crate::{out::say, table::Table};

/// Running jobs that one look reads at most.
const RUNNING: usize = 10_000;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Jobs that run or wait for so long stand still.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=31_536_000))]
    after_seconds: u32,
    #[command(flatten)]
    watch: Watch,
    /// Print a JSON list of `{what, subject, seconds, told, remedy}`.
    #[arg(long)]
    json: bool,
}

/// Something that stands still.
struct Stuck {
    /// A stable word.
    what: &'static str,
    subject: String,
    seconds: Option<f64>,
    told: String,
    remedy: String,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let way = Way::chosen()?;
    args.watch.show(async || show(&found(&way, f64::from(args.after_seconds)).await?, args.json)).await
}

async fn found(way: &Way, after: f64) -> anyhow::Result<Vec<Stuck>> {
    let (policies, kinds, daemons) = (way.policies().await?, way.kinds().await?, way.daemons().await?);
    let now = way.now().await?;
    let mut found: Vec<_> = daemons.iter().filter_map(silent).collect();
    found.extend(policies.iter().filter(|policy| policy.paused).map(|policy| {
        let seconds = (now - policy.since).as_seconds_f64();
        paused(policy, &kinds, seconds)
    }));
    found.extend(kinds.iter().filter_map(|kind| late(kind, &policies, after)));
    let running = Filter { state: Some(JobState::Running), ..Filter::default() };
    for job in way.jobs(&running, None, RUNNING).await? {
        let seconds = job.claimed_at.map_or(0.0, |at| (now - at).as_seconds_f64());
        if seconds >= after {
            let worker = job.worker.unwrap_or_default();
            found.push(Stuck {
                what: "running",
                subject: job.id.to_string(),
                seconds: Some(seconds),
                told: format!(
                    "{worker} runs this job of {}, its attempt {} of {}",
                    job.kind, job.attempts, job.max_attempts
                ),
                remedy: format!("muster jobs why {}", job.id),
            });
        }
    }
    found.extend(kinds.iter().filter(|kind| kind.parked > 0.0).map(|kind| Stuck {
        what: "parked",
        subject: kind.kind.clone(),
        seconds: None,
        told: format!("{} parked: each has failed as often as it may", kind.parked),
        remedy: format!("muster jobs list --state parked --kind {}", kind.kind),
    }));
    found.extend(of_figures(&way.figures().await?));
    Ok(found)
}

/// A process that is gone or hangs, with jobs in its hands.
fn silent(daemon: &Process) -> Option<Stuck> {
    let running = daemon.running.as_object().filter(|running| !running.is_empty())?;
    let jobs: i64 = running.values().filter_map(serde_json::Value::as_i64).sum();
    (daemon.seen_seconds_ago >= SILENT_SECONDS).then(|| Stuck {
        what: "worker_silent",
        subject: daemon.name.clone(),
        seconds: Some(daemon.seen_seconds_ago),
        told: format!("it is silent with {jobs} jobs; others get them when their leases are over"),
        remedy: format!("muster workers show {}", daemon.name),
    })
}

fn paused(policy: &Policy, kinds: &[Kind], seconds: f64) -> Stuck {
    let of = |kind: &&Kind| policy.organization_id.is_none() && policy.is_about(&kind.kind, None);
    let due: f64 = kinds.iter().filter(of).map(|kind| kind.due).sum();
    let waiting =
        if policy.organization_id.is_none() { format!("; {due} of its jobs could run") } else { String::new() };
    let reason = policy.reason.as_deref().unwrap_or("no reason was given");
    let (kind, organization) = (policy.kind.clone(), policy.organization_id.map(|id| id.to_string()));
    Stuck {
        what: "paused",
        subject: [kind, organization].into_iter().flatten().collect::<Vec<_>>().join(" "),
        seconds: Some(seconds),
        told: format!("an operator has paused it: {reason}{waiting}"),
        remedy: format!("muster resume{}", policy.options()),
    }
}

/// A kind with jobs that wait for long, though no operator keeps them.
fn late(kind: &Kind, policies: &[Policy], after: f64) -> Option<Stuck> {
    let seconds = kind.oldest_due_seconds.filter(|seconds| *seconds >= after && kind.due > 0.0)?;
    if policies
        .iter()
        .any(|policy| policy.paused && policy.organization_id.is_none() && policy.is_about(&kind.kind, None))
    {
        return None;
    }
    let told = match kind.workers {
        0 => format!("{} jobs could run, and no live worker takes them", kind.due),
        workers => format!("{} jobs could run, and {workers} workers take them", kind.due),
    };
    let what = if kind.workers == 0 { "no_worker" } else { "queue_late" };
    Some(Stuck { what, subject: kind.kind.clone(), seconds: Some(seconds), told, remedy: "muster workers".to_owned() })
}

fn of_figures(taken: &Taken) -> Vec<Stuck> {
    let value = |gauge: Gauge, labels: &[(&str, &str)]| taken.value(gauge, labels).filter(|value| *value > 0.0);
    let rows = [
        (
            "texts_unknown",
            "texts",
            figures::MESSAGES,
            Some(("state", "unknown")),
            "have an unknown outcome",
            "muster doctor",
        ),
        (
            "texts_refused",
            "texts",
            figures::HELD,
            Some(("reason", "carrier")),
            "are held by the carrier's word",
            "muster doctor",
        ),
        ("schedules_broken", "schedules", figures::SCHEDULES_BROKEN, None, "cannot be read", "muster schedule list"),
        ("schedules_overdue", "schedules", figures::TICKS_OVERDUE, None, "have not ticked", "muster workers"),
        (
            "dead_letters",
            "messages",
            figures::DEAD_LETTERS,
            None,
            "of the broker could not be decoded",
            "muster doctor",
        ),
    ];
    let of_row =
        |(what, subject, gauge, label, told, remedy): (&'static str, &str, Gauge, Option<(&str, &str)>, &str, &str)| {
            let count = value(gauge, label.as_slice())?;
            let (subject, told, remedy) = (subject.to_owned(), format!("{count} {told}"), remedy.to_owned());
            Some(Stuck { what, subject, seconds: None, told, remedy })
        };
    let mut found: Vec<_> = rows.into_iter().filter_map(of_row).collect();
    found.extend(
        value(figures::TIMERS_DUE, &[]).zip(value(figures::OLDEST_TIMER, &[])).filter(|(_, late)| *late > 60.0).map(
            |(timers, late)| Stuck {
                what: "timers_late",
                subject: "timers".to_owned(),
                seconds: Some(late),
                told: format!("{timers} are due and have not fired"),
                remedy: "muster workers".to_owned(),
            },
        ),
    );
    found
}

fn show(found: &[Stuck], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let rows: Vec<_> = found
            .iter()
            .map(|one| {
                json!({
                    "what": one.what, "subject": one.subject, "seconds": one.seconds, "told": one.told,
                    "remedy": one.remedy,
                })
            })
            .collect();
        return say!("{}", serde_json::to_string(&rows)?);
    }
    if found.is_empty() {
        return say!("nothing stands still");
    }
    let mut table = Table::with_names(["what", "subject", ">for", "", "look"]);
    for one in found {
        #[expect(clippy::cast_possible_truncation, reason = "seconds")]
        let time = one.seconds.map(|seconds| lasting(TimeDelta::seconds(seconds as i64))).unwrap_or_default();
        table.row([one.what.to_owned(), one.subject.clone(), time, one.told.clone(), one.remedy.clone()]);
    }
    table.print("")
}
