//! Weeks with a change of clocks, minute by minute: nothing leaves outside the hours, anywhere
//! (rules S5 and S6).
//!
//! The hand-over's own decision is asked; the right answer is read off the clocks of `chrono-tz`.
#![expect(clippy::unwrap_used, reason = "the places and weeks are written here")]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use muster_domain::{
    people::{postal_codes::zones_of_postal_code, whereabouts::Whereabouts},
    sending::{
        CancelReason, Candidate, Decision, GoalWindow, HoldReason,
        hours::{Jurisdictions, RecipientHours, SendingHours, Strictness, ZonePolicy},
        message::MessageKind,
    },
    zone::Zone,
};

/// ZIP codes in states with hours of their own, and on lines between zones.
const LINES: [&str; 5] = ["79901", "36867", "06101", "02903", "39201"];

/// A contact: a ZIP code if one is known, and a number.
type Place = (Option<String>, String);

/// A number that tells no zone.
const ANYWHERE: &str = "8005550100";

/// Returns a ZIP code for every zone of the United States, and for every set of zones that one may
/// be in; and a number for every set of them that numbers may be in.
fn places() -> Vec<Place> {
    let mut first = BTreeMap::new();
    for code in 0..100_000 {
        let code = format!("{code:05}");
        let zones = zones_of_postal_code(&code);
        if !zones.is_empty() {
            first.entry(zones).or_insert(code);
        }
    }
    let zones: BTreeSet<_> = first.keys().copied().flatten().copied().collect();
    assert!(zones.len() > 30, "{zones:?}");
    let mut numbers = BTreeMap::new();
    for prefix in (200_200..1_000_000).filter(|prefix| prefix % 1_000 >= 200) {
        let number = format!("{prefix}0100");
        let of_number = Whereabouts::of(None, &number).zones;
        if !of_number.is_empty() && of_number.iter().all(|zone| zones.contains(zone)) {
            numbers.entry(of_number).or_insert(number);
        }
    }
    assert!(numbers.len() > 10, "{numbers:?}");
    let by_code = first.into_values().chain(LINES.map(str::to_owned)).map(|code| (Some(code), ANYWHERE.to_owned()));
    by_code.chain(numbers.into_values().map(|number| (None, number))).collect()
}

/// In spring, in autumn, and one without a change.
const WEEKS: [&str; 3] = ["2027-03-10T00:00:00Z", "2027-11-03T00:00:00Z", "2027-06-09T00:00:00Z"];

/// Minutes between two looks: no divisor of an hour, so that every minute of the hour is looked at.
const STEP: i64 = 7;

/// How long a hand-over may take.
const TAKES: TimeDelta = TimeDelta::seconds(40);

fn candidate(group: &str, contact: &Whereabouts, laws: Strictness) -> Candidate {
    let laws = laws.laws(Jurisdictions::built_in());
    let zone = Zone::parse(group).unwrap();
    let hours = SendingHours::default();
    Candidate {
        kind: MessageKind::Initial,
        redacted: false,
        opted_out: false,
        deactivated: false,
        not_in_group: false,
        not_textable: false,
        replies_at_any_hour: true,
        reassigned: false,
        no_longer_yes: false,
        frequent_until: None,
        goal: Some(GoalWindow {
            paused: false,
            opens_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            closes_at: "2028-01-01T00:00:00Z".parse().unwrap(),
        }),
        hours: RecipientHours::new(hours, zone, Some(contact), ZonePolicy::RecipientSafe, laws).unwrap(),
    }
}

/// Returns whether it is between eight in the morning and eight in the evening on every clock, and
/// allowed in Texas where the contact may be.
fn allowed(at: DateTime<Utc>, contact: &[&str], group: &str, in_texas: bool) -> bool {
    let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    let local = |zone: &str| at.with_timezone(&zone.parse::<Tz>().unwrap());
    let in_hours = |zone: &str| (hour(8)..hour(20)).contains(&local(zone).time());
    let lawful = |zone: &str| {
        let opens = if local(zone).weekday() == chrono::Weekday::Sun { 12 } else { 9 };
        !in_texas || local(zone).time() >= hour(opens)
    };
    in_hours(group) && contact.iter().all(|zone| in_hours(zone) && lawful(zone))
}

#[test]
fn s5_nothing_leaves_outside_the_hours_in_any_zone_and_week() {
    let (mut sent, mut held) = (0u32, 0u32);
    for (postal_code, number) in &places() {
        let contact = Whereabouts::of(postal_code.as_deref(), number);
        let place = postal_code.as_ref().unwrap_or(number);
        for group in ["America/New_York", "America/Los_Angeles", "Pacific/Honolulu"] {
            for laws in [Strictness::Off, Strictness::Commercial] {
                let in_texas =
                    laws == Strictness::Commercial && contact.states().iter().any(|state| state.as_str() == "TX");
                let candidate = candidate(group, &contact, laws);
                for week in WEEKS {
                    let starts: DateTime<Utc> = week.parse().unwrap();
                    for minute in (0..7 * 24 * 60).step_by(usize::try_from(STEP).unwrap()) {
                        let now = starts + TimeDelta::minutes(minute);
                        match candidate.decide_until(now, now + TAKES, TAKES) {
                            Decision::HandOver => {
                                sent += 1;
                                for at in [now, now + TAKES / 2, now + TAKES] {
                                    assert!(
                                        allowed(at, &contact.zones, group, in_texas),
                                        "{place} from {group} at {now}"
                                    );
                                }
                            }
                            Decision::Hold(HoldReason::Hours, Some(until)) => {
                                held += 1;
                                assert!(until > now, "{place} from {group} at {now}: {until}");
                                assert!(
                                    allowed(until, &contact.zones, group, in_texas),
                                    "{place} from {group} held until {until}"
                                );
                                assert_eq!(
                                    candidate.decide_until(until, until + TAKES, TAKES),
                                    Decision::HandOver,
                                    "{place} at {until}"
                                );
                                let before = until - TimeDelta::seconds(1);
                                assert_ne!(candidate.decide(before), Decision::HandOver, "{place} at {before}");
                            }
                            other => {
                                assert_eq!(other, Decision::Cancel(CancelReason::NoCommonHours), "{place} at {now}");
                                assert!(!allowed(now, &contact.zones, group, in_texas), "{place} at {now}");
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(sent > 10_000 && held > 10_000, "{sent} sent, {held} held");
}
