//! Reasons for which a job has not run yet, or ran late: of its row, and of its surroundings.

#[cfg(test)]
mod tests;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::{
    engine::job::JobState,
    ids::{JobId, OrganizationId},
};

/// A job's row, as far as it tells of waiting.
#[derive(Debug, Clone)]
pub struct Row {
    /// The job.
    pub id: JobId,
    /// Its kind.
    pub kind: String,
    /// Its state.
    pub state: JobState,
    /// The tenant.
    pub organization_id: Option<OrganizationId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it could run; of one that is tried again, since when it could run again.
    pub run_at: DateTime<Utc>,
    /// When the relay gave it to the broker, the last time.
    pub published_at: Option<DateTime<Utc>>,
    /// When a worker took it, the last time.
    pub claimed_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
    /// Until when its worker has it.
    pub lease_until: Option<DateTime<Utc>>,
    /// Its present or last worker.
    pub worker: Option<String>,
    /// An earlier job of its order key is not over.
    pub blocked: bool,
    /// The first of these, where it is known.
    pub behind: Option<JobId>,
    /// Failed attempts: when, and the error.
    pub failures: Vec<(DateTime<Utc>, String)>,
    /// Attempts that were handed back: when, and why.
    pub hand_backs: Vec<(DateTime<Utc>, String)>,
}

/// A pause or a limit in force.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Of this kind; none: of every kind.
    pub kind: Option<String>,
    /// Of this tenant; none: of every one.
    pub organization_id: Option<OrganizationId>,
    /// Nothing is published.
    pub paused: bool,
    /// Jobs that are published or running at a time.
    pub at_most: Option<i32>,
    /// In an operator's words.
    pub reason: Option<String>,
    /// Since when it is so.
    pub since: DateTime<Utc>,
}

impl Policy {
    /// Returns whether the policy is about a job.
    pub fn is_about(&self, kind: &str, organization_id: Option<OrganizationId>) -> bool {
        let of_kind = self.kind.as_deref().is_none_or(|own| own == kind);
        of_kind && self.organization_id.is_none_or(|own| Some(own) == organization_id)
    }

    /// Returns the options that name it on the command line.
    pub fn options(&self) -> String {
        let kind = self.kind.as_ref().map(|kind| format!(" --kind {kind}")).unwrap_or_default();
        let organization = self.organization_id.map(|id| format!(" --organization {id}")).unwrap_or_default();
        format!("{kind}{organization}")
    }
}

/// The installation around a job.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Pauses and limits in force.
    pub policies: Vec<Policy>,
    /// Live schedulers.
    pub schedulers: usize,
    /// Live workers that take the kind and do not drain.
    pub workers: usize,
    /// The job's worker has had a heartbeat lately.
    pub worker_lives: bool,
    /// Jobs of the kind that could run now.
    pub due: i64,
    /// Jobs of the kind that were done within the last minute.
    pub done_per_minute: i64,
}

/// A reason, and an act against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// A stable word.
    pub code: &'static str,
    /// In a sentence.
    pub told: String,
    /// A command that looks further or helps.
    pub remedy: Option<String>,
}

/// Time that a job has spent in each part of its way, as far as its row tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parts {
    /// Due, and not in the broker: no room, a pause, or no relay.
    pub for_the_relay: Option<TimeDelta>,
    /// In the broker, and in no worker's hands.
    pub for_a_worker: Option<TimeDelta>,
    /// In a worker's hands.
    pub running: Option<TimeDelta>,
}

/// Returns how long after its time the job began, or how long it has waited by now; none while it
/// is not due.
pub fn lateness(row: &Row, now: DateTime<Utc>) -> Option<TimeDelta> {
    // An attempt that failed has moved the time at which it could run.
    let first = row.failures.first().map_or(row.run_at, |(at, _)| row.run_at.min(*at));
    let began = row.claimed_at.filter(|_| !is_waiting(row.state)).or(row.finished_at).unwrap_or(now);
    (began > first).then(|| began - first)
}

