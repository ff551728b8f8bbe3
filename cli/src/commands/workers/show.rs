//! `muster workers show`: one daemon, its jobs, and the consequences of stopping it.

use std::collections::BTreeSet;

use anyhow::Context;
use muster_domain::engine::{
    job::JobState,
    lateness::{counted, lasting},
    process::ProcessRole,
};
use muster_jobs::JobKind;
use muster_storage::engine::{
    look::{Filter, Summary},
    processes::{Process, SILENT_SECONDS},
};
use serde_json::json;

use crate::{commands::look::Way, out::say};

/// Running jobs that one look reads at most.
const RUNNING: usize = 10_000;

/// Tells a daemon, and the outcome of stopping it.
pub(super) async fn show(name: &str, as_json: bool) -> anyhow::Result<()> {
    let way = Way::chosen()?;
    let daemons = way.daemons().await?;
    let daemon = daemons.iter().find(|daemon| daemon.name == name);
    let daemon = daemon.with_context(|| format!("no daemon {name} has been seen within the last day"))?;
    let running = Filter { state: Some(JobState::Running), ..Filter::default() };
    let jobs = if daemon.role == ProcessRole::Worker { way.jobs(&running, None, RUNNING).await? } else { Vec::new() };
    let jobs: Vec<_> = jobs.into_iter().filter(|job| job.worker.as_deref() == Some(name)).collect();
    let now = way.now().await?;
    let alive = daemon.seen_seconds_ago < SILENT_SECONDS;
    let consequences = consequences(daemon, &daemons, &jobs);
    if as_json {
        let seconds = |job: &Summary| job.claimed_at.map(|at| (now - at).num_seconds());
        let jobs: Vec<_> = jobs
            .iter()
            .map(|job| json!({ "id": job.id, "kind": job.kind, "organization_id": job.organization_id, "running_seconds": seconds(job) }))
            .collect();
        let told = json!({
            "name": name, "role": daemon.role, "alive": alive, "draining_since": daemon.draining_since,
            "safe_to_stop": jobs.is_empty(), "jobs": jobs, "if_stopped": consequences,
        });
        return say!("{told}");
    }
    let safe = if jobs.is_empty() { "safe to stop" } else { "not safe to stop" };
    let life = if alive { "lives" } else { "is silent" };
    say!("{name} ({}) {life}, last seen {:.0} s ago; {safe}", daemon.role, daemon.seen_seconds_ago)?;
    for job in &jobs {
        let since = job.claimed_at.map(|at| lasting(now - at)).unwrap_or_default();
        say!("  runs {} of {} for {since}", job.id, job.kind)?;
    }
    say!("if it is stopped:")?;
    for told in &consequences {
        say!("- {told}")?;
    }
    Ok(())
}

fn number(count: usize, noun: &str) -> String {
    counted(i64::try_from(count).unwrap_or(i64::MAX), noun)
}

/// Returns the consequences of stopping a daemon, each in a sentence.
fn consequences(daemon: &Process, daemons: &[Process], jobs: &[Summary]) -> Vec<String> {
    let takes_over = |other: &&Process| {
        other.name != daemon.name
            && other.role == daemon.role
            && other.seen_seconds_ago < SILENT_SECONDS
            && other.draining_since.is_none()
    };
    let others: Vec<_> = daemons.iter().filter(takes_over).collect();
    let mut told = match daemon.role {
        ProcessRole::Api if others.is_empty() => {
            vec!["no other api lives: requests are refused until one starts".to_owned()]
        }
        ProcessRole::Api => {
            vec![format!("requests under way are answered; the rest goes to {}", number(others.len(), "other api"))]
        }
        ProcessRole::Scheduler if others.is_empty() => {
            vec!["no other scheduler lives: jobs wait as rows and timers fire late until one starts".to_owned()]
        }
        ProcessRole::Scheduler => vec![format!("everything is done by {}", number(others.len(), "other scheduler"))],
        ProcessRole::Worker => Vec::new(),
    };
    if daemon.role == ProcessRole::Worker {
        told.push(match jobs.len() {
            0 => "no job is interrupted".to_owned(),
            jobs => format!(
                "within the grace time it finishes {}, or hands it back to begin again elsewhere: nothing is lost, and no attempt \
                 counts",
                number(jobs, "job")
            ),
        });
        let all = || JobKind::NAMES.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let kinds = |process: &Process| process.kinds.clone().map_or_else(all, |kinds| kinds.into_iter().collect());
        let by_others: BTreeSet<_> = others.iter().flat_map(|other| kinds(other)).collect();
        let alone: Vec<_> = kinds(daemon).into_iter().filter(|kind| !by_others.contains(kind)).collect();
        told.push(match alone.len() {
            0 => format!("its kinds of jobs are taken by {}", number(others.len(), "other worker")),
            kinds if kinds == JobKind::NAMES.len() => {
                "no other worker takes jobs: all of them wait until one starts".to_owned()
            }
            _ => format!("no other worker takes {}: these jobs wait until one starts", alone.join(", ")),
        });
        if !jobs.is_empty() {
            told.push(format!("muster workers drain {} has it finish first, however long that takes", daemon.name));
        }
    }
    told
}
