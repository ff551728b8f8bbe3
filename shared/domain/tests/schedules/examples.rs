//! Each rule by example.

use muster_domain::engine::schedule::{Gap, Note, Overlap, Schedule};

use crate::{schedule, utc};

/// Returns the next fires: instant, local time as named, note.
fn next(schedule: &Schedule, after: &str, count: usize) -> Vec<String> {
    let fires = schedule.fires_after(utc(after)).take(count);
    fires
        .map(|fire| format!("{} {} {:?}", fire.at.format("%dT%H:%M:%SZ"), fire.local.format("%dT%H:%M:%S"), fire.note))
        .collect()
}

const NEW_YORK: &str = "America/New_York";

#[test]
fn a_time_in_the_gap_fires_after_it_or_not_at_all() {
    let mut half_past_two = schedule("30 2 * * *", NEW_YORK);
    assert_eq!(
        next(&half_past_two, "2027-03-13T00:00:00Z", 3),
        ["13T07:30:00Z 13T02:30:00 Plain", "14T07:00:00Z 14T02:30:00 Shifted", "15T06:30:00Z 15T02:30:00 Plain"]
    );
    half_past_two.gap = Gap::Skip;
    assert_eq!(
        next(&half_past_two, "2027-03-13T00:00:00Z", 2),
        ["13T07:30:00Z 13T02:30:00 Plain", "15T06:30:00Z 15T02:30:00 Plain"]
    );
}

#[test]
fn fires_that_coincide_after_a_gap_are_one() {
    assert_eq!(
        next(&schedule("*/20 2 * * *", NEW_YORK), "2027-03-14T00:00:00Z", 2),
        ["14T07:00:00Z 14T02:00:00 Shifted", "15T06:00:00Z 15T02:00:00 Plain"]
    );
    // 03:00 is named and exists, so that nothing was shifted.
    assert_eq!(
        next(&schedule("0 2,3,4 * * *", NEW_YORK), "2027-03-14T00:00:00Z", 2),
        ["14T07:00:00Z 14T03:00:00 Plain", "14T08:00:00Z 14T04:00:00 Plain"]
    );
}

#[test]
fn a_time_that_happens_twice_fires_first_last_or_both() {
    let mut half_past_one = schedule("30 1 * * *", NEW_YORK);
    let (first, second) = ("01T05:30:00Z 01T01:30:00 FirstPass", "01T06:30:00Z 01T01:30:00 SecondPass");
    let monday = "02T06:30:00Z 02T01:30:00 Plain";
    for (overlap, expected) in [
        (Overlap::First, vec![first, monday]),
        (Overlap::Last, vec![second, monday]),
        (Overlap::Both, vec![first, second, monday]),
    ] {
        half_past_one.overlap = overlap;
        assert_eq!(next(&half_past_one, "2026-11-01T00:00:00Z", expected.len()), expected, "{overlap:?}");
    }
    // Both passes come in order: the whole first before the second.
    let both = Schedule { overlap: Overlap::Both, ..schedule("0,30 1 * * *", NEW_YORK) };
    let instants: Vec<_> = both.fires_after(utc("2026-11-01T00:00:00Z")).take(4).map(|fire| fire.at).collect();
    assert_eq!(
        instants,
        ["2026-11-01T05:00:00Z", "2026-11-01T05:30:00Z", "2026-11-01T06:00:00Z", "2026-11-01T06:30:00Z"].map(utc)
    );
}

#[test]
fn elapsed_time_follows_the_clocks_through_both_passes_and_over_the_gap() {
    let half_hourly = Schedule { gap: Gap::After, overlap: Overlap::First, ..schedule("*/30 * * * *", NEW_YORK) };
    assert_eq!(
        next(&half_hourly, "2026-11-01T04:45:00Z", 5),
        [
            "01T05:00:00Z 01T01:00:00 FirstPass",
            "01T05:30:00Z 01T01:30:00 FirstPass",
            "01T06:00:00Z 01T01:00:00 SecondPass",
            "01T06:30:00Z 01T01:30:00 SecondPass",
            "01T07:00:00Z 01T02:00:00 Plain",
        ]
    );
    assert_eq!(
        next(&half_hourly, "2027-03-14T06:00:00Z", 3),
        ["14T06:30:00Z 14T01:30:00 Plain", "14T07:00:00Z 14T03:00:00 Plain", "14T07:30:00Z 14T03:30:00 Plain"]
    );
    // Half an hour is left out in Lord Howe, and with it the full hour in it.
    let hourly = schedule("@hourly", "Australia/Lord_Howe");
    assert_eq!(
        next(&hourly, "2026-10-03T13:45:00Z", 2),
        ["03T14:30:00Z 04T01:00:00 Plain", "03T16:00:00Z 04T03:00:00 Plain"]
    );
}

#[test]
fn changes_by_half_an_hour_or_by_two_hours() {
    let lord_howe = schedule("15 2 * * *", "Australia/Lord_Howe");
    assert_eq!(next(&lord_howe, "2026-10-03T12:00:00Z", 1), ["03T15:30:00Z 04T02:15:00 Shifted"]);
    let twice = Schedule { overlap: Overlap::Both, ..schedule("45 1 * * *", "Australia/Lord_Howe") };
    assert_eq!(
        next(&twice, "2027-04-03T12:00:00Z", 2),
        ["03T14:45:00Z 04T01:45:00 FirstPass", "03T15:15:00Z 04T01:45:00 SecondPass"]
    );
    let troll = Schedule { overlap: Overlap::Last, ..schedule("30 1,2 * * *", "Antarctica/Troll") };
    assert_eq!(next(&troll, "2027-03-27T12:00:00Z", 1), ["28T01:00:00Z 28T01:30:00 Shifted"]);
    assert_eq!(
        next(&troll, "2026-10-24T12:00:00Z", 2),
        ["25T01:30:00Z 25T01:30:00 SecondPass", "25T02:30:00Z 25T02:30:00 SecondPass"]
    );
}

