//! From local times to instants. Between two changes of its offset a zone's local timeline is an
//! ordinary calendar, so that fires are found span by span: in each, gap and overlap policies only
//! move the bounds of the matching times. The result is ascending because spans are, and no instant
//! comes up twice.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};

use crate::{
    engine::schedule::{Fire, Gap, Note, Overlap, Schedule},
    zone::Span,
};

/// Fires between two changes of the offset.
struct Window {
    span: Span,
    /// Local times of the span that fire if they match.
    from: NaiveDateTime,
    until: NaiveDateTime,
    /// A fire at the span's first instant, for a time in the gap before it.
    shifted: Option<Fire>,
}

const SECOND: TimeDelta = TimeDelta::seconds(1);

/// The years in which there are fires: those of four digits, which the zones' rules cover.
const YEAR_RANGE: [NaiveDateTime; 2] = [day(1, 1, 2), day(9999, 12, 29)];

const fn day(year: i32, month: u32, day: u32) -> NaiveDateTime {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(day) => NaiveDateTime::new(day, NaiveTime::MIN),
        None => NaiveDateTime::MIN,
    }
}

impl Schedule {
    /// Returns the fires after an instant, strictly ascending, without end within the calendar's
    /// four-digit years. A step costs at most a walk over the days until the next fire.
    pub fn fires_after(&self, after: DateTime<Utc>) -> impl Iterator<Item = Fire> + '_ {
        let after = whole_second(after);
        self.zone.spans(after).flat_map(move |span| self.window(span).fires(self, after))
    }

    /// Returns how many fires there are after one instant and until another, which is included.
    /// Costs a walk over the days between them.
    pub(super) fn count_fires(&self, after: DateTime<Utc>, until: DateTime<Utc>) -> u64 {
        let (after, until) = (whole_second(after), whole_second(until));
        self.zone
            .spans(after)
            .take_while(|span| span.begins.is_none_or(|change| change.at <= until))
            .map(|span| self.window(span).count(self, after, until))
            .sum()
    }

    fn window(&self, span: Span) -> Window {
        let begins = span.begins.map_or(YEAR_RANGE[0], |change| change.at.naive_utc() + change.after);
        let ends = span.ends.map_or(YEAR_RANGE[1], |change| change.at.naive_utc() + change.before);
        if self.cron.follows_elapsed_time() {
            return Window { span, from: begins, until: ends, shifted: None };
        }
        // Local times before this one have happened in the span before, too; those from `repeats`
        // on will in the next.
        let repeated = span.begins.map_or(begins, |change| change.at.naive_utc() + change.before);
        let repeats = span.ends.map_or(ends, |change| change.at.naive_utc() + change.after);
        let (from, until) = match self.overlap {
            Overlap::First => (begins.max(repeated), ends),
            Overlap::Last => (begins, ends.min(repeats)),
            Overlap::Both => (begins, ends),
        };
        let shifted = span.begins.filter(|_| self.gap == Gap::After).and_then(|change| {
            let local = self.cron.first_match(repeated, begins)?;
            // A fire that the expression names for the same instant is the same fire.
            let named = from == begins && self.cron.first_match(from, until.min(begins + SECOND)).is_some();
            (!named).then_some(Fire { at: change.at, local, note: Note::Shifted })
        });
        Window { span, from, until, shifted }
    }
}

impl Window {
    fn fires(self, schedule: &Schedule, after: DateTime<Utc>) -> impl Iterator<Item = Fire> + '_ {
        let shifted = self.shifted.filter(|fire| fire.at > after);
        let mut next = self.first_after(after);
        shifted.into_iter().chain(std::iter::from_fn(move || {
            let local = schedule.cron.first_match(next, self.until)?;
            next = local + SECOND;
            Some(Fire { at: (local - self.span.offset).and_utc(), local, note: self.note(local) })
        }))
    }

    fn count(&self, schedule: &Schedule, after: DateTime<Utc>, until: DateTime<Utc>) -> u64 {
        let shifted = self.shifted.filter(|fire| fire.at > after && fire.at <= until);
        let end = self.until.min(until.naive_utc() + self.span.offset + SECOND);
        u64::from(shifted.is_some()) + schedule.cron.count_matches(self.first_after(after), end)
    }

    /// Returns the first local time that may fire after an instant of this span or an earlier one.
    fn first_after(&self, after: DateTime<Utc>) -> NaiveDateTime {
        self.from.max(after.naive_utc() + self.span.offset + SECOND)
    }

    fn note(&self, local: NaiveDateTime) -> Note {
        let instant = |offset: TimeDelta| (local - offset).and_utc();
        if self.span.ends.is_some_and(|change| instant(change.after) >= change.at) {
            Note::FirstPass
        } else if self.span.begins.is_some_and(|change| instant(change.before) < change.at) {
            Note::SecondPass
        } else {
            Note::Plain
        }
    }
}

/// Fires are at whole seconds: a fire after an instant is after the second in which it lies.
fn whole_second(at: DateTime<Utc>) -> DateTime<Utc> {
    let at = at.naive_utc().clamp(YEAR_RANGE[0], YEAR_RANGE[1]);
    at.with_nanosecond(0).unwrap_or(at).and_utc()
}
