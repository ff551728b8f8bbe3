//! Cron expressions, as cron(5) reads them.
//!
//! The fields are read here and not by the `cron` crate. That crate counts weekdays from Sunday = 1
//! and has no number for the Sunday at a week's end, so that `5-7` cannot be handed to it; it takes
//! years, `?` and `5/15`, which mean something else in other crons; and its errors do not say which
//! field is wrong. It stands in the tests as the second opinion (`tests/schedules.rs`).

use std::{fmt, str::FromStr};

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::engine::schedule::field::{Field, Numbers};

/// Local times that recur: five fields (minute, hour, day of month, month, day of week), or six
/// with seconds first.
///
/// Lists, ranges, steps (`*/5`, `10-40/5`), names of months and days in any case, 0 and 7 for
/// Sunday. If neither day field begins with `*`, a day matches by either of them, else it must
/// match both. Shorthands: `@hourly`, `@daily` (`@midnight`), `@weekly`, `@monthly`, `@yearly`
/// (`@annually`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CronExpression {
    source: String,
    // Sets: bit N stands for the number N. None is empty.
    pub(super) seconds: u64,
    pub(super) minutes: u64,
    pub(super) hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    either_day: bool,
}

/// The text is no cron expression, or one that cannot ever fire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// Neither five fields nor six.
    #[error(
        "a cron expression has five fields (minute, hour, day of month, month, day of week), or six with seconds first; {found} were found"
    )]
    Fields {
        /// How many there were.
        found: usize,
    },
    /// It begins with `@` and is none of the known ones.
    #[error(
        "unknown shorthand {word:?}: it is one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually"
    )]
    Shorthand {
        /// The word as written.
        word: String,
    },
    /// A field cannot be read.
    #[error("{field} {text:?}: {problem}")]
    Field {
        /// Which one.
        field: Field,
        /// The whole field as it was written.
        text: String,
        /// Its fault.
        problem: String,
    },
    /// Every field is right, but no calendar has such a day.
    #[error("this never fires: no month that it names has a day {day}")]
    Never {
        /// The first day of the month that it asks for.
        day: u32,
    },
}

const EVERY_HOUR: u64 = (1 << 24) - 1;

impl CronExpression {
    /// Reads an expression.
    pub fn parse(source: &str) -> Result<Self, CronError> {
        let source = source.trim();
        let longhand = if source.starts_with('@') { longhand(source)? } else { source };
        let fields: Vec<&str> = longhand.split_whitespace().collect();
        let (second, [minute, hour, day, month, weekday]) = match fields[..] {
            [minute, hour, day, month, weekday] => ("0", [minute, hour, day, month, weekday]),
            [second, minute, hour, day, month, weekday] => (second, [minute, hour, day, month, weekday]),
            _ => return Err(CronError::Fields { found: fields.len() }),
        };
        let (days, weekdays) = (Field::DayOfMonth.parse(day)?, Field::DayOfWeek.parse(weekday)?);
        let expression = Self {
            source: source.to_owned(),
            seconds: Field::Second.parse(second)?.bits,
            minutes: Field::Minute.parse(minute)?.bits,
            hours: Field::Hour.parse(hour)?.bits,
            days: days.bits,
            months: Field::Month.parse(month)?.bits,
            weekdays: weekdays.bits,
            either_day: !days.starred && !weekdays.starred,
        };
        expression.fires_at_all(days)?;
        Ok(expression)
    }

    /// Returns the expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Returns whether it follows elapsed time, because it holds in every hour. Others name times
    /// of day.
    pub fn follows_elapsed_time(&self) -> bool {
        self.hours == EVERY_HOUR
    }

    /// Returns whether it fires at some time of this day.
    pub(super) fn matches_day(&self, day: NaiveDate) -> bool {
        let month_day = holds(self.days, day.day());
        let weekday = holds(self.weekdays, day.weekday().num_days_from_sunday());
        self.matches_month(day) && if self.either_day { month_day || weekday } else { month_day && weekday }
    }

