//! The end of a goal, and the contacts that it will not reach (rule S11).
//!
//! A forecast supposes that agents send as fast as the engine lets texts go: it tells the pace that
//! caps, rates and hours allow. Time is walked in steps of [`STEP`]. In each, texts with open hours
//! share the rest of caps and paces, in proportion to how many are left.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::sending::{
    cap::{CarrierCalendar, CarrierDay},
    hours::{Opening, RecipientHours},
};

/// How fine time is walked.
pub const STEP: TimeDelta = TimeDelta::minutes(5);

/// The longest window that is walked; a goal's is at most 31 days (rule G3).
const LONGEST: TimeDelta = TimeDelta::days(32);

/// Contacts with the same limits.
#[derive(Debug, Clone)]
pub struct Part {
    /// Texts that are still to go.
    pub texts: i64,
    /// Segments of each.
    pub segments_each: i64,
    /// When they may go.
    pub hours: RecipientHours,
    /// The carrier of the cap that they count against.
    pub cap: Option<String>,
    /// The carrier of the rate that they count against.
    pub rate: Option<String>,
}

/// Limits ahead of a goal.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// The first instant at which a text may go: now, or when the goal opens.
    pub from: DateTime<Utc>,
    /// When the goal closes.
    pub closes_at: DateTime<Utc>,
    /// Segments left today, by carrier.
    pub left_today: BTreeMap<String, i64>,
    /// Segments a day, by carrier.
    pub caps: BTreeMap<String, i64>,
    /// Segments a minute, by carrier.
    pub rates: BTreeMap<String, i64>,
    /// Segments a minute of all numbers together.
    pub numbers_per_minute: i64,
    /// Batches that agents get bit by bit (rule B6); none when they can have all.
    pub releases: Option<Releases>,
    /// End of a carrier's hold on the brand (rule S7), and the limit that is named for texts that
    /// do not go because of it.
    pub held: Option<(DateTime<Utc>, Why)>,
    /// Contacts to be texted.
    pub parts: Vec<Part>,
}

/// A plan that releases batches bit by bit.
#[derive(Debug, Clone)]
pub struct Releases {
    /// Texts that are released at the beginning.
    pub first: i64,
    /// Texts of each further release.
    pub each: i64,
    /// The time between two.
    pub every: TimeDelta,
    /// When anything is released: the organization's hours in the group's zone.
    pub hours: RecipientHours,
}

/// Why texts will not go before the goal closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Their hours do not open while the goal does.
    NeverOpen,
    /// The last time that they could go their cap was used up.
    Cap,
    /// Paces, hours and releases leave too little time.
    Time,
}

impl Why {
    /// Returns the word for it in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NeverOpen => "never_open",
            Self::Cap => "cap",
            Self::Time => "time",
        }
    }
}

/// Contacts of a part that will not be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Which of the parts.
    pub part: usize,
    /// How many texts.
    pub texts: i64,
    /// Why.
    pub why: Why,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// When the last text will have gone, to a step; none when not all will go.
    pub finishes_at: Option<DateTime<Utc>>,
    /// Texts that will go.
    pub reached: i64,
    /// Texts that will not go before the goal closes.
    pub unreached: i64,
    /// The parts that they are for.
    pub left: Vec<Left>,
    /// Segments by carrier day.
    pub segments_by_day: BTreeMap<CarrierDay, i64>,
}

/// Walks from `from` to the end.
pub fn forecast(outlook: &Outlook, calendar: &CarrierCalendar) -> Forecast {
    let mut walk = Walk::begin(outlook, calendar);
    let end = outlook.closes_at.min(outlook.from + LONGEST);
    let mut at = outlook.from;
    // Bounded by the window: 32 days of steps.
    while at < end && walk.left() > 0 {
        let until = (at + STEP).min(end);
        walk.step(at, until);
        at = until;
    }
    walk.end(at)
}

struct Walk<'a> {
    outlook: &'a Outlook,
    calendar: &'a CarrierCalendar,
    left: Vec<i64>,
    /// When each part's hours open next; none when never.
    opens: Vec<Option<DateTime<Utc>>>,
    /// The limit that stopped each part the last time that it was open; none as long as it was not.
    stopped: Vec<Option<Why>>,
    day: CarrierDay,
    cap_left: BTreeMap<&'a str, i64>,
    /// Texts that are released and have not gone.
    released: i64,
    next_release: DateTime<Utc>,
    by_day: BTreeMap<CarrierDay, i64>,
}