/// Returns the parts of the job's last way.
pub fn parts(row: &Row, now: DateTime<Utc>) -> Parts {
    let is_over = !matches!(row.state, JobState::Pending | JobState::Published | JobState::Running);
    let end = if is_over { row.finished_at.unwrap_or(now) } else { now };
    let claimed = row.claimed_at.filter(|at| !is_waiting(row.state) && *at >= row.run_at);
    let published = row.published_at.filter(|at| *at >= row.run_at);
    let since = |from: DateTime<Utc>, to: Option<DateTime<Utc>>| {
        Some(to.unwrap_or(end) - from).filter(|time| *time > TimeDelta::zero())
    };
    Parts {
        for_the_relay: since(row.run_at, published.or(claimed)),
        for_a_worker: published.and_then(|published| since(published, claimed)),
        running: claimed.and_then(|claimed| since(claimed, row.finished_at.filter(|_| is_over))),
    }
}

fn is_waiting(state: JobState) -> bool {
    matches!(state, JobState::Pending | JobState::Published)
}

/// Returns the reasons, the one that holds the job back now first.
pub fn causes(row: &Row, around: &Surroundings, now: DateTime<Utc>) -> Vec<Cause> {
    let mut causes = match row.state {
        JobState::Pending if row.run_at > now => vec![not_due(row)],
        JobState::Pending => waiting(row, around, now),
        JobState::Published => in_the_broker(row, around, now),
        JobState::Running => vec![running(row, around, now)],
        JobState::Parked => vec![parked(row)],
        JobState::Cancelled => vec![cause("cancelled", "it was cancelled".to_owned(), None)],
        JobState::Succeeded => vec![done(row, now)],
    };
    causes.extend(tried(row));
    causes
}

fn cause(code: &'static str, told: String, remedy: Option<String>) -> Cause {
    Cause { code, told, remedy }
}

fn not_due(row: &Row) -> Cause {
    let at = instant(row.run_at);
    let told = match (row.failures.last(), row.hand_backs.last()) {
        (Some((failed, _)), back) if back.is_none_or(|(back, _)| back < failed) => {
            format!("its next attempt is at {at}, after the one that failed at {}", instant(*failed))
        }
        (_, Some((_, why))) => format!("it was handed back ({why}) and is tried again at {at}"),
        _ => format!("its time is {at}, which is to come"),
    };
    cause("not_due", told, None)
}

fn waiting(row: &Row, around: &Surroundings, now: DateTime<Utc>) -> Vec<Cause> {
    let mut causes = Vec::new();
    if row.blocked {
        let (told, remedy) = match row.behind {
            Some(first) => (format!("it waits for job {first} of its order key"), format!("muster jobs why {first}")),
            None => ("it waits for an earlier job of its order key".to_owned(), "muster stuck".to_owned()),
        };
        causes.push(cause("behind", told, Some(remedy)));
    }
    for policy in around.policies.iter().filter(|policy| policy.is_about(&row.kind, row.organization_id)) {
        let since = instant(policy.since);
        let reason = policy.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let options = policy.options();
        let subject = if options.is_empty() { " everything".to_owned() } else { options.clone() };
        if policy.paused {
            causes.push(cause(
                "paused",
                format!("{}is paused since {since}{reason}", named(&subject)),
                Some(format!("muster resume{options}")),
            ));
        } else if let Some(at_most) = policy.at_most {
            let told = format!(
                "{}may have {} published and running since {since}",
                named(&subject),
                counted(at_most.into(), "job")
            );
            causes.push(cause("limited", told, Some(format!("muster limit{options}"))));
        }
    }
    if around.schedulers == 0 {
        causes.push(cause(
            "no_scheduler",
            "no scheduler lives, so that no relay gives jobs to the broker".to_owned(),
            Some("muster workers".to_owned()),
        ));
    }
    if around.workers == 0 {
        causes.push(no_worker(row));
    }
    if causes.is_empty() {
        causes.push(queued(row, around, now));
    }
    causes
}

/// Returns the subject of a policy as a sentence begins with it.
fn named(options: &str) -> String {
    let words = options.trim().replace("--kind ", "").replace("--organization ", "organization ");
    format!("{words} ")
}

