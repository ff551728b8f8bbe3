//! The model: clocks read minute by minute, for no zone changes its clocks within one. It knows
//! instants and a zone's wall-clock time at each, from `chrono-tz`, and nothing of offsets,
//! changes, calendars or how expressions are read. Where our database is newer than `chrono-tz`'s,
//! the model goes by [`NEWER`].

use std::{collections::BTreeMap, fmt, sync::OnceLock};

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use muster_domain::{
    engine::schedule::{Gap, Note, Overlap, Schedule},
    zone::Zone,
};

use crate::utc;

/// Contents of an expression. `None` stands for `*`, and for seconds that the expression does not
/// name.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) seconds: Option<Vec<u32>>,
    pub(crate) minutes: Vec<u32>,
    pub(crate) hours: Option<Vec<u32>>,
    pub(crate) days: Option<Vec<u32>>,
    pub(crate) months: Option<Vec<u32>>,
    /// 0 to 7: Sunday is both.
    pub(crate) weekdays: Option<Vec<u32>>,
}

impl Wanted {
    pub(crate) fn text(&self) -> String {
        let list = |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let field = |numbers: &Option<Vec<u32>>| numbers.as_deref().map_or("*".to_owned(), list);
        let Self { seconds, minutes, hours, days, months, weekdays } = self;
        let seconds = seconds.as_deref().map_or_else(String::new, |seconds| list(seconds) + " ");
        format!("{seconds}{} {} {} {} {}", list(minutes), field(hours), field(days), field(months), field(weekdays))
    }

    /// Returns the instants of a minute that are asked for, if the minute is.
    fn within(&self, minute: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        let seconds = self.seconds.clone().unwrap_or_else(|| vec![0]);
        seconds.into_iter().map(move |second| minute + TimeDelta::seconds(second.into()))
    }

    /// Returns whether the minute that begins then is asked for.
    fn matches(&self, local: NaiveDateTime) -> bool {
        let allows = |field: &Option<Vec<u32>>, number: u32| field.as_ref().is_none_or(|field| field.contains(&number));
        let weekday = local.weekday().num_days_from_sunday();
        let day = allows(&self.days, local.day());
        let weekday = allows(&self.weekdays, weekday) || (weekday == 0 && allows(&self.weekdays, 7));
        local.second() == 0
            && self.minutes.contains(&local.minute())
            && allows(&self.hours, local.hour())
            && allows(&self.months, local.month())
            && if self.days.is_some() && self.weekdays.is_some() { day || weekday } else { day && weekday }
    }

    fn names_times_of_day(&self) -> bool {
        self.hours.as_ref().is_some_and(|hours| (0..24).any(|hour| !hours.contains(&hour)))
    }
}

/// A zone's wall-clock time in every minute from `from` to `to`, and for some hours around, in
/// which a local time may come twice.
pub(crate) struct Clocks {
    shown: Vec<(DateTime<Utc>, NaiveDateTime)>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

const MINUTE: TimeDelta = TimeDelta::minutes(1);
const AROUND: TimeDelta = TimeDelta::hours(4);

impl Clocks {
    /// Both ends are full minutes; `to` is not included.
    pub(crate) fn read(rules: Rules, from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        let mut shown = Vec::new();
        let mut at = from - AROUND;
        while at < to + AROUND {
            shown.push((at, rules.local(at)));
            at += MINUTE;
        }
        Self { shown, from, to }
    }

    pub(crate) fn fires(&self, wanted: &Wanted, gap: Gap, overlap: Overlap) -> Vec<(DateTime<Utc>, Note)> {
        let mut instants: BTreeMap<NaiveDateTime, Vec<DateTime<Utc>>> = BTreeMap::new();
        for (at, local) in self.shown.iter().filter(|(_, local)| wanted.matches(*local)) {
            instants.entry(*local).or_default().push(*at);
        }
        let mut fires = BTreeMap::new();
        if wanted.names_times_of_day() && gap == Gap::After {
            for pair in self.shown.windows(2) {
                let [(_, before), (at, after)] = pair else { unreachable!() };
                // Minutes that the clocks jump over.
                let mut missing = *before + MINUTE;
                while missing < *after {
                    if wanted.matches(missing) {
                        fires.insert(*at, Note::Shifted);
                    }
                    missing += MINUTE;
                }
            }
        }
        for (_, at) in instants {
            match (at.as_slice(), overlap) {
                ([only], _) => fires.extend(wanted.within(*only).map(|at| (at, Note::Plain))),
                ([first, second], overlap) => {
                    let elapsed = !wanted.names_times_of_day();
                    if elapsed || overlap != Overlap::Last {
                        fires.extend(wanted.within(*first).map(|at| (at, Note::FirstPass)));
                    }
                    if elapsed || overlap != Overlap::First {
                        fires.extend(wanted.within(*second).map(|at| (at, Note::SecondPass)));
                    }
                }
                (more, _) => panic!("one local time at {more:?}"),
            }
        }
        fires.into_iter().filter(|(at, _)| (self.from..self.to).contains(at)).collect()
    }
}

/// Returns the answer of the code under test, in the model's words.
pub(crate) fn planned(schedule: &Schedule, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<(DateTime<Utc>, Note)> {
    let fires = schedule.fires_after(from - TimeDelta::seconds(1));
    fires.take_while(|fire| fire.at < to).map(|fire| (fire.at, fire.note)).collect()
}

/// A zone that both databases know, and its changes of clocks as the model sees them.
pub(crate) struct Known {
    pub(crate) zone: Zone,
    pub(crate) model: Rules,
    pub(crate) changes: Vec<DateTime<Utc>>,
}

impl fmt::Debug for Known {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.zone.name())
    }
}

