use super::*;
use crate::{
    engine::schedule::CronExpression,
    goals::release::Pace,
    people::whereabouts::Whereabouts,
    sending::{
        admission::{Admission, Asks},
        hours::{SendingHours, ZonePolicy},
        rate::{TokenBucket, TokenBuckets},
    },
    zone::Zone,
};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn part(texts: i64, postal_code: &str) -> Cohort {
    let contact = Whereabouts::of(Some(postal_code), "2125550100");
    let zone = Zone::parse("America/New_York").unwrap();
    let hours = RecipientHours::new(SendingHours::default(), zone, Some(&contact), ZonePolicy::RecipientSafe, None);
    let carrier = Some("t-mobile".to_owned());
    Cohort { texts, segments_each: 1, hours: hours.unwrap(), cap: carrier.clone(), rate: carrier }
}

fn outlook(parts: Vec<Cohort>) -> Outlook {
    Outlook {
        from: at("2026-11-23T13:00:00Z"),
        closes_at: at("2026-11-26T05:00:00Z"),
        left_today: BTreeMap::new(),
        spoken_for: Spent::new(),
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
    outlook.held = Some((outlook.from + TimeDelta::hours(1), UnreachedReason::Cap));
    assert_eq!(forecast(&outlook, &calendar).finishes_at, Some(at_once + TimeDelta::hours(1)));
    outlook.held = Some((outlook.closes_at, UnreachedReason::Cap));
    let told = forecast(&outlook, &calendar);
    assert_eq!((told.reached, told.unreached), (0, 100));
    assert_eq!(told.left, [Left { part: 0, texts: 100, why: UnreachedReason::Cap }]);
}

fn group_hours() -> RecipientHours {
    let zone = Zone::parse("America/New_York").unwrap();
    RecipientHours::new(SendingHours::default(), zone, None, ZonePolicy::GroupZone, None).unwrap()
}

/// The same world text by text, with the rules of the hand-over, a look a second.
fn simulated(outlook: &Outlook, calendar: &CarrierCalendar) -> (Option<DateTime<Utc>>, i64) {
    let lane = |segments_per_minute| TokenBucket { segments_per_minute, free_at: outlook.from, waiting_segments: 0 };
    let lanes = BTreeMap::from([
        ("rate".to_owned(), lane(outlook.rates["t-mobile"])),
        ("numbers".to_owned(), lane(outlook.numbers_per_minute)),
    ]);
    let mut admission = Admission { left: outlook.caps.clone(), lanes: TokenBuckets(lanes) };
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
            if open.iter().all(|part| left[*part] == 0) || (left[*part] > 0 && admission.admit(&asks, now).is_err()) {
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
            assert!((told - took).abs() <= took / 10 + WALK_STEP, "told {told}, took {took}");
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
    assert_eq!(told.left, [Left { part: 1, texts: 5, why: UnreachedReason::NeverOpen }]);
}

#[test]
fn s11_who_is_not_reached_is_told_with_what_stops_them() {
    let calendar = CarrierCalendar::load().unwrap();
    let mut outlook = outlook(vec![part(20_000, "10001"), part(100_000, "10001")]);
    outlook.parts[1].cap = None;
    let told = forecast(&outlook, &calendar);
    let why: Vec<_> = told.left.iter().map(|left| (left.part, left.why)).collect();
    assert_eq!(why, [(0, UnreachedReason::Cap), (1, UnreachedReason::Time)]);
    assert_eq!(told.left.iter().map(|left| left.texts).sum::<i64>(), told.unreached);
}

#[test]
fn s11_a_release_plan_paces_a_forecast_and_rests_outside_hours() {
    let calendar = CarrierCalendar::load().unwrap();
    let mut outlook = outlook(vec![part(500, "10001")]);
    outlook.from = at("2026-11-23T14:00:00Z");
    // 100 at once and 100 an hour: the fifth hundred comes four hours later.
    let every = TimeDelta::hours(1);
    outlook.releases = Some(Releases { first: 100, each: 100, beat: Beat::Every(every), hours: group_hours() });
    let finishes = forecast(&outlook, &calendar).finishes_at.unwrap() - outlook.from;
    assert!(finishes >= TimeDelta::hours(4) && finishes <= TimeDelta::hours(4) + WALK_STEP * 2, "{finishes}");
    // 30 at 09:00 in New York and 30 an hour: eleven releases until 20:00, and the night is not
    // made up for.
    outlook.releases = Some(Releases { first: 30, each: 30, beat: Beat::Every(every), hours: group_hours() });
    outlook.closes_at = at("2026-11-24T13:30:00Z");
    assert_eq!(forecast(&outlook, &calendar).reached, 11 * 30 + 30);
    // Nothing at open, and 30 at 10:00, 15:00 and 21:00 in New York: the last waits until morning.
    let cron = CronExpression::parse("0 10,15,21 * * *").unwrap();
    let pace = Pace::Cron { batches: 1, cron };
    let ticks = pace.ticks(&Zone::parse("America/New_York").unwrap()).unwrap();
    outlook.releases = Some(Releases { first: 0, each: 30, beat: Beat::Ticks(Box::new(ticks)), hours: group_hours() });
    assert_eq!(forecast(&outlook, &calendar).reached, 90);
    outlook.closes_at = at("2026-11-24T12:30:00Z");
    assert_eq!(forecast(&outlook, &calendar).reached, 60);
}
