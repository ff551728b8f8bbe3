//! Laws on the hours of commercial texts, as data (rule S5).
//!
//! The hours are those of the place where the contact is. Many of these laws exempt political or
//! non-profit texts, so that keeping them is a setting: [`Strictness`](super::Strictness). The
//! table here is the default; an admin's own can take its place.

use std::{borrow::Cow, sync::LazyLock};

use serde::{Deserialize, Serialize};

use crate::{
    people::state::State,
    sending::hours::{HolidayCalendar, SendingHours, Week},
};

/// The hours of one state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jurisdiction {
    /// The state.
    pub state: State,
    /// Hours from Monday to Sunday; null for a day without any.
    pub days: [Option<SendingHours>; 7],
    /// Holidays without hours.
    #[serde(default)]
    pub closed_on: Option<HolidayCalendar>,
    /// Where that is written.
    pub source: Cow<'static, str>,
    /// Seen in secondary sources only: to be checked before it is relied on.
    #[serde(default)]
    pub second_hand: bool,
}

/// The table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jurisdictions {
    /// The hours that hold in every state.
    pub federal: SendingHours,
    /// States with hours of their own.
    pub states: Vec<Jurisdiction>,
}

const fn row(
    letters: [u8; 2],
    [weekdays, saturday, sunday]: [Option<SendingHours>; 3],
    closed_on: Option<HolidayCalendar>,
    second_hand: bool,
    source: &'static str,
) -> Jurisdiction {
    let days = [weekdays, weekdays, weekdays, weekdays, weekdays, saturday, sunday];
    Jurisdiction { state: State::of(letters), days, closed_on, source: Cow::Borrowed(source), second_hand }
}

const FEDERAL: SendingHours = SendingHours::of(8, 21);
const EIGHT: Option<SendingHours> = Some(SendingHours::of(8, 20));
const NINE: Option<SendingHours> = Some(SendingHours::of(9, 20));
const TEXAS: Option<SendingHours> = Some(SendingHours::of(9, 21));
const TEXAS_SUNDAY: Option<SendingHours> = Some(SendingHours::of(12, 21));
const RHODE_ISLAND: Option<SendingHours> = Some(SendingHours::of(9, 18));
const RHODE_ISLAND_WEEKEND: Option<SendingHours> = Some(SendingHours::of(10, 17));
const ALABAMA_DAYS: Option<HolidayCalendar> = Some(HolidayCalendar::Alabama);
const LOUISIANA_DAYS: Option<HolidayCalendar> = Some(HolidayCalendar::Louisiana);

/// Weekdays, Saturday, Sunday; holidays; second-hand; source.
const STATES: [Jurisdiction; 10] = [
    row(*b"AL", [EIGHT, EIGHT, None], ALABAMA_DAYS, true, "Alabama telephone solicitation rules"),
    row(*b"CT", [NINE, NINE, NINE], None, true, "Connecticut General Statutes § 42-288a"),
    row(*b"FL", [EIGHT, EIGHT, EIGHT], None, false, "Florida Statutes § 501.616(6)"),
    row(*b"LA", [EIGHT, EIGHT, None], LOUISIANA_DAYS, true, "Louisiana Do Not Call rules"),
    row(*b"MD", [EIGHT, EIGHT, EIGHT], None, false, "Maryland Stop the Spam Calls Act of 2023"),
    // Whether Sundays are allowed at all is disputed.
    row(*b"MS", [EIGHT, EIGHT, None], None, true, "Mississippi Telephone Solicitation Act"),
    row(*b"OK", [EIGHT, EIGHT, EIGHT], None, false, "Oklahoma Telephone Solicitation Act of 2022"),
    row(
        *b"RI",
        [RHODE_ISLAND, RHODE_ISLAND_WEEKEND, RHODE_ISLAND_WEEKEND],
        None,
        true,
        "Rhode Island telephone sales law",
    ),
    row(*b"TX", [TEXAS, TEXAS, TEXAS_SUNDAY], None, true, "Texas Business and Commerce Code § 301.051"),
    row(*b"WA", [EIGHT, EIGHT, EIGHT], None, true, "Washington RCW 80.36.390"),
];

impl Default for Jurisdictions {
    /// Federal law (47 CFR § 64.1200(c)(1)), and the states known to be stricter.
    fn default() -> Self {
        Self { federal: FEDERAL, states: STATES.to_vec() }
    }
}

static BUILT_IN: LazyLock<Jurisdictions> = LazyLock::new(Jurisdictions::default);

/// A table of laws that cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLaws {
    /// Hours that are not within a day.
    #[error("{0}: {1}")]
    Hours(String, super::BadHours),
    /// A state is there more than once.
    #[error("{0} is there more than once")]
    Twice(String),
}

impl Jurisdictions {
    /// Returns the default table, made once.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Checks a table that somebody wrote: every window is within a day, and every state there
    /// once.
    pub fn check(&self) -> Result<(), BadLaws> {
        let whole = |name: &str, hours: SendingHours| {
            let made = SendingHours::new(hours.opens_minute, hours.closes_minute);
            made.map(|_| ()).map_err(|error| BadLaws::Hours(name.to_owned(), error))
        };
        whole("federal", self.federal)?;
        for (index, row) in self.states.iter().enumerate() {
            for hours in row.days.iter().flatten() {
                whole(row.state.as_str(), *hours)?;
            }
            if self.states.iter().take(index).any(|earlier| earlier.state == row.state) {
                return Err(BadLaws::Twice(row.state.to_string()));
            }
        }
        Ok(())
    }

    /// Leaves the hours of a week that federal law and the laws of these states allow.
    pub fn tighten(&self, week: &mut Week, states: &[State]) {
        week.tighten(&Week::every_day(self.federal));
        for row in self.states.iter().filter(|row| states.contains(&row.state)) {
            week.tighten(&Week::new(row.days, row.closed_on));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s5_a_states_row_is_there_once_and_within_federal_hours() {
        let table = Jurisdictions::default();
        table.check().unwrap();
        assert!(table.states.is_sorted_by(|one, next| one.state < next.state));
        for row in &table.states {
            for hours in row.days.iter().flatten() {
                assert_eq!(hours.and(table.federal), Some(*hours), "{}", row.state);
            }
        }
    }

    #[test]
    fn s5_the_table_is_data_that_an_admin_can_write() {
        let table = Jurisdictions::default();
        let written = serde_json::to_string(&table).unwrap();
        assert_eq!(serde_json::from_str::<Jurisdictions>(&written).unwrap(), table);
        let empty = r#"{"federal": {"opens_minute": 480, "closes_minute": 1260}, "states": []}"#;
        assert!(serde_json::from_str::<Jurisdictions>(empty).unwrap().states.is_empty());
        let mut twice = table.clone();
        twice.states.push(table.states[0].clone());
        assert!(matches!(twice.check(), Err(BadLaws::Twice(state)) if state == "AL"));
        let mut upside_down = table;
        upside_down.federal = SendingHours { opens_minute: 600, closes_minute: 600 };
        assert!(upside_down.check().is_err());
    }
}