    /// Returns whether it fires on some day of the month in which this day is.
    pub(super) fn matches_month(&self, day: NaiveDate) -> bool {
        holds(self.months, day.month())
    }

    /// Every month has every weekday, and within 400 years every date falls on every weekday, even
    /// the 29th of February. So only days that a month does not have can keep an expression from
    /// firing.
    fn fires_at_all(&self, days: Numbers) -> Result<(), CronError> {
        let earliest = days.bits.trailing_zeros();
        let longest = (1..=12).filter(|month| holds(self.months, *month)).map(longest).max();
        if self.either_day || longest >= Some(earliest) { Ok(()) } else { Err(CronError::Never { day: earliest }) }
    }
}

/// Returns whether a number is in a set.
pub(super) fn holds(set: u64, number: u32) -> bool {
    set & 1 << number != 0
}

/// Returns the days of a month when it has most.
const fn longest(month: u32) -> u32 {
    match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn longhand(word: &str) -> Result<&'static str, CronError> {
    match word.to_ascii_lowercase().as_str() {
        "@hourly" => Ok("0 * * * *"),
        "@daily" | "@midnight" => Ok("0 0 * * *"),
        "@weekly" => Ok("0 0 * * 0"),
        "@monthly" => Ok("0 0 1 * *"),
        "@yearly" | "@annually" => Ok("0 0 1 1 *"),
        _ => Err(CronError::Shorthand { word: word.to_owned() }),
    }
}

impl FromStr for CronExpression {
    type Err = CronError;

    fn from_str(source: &str) -> Result<Self, CronError> {
        Self::parse(source)
    }
}

impl TryFrom<String> for CronExpression {
    type Error = CronError;

    fn try_from(source: String) -> Result<Self, CronError> {
        Self::parse(&source)
    }
}

impl From<CronExpression> for String {
    fn from(expression: CronExpression) -> Self {
        expression.source
    }
}

