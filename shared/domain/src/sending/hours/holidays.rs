//! Holidays on which a jurisdiction allows no texts.
//!
//! The federal days are those of 5 U.S.C. § 6103, with the days on which they are observed: Friday
//! for a Saturday, Monday for a Sunday. The additions of Alabama and Louisiana were seen in
//! secondary sources only, as was whether their laws mean these calendars.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// A list of days, computed for every year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum HolidayCalendar {
    /// The federal holidays.
    Federal,
    /// Federal, and Mardi Gras, Confederate Memorial Day and Jefferson Davis' birthday.
    Alabama,
    /// Federal, and Mardi Gras, Good Friday and All Saints' Day.
    Louisiana,
}

text_enum!(HolidayCalendar);

/// A day of every year.
#[derive(Debug, Clone, Copy)]
enum Holiday {
    /// Month, day; observed on a weekday next to it.
    Fixed(u32, u32),
    /// Month, weekday, which one of the month.
    Nth(u32, Weekday, u8),
    /// Month, weekday: the last of the month.
    Last(u32, Weekday),
    /// Days before Easter Sunday.
    BeforeEaster(u64),
}

use Holiday::{BeforeEaster, Fixed, Last, Nth};
use Weekday::{Mon, Thu};

const FEDERAL: [Holiday; 11] = [
    Fixed(1, 1),
    Nth(1, Mon, 3),
    Nth(2, Mon, 3),
    Last(5, Mon),
    Fixed(6, 19),
    Fixed(7, 4),
    Nth(9, Mon, 1),
    Nth(10, Mon, 2),
    Fixed(11, 11),
    Nth(11, Thu, 4),
    Fixed(12, 25),
];

const MARDI_GRAS: Holiday = BeforeEaster(47);
const GOOD_FRIDAY: Holiday = BeforeEaster(2);

impl HolidayCalendar {
    const fn beside_federal(self) -> &'static [Holiday] {
        match self {
            Self::Federal => &[],
            Self::Alabama => &[MARDI_GRAS, Nth(4, Mon, 4), Nth(6, Mon, 1)],
            Self::Louisiana => &[MARDI_GRAS, GOOD_FRIDAY, Fixed(11, 1)],
        }
    }

    /// Returns whether it is a holiday, or the day on which one is observed.
    pub fn has(self, day: NaiveDate) -> bool {
        FEDERAL.iter().chain(self.beside_federal()).any(|holiday| holiday.is(day))
    }
}

impl Holiday {
    fn is(self, day: NaiveDate) -> bool {
        let nth =
            |month, weekday, nth| NaiveDate::from_weekday_of_month_opt(day.year(), month, weekday, nth) == Some(day);
        match self {
            Fixed(month, of_month) => {
                let is = |day: Option<NaiveDate>| day.is_some_and(|day| (day.month(), day.day()) == (month, of_month));
                is(Some(day))
                    || day.weekday() == Weekday::Fri && is(day.succ_opt())
                    || day.weekday() == Mon && is(day.pred_opt())
            }
            Nth(month, weekday, which) => nth(month, weekday, which),
            Last(month, weekday) => nth(month, weekday, 5) || nth(month, weekday, 4) && day.day() + 7 > days_in(day),
            BeforeEaster(days) => easter(day.year()) == day.checked_add_days(Days::new(days)),
        }
    }
}

/// Days in the month that a day is in.
fn days_in(day: NaiveDate) -> u32 {
    let later = (29..=31).rev().find(|of_month| day.with_day(*of_month).is_some());
    later.unwrap_or(28)
}

/// Easter Sunday of a Gregorian year, by the anonymous algorithm of 1876.
fn easter(year: i32) -> Option<NaiveDate> {
    let golden = year % 19;
    let (century, of_century) = (year / 100, year % 100);
    let epact = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
    let to_sunday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let correction = (golden + 11 * epact + 22 * to_sunday) / 451;
    let day = epact + to_sunday - 7 * correction + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(day / 31).ok()?, u32::try_from(day % 31 + 1).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(calendar: HolidayCalendar, year: i32) -> Vec<String> {
        let days = NaiveDate::from_ymd_opt(year, 1, 1).unwrap().iter_days().take_while(|day| day.year() == year);
        days.filter(|day| calendar.has(*day)).map(|day| day.format("%m-%d").to_string()).collect()
    }

    #[test]
    fn s5_federal_holidays_of_2026_with_their_observed_days() {
        let expected = [
            "01-01", "01-19", "02-16", "05-25", "06-19", "07-03", "07-04", "09-07", "10-12", "11-11", "11-26", "12-25",
        ];
        assert_eq!(days(HolidayCalendar::Federal, 2026), expected, "the fourth of July is a Saturday");
        assert!(days(HolidayCalendar::Federal, 2027).contains(&"12-31".to_owned()), "for New Year's Day of 2028");
        assert!(days(HolidayCalendar::Federal, 2025).contains(&"05-26".to_owned()));
    }

    #[test]
    fn s5_states_add_days_of_their_own() {
        let louisiana = days(HolidayCalendar::Louisiana, 2026);
        for day in ["02-17", "04-03", "11-01", "11-02"] {
            assert!(louisiana.contains(&day.to_owned()), "{day}");
        }
        let alabama = days(HolidayCalendar::Alabama, 2026);
        for day in ["02-17", "04-27", "06-01"] {
            assert!(alabama.contains(&day.to_owned()), "{day}");
        }
    }

    #[test]
    fn easter_is_when_the_almanac_says() {
        for (year, month, day) in [(2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2038, 4, 25)] {
            assert_eq!(easter(year), NaiveDate::from_ymd_opt(year, month, day));
        }
    }
}
