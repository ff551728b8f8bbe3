//! Times of a goal: their intent, the defaults of its type, and the words of its date in scripts
//! (rules G1 and G11).

use chrono::{DateTime, Days, NaiveDateTime, NaiveTime, Utc};

use crate::{goals::goal::GoalType, zone::Zone};

/// A time as an admin meant it, and the instant that this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time {
    /// On the group's clocks.
    pub local: NaiveDateTime,
    /// The instant.
    pub at: DateTime<Utc>,
    /// It was given as an instant, and stays one in whichever zone.
    pub fixed: bool,
}

impl Time {
    /// Returns a time on a zone's clocks.
    pub fn local(local: NaiveDateTime, zone: &Zone) -> Self {
        Self { local, at: zone.resolve(local), fixed: false }
    }

    /// Returns an instant.
    pub fn fixed(at: DateTime<Utc>, zone: &Zone) -> Self {
        Self { local: zone.local(at), at, fixed: true }
    }

    /// Returns the same intent in another zone, or by other rules of its zone (rule G11).
    #[must_use]
    pub fn within(self, zone: &Zone) -> Self {
        if self.fixed { Self::fixed(self.at, zone) } else { Self::local(self.local, zone) }
    }

    /// Returns the same intent by other rules of its zone, unless it has come: the past stays.
    #[must_use]
    pub fn resolved_again(self, zone: &Zone, now: DateTime<Utc>) -> Self {
        if self.at <= now { self } else { self.within(zone) }
    }
}

/// Times between which something is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// When it opens.
    pub opens: Time,
    /// When it closes.
    pub closes: Time,
}

impl Span {
    /// Returns both, changed alike.
    #[must_use]
    pub fn map(self, change: impl Fn(Time) -> Time) -> Self {
        Self { opens: change(self.opens), closes: change(self.closes) }
    }
}

/// Times of a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoalTimes {
    /// When it is open.
    pub window: Span,
    /// When reminders go.
    pub reminder: Option<Span>,
}

impl GoalTimes {
    /// Returns all of them, changed alike.
    #[must_use]
    pub fn map(self, change: impl Fn(Time) -> Time + Copy) -> Self {
        Self { window: self.window.map(change), reminder: self.reminder.map(|reminder| reminder.map(change)) }
    }
}

/// Times of a goal unless an admin says others, on the group's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DefaultTimes {
    /// When it opens.
    pub opens: NaiveDateTime,
    /// When it closes.
    pub closes: NaiveDateTime,
    /// When reminders begin; they end when the goal closes.
    pub reminder_opens: NaiveDateTime,
}

/// Hour at which a goal, and its reminders, open unless told.
const MORNING: u32 = 10;
/// Hour at which a goal closes on its target date unless told.
const EVENING: u32 = 20;

/// A date as scripts say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DateWords {
    /// `{{goal.date}}`: `Tuesday, November 3`.
    pub date: String,
    /// `{{goal.day}}`: `Tuesday`.
    pub day: String,
    /// `{{goal.time}}`: `7 PM` or `7:30 PM`; none for a type that has a day alone.
    pub time: Option<String>,
}

impl GoalType {
    /// Returns whether its date is a moment: the start of an event or a shift. Other types have a
    /// day.
    pub const fn has_time(self) -> bool {
        match self {
            Self::Event | Self::VolunteerShift => true,
            Self::Turnout | Self::Fundraising | Self::Advocacy | Self::Survey | Self::Custom => false,
        }
    }

    /// Days before its date on which it opens unless told.
    const fn lead(self) -> Days {
        match self {
            Self::Event => Days::new(7),
            Self::VolunteerShift => Days::new(3),
            Self::Turnout | Self::Fundraising | Self::Advocacy | Self::Survey | Self::Custom => Days::new(14),
        }
    }