impl fmt::Display for CronExpression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(source: &str) -> String {
        CronExpression::parse(source).unwrap_err().to_string()
    }

    /// Returns the days of November 2026, which begins on a Sunday, on which it fires.
    fn november(source: &str) -> Vec<u32> {
        let cron = CronExpression::parse(source).unwrap();
        (1..=30).filter(|day| cron.matches_day(NaiveDate::from_ymd_opt(2026, 11, *day).unwrap())).collect()
    }

    #[test]
    fn sunday_is_0_and_7_and_sun() {
        for sunday in ["0", "7", "sun", "SUN"] {
            assert_eq!(november(&format!("0 0 * * {sunday}")), [1, 8, 15, 22, 29], "{sunday}");
        }
        for weekend in ["5-7", "fri-sun", "Fri-7", "fri,sat,sun", "5-6,0"] {
            assert_eq!(november(&format!("0 0 * * {weekend}"))[..4], [1, 6, 7, 8], "{weekend}");
        }
    }

    #[test]
    fn restricted_day_fields_match_either_and_starred_ones_both() {
        assert_eq!(november("0 0 13 * fri"), [6, 13, 20, 27]);
        assert_eq!(november("0 0 3 * fri"), [3, 6, 13, 20, 27]);
        assert_eq!(november("0 0 */10 * sun"), [1]);
        assert_eq!(november("0 0 1-7 * */2"), [1, 3, 5, 7]);
        assert_eq!(november("0 0 * 10,12 *"), [0; 0]);
    }

    #[test]
    fn an_error_names_the_field_and_what_is_wrong() {
        let fields = "a cron expression has five fields (minute, hour, day of month, month, day of week), or six with seconds first";
        assert_eq!(error("* * * *"), format!("{fields}; 4 were found"));
        assert_eq!(error(""), format!("{fields}; 0 were found"));
        assert_eq!(error("0 0 0 * * * 2027"), format!("{fields}; 7 were found"));
        assert_eq!(error("60 * * * *"), "minute \"60\": 60 is not within 0–59");
        assert_eq!(error("60 0 * * * *"), "second \"60\": 60 is not within 0–59");
        assert_eq!(error("0 24 * * *"), "hour \"24\": 24 is not within 0–23");
        assert_eq!(error("0 0 0 * *"), "day of month \"0\": 0 is not within 1–31");
        assert_eq!(error("0 0 * 13 *"), "month \"13\": 13 is not within 1–12");
        assert_eq!(error("0 0 * * 8"), "day of week \"8\": 8 is not within 0–7");
        assert_eq!(
            error("0 0 * * mon,freitag"),
            "day of week \"mon,freitag\": \"freitag\" is neither a number nor a name (sun to sat)"
        );
        assert_eq!(error("0 0 * mon *"), "month \"mon\": \"mon\" is neither a number nor a name (jan to dec)");
        assert_eq!(error("x * * * *"), "minute \"x\": \"x\" is not a number");
        assert_eq!(error("-5 * * * *"), "minute \"-5\": a number is missing");
        assert_eq!(error("+5 * * * *"), "minute \"+5\": \"+5\" is not a number");
        assert_eq!(error("1,,2 * * * *"), "minute \"1,,2\": a number is missing");
        assert_eq!(error("*/0 * * * *"), "minute \"*/0\": the step \"0\" is not a number from 1 on");
        assert_eq!(error("5/15 * * * *"), "minute \"5/15\": a step needs a range: write 5-59/15 or */15");
        assert_eq!(
            error("0 22-2 * * *"),
            "hour \"22-2\": the range 22-2 ends before it begins: write it as two ranges"
        );
        assert_eq!(error("0 0 * * ?"), "day of week \"?\": `?` is no cron(5): write `*`");
        assert_eq!(error("99999999999 * * * *"), "minute \"99999999999\": \"99999999999\" is not a number");
        assert!(error("@reboot").starts_with("unknown shorthand \"@reboot\": it is one of @hourly"));
    }

    #[test]
    fn what_can_never_fire_is_an_error() {
        assert_eq!(error("0 0 31 2 *"), "this never fires: no month that it names has a day 31");
        assert_eq!(error("0 0 30 feb */2"), "this never fires: no month that it names has a day 30");
        assert_eq!(error("0 0 31 2,4,6,9,11 *"), "this never fires: no month that it names has a day 31");
        for fires in ["0 0 29 2 *", "0 0 31 2,3 *", "0 0 31 2 mon", "0 0 30,31 4 *"] {
            assert!(CronExpression::parse(fires).is_ok(), "{fires}");
        }
    }

    #[test]
    fn shorthands_mean_their_longhand() {
        for (short, long) in [
            ("@hourly", "0 * * * *"),
            ("@daily", "0 0 * * *"),
            ("@Midnight", "0 0 0 * * *"),
            ("@weekly", "0 0 * * sun"),
            ("@monthly", "0 0 1 * *"),
            ("@yearly", "0 0 1 jan *"),
            ("@annually", "0 0 1 1 *"),
        ] {
            let (short, long) = (CronExpression::parse(short).unwrap(), CronExpression::parse(long).unwrap());
            assert_eq!(
                CronExpression { source: String::new(), ..short },
                CronExpression { source: String::new(), ..long }
            );
        }
    }

    #[test]
    fn every_hour_is_elapsed_time_however_it_is_written() {
        for elapsed in ["*/15 * * * *", "0 */1 * * *", "0 0-23 * * *", "@hourly"] {
            assert!(CronExpression::parse(elapsed).unwrap().follows_elapsed_time(), "{elapsed}");
        }
        for named in ["0 */2 * * *", "* 0-22 * * *", "@daily"] {
            assert!(!CronExpression::parse(named).unwrap().follows_elapsed_time(), "{named}");
        }
    }

    #[test]
    fn it_is_text_outside() {
        let cron: CronExpression = serde_json::from_str("\" 0 9 * * mon-fri \"").unwrap();
        assert_eq!(serde_json::to_string(&cron).unwrap(), "\"0 9 * * mon-fri\"");
        assert!(serde_json::from_str::<CronExpression>("\"9\"").is_err());
    }
}
