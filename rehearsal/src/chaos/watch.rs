//! The time without service: how long no write was answered and no job finished, for each fault.
//!
//! A write is asked for again and again, and the harness's schedule makes a job each second. The
//! longest time between two that succeeded is measured and told; nothing depends on it.

use std::{
    convert::Infallible,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use muster_local::http;
use reqwest::Method;
use serde_json::json;

use crate::{
    campaign::{moment::Moment, voice::say},
    client::{Call, Client},
    invariants::tables::Reader,
};

/// From one write to the next.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a write may take.
const LIMIT: Duration = Duration::from_secs(3);
/// The setting that is written, or one more.
const LIMIT_OF_A_GROUP: u32 = 50_000;
/// Effects of a fault that is mended are looked for so much longer.
const AFTER: Duration = Duration::from_secs(5);

const FINISHED: &str = "select coalesce(json_agg(m order by m), '[]') from (
    select (extract(epoch from finished_at) * 1000)::bigint m from job where kind = 'probe' and state = 'succeeded') j";

/// A fault as it happened.
#[derive(Debug, Clone)]
pub(crate) struct Happened {
    pub(crate) what: String,
    pub(crate) from: Moment,
    pub(crate) to: Moment,
}

/// The watch over a run.
#[derive(Debug)]
pub(crate) struct Watch {
    writer: Client,
    path: String,
    answered: Mutex<Vec<Moment>>,
}

impl Watch {
    /// Returns a watch that writes to an organization.
    pub(crate) fn new(admin: &Client, base: &str, path: &str) -> anyhow::Result<Self> {
        let writer = Client::over(http::client(LIMIT)?, base).with_token(admin.token()).once();
        Ok(Self { writer, path: path.to_owned(), answered: Mutex::default() })
    }

    /// Writes until it is dropped.
    pub(crate) async fn run(&self) -> Infallible {
        let mut higher = false;
        loop {
            higher = !higher;
            // More than there are contacts, either way.
            let call = Call::json(&json!({ "group_contact_limit": LIMIT_OF_A_GROUP + u32::from(higher) }));
            let answer = self.writer.call(Method::PATCH, &self.path, &call).await;
            if answer.is_ok_and(|answer| answer.status < 300) {
                self.answered.lock().unwrap_or_else(PoisonError::into_inner).push(Moment::now());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Tells the time without service that each fault has brought.
    pub(crate) async fn tell(&self, reader: Reader<'_>, happened: &[Happened]) -> anyhow::Result<()> {
        let finished: Vec<i64> = reader.json(FINISHED).await.context("reading when jobs finished")?;
        let finished: Vec<Moment> = finished.into_iter().map(Moment::from_millis).collect();
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner).clone();
        say(
            "\nTime without service: the longest between two answered writes (one in 0.25 s), two finished jobs (one in 1 s)",
        );
        let next = happened.iter().skip(1).map(|fault| Some(fault.from)).chain([None]);
        for (fault, next) in happened.iter().zip(next) {
            let (from, to) = (fault.from, fault.to.plus(AFTER));
            // A later fault's effects are its own.
            let to = next.map_or(to, |next| to.min(next.max(fault.to)));
            let (writes, jobs) = (longest(&answered, from, to), longest(&finished, from, to));
            say(&format!("  writes {:>5.1} s, jobs {:>5.1} s: {}", seconds(writes), seconds(jobs), fault.what));
        }
        Ok(())
    }
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

/// Returns the longest part within the bounds of a time between two of these moments, in their
/// order.
fn longest(moments: &[Moment], from: Moment, to: Moment) -> Duration {
    let parts = moments.windows(2).map(|pair| pair[1].min(to).since(pair[0].max(from)));
    parts.max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_time_is_that_of_the_fault_and_of_no_other() {
        let moments: Vec<Moment> = [0, 1_000, 5_000, 6_000, 16_000].into_iter().map(Moment::from_millis).collect();
        let longest = |from, to| longest(&moments, Moment::from_millis(from), Moment::from_millis(to)).as_millis();
        assert_eq!(longest(1_500, 2_000), 500);
        assert_eq!(longest(500, 5_500), 4_000);
        assert_eq!(longest(5_500, 17_000), 10_000);
        assert_eq!(longest(20_000, 30_000), 0);
    }
}
