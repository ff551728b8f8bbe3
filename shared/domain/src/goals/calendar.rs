//! A goal's dated things, for a calendar of its organization.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use strum::{VariantArray, VariantNames};

use crate::{
    goals::{
        release::{Pace, first_tick},
        times::{GoalTimes, Span, Time},
    },
    text_enum,
    zone::Zone,
};

/// A dated thing of a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum EntryKind {
    /// It opens.
    Opens,
    /// Reminders begin.
    ReminderOpens,
    /// A tick of its release plan.
    Release,
    /// The start of its event or shift, or its target date.
    Date,
    /// Reminders end.
    ReminderCloses,
    /// It closes.
    Closes,
}

text_enum!(EntryKind);

/// Days on the clocks of a group, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRange {
    /// The first.
    pub from: NaiveDate,
    /// The last.
    pub to: NaiveDate,
}

impl DayRange {
    /// Returns the first wall-clock time, and the first one after it.
    pub fn bounds(self) -> (NaiveDateTime, NaiveDateTime) {
        let end = self.to.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
        (self.from.and_time(NaiveTime::MIN), end.and_time(NaiveTime::MIN))
    }

    /// Returns how many days it has; none when it ends before it begins.
    pub fn days(self) -> Option<u64> {
        u64::try_from((self.to - self.from).num_days()).ok().map(|days| days + 1)
    }

    fn has(self, local: NaiveDateTime) -> bool {
        (self.from..=self.to).contains(&local.date())
    }
}

/// One entry of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// On the group's clocks.
    pub local: NaiveDateTime,
    /// The thing.
    pub kind: EntryKind,
    /// The instant.
    pub at: DateTime<Utc>,
}

/// Returns a goal's entries within these days, in order of time; at most so many ticks of its
/// release plan.
pub fn entries(
    times: &GoalTimes,
    date: NaiveDateTime,
    pace: &Pace,
    zone: &Zone,
    days: DayRange,
    most_ticks: usize,
) -> Vec<Entry> {
    let of = |kind, time: Time| Entry { local: time.local, kind, at: time.at };
    let GoalTimes { window: Span { opens, closes }, reminder } = *times;
    let mut all =
        vec![of(EntryKind::Opens, opens), of(EntryKind::Closes, closes), of(EntryKind::Date, Time::local(date, zone))];
    if let Some(Span { opens, closes }) = reminder {
        all.extend([of(EntryKind::ReminderOpens, opens), of(EntryKind::ReminderCloses, closes)]);
    }
    all.retain(|entry| days.has(entry.local));
    if let Some(ticks) = pace.ticks(zone) {
        let (from, until) = days.bounds();
        let (from, until) = (zone.resolve(from).max(opens.at), zone.resolve(until).min(closes.at));
        let first = first_tick(&ticks, from).filter(|at| *at < until);
        let more = first.into_iter().flat_map(|first| ticks.fires_after(first).map(|fire| fire.at));
        let within = first.into_iter().chain(more).take_while(|at| *at < until).take(most_ticks);
        all.extend(within.map(|at| of(EntryKind::Release, Time::fixed(at, zone))));
    }
    all.sort();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::schedule::CronExpression;

    fn days(from: &str, to: &str) -> DayRange {
        DayRange { from: from.parse().unwrap(), to: to.parse().unwrap() }
    }

    fn told(zone: &str, days: DayRange, pace: &Pace, most: usize) -> Vec<String> {
        let zone = Zone::parse(zone).unwrap();
        let local = |text: &str| Time::local(text.parse().unwrap(), &zone);
        let times = GoalTimes {
            window: Span { opens: local("2027-03-12T10:00:00"), closes: local("2027-03-15T20:00:00") },
            reminder: Some(Span { opens: local("2027-03-14T02:30:00"), closes: local("2027-03-15T20:00:00") }),
        };
        let date = "2027-03-16T18:00:00".parse().unwrap();
        let all = entries(&times, date, pace, &zone, days, most);
        all.into_iter().map(|entry| format!("{} {} {}", entry.kind, entry.local, entry.at)).collect()
    }

    #[test]
    fn g11_a_calendar_has_the_days_of_the_groups_clocks() {
        let one = told("America/New_York", days("2027-03-14", "2027-03-14"), &Pace::AllAtOpen, 9);
        assert_eq!(one, ["reminder_opens 2027-03-14 02:30:00 2027-03-14 07:00:00 UTC"]);
        let kinds = |zone, days| -> Vec<String> {
            let all = told(zone, days, &Pace::AllAtOpen, 9).into_iter();
            all.map(|entry| entry.split(' ').next().unwrap().to_owned()).collect()
        };
        let all = ["opens", "reminder_opens", "reminder_closes", "closes", "date"];
        for zone in ["America/New_York", "America/Phoenix", "Pacific/Honolulu"] {
            assert_eq!(kinds(zone, days("2027-03-12", "2027-03-16")), all);
            assert_eq!(kinds(zone, days("2027-03-13", "2027-03-13")), [""; 0]);
            assert_eq!(kinds(zone, days("2027-03-16", "2027-04-16")), ["date"]);
        }
        assert_eq!((days("2027-03-14", "2027-03-14").days(), days("2027-03-14", "2027-03-13").days()), (Some(1), None));
    }

    #[test]
    fn b6_a_calendar_has_the_ticks_within_the_goals_window() {
        let cron = CronExpression::parse("0 9,21 * * *").unwrap();
        let pace = Pace::Cron { batches: 1, cron };
        let ticks = |days, most| -> Vec<String> {
            let all = told("America/New_York", days, &pace, most).into_iter();
            all.filter_map(|entry| Some(entry.strip_prefix("release ")?.to_owned())).collect()
        };
        let wanted = [
            "2027-03-13 21:00:00 2027-03-14 02:00:00 UTC",
            "2027-03-14 09:00:00 2027-03-14 13:00:00 UTC",
            "2027-03-14 21:00:00 2027-03-15 01:00:00 UTC",
            "2027-03-15 09:00:00 2027-03-15 13:00:00 UTC",
        ];
        assert_eq!(ticks(days("2027-03-13", "2027-03-20"), 9)[1..], wanted);
        assert_eq!(ticks(days("2027-03-12", "2027-03-20"), 2).len(), 2);
        assert_eq!(ticks(days("2027-03-16", "2027-03-20"), 9), [""; 0]);
    }
}
