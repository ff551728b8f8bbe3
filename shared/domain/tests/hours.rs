//! Sending hours against a model that looks at every minute (rules S5 and S6).
#![expect(clippy::unwrap_used, reason = "what the generators make is in range")]

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use muster_domain::{
    people::whereabouts::Whereabouts,
    sending::{
        LONGEST_LIFE,
        hours::{HORIZON_DAYS, Jurisdictions, Opening, RecipientHours, SendingHours, ZonePolicy},
    },
    zone::Zone,
};
use proptest::{prelude::*, sample::select};

/// Postal codes of every state with hours of its own and of every zone of the United States, on
/// lines between zones too.
const PLACES: [&str; 27] = [
    "35203", "36867", "06103", "32301", "32401", "32456", "70112", "21201", "39201", "73102", "02903", "78701",
    "79901", "98101", "10001", "60601", "80202", "85001", "86515", "90012", "89883", "99501", "99546", "96813",
    "96910", "96799", "00901",
];

const GROUP_ZONES: [&str; 7] = [
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
];

/// Returns the law, written a second time: hours by weekday, 0 for Monday.
fn lawful(state: &str, local: NaiveDateTime) -> bool {
    let (sunday, weekend) = (local.weekday().num_days_from_monday() == 6, local.weekday().num_days_from_monday() >= 5);
    let (opens, closes) = match state {
        "AL" | "LA" | "MS" if sunday => return false,
        "AL" | "LA" if is_holiday(state, local.date()) => return false,
        "AL" | "LA" | "MS" | "FL" | "WA" | "OK" | "MD" => (8, 20),
        "TX" if sunday => (12, 21),
        "TX" => (9, 21),
        "CT" => (9, 20),
        "RI" if weekend => (10, 17),
        "RI" => (9, 18),
        _ => (8, 21),
    };
    (opens..closes).contains(&local.hour())
}

/// Returns the days without hours of 2025 to 2027 and the beginning of 2028, from calendars.
fn is_holiday(state: &str, day: NaiveDate) -> bool {
    let federal = "2025-01-01 2025-01-20 2025-02-17 2025-05-26 2025-06-19 2025-07-04 2025-09-01 2025-10-13 2025-11-11 2025-11-27 2025-12-25 \
        2026-01-01 2026-01-19 2026-02-16 2026-05-25 2026-06-19 2026-07-03 2026-07-04 2026-09-07 2026-10-12 2026-11-11 2026-11-26 2026-12-25 \
        2027-01-01 2027-01-18 2027-02-15 2027-05-31 2027-06-18 2027-06-19 2027-07-04 2027-07-05 2027-09-06 2027-10-11 2027-11-11 2027-11-25 \
        2027-12-24 2027-12-25 2027-12-31 2028-01-01 2028-01-17";
    let own = match state {
        "AL" => "2025-03-04 2025-04-28 2025-06-02 2026-02-17 2026-04-27 2026-06-01 2027-02-09 2027-04-26 2027-06-07",
        _ => {
            "2025-03-04 2025-04-18 2025-10-31 2025-11-01 2026-02-17 2026-04-03 2026-11-01 2026-11-02 2027-02-09 2027-03-26 2027-11-01"
        }
    };
    let day = day.to_string();
    federal.split_whitespace().chain(own.split_whitespace()).any(|holiday| holiday == day)
}

struct Model {
    group: Tz,
    contact: Vec<Tz>,
    states: Vec<String>,
    hours: SendingHours,
    laws: bool,
}

impl Model {
    fn is_open(&self, at: DateTime<Utc>) -> bool {
        let within = |local: NaiveDateTime| {
            let minute = u16::try_from(local.hour() * 60 + local.minute()).unwrap();
            (self.hours.opens_minute..self.hours.closes_minute).contains(&minute)
        };
        let legal = |local: NaiveDateTime| {
            !self.laws || (8..21).contains(&local.hour()) && self.states.iter().all(|state| lawful(state, local))
        };
        let local = |zone: &Tz| at.with_timezone(zone).naive_local();
        match self.contact.as_slice() {
            [] => within(local(&self.group)) && legal(local(&self.group)),
            zones => within(local(&self.group)) && zones.iter().all(|zone| within(local(zone)) && legal(local(zone))),
        }
    }

    /// Returns the first open minute, looked for one after the other.
    fn answer(&self, at: DateTime<Utc>) -> Opening {
        if self.is_open(at) {
            return Opening::Open;
        }
        let horizon = at + TimeDelta::days(HORIZON_DAYS);
        let mut minute = at.with_second(0).unwrap() + TimeDelta::minutes(1);
        while minute < horizon {
            if self.is_open(minute) {
                return Opening::ClosedUntil(minute);
            }
            minute += TimeDelta::minutes(1);
        }
        Opening::Never
    }

    /// Returns the first closed minute, looked for one after the other.
    fn closes(&self, at: DateTime<Utc>, horizon: DateTime<Utc>) -> DateTime<Utc> {
        let mut minute = at;
        while minute < horizon && self.is_open(minute) {
            minute = minute.with_second(0).unwrap() + TimeDelta::minutes(1);
        }
        minute.min(horizon)
    }
}

fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    let any = 1_735_689_600i64..1_830_297_600;
    // Around changes of clocks, Sundays and holidays, more often than not.
    let near = |day: &str| {
        let noon = day.parse::<NaiveDate>().unwrap().and_hms_opt(12, 0, 0).unwrap().and_utc().timestamp();
        noon - 2 * 86_400..noon + 2 * 86_400
    };
    prop_oneof![
        4 => any,
        1 => near("2025-03-09"),
        1 => near("2025-11-02"),
        1 => near("2026-03-08"),
        1 => near("2026-11-01"),
        1 => near("2027-03-14"),
        1 => near("2027-11-07"),
        1 => near("2026-07-04"),
        1 => near("2026-02-16"),
        1 => near("2027-12-25"),
    ]
    .prop_map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap())
}

fn windows() -> impl Strategy<Value = SendingHours> {
    prop_oneof![
        3 => Just(SendingHours::default()),
        1 => Just(SendingHours::new(0, 1_440).unwrap()),
        // Windows that begin or end inside a gap or a repeated hour.
        2 => (0u16..300, 1u16..300).prop_map(|(opens, length)| SendingHours::new(opens, opens + length).unwrap()),
        2 => (0u16..1_440, 1u16..1_440).prop_map(|(opens, length)| SendingHours::new(opens, (opens + length).min(1_440)).unwrap()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn s6_until_is_the_first_open_minute(
        group in select(GROUP_ZONES.to_vec()),
        postal_code in select(PLACES.to_vec()),
        hours in windows(),
        safe in any::<bool>(),
        laws in any::<bool>(),
        at in instants(),
    ) {
        let contact = Whereabouts::of(Some(postal_code), "8005550100");
        let policy = if safe { ZonePolicy::RecipientSafe } else { ZonePolicy::GroupZone };
        let table = Jurisdictions::default();
        let zone = Zone::parse(group).unwrap();
        let ours = RecipientHours::new(hours, zone, Some(&contact), policy, laws.then_some(&table)).unwrap();
        let model = Model {
            group: group.parse().unwrap(),
            contact: if safe { contact.zones.iter().map(|zone| zone.parse().unwrap()).collect() } else { vec![] },
            states: contact.states().iter().map(ToString::to_string).collect(),
            hours,
            laws,
        };
        prop_assert_eq!(ours.at(at), model.answer(at));
        let horizon = at + LONGEST_LIFE;
        prop_assert_eq!(ours.closes(at, horizon), model.closes(at, horizon), "rule S7a");
    }
}