impl<'a> Walk<'a> {
    fn begin(outlook: &'a Outlook, calendar: &'a CarrierCalendar) -> Self {
        let cap_left = outlook
            .caps
            .iter()
            .map(|(carrier, cap)| (carrier.as_str(), outlook.left_today.get(carrier).copied().unwrap_or(*cap)));
        Self {
            outlook,
            calendar,
            left: outlook.parts.iter().map(|part| part.texts.max(0)).collect(),
            opens: vec![Some(outlook.from); outlook.parts.len()],
            stopped: vec![None; outlook.parts.len()],
            day: calendar.day(outlook.from),
            cap_left: cap_left.collect(),
            released: outlook.releases.as_ref().map_or(i64::MAX, |releases| releases.first),
            next_release: outlook.releases.as_ref().map_or(outlook.closes_at, |releases| outlook.from + releases.every),
            by_day: BTreeMap::new(),
        }
    }

    fn left(&self) -> i64 {
        self.left.iter().sum()
    }

    fn step(&mut self, at: DateTime<Utc>, until: DateTime<Utc>) {
        let day = self.calendar.day(at);
        if day != self.day {
            self.day = day;
            self.cap_left = self.outlook.caps.iter().map(|(carrier, cap)| (carrier.as_str(), *cap)).collect();
        }
        self.release(at);
        if let Some((_, why)) = self.outlook.held.filter(|(until, _)| at < *until) {
            for index in self.open_at(at) {
                self.stopped[index] = Some(why);
            }
            return;
        }
        let seconds = (until - at).num_seconds().max(1);
        let pace = |per_minute: i64| (per_minute.saturating_mul(seconds) / 60).max(0);
        let mut numbers = pace(self.outlook.numbers_per_minute);
        let mut rates: BTreeMap<&str, i64> =
            self.outlook.rates.iter().map(|(carrier, rate)| (carrier.as_str(), pace(*rate))).collect();
        let mut open = self.open_at(at);
        // The part with the least left first, so that none takes another's share.
        open.sort_by_key(|index| self.left[*index]);
        let mut waiting: i64 = open.iter().map(|index| self.left[*index]).sum();
        for index in open {
            let part = &self.outlook.parts[index];
            let each = part.segments_each.max(1);
            let wants = self.left[index];
            let share = |budget: i64| if waiting > wants { budget.saturating_mul(wants) / waiting } else { budget };
            let mut texts = wants.min(share(numbers) / each).min(share(self.released));
            if let Some(rate) = part.rate.as_deref().and_then(|carrier| rates.get(carrier)) {
                texts = texts.min(share(*rate) / each);
            }
            self.stopped[index] = Some(Why::Time);
            if let Some(left) = part.cap.as_deref().and_then(|carrier| self.cap_left.get(carrier))
                && left / each < texts
            {
                texts = left / each;
                self.stopped[index] = Some(Why::Cap);
            }
            waiting -= wants;
            self.released -= texts;
            let segments = texts * each;
            numbers -= segments;
            if let Some(rate) = part.rate.as_deref().and_then(|carrier| rates.get_mut(carrier)) {
                *rate -= segments;
            }
            if let Some(left) = part.cap.as_deref().and_then(|carrier| self.cap_left.get_mut(carrier)) {
                *left -= segments;
            }
            self.left[index] -= texts;
            if segments > 0 {
                *self.by_day.entry(day).or_default() += segments;
            }
        }
    }

    /// Releases the plan's batches until now. Outside its hours a release waits for them.
    fn release(&mut self, at: DateTime<Utc>) {
        let Some(releases) = &self.outlook.releases else { return };
        // Bounded: a goal's window over the plan's interval, at least a minute.
        while self.next_release <= at && releases.hours.at(at) == Opening::Open {
            self.released = self.released.saturating_add(releases.each);
            // A release that waited for its hours is one: the next comes after the interval.
            let due = self.next_release + releases.every;
            self.next_release = if at - self.next_release > STEP { at + releases.every } else { due };
        }
    }

