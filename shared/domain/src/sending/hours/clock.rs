//! One place's hours and its next opening.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    sending::hours::Week,
    zone::{Span, Zone},
};

/// How far ahead an opening is looked for. The longest stretch without hours in one place is a few
/// holidays around a Sunday.
pub const HORIZON_DAYS: i64 = 14;

/// Hours, and the zone in which they are meant.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Zone of the hours' clocks.
    pub zone: Zone,
    /// The hours.
    pub week: Week,
}

impl Clock {
    /// Returns the first instant at or after `at` that is inside the hours, if there is one before
    /// `horizon`.
    ///
    /// Between two changes of offset local time runs with the instants, so that a day's window is
    /// cut with the stretch. Hours that clocks show twice count twice, and those that are skipped
    /// not at all.
    pub(super) fn next(&self, at: DateTime<Utc>, horizon: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.week.is_open(self.zone.local(at)) {
            return Some(at);
        }
        let stretches = self.zone.spans(at).map(|span| {
            let begins = span.begins.map_or(at, |change| change.at.max(at));
            let ends = span.ends.map_or(horizon, |change| change.at.min(horizon));
            (span, begins, ends)
        });
        stretches
            .take_while(|(_, begins, _)| *begins < horizon)
            .find_map(|(span, begins, ends)| self.next_within(span, begins, ends))
    }

    /// Returns the first instant at or after `at` that is outside the hours; `horizon` when there
    /// is none before it.
    pub(super) fn closes(&self, at: DateTime<Utc>, horizon: DateTime<Utc>) -> DateTime<Utc> {
        let mut from = at;
        for span in self.zone.spans(at) {
            let ends = span.ends.map_or(horizon, |change| change.at.min(horizon));
            while from < ends {
                let local = from.naive_utc() + span.offset;
                let window = self.week.window(local.date());
                let Some((_, closes)) = window.filter(|(opens, closes)| (*opens..*closes).contains(&local)) else {
                    return from;
                };
                from = (closes - span.offset).and_utc();
            }
            if ends >= horizon {
                break;
            }
            // The clocks change inside the hours: they may show another time of day than the end
            // that was found.
            from = ends;
        }
        horizon
    }

    fn next_within(&self, span: Span, begins: DateTime<Utc>, ends: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let (from, until) = (begins.naive_utc() + span.offset, ends.naive_utc() + span.offset);
        let days = from.date().iter_days().take_while(|day| day.and_time(chrono::NaiveTime::MIN) < until);
        let openings = days.filter_map(|day| self.week.window(day)).filter_map(|(opens, closes)| {
            let first = opens.max(from);
            (first < closes.min(until)).then_some(first)
        });
        openings.map(|local| (local - span.offset).and_utc()).next()
    }
}

/// Returns the horizon of a search from an instant.
pub(super) fn horizon(at: DateTime<Utc>) -> DateTime<Utc> {
    at + TimeDelta::days(HORIZON_DAYS)
}
