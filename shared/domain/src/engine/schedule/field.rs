//! One field of a cron expression: a list of values, ranges and steps, read into a set of numbers.

use std::fmt;

use crate::engine::schedule::cron::CronError;

/// A field of a cron expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// 0–59; only in expressions of six fields.
    Second,
    /// 0–59.
    Minute,
    /// 0–23.
    Hour,
    /// 1–31.
    DayOfMonth,
    /// 1–12 or jan–dec.
    Month,
    /// 0–7 or sun–sat; 0 and 7 are Sunday.
    DayOfWeek,
}

/// The numbers that a field allows: bit N stands for the number N.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) bits: u64,
    /// Was it written with a `*` in front? cron(5) joins the two day fields by that.
    pub(super) starred: bool,
}

impl Field {
    const fn bounds(self) -> (u32, u32) {
        match self {
            Self::Second | Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (0, 7),
        }
    }

    /// Names of the field's numbers, from its lowest on.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Month => &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
            Self::DayOfWeek => &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
            Self::Second | Self::Minute | Self::Hour | Self::DayOfMonth => &[],
        }
    }

    /// Reads the field's text.
    pub(super) fn parse(self, text: &str) -> Result<Numbers, CronError> {
        let mut bits = 0;
        for element in text.split(',') {
            bits |= self.element(element).map_err(|problem| CronError::Field {
                field: self,
                text: text.to_owned(),
                problem,
            })?;
        }
        if self == Self::DayOfWeek && bits & 1 << 7 != 0 {
            bits = bits & !(1 << 7) | 1;
        }
        Ok(Numbers { bits, starred: text.starts_with('*') })
    }

    /// `*`, `N`, `N-N`, and a step behind the first and the last.
    fn element(self, element: &str) -> Result<u64, String> {
        let (range, step) = match element.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (element, None),
        };
        let (lowest, highest) = self.bounds();
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (lowest, highest),
            Some((first, last)) => (self.number(first)?, self.last(last)?),
            None => {
                let number = self.number(range)?;
                if let Some(step) = step {
                    // Some crons read this as a range to the end and others ignore the step: either
                    // reading would surprise somebody.
                    return Err(format!("a step needs a range: write {range}-{highest}/{step} or */{step}"));
                }
                (number, number)
            }
        };
        if first > last {
            return Err(format!("the range {range} ends before it begins: write it as two ranges"));
        }
        let step = match step {
            None => 1,
            Some(step) => match digits(step) {
                Some(step) if step > 0 => step,
                _ => return Err(format!("the step {step:?} is not a number from 1 on")),
            },
        };
        Ok((first..=last).step_by(step as usize).fold(0, |bits, number| bits | 1 << number))
    }

    /// Returns the end of a range. A week may end with `sun`, as it may with 7.
    fn last(self, text: &str) -> Result<u32, String> {
        if self == Self::DayOfWeek && text.eq_ignore_ascii_case("sun") { Ok(7) } else { self.number(text) }
    }

    fn number(self, text: &str) -> Result<u32, String> {
        let (lowest, highest) = self.bounds();
        let name = self.names().iter().position(|name| name.eq_ignore_ascii_case(text));
        if let Some(number) = name.and_then(|index| u32::try_from(index).ok()) {
            return Ok(lowest + number);
        }
        match (digits(text), text) {
            (Some(number), _) if (lowest..=highest).contains(&number) => Ok(number),
            (Some(number), _) => Err(format!("{number} is not within {lowest}–{highest}")),
            (None, "") => Err("a number is missing".to_owned()),
            (None, "?") => Err("`?` is no cron(5): write `*`".to_owned()),
            (None, _) => match self.names() {
                [first, .., last] => Err(format!("{text:?} is neither a number nor a name ({first} to {last})")),
                _ => Err(format!("{text:?} is not a number")),
            },
        }
    }
}

/// Returns a number as people write it: at most a few digits and nothing else, not even a sign.
fn digits(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day of month",
            Self::Month => "month",
            Self::DayOfWeek => "day of week",
        })
    }
}
