//! The kinds of jobs that a worker takes, and its own limits for them, as the configuration says.

use std::{collections::BTreeMap, ops::RangeInclusive, sync::Arc, time::Duration};

use anyhow::{bail, ensure};
use muster_jobs::JobKind;
use muster_service::config;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Jobs of a kind at a time.
const CONCURRENCY: RangeInclusive<u16> = 1..=1_000;

/// Seconds of an attempt.
const TIME_LIMITS: RangeInclusive<u64> = 1..=86_400;

/// The kinds of jobs that a worker takes, and its own limits for them.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    kinds: Vec<JobKind>,
    concurrency: BTreeMap<JobKind, (u16, Arc<Semaphore>)>,
    time_limits: BTreeMap<JobKind, Duration>,
}

impl Choice {
    /// Reads the configuration. Kinds that are not known, and a choice of none, are refused.
    pub(crate) fn read(settings: &config::Worker) -> anyhow::Result<Self> {
        let (named, except) = (kinds(&settings.kinds)?, kinds(&settings.except)?);
        let mut chosen = JobKind::ALL.to_vec();
        chosen.retain(|kind| (named.is_empty() || named.contains(kind)) && !except.contains(kind));
        ensure!(!chosen.is_empty(), "worker.kinds and worker.except leave no kind of job");
        let concurrency = limits(&settings.concurrency, "worker.concurrency", &CONCURRENCY)?;
        let time_limits = limits(&settings.time_limits, "worker.time_limits", &TIME_LIMITS)?;
        Ok(Self {
            kinds: chosen,
            concurrency: concurrency
                .into_iter()
                .map(|(kind, jobs)| (kind, (jobs, Arc::new(Semaphore::new(jobs.into())))))
                .collect(),
            time_limits: time_limits.into_iter().map(|(kind, seconds)| (kind, Duration::from_secs(seconds))).collect(),
        })
    }

    /// Returns the kinds that it takes.
    pub(crate) fn kinds(&self) -> &[JobKind] {
        &self.kinds
    }

    /// Returns the messages of a kind that it has unacknowledged at a time.
    pub(crate) fn prefetch(&self, kind: JobKind) -> u16 {
        self.concurrency.get(&kind).map_or_else(|| kind.policy().prefetch(), |(jobs, _)| *jobs)
    }

    /// Returns the longest that one attempt of a kind's job takes.
    pub(crate) fn time_limit(&self, kind: JobKind) -> Duration {
        self.time_limits.get(&kind).copied().unwrap_or_else(|| kind.policy().time_limit)
    }

    /// Waits until a job of the kind may run; none where the kind has no limit here.
    pub(crate) async fn turn(&self, kind: JobKind) -> Option<OwnedSemaphorePermit> {
        let (_, turns) = self.concurrency.get(&kind)?;
        // Turns are never closed.
        Arc::clone(turns).acquire_owned().await.ok()
    }
}

fn kinds(names: &[String]) -> anyhow::Result<Vec<JobKind>> {
    names.iter().map(|name| kind(name)).collect()
}

fn kind(name: &str) -> anyhow::Result<JobKind> {
    let Some(kind) = JobKind::parse(name.trim()) else {
        bail!("{name:?} is not a kind of job; there are {}", JobKind::NAMES.join(", "));
    };
    Ok(kind)
}

/// Reads `KIND=NUMBER`; a kind that is named again has the last number.
fn limits<N>(pairs: &[String], key: &str, bounds: &RangeInclusive<N>) -> anyhow::Result<BTreeMap<JobKind, N>>
where
    N: std::str::FromStr + PartialOrd + std::fmt::Display,
{
    let mut read = BTreeMap::new();
    for pair in pairs {
        let number = pair.split_once('=').and_then(|(name, number)| Some((name, number.trim().parse::<N>().ok()?)));
        match number {
            Some((name, number)) if bounds.contains(&number) => read.insert(kind(name)?, number),
            _ => bail!("{key}: {pair:?} must be KIND=NUMBER, from {} to {}", bounds.start(), bounds.end()),
        };
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kinds: &[&str], except: &[&str], concurrency: &[&str], time_limits: &[&str]) -> Result<Choice, String> {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let settings = config::Worker {
            kinds: texts(kinds),
            except: texts(except),
            concurrency: texts(concurrency),
            time_limits: texts(time_limits),
        };
        Choice::read(&settings).map_err(|error| error.to_string())
    }

    #[test]
    fn a_worker_takes_every_kind_unless_it_is_told() {
        let every = read(&[], &[], &[], &[]).unwrap();
        assert_eq!(every.kinds(), JobKind::ALL);
        assert_eq!(every.prefetch(JobKind::Send), JobKind::Send.policy().prefetch());
        assert_eq!(every.time_limit(JobKind::Send), JobKind::Send.policy().time_limit);
        let two = read(&["csv-ingestion", " send"], &[], &["send=3"], &["send=7"]).unwrap();
        assert_eq!(two.kinds(), [JobKind::CsvIngestion, JobKind::Send]);
        assert_eq!((two.prefetch(JobKind::Send), two.time_limit(JobKind::Send)), (3, Duration::from_secs(7)));
        let rest = read(&[], &["csv-ingestion"], &[], &[]).unwrap();
        assert_eq!(rest.kinds().len(), JobKind::ALL.len() - 1);
        assert!(!rest.kinds().contains(&JobKind::CsvIngestion));
    }

    #[test]
    fn a_choice_that_cannot_be_read_is_refused() {
        for (kinds, except, concurrency, time_limits, told) in [
            (&["snd"][..], &[][..], &[][..], &[][..], "not a kind of job"),
            (&["send"], &["send"], &[], &[], "leave no kind"),
            (&[], &[], &["send"], &[], "worker.concurrency: \"send\" must be KIND=NUMBER, from 1 to 1000"),
            (&[], &[], &["send=0"], &[], "from 1 to 1000"),
            (&[], &[], &["snd=1"], &[], "not a kind of job"),
            (&[], &[], &[], &["send=86401"], "worker.time_limits"),
        ] {
            let error = read(kinds, except, concurrency, time_limits).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }

    #[tokio::test]
    async fn turns_of_a_kind_are_as_many_as_it_may_run() {
        let choice = read(&[], &[], &["send=2"], &[]).unwrap();
        let turns = (choice.turn(JobKind::Send).await, choice.turn(JobKind::Send).await);
        assert!(turns.0.is_some() && turns.1.is_some());
        let third = tokio::time::timeout(Duration::ZERO, choice.turn(JobKind::Send)).await;
        assert!(third.is_err(), "a third waits");
        drop(turns);
        assert!(choice.turn(JobKind::Send).await.is_some());
        assert!(choice.turn(JobKind::Probe).await.is_none(), "no limit");
    }
}
