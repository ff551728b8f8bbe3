//! Weeks with a change of clocks, minute by minute: nothing leaves outside the hours, anywhere (rules S5 and S6).
//!
//! What is asked is the hand-over's own decision; what is right is read off the clocks of `chrono-tz`.
#![expect(clippy::unwrap_used, reason = "the places and weeks are written here")]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use muster_domain::{
    hours::{Jurisdictions, RecipientHours, SendingHours, Strictness, ZonePolicy},
    message::MessageKind,
    postal_codes::zones_of_postal_code,
    sending::{CancelReason, Candidate, Decision, GoalWindow, HoldReason},
    whereabouts::Whereabouts,
    zone::Zone,
};

/// ZIP codes in states with hours of their own, and on lines between zones.
const LINES: [&str; 5] = ["79901", "36867", "06101", "02903", "39201"];

/// A ZIP code for every zone of the United States, and for every set of zones that one may be in.
fn places() -> Vec<String> {
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
    first.into_values().chain(LINES.map(str::to_owned)).collect()
}

/// In spring, in autumn, and one without a change.
const WEEKS: [&str; 3] = ["2027-03-10T00:00:00Z", "2027-11-03T00:00:00Z", "2027-06-09T00:00:00Z"];

/// Minutes between two looks: no divisor of an hour, so that every minute of the hour is looked at.
const STEP: i64 = 7;

fn candidate(group: &str, postal_code: &str, laws: Strictness) -> Candidate {
    let contact = Whereabouts::of(Some(postal_code), "8005550100");
    let laws = laws.laws(Jurisdictions::built_in());
    let zone = Zone::parse(group).unwrap();
    let hours = SendingHours::default();
    Candidate {
        kind: MessageKind::Initial,
        redacted: false,
        opted_out: false,
        deactivated: false,
        not_textable: false,
        replies_at_any_hour: true,
        reassigned: false,
        frequent_until: None,
        goal: Some(GoalWindow { paused: false, closes_at: "2028-01-01T00:00:00Z".parse().unwrap() }),
        hours: RecipientHours::new(hours, zone, Some(&contact), ZonePolicy::RecipientSafe, laws).unwrap(),
    }
}

/// Is it between eight in the morning and eight in the evening on every clock, and allowed in Texas where the contact may be?
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
    for postal_code in &places() {
        let contact = Whereabouts::of(Some(postal_code), "8005550100");
        for group in ["America/New_York", "America/Los_Angeles", "Pacific/Honolulu"] {
            for laws in [Strictness::Off, Strictness::Commercial] {
                let in_texas =
                    laws == Strictness::Commercial && contact.states().iter().any(|state| state.as_str() == "TX");
                let candidate = candidate(group, postal_code, laws);
                for week in WEEKS {
                    let starts: DateTime<Utc> = week.parse().unwrap();
                    for minute in (0..7 * 24 * 60).step_by(usize::try_from(STEP).unwrap()) {
                        let now = starts + TimeDelta::minutes(minute);
                        match candidate.decide(now) {
                            Decision::HandOver => {
                                sent += 1;
                                assert!(
                                    allowed(now, contact.zones, group, in_texas),
                                    "{postal_code} from {group} at {now}"
                                );
                            }
                            Decision::Hold(HoldReason::Hours, Some(until)) => {
                                held += 1;
                                assert!(until > now, "{postal_code} from {group} at {now}: {until}");
                                assert!(
                                    allowed(until, contact.zones, group, in_texas),
                                    "{postal_code} from {group} held until {until}"
                                );
                                assert_eq!(candidate.decide(until), Decision::HandOver, "{postal_code} at {until}");
                                let before = until - TimeDelta::seconds(1);
                                assert_ne!(candidate.decide(before), Decision::HandOver, "{postal_code} at {before}");
                            }
                            other => {
                                assert_eq!(
                                    other,
                                    Decision::Cancel(CancelReason::NoCommonHours),
                                    "{postal_code} at {now}"
                                );
                                assert!(!allowed(now, contact.zones, group, in_texas), "{postal_code} at {now}");
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(sent > 10_000 && held > 10_000, "{sent} sent, {held} held");
}
