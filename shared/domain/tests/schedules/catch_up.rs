//! Missed ticks: nothing is silent (rule J11).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use muster_domain::engine::schedule::{CatchUp, Earlier, LISTED_TICKS, Reckoning, Schedule, SkipReason, TickDecision};
use proptest::{prelude::*, sample::select};

use crate::{schedule, utc};

const MINUTE: Duration = Duration::from_mins(1);

fn fates(reckoning: &Reckoning) -> Vec<(String, TickDecision)> {
    reckoning.ticks.iter().map(|tick| (tick.fire.at.format("%H:%M").to_string(), tick.fate)).collect()
}

fn after_an_outage(now: &str, catch_up: CatchUp) -> Vec<(String, TickDecision)> {
    let reckoning = schedule("0 * * * *", "UTC").reckon(utc("2026-11-21T08:00:00Z"), utc(now), MINUTE, catch_up);
    assert_eq!(reckoning.earlier, None);
    fates(&reckoning)
}

fn at(hour: &str, fate: TickDecision) -> (String, TickDecision) {
    (hour.to_owned(), fate)
}

#[test]
fn a_tick_within_the_grace_is_on_time_under_any_policy() {
    for catch_up in [CatchUp::Skip, CatchUp::Coalesce, CatchUp::All { at_most: 5 }] {
        assert_eq!(after_an_outage("2026-11-21T09:01:00Z", catch_up), [at("09:00", TickDecision::Fired)]);
        assert_eq!(after_an_outage("2026-11-21T08:59:59Z", catch_up), []);
        assert_eq!(after_an_outage("2026-11-21T07:00:00Z", catch_up), []);
    }
}

#[test]
fn missed_ticks_coalesce_into_one_late_run() {
    let into = utc("2026-11-21T11:00:00Z");
    assert_eq!(
        after_an_outage("2026-11-21T11:30:00Z", CatchUp::Coalesce),
        [
            at("09:00", TickDecision::Coalesced { into }),
            at("10:00", TickDecision::Coalesced { into }),
            at("11:00", TickDecision::Late { by: TimeDelta::minutes(30) }),
        ]
    );
}

#[test]
fn missed_ticks_coalesce_into_one_that_is_on_time() {
    let into = utc("2026-11-21T11:00:00Z");
    assert_eq!(
        after_an_outage("2026-11-21T11:00:30Z", CatchUp::Coalesce),
        [
            at("09:00", TickDecision::Coalesced { into }),
            at("10:00", TickDecision::Coalesced { into }),
            at("11:00", TickDecision::Fired)
        ]
    );
}

#[test]
fn missed_ticks_are_skipped_with_the_reason() {
    let skipped = TickDecision::Skipped { why: SkipReason::Missed };
    assert_eq!(
        after_an_outage("2026-11-21T11:00:30Z", CatchUp::Skip),
        [at("09:00", skipped), at("10:00", skipped), at("11:00", TickDecision::Fired)]
    );
}

#[test]
fn missed_ticks_fire_late_up_to_the_bound_newest_first() {
    assert_eq!(
        after_an_outage("2026-11-21T11:30:00Z", CatchUp::All { at_most: 2 }),
        [
            at("09:00", TickDecision::Skipped { why: SkipReason::BeyondBound }),
            at("10:00", TickDecision::Late { by: TimeDelta::minutes(90) }),
            at("11:00", TickDecision::Late { by: TimeDelta::minutes(30) }),
        ]
    );
}

#[test]
fn a_year_of_seconds_is_one_range_and_a_bounded_list() {
    let every_second = schedule("* * * * * *", "America/New_York");
    let (last, now) = (utc("2025-11-21T00:00:00Z"), utc("2026-11-21T00:00:00Z"));
    let listed = i64::from(LISTED_TICKS);
    let reckoning = every_second.reckon(last, now, Duration::ZERO, CatchUp::All { at_most: u32::MAX });
    // The tick of this very second is on time, the listed ones before it fire late, and the rest is
    // told as one.
    let newest_told = now - TimeDelta::seconds(listed + 1);
    assert_eq!(
        reckoning.earlier,
        Some(Earlier {
            first: last + TimeDelta::seconds(1),
            last: newest_told,
            count: 365 * 86_400 - 1 - u64::from(LISTED_TICKS),
            fate: TickDecision::Skipped { why: SkipReason::BeyondBound },
        })
    );
    assert_eq!(reckoning.ticks.len(), 1 + LISTED_TICKS as usize);
    assert_eq!(reckoning.ticks[0].fate, TickDecision::Late { by: TimeDelta::seconds(listed) });
    assert_eq!(reckoning.ticks[LISTED_TICKS as usize].fate, TickDecision::Fired);
    // A grace as long as the outage makes nothing unbounded.
    let patient = every_second.reckon(last, now, Duration::MAX, CatchUp::Coalesce);
    assert_eq!(patient.ticks.len(), 2 * LISTED_TICKS as usize);
    assert_eq!(patient.earlier.map(|earlier| earlier.count), Some(365 * 86_400 - 2 * u64::from(LISTED_TICKS)));
}

