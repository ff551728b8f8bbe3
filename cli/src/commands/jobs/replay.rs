//! `muster jobs replay`: parked jobs run again at a rate, and the command follows them to the end.
//! By the operators' API it is an act on all that match, which goes on without the command.

use std::time::Duration;

use anyhow::ensure;
use muster_domain::engine::act::{JobActState, JobVerb, too_many_fail};
use muster_storage::{
    Pool,
    engine::{
        acts::Act,
        look::Filter,
        operate::{self, ReplayOutcome},
    },
};
use serde_json::json;

use super::JobFilterArgs;
use crate::{
    commands::{look::Way, operator, remote::Remote},
    out::say,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: JobFilterArgs,
    /// Only say how many there are.
    #[arg(long)]
    dry_run: bool,
    /// Jobs a second.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// Stop when more than this share of the replayed jobs that have been tried has failed;
    /// looked at from the tenth on, and at the end.
    #[arg(long, default_value_t = 0.2)]
    abort_on_error_rate: f64,
    /// How long to wait at the end for jobs that have not been tried yet.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(0..=86_400))]
    wait_seconds: u32,
    /// Reason, for later readers.
    #[arg(long)]
    reason: Option<String>,
    /// Print one JSON object at the end: {matching, replayed, tried, failed, aborted}.
    #[arg(long)]
    json: bool,
}

/// Progress of a replay.
#[derive(Default)]
struct Replayed {
    matching: i64,
    replayed: i64,
    tried: i64,
    failed: i64,
    aborted: bool,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let Args { which, dry_run, rate, abort_on_error_rate: abort_at, wait_seconds, reason, json: as_json } = args;
    ensure!((0.0..=1.0).contains(&abort_at), "--abort-on-error-rate is a share, from 0 to 1");
    let pace = Pace { rate, abort_at, wait_seconds };
    let filter = which.filter(None);
    let Replayed { matching, replayed, tried, failed, aborted } = match Way::chosen()? {
        Way::Api(remote) => by_an_act(&remote, &filter, &pace, dry_run, reason.as_deref()).await?,
        Way::Database(pool) => {
            let matching = operate::count_parked(&pool, &filter).await?;
            let mut draft = operator::draft("jobs_replay", filter.kind.map(|kind| kind.as_str().to_owned()));
            draft.reason = reason;
            let done = if dry_run {
                Replayed::default()
            } else {
                operator::acts(draft, directly(&pool, &filter, &pace)).await?
            };
            Replayed { matching, ..done }
        }
    };
    if as_json {
        let report = json!({
            "matching": matching, "replayed": replayed, "tried": tried, "failed": failed, "aborted": aborted,
        });
        say!("{report}")?;
    } else if dry_run {
        say!("{matching} parked jobs would run again")?;
    } else {
        say!("{replayed} of {matching} parked jobs run again; {tried} have been tried, of which {failed} failed")?;
    }
    ensure!(!aborted, "more than {abort_at} of the replayed jobs failed");
    Ok(())
}

/// Speed and ends of a replay.
struct Pace {
    rate: u32,
    abort_at: f64,
    wait_seconds: u32,
}

/// Starts an act on the parked jobs and follows it until it is over, or has done with all jobs and
/// the time to wait for their attempts is over.
async fn by_an_act(
    remote: &Remote,
    filter: &Filter,
    pace: &Pace,
    dry_run: bool,
    reason: Option<&str>,
) -> anyhow::Result<Replayed> {
    let act = json!({
        "verb": JobVerb::Retry, "filter": filter, "rate": pace.rate, "abort_above": pace.abort_at, "dry_run": dry_run,
    });
    let asked = remote.act("job-acts", act, reason).await?;
    let matching = asked["matching"].as_i64().unwrap_or_default();
    let Some(id) = asked["id"].as_str() else { return Ok(Replayed { matching, ..Replayed::default() }) };
    let mut waited = 0;
    loop {
        let act: Act = serde_json::from_value(remote.get(&format!("job-acts/{id}")).await?)?;
        let is_last = act.acted >= act.matching;
        if act.state != JobActState::Running || (is_last && waited >= pace.wait_seconds) {
            let aborted = act.state == JobActState::Aborted;
            return Ok(Replayed { matching, replayed: act.acted, tried: act.tried, failed: act.failed, aborted });
        }
        waited += u32::from(is_last);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Replays a second's worth each second, then waits until each job has been tried. Jobs that come
/// to be parked meanwhile are left.
async fn directly(pool: &Pool, filter: &Filter, pace: &Pace) -> anyhow::Result<Replayed> {
    let before = pool.now().await?;
    let mut ids = Vec::new();
    let mut waited = 0;
    loop {
        let more = operate::replay(pool, filter, before, pace.rate.into()).await?;
        let is_last = more.len() < pace.rate as usize;
        ids.extend(more);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let ReplayOutcome { tried, failed } = operate::outcome(pool, &ids).await?;
        let replayed = i64::try_from(ids.len())?;
        let ends = is_last && (tried >= replayed || waited >= pace.wait_seconds);
        waited += u32::from(is_last);
        let aborted = too_many_fail(tried, failed, pace.abort_at, ends);
        if ends || aborted {
            return Ok(Replayed { replayed, tried, failed, aborted, ..Replayed::default() });
        }
    }
}