/// A zone's wall-clock times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// By `chrono-tz`'s rules.
    pub(crate) older: Tz,
    /// From an instant on the clocks are those of this zone.
    newer: Option<(DateTime<Utc>, Tz)>,
}

impl Rules {
    fn of(zone: Tz) -> Self {
        let newer = NEWER.iter().find(|(name, ..)| *name == zone.name());
        Self { older: zone, newer: newer.map(|(_, from, as_in)| (utc(from), *as_in)) }
    }

    pub(crate) fn local(self, at: DateTime<Utc>) -> NaiveDateTime {
        let zone = self.newer.filter(|(from, _)| at >= *from).map_or(self.older, |(_, as_in)| as_in);
        at.with_timezone(&zone).naive_local()
    }
}

/// Decisions since `chrono-tz`'s 2025b: from an instant on a zone's clocks are another's, with
/// rules that have not changed. Morocco stays on UTC, western Canada on its summer time, and
/// Moldova changes its clocks with the European Union. A test says that the list is exact.
pub(crate) const NEWER: [(&str, &str, Tz); 13] = [
    ("Africa/Casablanca", "2026-09-20T01:00:00Z", Tz::Africa__Abidjan),
    ("Africa/El_Aaiun", "2026-09-20T01:00:00Z", Tz::Africa__Abidjan),
    ("America/Edmonton", "2026-11-01T00:00:00Z", Tz::America__Regina),
    ("America/Inuvik", "2026-11-01T00:00:00Z", Tz::America__Regina),
    ("America/Rainy_River", "2026-11-01T00:00:00Z", Tz::America__Panama),
    ("America/Vancouver", "2026-11-01T00:00:00Z", Tz::America__Phoenix),
    ("America/Winnipeg", "2026-11-01T00:00:00Z", Tz::America__Panama),
    ("America/Yellowknife", "2026-11-01T00:00:00Z", Tz::America__Regina),
    ("Canada/Central", "2026-11-01T00:00:00Z", Tz::America__Panama),
    ("Canada/Mountain", "2026-11-01T00:00:00Z", Tz::America__Regina),
    ("Canada/Pacific", "2026-11-01T00:00:00Z", Tz::America__Phoenix),
    ("Europe/Chisinau", "2022-03-27T00:00:00Z", Tz::Europe__Bucharest),
    ("Europe/Tiraspol", "2022-03-27T00:00:00Z", Tz::Europe__Bucharest),
];

pub(crate) fn years() -> (DateTime<Utc>, DateTime<Utc>) {
    (utc("2000-01-01T12:00:00Z"), utc("2040-12-31T12:00:00Z"))
}

/// Returns every zone with its changes from 2000 to 2040.
pub(crate) fn zones() -> &'static [Known] {
    static ZONES: OnceLock<Vec<Known>> = OnceLock::new();
    ZONES.get_or_init(|| {
        let both = chrono_tz::TZ_VARIANTS.iter().filter_map(|zone| Some((Zone::parse(zone.name()).ok()?, *zone)));
        let known = both.map(|(zone, model)| (zone, Rules::of(model)));
        known.map(|(zone, model)| Known { changes: changes(|at| model.local(at)), zone, model }).collect()
    })
}

/// Instants at which two sets of rules show whether they agree: every noon, and the minutes around
/// each change by either of the model's.
pub(crate) fn looked_at(rules: Rules) -> Vec<DateTime<Utc>> {
    let (from, to) = years();
    let noons =
        std::iter::successors(Some(from), |noon| Some(*noon + TimeDelta::days(1))).take_while(|noon| *noon < to);
    let older = changes(|at| at.with_timezone(&rules.older).naive_local());
    let changes = older.into_iter().chain(changes(|at| rules.local(at)));
    let mut instants: Vec<_> = noons.chain(changes.flat_map(|at| [at - MINUTE, at])).collect();
    instants.sort_unstable();
    instants
}

/// Finds changes by looking at every noon, and halving each day over which the clocks were changed.
/// A day on which they were changed there and back is not found.
fn changes(local: impl Fn(DateTime<Utc>) -> NaiveDateTime) -> Vec<DateTime<Utc>> {
    let ahead = |at: DateTime<Utc>| local(at) - at.naive_utc();
    let (mut noon, until) = years();
    let mut changes = Vec::new();
    while noon < until {
        let next = noon + TimeDelta::days(1);
        if ahead(noon) != ahead(next) {
            let (mut before, mut after) = (noon, next);
            while after - before > MINUTE {
                let middle = before + MINUTE * i32::try_from((after - before).num_minutes() / 2).unwrap();
                if ahead(middle) == ahead(noon) { before = middle } else { after = middle }
            }
            changes.push(after);
        }
        noon = next;
    }
    changes
}
