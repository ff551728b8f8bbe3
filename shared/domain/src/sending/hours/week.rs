//! A week's windows in one place.

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta};

use crate::sending::hours::{HolidayCalendar, SendingHours};

/// When texts may go on each day of the week, and on which holidays not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    /// From Monday to Sunday; none where a day has no hours.
    days: [Option<SendingHours>; 7],
    /// Days of these calendars have no hours.
    closed_on: Vec<HolidayCalendar>,
}

impl Week {
    /// The same hours on every day.
    pub const fn every_day(hours: SendingHours) -> Self {
        Self { days: [Some(hours); 7], closed_on: Vec::new() }
    }

    /// Hours by day, from Monday on, and the holidays without any.
    pub(super) fn new(days: [Option<SendingHours>; 7], closed_on: Option<HolidayCalendar>) -> Self {
        Self { days, closed_on: closed_on.into_iter().collect() }
    }

    /// Leaves only the hours of both weeks.
    pub fn tighten(&mut self, other: &Self) {
        for (day, other) in self.days.iter_mut().zip(other.days) {
            *day = day.zip(other).and_then(|(one, other)| one.and(other));
        }
        for calendar in &other.closed_on {
            if !self.closed_on.contains(calendar) {
                self.closed_on.push(*calendar);
            }
        }
    }

    /// Returns the first moment of a day's window, and the first after it.
    pub(super) fn window(&self, day: NaiveDate) -> Option<(NaiveDateTime, NaiveDateTime)> {
        let weekday = usize::try_from(day.weekday().num_days_from_monday()).unwrap_or_default();
        let hours = (*self.days.get(weekday)?)?;
        if self.closed_on.iter().any(|calendar| calendar.has(day)) {
            return None;
        }
        let midnight = day.and_time(chrono::NaiveTime::MIN);
        let minutes = |minutes: u16| midnight + TimeDelta::minutes(minutes.into());
        Some((minutes(hours.opens_minute), minutes(hours.closes_minute)))
    }

    /// Returns whether a text may go when clocks show this.
    pub(super) fn is_open(&self, local: NaiveDateTime) -> bool {
        self.window(local.date()).is_some_and(|(opens, closes)| opens <= local && local < closes)
    }
}