    /// Returns the times of a goal of this type with this date, unless an admin says others. An
    /// event's or shift's goal closes when it starts, another on the evening of its day.
    pub fn default_times(self, date: NaiveDateTime) -> DefaultTimes {
        let at = |days: Days, hour| {
            let day = date.date().checked_sub_days(days).unwrap_or(date.date());
            day.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or(NaiveTime::MIN))
        };
        DefaultTimes {
            opens: at(self.lead(), MORNING),
            closes: if self.has_time() { date } else { at(Days::new(0), EVENING) },
            reminder_opens: at(Days::new(1), MORNING),
        }
    }

    /// Returns a date's words.
    pub fn date_words(self, date: NaiveDateTime) -> DateWords {
        use chrono::Timelike as _;
        let time = if date.minute() == 0 { "%-I %p" } else { "%-I:%M %p" };
        DateWords {
            date: date.format("%A, %B %-d").to_string(),
            day: date.format("%A").to_string(),
            time: self.has_time().then(|| date.format(time).to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    #[test]
    fn g1_types_have_default_windows_and_words() {
        let date = local("2026-11-03T19:30:00");
        let event = GoalType::Event.default_times(date);
        assert_eq!((event.opens, event.closes), (local("2026-10-27T10:00:00"), date));
        assert_eq!(event.reminder_opens, local("2026-11-02T10:00:00"));
        let shift = GoalType::VolunteerShift.default_times(date);
        assert_eq!((shift.opens, shift.closes), (local("2026-10-31T10:00:00"), date));
        let day = local("2026-11-03T00:00:00");
        for goal_type in GoalType::ALL.iter().filter(|goal_type| !goal_type.has_time()) {
            let times = goal_type.default_times(day);
            assert_eq!((times.opens, times.closes), (local("2026-10-20T10:00:00"), local("2026-11-03T20:00:00")));
            assert_eq!(goal_type.date_words(day).time, None);
        }
        let words = GoalType::Event.date_words(date);
        assert_eq!((words.date.as_str(), words.day.as_str()), ("Tuesday, November 3", "Tuesday"));
        assert_eq!(words.time.as_deref(), Some("7:30 PM"));
        assert_eq!(GoalType::VolunteerShift.date_words(local("2026-11-03T09:00:00")).time.as_deref(), Some("9 AM"));
        assert_eq!(GoalType::Event.date_words(local("2026-11-03T00:15:00")).time.as_deref(), Some("12:15 AM"));
    }

    #[test]
    fn g3_default_windows_are_windows_whatever_the_date() {
        for goal_type in GoalType::ALL {
            for date in ["2027-03-14T02:30:00", "2027-11-07T01:30:00", "2028-02-29T00:00:00", "2027-01-01T23:59:59"] {
                let times = goal_type.default_times(local(date));
                assert!(times.opens < times.closes && times.closes - times.opens <= crate::goals::goal::LONGEST_WINDOW);
                assert!(times.opens <= times.reminder_opens && times.reminder_opens < times.closes, "{date}");
            }
        }
    }

    /// Other zones stand for other rules of one zone.
    #[test]
    fn g11_a_local_time_is_resolved_again_and_an_instant_and_the_past_stay() {
        let (before, after) = (zone("America/New_York"), zone("America/Phoenix"));
        let meant = Time::local(local("2027-07-01T10:00:00"), &before);
        let now = meant.at - chrono::TimeDelta::days(1);
        let again = meant.resolved_again(&after, now);
        assert_eq!((again.local, again.at.to_rfc3339()), (meant.local, "2027-07-01T17:00:00+00:00".to_owned()));
        assert_eq!(again.resolved_again(&before, now), meant);
        assert_eq!(meant.resolved_again(&after, meant.at), meant, "it has come");
        let fixed = Time::fixed(meant.at, &before).resolved_again(&after, now);
        assert_eq!((fixed.at, fixed.local), (meant.at, local("2027-07-01T07:00:00")));
        // The second of two local times is kept only as an instant.
        let second = Time::fixed("2027-11-07T06:30:00Z".parse().unwrap(), &before);
        assert_eq!((second.local, second.within(&before)), (local("2027-11-07T01:30:00"), second));
    }

    #[test]
    fn g11_the_same_local_time_in_three_zones_across_both_changes_of_clocks() {
        // A gap in New York at 02:30, none elsewhere; then a time that New York has twice.
        for (when, wanted) in [
            ("2027-03-14T02:30:00", ["2027-03-14T07:00:00Z", "2027-03-14T09:30:00Z", "2027-03-14T12:30:00Z"]),
            ("2027-11-07T01:30:00", ["2027-11-07T05:30:00Z", "2027-11-07T08:30:00Z", "2027-11-07T11:30:00Z"]),
        ] {
            let zones = ["America/New_York", "America/Phoenix", "Pacific/Honolulu"];
            for (name, wanted) in zones.into_iter().zip(wanted) {
                let time = Time::local(local(when), &zone(name));
                assert_eq!(time.at, wanted.parse::<DateTime<Utc>>().unwrap(), "{name}");
                assert_eq!(time.within(&zone(name)), time);
            }
        }
    }
}