    /// Returns the parts that have something left and may go.
    fn open_at(&mut self, at: DateTime<Utc>) -> Vec<usize> {
        let mut open = Vec::new();
        for (index, part) in self.outlook.parts.iter().enumerate() {
            if self.left[index] == 0 || self.opens[index].is_none_or(|opens| at < opens) {
                continue;
            }
            match part.hours.at(at) {
                Opening::Open => open.push(index),
                Opening::ClosedUntil(opens) => self.opens[index] = Some(opens),
                Opening::Never => self.opens[index] = None,
            }
        }
        open
    }

    fn end(self, at: DateTime<Utc>) -> Forecast {
        let unreached = self.left();
        let texts: i64 = self.outlook.parts.iter().map(|part| part.texts.max(0)).sum();
        let left = self.left.iter().zip(&self.stopped).enumerate().filter(|(_, (texts, _))| **texts > 0);
        let left =
            left.map(|(part, (texts, stopped))| Left { part, texts: *texts, why: stopped.unwrap_or(Why::NeverOpen) });
        Forecast {
            finishes_at: (unreached == 0).then_some(at),
            reached: texts - unreached,
            unreached,
            left: left.collect(),
            segments_by_day: self.by_day,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        people::whereabouts::Whereabouts,
        sending::{
            admission::{Admission, Asks},
            hours::{SendingHours, ZonePolicy},
            rate::{Lane, Lanes},
        },
        zone::Zone,
    };

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn part(texts: i64, postal_code: &str) -> Part {
        let contact = Whereabouts::of(Some(postal_code), "2125550100");
        let zone = Zone::parse("America/New_York").unwrap();
        let hours = RecipientHours::new(SendingHours::default(), zone, Some(&contact), ZonePolicy::RecipientSafe, None);
        let carrier = Some("t-mobile".to_owned());
        Part { texts, segments_each: 1, hours: hours.unwrap(), cap: carrier.clone(), rate: carrier }
    }

    fn outlook(parts: Vec<Part>) -> Outlook {
        Outlook {
            from: at("2026-11-23T13:00:00Z"),
            closes_at: at("2026-11-26T05:00:00Z"),
            left_today: BTreeMap::new(),
            caps: BTreeMap::from([("t-mobile".to_owned(), 3_000)]),
            rates: BTreeMap::from([("t-mobile".to_owned(), 60)]),
            numbers_per_minute: 120,
            releases: None,
            held: None,
            parts,
        }
    }

    #[test]
    fn s11_nothing_goes_while_a_carrier_holds_the_brand() {
        let calendar = CarrierCalendar::load().unwrap();
        let mut outlook = outlook(vec![part(100, "10001")]);
        let at_once = forecast(&outlook, &calendar).finishes_at.unwrap();
        outlook.held = Some((outlook.from + TimeDelta::hours(1), Why::Cap));
        assert_eq!(forecast(&outlook, &calendar).finishes_at, Some(at_once + TimeDelta::hours(1)));
        outlook.held = Some((outlook.closes_at, Why::Cap));
        let told = forecast(&outlook, &calendar);
        assert_eq!((told.reached, told.unreached), (0, 100));
        assert_eq!(told.left, [Left { part: 0, texts: 100, why: Why::Cap }]);
    }

    fn group_hours() -> RecipientHours {
        let zone = Zone::parse("America/New_York").unwrap();
        RecipientHours::new(SendingHours::default(), zone, None, ZonePolicy::GroupZone, None).unwrap()
    }

    /// The same world text by text, with the rules of the hand-over, a look a second.
    fn simulated(outlook: &Outlook, calendar: &CarrierCalendar) -> (Option<DateTime<Utc>>, i64) {
        let lane = |segments_per_minute| Lane { segments_per_minute, free_at: outlook.from, waiting_segments: 0 };
        let lanes = BTreeMap::from([
            ("rate".to_owned(), lane(outlook.rates["t-mobile"])),
            ("numbers".to_owned(), lane(outlook.numbers_per_minute)),
        ]);
        let mut admission = Admission { left: outlook.caps.clone(), lanes: Lanes(lanes) };
        let mut left: Vec<i64> = outlook.parts.iter().map(|part| part.texts).collect();
        let (mut now, mut day) = (outlook.from, calendar.day(outlook.from));
        let asks = Asks {
            cap: Some("t-mobile".to_owned()),
            lanes: vec!["rate".to_owned(), "numbers".to_owned()],
            segments: 1,
            urgent: true,
        };
        while now < outlook.closes_at {
            if calendar.day(now) != day {
                day = calendar.day(now);
                admission.left.clone_from(&outlook.caps);
            }
            let open: Vec<usize> = (0..left.len())
                .filter(|part| left[*part] > 0 && outlook.parts[*part].hours.at(now) == Opening::Open)
                .collect();
            for part in open.iter().cycle() {
                if open.iter().all(|part| left[*part] == 0) || (left[*part] > 0 && admission.admit(&asks, now).is_err())
                {
                    break;
                }
                left[*part] = (left[*part] - 1).max(0);
            }
            if left.iter().all(|left| *left == 0) {
                return (Some(now), 0);
            }
            now += TimeDelta::seconds(1);
        }
        (None, left.iter().sum())
    }

    #[test]
    fn s11_a_forecast_is_what_then_happens_within_a_tenth() {
        let calendar = CarrierCalendar::load().unwrap();
        for (parts, finishes) in [
            // A rate alone; a cap that takes three days; hours that open late in the West; too
            // many.
            (vec![part(1_500, "10001")], true),
            (vec![part(4_000, "10001"), part(2_000, "90012")], true),
            (vec![part(100, "90012"), part(500, "96813")], true),
            (vec![part(20_000, "10001")], false),
        ] {
            let outlook = outlook(parts);
            let told = forecast(&outlook, &calendar);
            let (finished, unreached) = simulated(&outlook, &calendar);
            assert_eq!((told.finishes_at.is_some(), finished.is_some()), (finishes, finishes), "{told:?}");
            if let (Some(told), Some(finished)) = (told.finishes_at, finished) {
                let (told, took) = (told - outlook.from, finished - outlook.from);
                assert!((told - took).abs() <= took / 10 + STEP, "told {told}, took {took}");
            }
            let off = (told.unreached - unreached).abs();
            assert!(off * 10 <= told.reached.max(10), "told {} unreached, were {unreached}", told.unreached);
        }
    }

    #[test]
    fn s11_who_is_closed_all_the_time_is_told_apart() {
        let calendar = CarrierCalendar::load().unwrap();
        let mut outlook = outlook(vec![part(10, "10001"), part(5, "96813")]);
        outlook.closes_at = at("2026-11-23T15:00:00Z");
        let told = forecast(&outlook, &calendar);
        assert_eq!((told.reached, told.unreached), (10, 5));
        assert_eq!(told.left, [Left { part: 1, texts: 5, why: Why::NeverOpen }]);
    }

    #[test]
    fn s11_who_is_not_reached_is_told_with_what_stops_them() {
        let calendar = CarrierCalendar::load().unwrap();
        let mut outlook = outlook(vec![part(20_000, "10001"), part(100_000, "10001")]);
        outlook.parts[1].cap = None;
        let told = forecast(&outlook, &calendar);
        let why: Vec<_> = told.left.iter().map(|left| (left.part, left.why)).collect();
        assert_eq!(why, [(0, Why::Cap), (1, Why::Time)]);
        assert_eq!(told.left.iter().map(|left| left.texts).sum::<i64>(), told.unreached);
    }

    #[test]
    fn s11_a_release_plan_paces_a_forecast_and_rests_outside_hours() {
        let calendar = CarrierCalendar::load().unwrap();
        let mut outlook = outlook(vec![part(500, "10001")]);
        outlook.from = at("2026-11-23T14:00:00Z");
        // 100 at once and 100 an hour: the fifth hundred comes four hours later.
        let every = TimeDelta::hours(1);
        outlook.releases = Some(Releases { first: 100, each: 100, every, hours: group_hours() });
        let finishes = forecast(&outlook, &calendar).finishes_at.unwrap() - outlook.from;
        assert!(finishes >= TimeDelta::hours(4) && finishes <= TimeDelta::hours(4) + STEP * 2, "{finishes}");
        // 30 at 09:00 in New York and 30 an hour: eleven releases until 20:00, and the night is not
        // made up for.
        outlook.releases = Some(Releases { first: 30, each: 30, every, hours: group_hours() });
        outlook.closes_at = at("2026-11-24T13:30:00Z");
        assert_eq!(forecast(&outlook, &calendar).reached, 11 * 30 + 30);
    }
}
