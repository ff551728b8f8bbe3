//! Every IANA zone from 2000 to 2040.

use chrono::{DateTime, TimeDelta, Utc};
use muster_domain::engine::schedule::{CronExpression, Gap, Overlap, Schedule};
use proptest::{collection::btree_set, prelude::*, sample::select};

use crate::{
    model::{Clocks, Known, NEWER, Wanted, looked_at, planned, zones},
    utc,
};

const GAPS: [Gap; 2] = [Gap::Skip, Gap::After];
const OVERLAPS: [Overlap; 3] = [Overlap::First, Overlap::Last, Overlap::Both];

/// Zones with unusual changes: half hours, two hours, whole days, midnight, Ramadan, daylight
/// saving time in winter.
const TROUBLE: [&str; 24] = [
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Antarctica/Casey",
    "Pacific/Apia",
    "Pacific/Fakaofo",
    "Pacific/Kwajalein",
    "Pacific/Chatham",
    "America/Havana",
    "America/Asuncion",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/Scoresbysund",
    "America/St_Johns",
    "America/Caracas",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Pyongyang",
    "Asia/Tehran",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "Africa/Windhoek",
    "Europe/Dublin",
    "Europe/Istanbul",
];

fn on(known: &Known, wanted: &Wanted, gap: Gap, overlap: Overlap) -> Schedule {
    Schedule { cron: CronExpression::parse(&wanted.text()).unwrap(), zone: known.zone.clone(), gap, overlap }
}

/// Compares some hours around a change.
fn compare(known: &Known, change: DateTime<Utc>, cases: &[(&Wanted, Gap, Overlap)]) {
    let (from, to) = (change - TimeDelta::hours(3), change + TimeDelta::hours(3));
    let clocks = Clocks::read(known.model, from, to);
    for (wanted, gap, overlap) in cases {
        let planned = planned(&on(known, wanted, *gap, *overlap), from, to);
        let expected = clocks.fires(wanted, *gap, *overlap);
        assert_eq!(planned, expected, "{wanted:?} {gap:?} {overlap:?} in {} at {change}", known.zone.name());
    }
}

/// Expressions that have something to say around any change.
fn wanted() -> [Wanted; 4] {
    let minutely = |minutes: &[u32], hours: Option<Vec<u32>>| Wanted {
        seconds: None,
        minutes: minutes.to_vec(),
        hours,
        days: None,
        months: None,
        weekdays: None,
    };
    [
        minutely(&[0, 10, 15, 30, 45], None),
        minutely(&[0, 7, 15, 30, 45, 59], Some((0..24).filter(|hour| hour % 12 != 5).collect())),
        Wanted { seconds: Some(vec![0, 29, 59]), ..minutely(&[1, 30], Some((0..24).step_by(2).collect())) },
        Wanted {
            days: Some((1..32).step_by(2).collect()),
            weekdays: Some(vec![1, 7]),
            ..minutely(&[0, 20], Some(vec![0, 1, 2, 3, 22, 23]))
        },
    ]
}

#[test]
fn every_change_of_every_zone_is_as_the_clocks_show() {
    let wanted = wanted();
    let mut turn = 0;
    let mut compared = 0;
    for known in zones() {
        for change in &known.changes {
            // Each change with three of the 24 combinations, the next with others; there are
            // thousands of every kind of change.
            let cases = [0, 5, 10].map(|more| turn + more);
            let cases = cases.map(|turn| (&wanted[turn % 4], GAPS[turn / 4 % 2], OVERLAPS[turn / 8 % 3]));
            compare(known, *change, &cases);
            turn = (turn + 7) % 24;
            compared += 1;
        }
    }
    assert!(compared > 10_000, "{compared} changes are too few to be all");
}

#[test]
fn the_zones_that_are_trouble_are_as_the_clocks_show_under_every_policy() {
    let wanted = wanted();
    let cases: Vec<_> = wanted
        .iter()
        .flat_map(|wanted| GAPS.into_iter().flat_map(move |gap| OVERLAPS.map(|overlap| (wanted, gap, overlap))))
        .collect();
    for name in TROUBLE {
        let known = zones().iter().find(|known| known.zone.name() == name).unwrap();
        for change in &known.changes {
            compare(known, *change, &cases);
        }
    }
    // Kwajalein left a day out before 2000.
    let kwajalein = zones().iter().find(|known| known.zone.name() == "Pacific/Kwajalein").unwrap();
    compare(kwajalein, utc("1993-08-21T12:00:00Z"), &cases);
}