fn no_worker(row: &Row) -> Cause {
    let told = format!("no live worker takes {}: there is none, or those that take it drain", row.kind);
    cause("no_worker", told, Some("muster workers".to_owned()))
}

fn queued(row: &Row, around: &Surroundings, now: DateTime<Utc>) -> Cause {
    let told = format!(
        "{} of {} could run now, and the last minute's speed is {}; this one could for {}",
        counted(around.due.max(1), "job"),
        row.kind,
        around.done_per_minute,
        lasting(now - row.run_at)
    );
    cause("queued", told, Some("muster queues".to_owned()))
}

fn in_the_broker(row: &Row, around: &Surroundings, now: DateTime<Utc>) -> Vec<Cause> {
    if around.workers == 0 {
        return vec![no_worker(row)];
    }
    let since = row.published_at.map(|at| lasting(now - at)).unwrap_or_default();
    let workers = counted(i64::try_from(around.workers).unwrap_or(i64::MAX), "worker");
    let told = format!("it has been in the broker for {since}; {workers} of {} may begin it", row.kind);
    vec![cause("in_broker", told, Some("muster workers".to_owned()))]
}

fn running(row: &Row, around: &Surroundings, now: DateTime<Utc>) -> Cause {
    let worker = row.worker.as_deref().unwrap_or("a worker");
    let since = row.claimed_at.map(|at| lasting(now - at)).unwrap_or_default();
    if around.worker_lives {
        let told = format!("{worker} runs it, for {since}");
        return cause("running", told, row.worker.as_ref().map(|name| format!("muster workers show {name}")));
    }
    let told = match row.lease_until {
        Some(until) if until > now => {
            format!(
                "{worker} has it and is silent; another worker gets it when its lease is over, at {}",
                instant(until)
            )
        }
        _ => format!("{worker} had it and is silent; a scheduler brings it back now"),
    };
    cause("worker_silent", told, Some("muster workers".to_owned()))
}

fn parked(row: &Row) -> Cause {
    let error = row.failures.last().map_or("no error is kept", |(_, error)| error.as_str());
    cause("parked", format!("it failed for good: {error}"), Some(format!("muster jobs retry {}", row.id)))
}

fn done(row: &Row, now: DateTime<Utc>) -> Cause {
    let Parts { for_the_relay, for_a_worker, running } = parts(row, now);
    let part = |time: Option<TimeDelta>| lasting(time.unwrap_or_else(TimeDelta::zero));
    let told = format!(
        "it is done: it waited {} for the relay and {} for a worker, and ran for {}",
        part(for_the_relay),
        part(for_a_worker),
        part(running)
    );
    cause("done", told, None)
}

/// Returns the attempts before this one.
fn tried(row: &Row) -> Vec<Cause> {
    let mut causes = Vec::new();
    if let (Some((first, _)), Some((last, error)), false) =
        (row.failures.first(), row.failures.last(), row.state == JobState::Parked)
    {
        let times = counted(i64::try_from(row.failures.len()).unwrap_or(i64::MAX), "attempt");
        let told = format!("{times} failed, from {} to {}, the last with: {error}", instant(*first), instant(*last));
        causes.push(cause("retried", told, Some(format!("muster jobs show {}", row.id))));
    }
    if let Some((at, why)) = row.hand_backs.last() {
        let times = counted(i64::try_from(row.hand_backs.len()).unwrap_or(i64::MAX), "time");
        causes.push(cause(
            "handed_back",
            format!("it was handed back {times}, the last at {}: {why}", instant(*at)),
            None,
        ));
    }
    causes
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Returns a number of things.
pub fn counted(count: i64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Returns a time as people say it: its two greatest units.
pub fn lasting(time: TimeDelta) -> String {
    let seconds = time.num_seconds().max(0);
    let (days, hours, minutes, rest) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (1.., ..) => format!("{days} d {hours} h"),
        (0, 1.., _) => format!("{hours} h {minutes} min"),
        (0, 0, 1..) => format!("{minutes} min {rest} s"),
        _ => format!("{rest} s"),
    }
}
