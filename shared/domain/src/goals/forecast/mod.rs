//! The end of a goal, and the contacts that it will not reach (rule S11).
//!
//! A forecast supposes that agents send as fast as the engine lets texts go: it tells the pace that
//! caps, rates and hours allow. Time is walked in steps of [`WALK_STEP`]. In each, texts with open
//! hours share the rest of caps and paces, in proportion to how many are left.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use strum::{VariantArray, VariantNames};

use crate::{
    engine::schedule::Schedule,
    goals::release::next_tick,
    sending::{
        cap::{CarrierCalendar, CarrierDay},
        hours::{Opening, RecipientHours},
    },
    text_enum,
};

/// How fine time is walked.
pub const WALK_STEP: TimeDelta = TimeDelta::minutes(5);

/// The longest window that is walked; a goal's is at most 31 days (rule G3).
const LONGEST_WALK: TimeDelta = TimeDelta::days(32);

/// Contacts with the same limits.
#[derive(Debug, Clone)]
pub struct Cohort {
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
    /// Segments that others of the brand will have sent, by carrier day and carrier.
    pub spoken_for: Spent,
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
    pub held: Option<(DateTime<Utc>, UnreachedReason)>,
    /// Contacts to be texted.
    pub parts: Vec<Cohort>,
}

/// Segments by carrier day and carrier.
pub type Spent = BTreeMap<(CarrierDay, String), i64>;

/// A plan that releases batches bit by bit.
#[derive(Debug, Clone)]
pub struct Releases {
    /// Texts that are released at the beginning.
    pub first: i64,
    /// Texts of each further release.
    pub each: i64,
    /// When the further ones come.
    pub beat: Beat,
    /// When anything is released: the organization's hours in the group's zone.
    pub hours: RecipientHours,
}

/// When the further releases of a plan come.
#[derive(Debug, Clone)]
pub enum Beat {
    /// After each interval.
    Every(TimeDelta),
    /// At each tick.
    Ticks(Box<Schedule>),
}

impl Beat {
    /// Returns the release after the one of this instant, or the first after it.
    fn after(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Every(every) => at + *every,
            Self::Ticks(ticks) => next_tick(ticks, at).unwrap_or(DateTime::<Utc>::MAX_UTC),
        }
    }
}

/// The reason for which texts will not go before the goal closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum UnreachedReason {
    /// Their hours do not open while the goal does.
    NeverOpen,
    /// The last time that they could go their cap was used up.
    Cap,
    /// Paces, hours and releases leave too little time.
    Time,
}

text_enum!(UnreachedReason);

/// Contacts of a part that will not be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Which of the parts.
    pub part: usize,
    /// How many texts.
    pub texts: i64,
    /// The reason.
    pub why: UnreachedReason,
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
    /// Segments that count against caps, by carrier day and carrier.
    pub spent: Spent,
}

/// Walks from `from` to the end.
pub fn forecast(outlook: &Outlook, calendar: &CarrierCalendar) -> Forecast {
    let mut walk = Walk::begin(outlook, calendar);
    let end = outlook.closes_at.min(outlook.from + LONGEST_WALK);
    let mut at = outlook.from;
    // Bounded by the window: 32 days of steps.
    while at < end && walk.left() > 0 {
        let until = (at + WALK_STEP).min(end);
        walk.step(at, until);
        at = until;
    }
    walk.end(at)
}

impl Outlook {
    /// Returns the rest of a cap after the texts of others.
    fn less_spoken_for(&self, day: CarrierDay, carrier: &str, left: i64) -> i64 {
        (left - self.spoken_for.get(&(day, carrier.to_owned())).copied().unwrap_or_default()).max(0)
    }
}

struct Walk<'a> {
    outlook: &'a Outlook,
    calendar: &'a CarrierCalendar,
    left: Vec<i64>,
    /// When each part's hours open next; none when never.
    opens: Vec<Option<DateTime<Utc>>>,
    /// The limit that stopped each part the last time that it was open; none as long as it was not.
    stopped: Vec<Option<UnreachedReason>>,
    day: CarrierDay,
    cap_left: BTreeMap<&'a str, i64>,
    /// Texts that are released and have not gone.
    released: i64,
    next_release: DateTime<Utc>,
    by_day: BTreeMap<CarrierDay, i64>,
    spent: Spent,
}

impl<'a> Walk<'a> {
    fn begin(outlook: &'a Outlook, calendar: &'a CarrierCalendar) -> Self {
        let today = calendar.day(outlook.from);
        let cap_left = outlook.caps.iter().map(|(carrier, cap)| {
            let left = outlook.left_today.get(carrier).copied().unwrap_or(*cap);
            (carrier.as_str(), outlook.less_spoken_for(today, carrier, left))
        });
        Self {
            outlook,
            calendar,
            left: outlook.parts.iter().map(|part| part.texts.max(0)).collect(),
            opens: vec![Some(outlook.from); outlook.parts.len()],
            stopped: vec![None; outlook.parts.len()],
            day: calendar.day(outlook.from),
            cap_left: cap_left.collect(),
            released: outlook.releases.as_ref().map_or(i64::MAX, |releases| releases.first),
            next_release: outlook
                .releases
                .as_ref()
                .map_or(outlook.closes_at, |releases| releases.beat.after(outlook.from)),
            by_day: BTreeMap::new(),
            spent: Spent::new(),
        }
    }

    fn left(&self) -> i64 {
        self.left.iter().sum()
    }

    fn step(&mut self, at: DateTime<Utc>, until: DateTime<Utc>) {
        let day = self.calendar.day(at);
        if day != self.day {
            self.day = day;
            let left = |(carrier, cap): (&'a String, &i64)| {
                (carrier.as_str(), self.outlook.less_spoken_for(day, carrier, *cap))
            };
            self.cap_left = self.outlook.caps.iter().map(left).collect();
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
            self.stopped[index] = Some(UnreachedReason::Time);
            if let Some(left) = part.cap.as_deref().and_then(|carrier| self.cap_left.get(carrier))
                && left / each < texts
            {
                texts = left / each;
                self.stopped[index] = Some(UnreachedReason::Cap);
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
            if let Some(carrier) = part.cap.as_ref().filter(|_| segments > 0) {
                *self.spent.entry((day, carrier.clone())).or_default() += segments;
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
            let waited = at - self.next_release > WALK_STEP;
            self.next_release = releases.beat.after(if waited { at } else { self.next_release });
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
        let left = left.map(|(part, (texts, stopped))| Left {
            part,
            texts: *texts,
            why: stopped.unwrap_or(UnreachedReason::NeverOpen),
        });
        Forecast {
            finishes_at: (unreached == 0).then_some(at),
            reached: texts - unreached,
            unreached,
            left: left.collect(),
            segments_by_day: self.by_day,
            spent: self.spent,
        }
    }
}

#[cfg(test)]
mod tests;