/// At every noon and around every change from 2000 to 2040, in every zone that can be named:
/// nothing is left out of the comparisons.
#[test]
fn the_clocks_of_every_zone_show_the_same_and_the_older_database_differs_where_the_model_says() {
    let mut differ = Vec::new();
    for known in zones() {
        let older = |at: DateTime<Utc>| at.with_timezone(&known.model.older).naive_local();
        let mut first = None;
        for at in looked_at(known.model) {
            assert_eq!(known.zone.local(at), known.model.local(at), "{known:?} at {at}");
            first = first.or(Some(at).filter(|at| older(*at) != known.model.local(*at)));
        }
        differ.extend(first.map(|at| (known.zone.name(), at.date_naive())));
    }
    assert_eq!(differ, NEWER.map(|(name, from, _)| (name, utc(from).date_naive())));
}

fn numbers(range: std::ops::Range<u32>, many: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u32>> {
    btree_set(range, many).prop_map(|numbers| numbers.into_iter().collect())
}

fn any_wanted() -> impl Strategy<Value = Wanted> {
    let seconds = prop_oneof![2 => Just(None), 1 => numbers(0..60, 1..5).prop_map(Some)];
    let minutes = prop_oneof![numbers(0..60, 1..6), Just(vec![0]), Just((0..60).step_by(5).collect())];
    let hours = prop_oneof![
        1 => Just(None),
        1 => numbers(0..24, 1..24).prop_map(Some),
        2 => numbers(0..4, 1..4).prop_map(Some),
    ];
    let days = prop_oneof![2 => Just(None), 1 => numbers(1..32, 4..28).prop_map(Some)];
    let months = prop_oneof![4 => Just(None), 1 => numbers(1..13, 3..12).prop_map(Some)];
    let weekdays = prop_oneof![2 => Just(None), 1 => numbers(0..8, 1..7).prop_map(Some)];
    (seconds, minutes, hours, days, months, weekdays).prop_map(|(seconds, minutes, hours, days, months, weekdays)| {
        Wanted { seconds, minutes, hours, days, months, weekdays }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_500))]

    #[test]
    fn any_expression_in_any_zone_fires_as_the_clocks_show(
        known in (0..zones().len()).prop_map(|index| &zones()[index]),
        change in any::<prop::sample::Index>(),
        minutes in -2_000i64..500,
        length in 1i64..3_000,
        wanted in any_wanted(),
        gap in select(GAPS.to_vec()),
        overlap in select(OVERLAPS.to_vec()),
    ) {
        let noon = utc("2026-06-30T12:00:00Z");
        let change = if known.changes.is_empty() { noon } else { *change.get(&known.changes) };
        let from = change + TimeDelta::minutes(minutes);
        let to = from + TimeDelta::minutes(length);
        let schedule = on(known, &wanted, gap, overlap);
        let planned = planned(&schedule, from, to);
        prop_assert_eq!(&planned, &Clocks::read(known.model, from, to).fires(&wanted, gap, overlap));
        prop_assert!(planned.is_sorted_by(|one, next| one.0 < next.0));
    }
}

/// All that the model knows and nobody can name here are names without a region, kept for old
/// systems' sake.
#[test]
fn the_zones_that_are_left_out_are_the_old_names_without_a_region() {
    let named: Vec<&str> = zones().iter().map(|known| known.zone.name()).collect();
    let mut left_out: Vec<&str> = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
    left_out.retain(|name| !named.contains(name));
    left_out.sort_unstable();
    assert_eq!(left_out, LEFT_OUT);
}

const LEFT_OUT: [&str; 43] = [
    "CET",
    "CST6CDT",
    "Cuba",
    "EET",
    "EST",
    "EST5EDT",
    "Egypt",
    "Eire",
    "GB",
    "GB-Eire",
    "GMT",
    "GMT+0",
    "GMT-0",
    "GMT0",
    "Greenwich",
    "HST",
    "Hongkong",
    "Iceland",
    "Iran",
    "Israel",
    "Jamaica",
    "Japan",
    "Kwajalein",
    "Libya",
    "MET",
    "MST",
    "MST7MDT",
    "NZ",
    "NZ-CHAT",
    "Navajo",
    "PRC",
    "PST8PDT",
    "Poland",
    "Portugal",
    "ROC",
    "ROK",
    "Singapore",
    "Turkey",
    "UCT",
    "Universal",
    "W-SU",
    "WET",
    "Zulu",
];
