//! A cron expression on a local timeline: a calendar without changes of clocks. Bounds are given,
//! so that no search is longer than the stretch that is asked about. Days that cannot match are
//! passed over as days and months, never second by second.

use chrono::{Datelike, Months, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use crate::engine::schedule::cron::{CronExpression, holds};

impl CronExpression {
    /// Returns the first local time in `from..until` that matches.
    pub(super) fn first_match(&self, from: NaiveDateTime, until: NaiveDateTime) -> Option<NaiveDateTime> {
        let mut earliest = from.time();
        let mut day = from.date();
        while day.and_time(earliest) < until {
            if self.matches_day(day)
                && let Some(time) = self.first_time(earliest)
            {
                return Some(day.and_time(time)).filter(|found| *found < until);
            }
            day = self.next_day(day)?;
            earliest = NaiveTime::MIN;
        }
        None
    }

    /// Returns how many local times in `from..until` match.
    pub(super) fn count_matches(&self, from: NaiveDateTime, until: NaiveDateTime) -> u64 {
        let mut count = 0;
        let mut earliest = from.time();
        let mut day = Some(from.date());
        while let Some(today) = day.filter(|day| day.and_time(earliest) < until) {
            if self.matches_day(today) {
                let before_end = if today == until.date() { self.times_before(until.time()) } else { self.times() };
                count += before_end - self.times_before(earliest);
            }
            day = self.next_day(today);
            earliest = NaiveTime::MIN;
        }
        count
    }

    /// Returns the day after, or the first of the next month if the rest of this one cannot match.
    fn next_day(&self, day: NaiveDate) -> Option<NaiveDate> {
        if self.matches_month(day) { day.succ_opt() } else { day.with_day(1)?.checked_add_months(Months::new(1)) }
    }

    /// Returns the first time of day that matches, at or after `earliest`.
    fn first_time(&self, earliest: NaiveTime) -> Option<NaiveTime> {
        let (hour, minute) = (earliest.hour(), earliest.minute());
        let same_hour = holds(self.hours, hour);
        if same_hour
            && holds(self.minutes, minute)
            && let Some(second) = at_or_after(self.seconds, earliest.second())
        {
            return NaiveTime::from_hms_opt(hour, minute, second);
        }
        let second = at_or_after(self.seconds, 0)?;
        if same_hour && let Some(minute) = at_or_after(self.minutes, minute + 1) {
            return NaiveTime::from_hms_opt(hour, minute, second);
        }
        NaiveTime::from_hms_opt(at_or_after(self.hours, hour + 1)?, at_or_after(self.minutes, 0)?, second)
    }

    /// Returns how many times of a day match.
    fn times(&self) -> u64 {
        [self.hours, self.minutes, self.seconds].map(|set| u64::from(set.count_ones())).iter().product()
    }

    /// Returns how many times of a day before this one match.
    fn times_before(&self, time: NaiveTime) -> u64 {
        let below = |set: u64, number: u32| u64::from((set & ((1 << number) - 1)).count_ones());
        let [minutes, seconds] = [self.minutes, self.seconds].map(|set| u64::from(set.count_ones()));
        let mut count = below(self.hours, time.hour()) * minutes * seconds;
        if holds(self.hours, time.hour()) {
            count += below(self.minutes, time.minute()) * seconds;
            if holds(self.minutes, time.minute()) {
                count += below(self.seconds, time.second());
            }
        }
        count
    }
}

/// Returns the lowest number of a set that is not below `number`.
fn at_or_after(set: u64, number: u32) -> Option<u32> {
    let rest = set & u64::MAX.checked_shl(number).unwrap_or(0);
    (rest != 0).then(|| rest.trailing_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(source: &str, from: &str, until: &str) -> (Vec<String>, u64) {
        let cron = CronExpression::parse(source).unwrap();
        let (from, until) = (from.parse().unwrap(), until.parse().unwrap());
        let mut found = Vec::new();
        let mut next = from;
        while let Some(time) = cron.first_match(next, until) {
            found.push(time.to_string());
            next = time + chrono::TimeDelta::seconds(1);
        }
        (found, cron.count_matches(from, until))
    }

    #[test]
    fn matches_are_found_and_counted_between_bounds() {
        let (found, count) = matches("10,50 5 1,3 * * *", "2026-11-20T01:05:11", "2026-11-22T01:05:50");
        assert_eq!(
            found,
            [
                "2026-11-20 01:05:50",
                "2026-11-20 03:05:10",
                "2026-11-20 03:05:50",
                "2026-11-21 01:05:10",
                "2026-11-21 01:05:50",
                "2026-11-21 03:05:10",
                "2026-11-21 03:05:50",
                "2026-11-22 01:05:10"
            ]
        );
        assert_eq!(count, 8);
    }

    #[test]
    fn leap_days_are_found_over_a_century_without_one() {
        let (found, count) = matches("0 0 29 2 *", "2096-01-01T00:00:00", "2105-01-01T00:00:00");
        assert_eq!(found, ["2096-02-29 00:00:00", "2104-02-29 00:00:00"]);
        assert_eq!(count, 2);
    }

    #[test]
    fn nothing_matches_in_an_empty_stretch() {
        assert_eq!(matches("* * * * *", "2026-11-20T00:00:00", "2026-11-20T00:00:00"), (vec![], 0));
        assert_eq!(matches("* * * * *", "2026-11-20T12:00:00", "2026-11-20T06:00:00"), (vec![], 0));
    }
}