#[test]
fn a_day_that_a_zone_leaves_out_fires_at_the_start_of_the_next() {
    let apia = schedule("0 9 * * *", "Pacific/Apia");
    assert_eq!(
        next(&apia, "2011-12-29T12:00:00Z", 3),
        ["29T19:00:00Z 29T09:00:00 Plain", "30T10:00:00Z 30T09:00:00 Shifted", "30T19:00:00Z 31T09:00:00 Plain"]
    );
    let kwajalein = Schedule { gap: Gap::Skip, ..schedule("0 9 * * *", "Pacific/Kwajalein") };
    assert_eq!(
        next(&kwajalein, "1993-08-20T00:00:00Z", 2),
        ["20T21:00:00Z 20T09:00:00 Plain", "21T21:00:00Z 22T09:00:00 Plain"]
    );
}

#[test]
fn midnight_may_be_missing_or_come_twice() {
    // Havana leaves out 00:00 to 01:00 in spring, and repeats it in autumn.
    let midnight = schedule("@daily", "America/Havana");
    assert_eq!(next(&midnight, "2027-03-13T12:00:00Z", 1), ["14T05:00:00Z 14T00:00:00 Shifted"]);
    assert_eq!(
        next(&midnight, "2026-10-31T12:00:00Z", 2),
        ["01T04:00:00Z 01T00:00:00 FirstPass", "02T05:00:00Z 02T00:00:00 Plain"]
    );
    // In Asunción 2024-10-06 began at 01:00; a fire of the day before stays on its day.
    let late = schedule("30 0,23 * * *", "America/Asuncion");
    assert_eq!(
        next(&late, "2024-10-06T00:00:00Z", 3),
        ["06T03:30:00Z 05T23:30:00 Plain", "06T04:00:00Z 06T00:30:00 Shifted", "07T02:30:00Z 06T23:30:00 Plain"]
    );
}

#[test]
fn rules_of_2026_are_known() {
    // British Columbia stays on UTC−7 from 2026-11-01 on: nothing is repeated.
    let vancouver = Schedule { overlap: Overlap::Both, ..schedule("30 1 * * *", "America/Vancouver") };
    assert_eq!(
        next(&vancouver, "2026-11-01T00:00:00Z", 2),
        ["01T08:30:00Z 01T01:30:00 Plain", "02T08:30:00Z 02T01:30:00 Plain"]
    );
}

#[test]
fn fires_are_strictly_after_the_instant() {
    let noon = schedule("0 12 * * *", "UTC");
    let at = |after: &str| noon.fires_after(utc(after)).next().unwrap().at.to_rfc3339();
    assert_eq!(at("2026-11-21T11:59:59.999999999Z"), "2026-11-21T12:00:00+00:00");
    assert_eq!(at("2026-11-21T12:00:00Z"), "2026-11-22T12:00:00+00:00");
    assert_eq!(at("2026-11-21T12:00:00.000000001Z"), "2026-11-22T12:00:00+00:00");
}

#[test]
fn between_the_passes_only_the_second_is_left() {
    let mut half_past_one = schedule("30 1 * * *", NEW_YORK);
    half_past_one.overlap = Overlap::Both;
    let fire = half_past_one.fires_after(utc("2026-11-01T06:10:00Z")).next().unwrap();
    assert_eq!((fire.at, fire.note), (utc("2026-11-01T06:30:00Z"), Note::SecondPass));
    half_past_one.overlap = Overlap::First;
    let fire = half_past_one.fires_after(utc("2026-11-01T06:10:00Z")).next().unwrap();
    assert_eq!(fire.at, utc("2026-11-02T06:30:00Z"));
}

#[test]
fn rare_days_are_found_and_the_calendar_ends() {
    let leap_sundays = schedule("0 0 29 2 */7", NEW_YORK);
    let years: Vec<_> = leap_sundays
        .fires_after(utc("2026-01-01T00:00:00Z"))
        .take(4)
        .map(|fire| fire.local.format("%Y").to_string())
        .collect();
    assert_eq!(years, ["2032", "2060", "2088", "2128"]);
    assert_eq!(leap_sundays.fires_after(chrono::DateTime::<chrono::Utc>::MAX_UTC).next(), None);
    assert!(leap_sundays.fires_after(chrono::DateTime::<chrono::Utc>::MIN_UTC).next().is_some());
}

#[test]
fn a_schedule_whose_every_time_is_in_a_gap_ends() {
    // The second Sunday of March at 02:30, which New York leaves out every year.
    let mut never = schedule("30 2 8-14 3 */7", NEW_YORK);
    assert_eq!(next(&never, "2026-11-21T00:00:00Z", 1), ["14T07:00:00Z 14T02:30:00 Shifted"]);
    never.gap = Gap::Skip;
    assert_eq!(never.fires_after(utc("2026-11-21T00:00:00Z")).next(), None);
}

#[test]
fn seconds_come_first_of_six_fields() {
    let every_second = schedule("* * 2 * * *", NEW_YORK);
    assert_eq!(
        next(&every_second, "2027-03-14T06:59:59Z", 2),
        ["14T07:00:00Z 14T02:00:00 Shifted", "15T06:00:00Z 15T02:00:00 Plain"]
    );
    assert_eq!(
        next(&schedule("15,45 30 9 * * mon-fri", NEW_YORK), "2026-11-20T14:30:15Z", 2),
        ["20T14:30:45Z 20T09:30:45 Plain", "23T14:30:15Z 23T09:30:15 Plain"]
    );
}