#[test]
fn a_shifted_tick_is_one_tick() {
    let reckoning = schedule("*/10 2 * * *", "America/New_York").reckon(
        utc("2027-03-14T00:00:00Z"),
        utc("2027-03-14T08:00:00Z"),
        MINUTE,
        CatchUp::Coalesce,
    );
    assert_eq!(fates(&reckoning), [at("07:00", TickDecision::Late { by: TimeDelta::hours(1) })]);
}

fn any_schedule() -> impl Strategy<Value = Schedule> {
    let expressions = ["* * * * *", "*/7 1-3 * * *", "*/20 * * * * *", "0 2 * * *", "30 1,2 * * sun", "* * 2 * * *"];
    let zones = ["America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"];
    (select(expressions.to_vec()), select(zones.to_vec())).prop_map(|(cron, zone)| schedule(cron, zone))
}

fn any_policy() -> impl Strategy<Value = CatchUp> {
    prop_oneof![
        Just(CatchUp::Skip),
        Just(CatchUp::Coalesce),
        (0u32..1_500).prop_map(|at_most| CatchUp::All { at_most }),
    ]
}

/// Returns how many runs an outage ends with.
fn runs(reckoning: &Reckoning) -> usize {
    reckoning.ticks.iter().filter(|tick| matches!(tick.fate, TickDecision::Late { .. })).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_planned_tick_is_told_once_and_in_order(
        schedule in any_schedule(),
        start in select(vec!["2011-12-29T00:00:00Z", "2026-10-31T12:00:00Z", "2027-03-13T12:00:00Z", "2026-10-03T00:00:00Z"]),
        outage in 0i64..400_000,
        grace in 0u64..5_000,
        policy in any_policy(),
    ) {
        let last = utc(start);
        let now = last + TimeDelta::seconds(outage);
        let reckoning = schedule.reckon(last, now, Duration::from_secs(grace), policy);
        let planned: Vec<DateTime<Utc>> = schedule.fires_after(last).map(|fire| fire.at).take_while(|at| *at <= now).collect();

        let earlier = reckoning.earlier.map_or(0, |earlier| usize::try_from(earlier.count).unwrap());
        let (untold, told) = planned.split_at(earlier);
        let ticks: Vec<_> = reckoning.ticks.iter().map(|tick| tick.fire.at).collect();
        prop_assert_eq!(told, ticks);
        if let Some(range) = reckoning.earlier {
            prop_assert_eq!((Some(&range.first), Some(&range.last)), (untold.first(), untold.last()));
        }
        for tick in &reckoning.ticks {
            let late = now - tick.fire.at;
            match tick.fate {
                TickDecision::Fired => prop_assert!(late <= TimeDelta::seconds(grace.cast_signed())),
                TickDecision::Late { by } => prop_assert_eq!(by, late),
                TickDecision::Coalesced { into } => {
                    let stands = reckoning.ticks.iter().find(|other| other.fire.at == into).unwrap();
                    let fires = matches!(stands.fate, TickDecision::Fired | TickDecision::Late { .. });
                    prop_assert!(into > tick.fire.at && fires);
                }
                TickDecision::Skipped { .. } => prop_assert!(policy != CatchUp::Coalesce),
            }
        }
        match policy {
            CatchUp::Skip => prop_assert_eq!(runs(&reckoning), 0),
            CatchUp::Coalesce => prop_assert!(runs(&reckoning) <= 1),
            CatchUp::All { at_most } => prop_assert!(runs(&reckoning) <= at_most as usize),
        }
    }
}
