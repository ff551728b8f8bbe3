//! The dates that a list of messages is filtered by, in every form in which Twilio's clients send
//! them.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc};

/// A condition on the time of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dates {
    /// The parameter that says it again: `DateSent`, `DateSent>` or `DateSent<`.
    pub name: &'static str,
    /// Its value there: a date or a time in UTC.
    pub value: String,
    /// The first instant that is meant.
    pub since: Option<DateTime<Utc>>,
    /// The last instant that is meant.
    pub until: Option<DateTime<Utc>>,
}

impl Dates {
    /// Reads the rest of the parameter's name and its value, such as `2026-11-29`,
    /// `>2026-11-29T00:00:00Z` or `<=2026-11-29`: a query has the comparison at the end of the name
    /// (`DateSent>=…`, where the equals sign parts name and value) or in the value
    /// (`DateSent=%3E%3D…`). Inequalities include their date or time. An equality means the whole
    /// day in UTC, at any time of it.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let when = text.trim_start_matches(['<', '>', '=']).trim();
        let comparison = &text[..text.len() - text.trim_start_matches(['<', '>', '=']).len()];
        let (first, last, value) = times(when)?;
        let whole_day = (start_of(first.date_naive()), end_of(first.date_naive())?);
        let (name, since, until) = match comparison.trim_matches('=') {
            "" => ("DateSent", Some(whole_day.0), Some(whole_day.1)),
            ">" => ("DateSent>", Some(first), None),
            "<" => ("DateSent<", None, Some(last)),
            _ => return None,
        };
        Some(Self { name, value, since, until })
    }

    pub(crate) fn contain(&self, time: DateTime<Utc>) -> bool {
        self.since.is_none_or(|since| since <= time) && self.until.is_none_or(|until| time <= until)
    }
}

/// Returns the first and the last instant of a date or a time, and how it is written.
fn times(text: &str) -> Option<(DateTime<Utc>, DateTime<Utc>, String)> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Some((start_of(day), end_of(day)?, day.to_string()));
    }
    // A plus sign that came unencoded is a blank by now: `2026-11-29T00:00:00 00:00`.
    let zoned = match text.rsplit_once(' ') {
        Some((time, offset)) if time.contains(['T', ' ']) => format!("{time}+{offset}"),
        _ => text.to_owned(),
    };
    let time = match zoned.parse::<DateTime<Utc>>() {
        Ok(time) => time,
        Err(_) => {
            let forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"];
            forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?.and_utc()
        }
    };
    let second = DateTime::from_timestamp(time.timestamp(), 0)?;
    // A time has seconds, so that it means all of its last second.
    let last = second.checked_add_signed(TimeDelta::seconds(1) - TimeDelta::nanoseconds(1))?;
    Some((time, last, time.format("%Y-%m-%dT%H:%M:%SZ").to_string()))
}

fn start_of(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}

fn end_of(day: NaiveDate) -> Option<DateTime<Utc>> {
    start_of(day).checked_add_days(Days::new(1))?.checked_sub_signed(TimeDelta::nanoseconds(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn every_form_of_a_day_means_the_day() {
        for text in [
            "2026-11-29",
            "=2026-11-29",
            " 2026-11-29 ",
            "2026-11-29T00:00:00Z",
            "2026-11-29T17:30:00Z",
            "2026-11-29T00:00:00.000Z",
            "2026-11-29T00:00:00",
            "2026-11-29T02:00:00+02:00",
            "2026-11-29T00:00:00 00:00",
            "2026-11-29 00:00:00",
        ] {
            let dates = Dates::read(text).unwrap_or_else(|| panic!("{text} is not read"));
            assert_eq!(dates.name, "DateSent", "{text}");
            for inside in ["2026-11-29T00:00:00Z", "2026-11-29T23:59:59.999Z"] {
                assert!(dates.contain(time(inside)), "{text} {inside}");
            }
            for outside in ["2026-11-28T23:59:59.999Z", "2026-11-30T00:00:00Z"] {
                assert!(!dates.contain(time(outside)), "{text} {outside}");
            }
        }
    }

    #[test]
    fn inequalities_include_their_date_or_their_second() {
        for (text, inside, outside) in [
            (">2026-11-29", "2026-11-29T00:00:00Z", "2026-11-28T23:59:59.9Z"),
            (">=2026-11-29", "2026-11-30T00:00:00Z", "2026-11-28T00:00:00Z"),
            ("<2026-11-29", "2026-11-29T23:59:59.9Z", "2026-11-30T00:00:00Z"),
            ("<=2026-11-29", "2026-11-01T00:00:00Z", "2026-11-30T00:00:00Z"),
            (">2026-11-29T12:00:00Z", "2026-11-29T12:00:00Z", "2026-11-29T11:59:59Z"),
            ("<2026-11-29T12:00:00Z", "2026-11-29T12:00:00.5Z", "2026-11-29T12:00:01Z"),
        ] {
            let dates = Dates::read(text).unwrap_or_else(|| panic!("{text} is not read"));
            assert!(dates.contain(time(inside)) && !dates.contain(time(outside)), "{text}");
            assert_eq!(
                Dates::read(&format!("{}{}", dates.name.trim_start_matches("DateSent"), dates.value)),
                Some(dates)
            );
        }
    }

    #[test]
    fn no_date_is_refused() {
        for text in ["today", "2026-13-01", ">", "<>2026-11-29", "2026-11-29T25:00:00Z", "29/11/2026"] {
            assert_eq!(Dates::read(text), None, "{text}");
        }
    }
}
