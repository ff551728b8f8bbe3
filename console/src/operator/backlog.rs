//! How work has drained: a picture of the last hours, on the pages of queues.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::{
    client::{Problem, operations::operator as operations},
    operator::looks::Look,
    pictures::{
        Picture,
        drain::{self, Point},
    },
};

/// Minutes that a picture has.
const MINUTES: i64 = 180;
/// Minutes from one point to the next.
const STEP: i64 = 5;

/// The minutes of the last hours.
#[derive(Debug, Deserialize)]
pub(crate) struct Backlog {
    minutes: Vec<Minute>,
}

#[derive(Debug, Deserialize)]
struct Minute {
    at: DateTime<Utc>,
    due: BTreeMap<String, i64>,
}

impl Backlog {
    /// Asks for them.
    pub(crate) async fn of(look: &Look) -> Result<Self, Problem> {
        look.read(&operations::BACKLOG, &[], &[("minutes", MINUTES.to_string())]).await
    }

    /// Draws the due jobs of a kind, or of all kinds together.
    pub(crate) fn drawn(&self, kind: Option<&str>) -> Picture {
        let waiting = |minute: &Minute| match kind {
            Some(kind) => minute.due.get(kind).copied().unwrap_or(0),
            None => minute.due.values().fold(0_i64, |sum, due| sum.saturating_add(*due)),
        };
        let first = self.minutes.first().map(|minute| minute.at);
        let since = |minute: &Minute| first.map_or(0, |first| (minute.at - first).num_minutes());
        // The last minute of each step, so that the picture ends with the latest.
        let mut steps: BTreeMap<i64, &Minute> = BTreeMap::new();
        for minute in &self.minutes {
            steps.insert(since(minute) / STEP, minute);
        }
        let point = |minute: &&Minute| Point {
            minute: since(minute),
            label: minute.at.format("%H:%M UTC").to_string(),
            waiting: waiting(minute),
        };
        drain::draw(&steps.values().map(point).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backlog(due: impl IntoIterator<Item = (i64, i64)>) -> Backlog {
        let minute = |(minute, due): (i64, i64)| Minute {
            at: DateTime::UNIX_EPOCH + chrono::TimeDelta::minutes(minute),
            due: BTreeMap::from([("send".to_owned(), due), ("probe".to_owned(), 1)]),
        };
        Backlog { minutes: due.into_iter().map(minute).collect() }
    }

    #[test]
    fn a_point_stands_for_five_minutes_and_the_last_is_the_latest() {
        let picture = backlog((0..=12).map(|minute| (minute, 1_300 - minute * 100))).drawn(Some("send"));
        assert_eq!(picture.rows, [["00:04 UTC", "900"], ["00:09 UTC", "400"], ["00:12 UTC", "100"]]);
        assert!(picture.caption.starts_with("100 wait. At this pace nothing waits in about "), "{}", picture.caption);
    }

    #[test]
    fn kinds_are_drawn_alone_or_together() {
        let one = backlog([(0, 5)]);
        assert_eq!(one.drawn(None).rows, [["00:00 UTC", "6"]]);
        assert_eq!(one.drawn(Some("probe")).rows, [["00:00 UTC", "1"]]);
        assert_eq!(one.drawn(Some("upkeep")).caption, "Nothing waits.");
        assert_eq!(backlog([]).drawn(None).caption, "Nothing was measured yet.");
    }
}
