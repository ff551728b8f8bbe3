//! Properties of the rules, each against an independent model.
#![expect(clippy::unwrap_used, reason = "what the generators make is in range")]

use chrono::{DateTime, Datelike, LocalResult, NaiveDate, TimeDelta, TimeZone, Timelike, Utc};
use muster_domain::{
    conversations::inbound::{Intent, classify},
    goals::{
        release::{Again, CapRoom, Pace, ReleasePlan},
        times::Time,
    },
    people::{number_zones, phone},
    sending::{
        cap::admit,
        hours::SendingHours,
        template::{self, Checks, Template},
    },
    zone::Zone,
};
use proptest::{collection::vec, prelude::*, sample::select};

const ZONES: [&str; 14] = [
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Antarctica/Troll",
    "Africa/Casablanca",
    "Europe/Dublin",
    "Asia/Kolkata",
];

fn local() -> impl Strategy<Value = chrono::NaiveDateTime> {
    // The model's rules are older than ours, so that they are compared over years on which both
    // agree. Hours are drawn around the usual times of changes more often than not.
    (2000i32..2025, 1u32..=366, prop_oneof![0u32..24, 0u32..4], 0u32..60).prop_map(|(year, day, hour, minute)| {
        let date = NaiveDate::from_yo_opt(year, day).unwrap_or_else(|| NaiveDate::from_yo_opt(year, 1).unwrap());
        date.and_hms_opt(hour, minute, 0).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn g11_local_times_resolve_as_the_model_says(name in select(ZONES.to_vec()), local in local()) {
        let zone = Zone::parse(name).unwrap();
        let model: chrono_tz::Tz = name.parse().unwrap();
        let resolved = zone.resolve(local);
        match model.from_local_datetime(&local) {
            LocalResult::Single(at) => prop_assert_eq!(resolved, at.to_utc()),
            LocalResult::Ambiguous(first, _) => prop_assert_eq!(resolved, first.to_utc()),
            LocalResult::None => {
                // The first instant after the gap: a second earlier the clocks show a time before
                // the one that does not exist.
                let shown = |at: DateTime<Utc>| at.with_timezone(&model).naive_local();
                prop_assert!(shown(resolved) > local);
                prop_assert!(shown(resolved - TimeDelta::seconds(1)) < local);
            }
        }
    }

    #[test]
    fn g11_instants_show_the_models_wall_clock(name in select(ZONES.to_vec()), seconds in 946_684_800i64..1_735_000_000) {
        let at = DateTime::from_timestamp(seconds, 0).unwrap();
        let model: chrono_tz::Tz = name.parse().unwrap();
        prop_assert_eq!(Zone::parse(name).unwrap().local(at), at.with_timezone(&model).naive_local());
    }

    #[test]
    fn s5_the_next_instant_is_inside_every_zones_hours_and_not_late(
        names in vec(select(ZONES[..7].to_vec()), 1..4),
        seconds in 1_700_000_000i64..1_735_000_000,
    ) {
        let zones: Vec<Zone> = names.iter().map(|name| Zone::parse(name).unwrap()).collect();
        let at = DateTime::from_timestamp(seconds, 0).unwrap();
        let inside = |at: DateTime<Utc>| zones.iter().all(|zone| (8..20).contains(&zone.local(at).hour()));
        let next = SendingHours::default().next_in_all(&zones, at);
        let next = next.expect("the hours of these zones meet every day");
        prop_assert!(next >= at && inside(next));
        // Nothing before it was inside, looked at every quarter of an hour.
        let mut earlier = at;
        while earlier < next {
            prop_assert!(!inside(earlier), "{earlier} was inside already");
            earlier += TimeDelta::minutes(15);
        }
    }

    #[test]
    fn s3_what_is_admitted_fits_and_the_next_would_not(left in -5i64..500, texts in vec(1i64..8, 0..200)) {
        let admitted = admit(left, texts.iter().copied());
        let used: i64 = texts[..admitted].iter().sum();
        prop_assert!(used <= left.max(0));
        if let Some(next) = texts.get(admitted) {
            prop_assert!(used + next > left);
        }
    }

    #[test]
    fn g11_an_intent_is_resolved_by_any_rules_and_never_twice(
        minutes in 0i64..2 * 365 * 24 * 60,
        zones in (select(&ZONES[..]), select(&ZONES[..])),
        passed in 0i64..2 * 365 * 24 * 60,
        fixed: bool,
    ) {
        let (before, after) = (Zone::parse(zones.0).unwrap(), Zone::parse(zones.1).unwrap());
        let start: DateTime<Utc> = "2027-01-01T00:00:00Z".parse().unwrap();
        let instant = start + TimeDelta::minutes(minutes);
        let time = if fixed { Time::fixed(instant, &before) } else { Time::local(instant.naive_utc(), &before) };
        let now = start + TimeDelta::minutes(passed);
        let again = time.resolved_again(&after, now);
        prop_assert_eq!(again.fixed, fixed);
        if time.at <= now {
            prop_assert_eq!(again, time, "the past stays");
        } else if fixed {
            prop_assert_eq!(again.at, time.at);
            prop_assert_eq!(again.local, after.local(time.at));
        } else {
            prop_assert_eq!(again.local, time.local);
            // On the clocks of the zone it is this time, or the first after a gap.
            prop_assert!(after.local(again.at) >= time.local);
            prop_assert!(after.local(again.at) - time.local <= TimeDelta::hours(2));
        }
        prop_assert_eq!(again.within(&after), if time.at <= now { time.within(&after) } else { again });
    }

    #[test]
    fn b6_every_batch_is_released_once_and_paced(
        held in vec(1i64..300, 0..60),
        caps in vec(0i64..2_000, 1..80),
        batches in 1u32..10,
    ) {
        let plan = ReleasePlan { pace: Pace::Every { batches, minutes: 5 }, paced_to_caps: true };
        let mut rest = held.as_slice();
        for cap in caps {
            let step = plan.step(rest, Some(CapRoom { left: cap, day: cap, spoken_for: 0 }));
            prop_assert!(step.batches <= batches as usize);
            let released = &rest[..step.batches];
            let alone = released.len() == 1 && cap > 0 && released[0] > cap;
            prop_assert!(alone || released.iter().sum::<i64>() <= cap);
            rest = &rest[step.batches..];
            prop_assert_eq!(step.again == Again::Never, rest.is_empty());
        }
    }

    #[test]
    fn c4_any_way_of_writing_a_number_is_read_as_it(area in 200u32..1_000, exchange in 200u32..1_000, line in 0u32..10_000, form in 0usize..6) {
        let written = match form {
            0 => format!("{area}{exchange}{line:04}"),
            1 => format!("({area}) {exchange}-{line:04}"),
            2 => format!("+1 {area} {exchange} {line:04}"),
            3 => format!("1.{area}.{exchange}.{line:04}"),
            4 => format!("=\"{area}-{exchange}-{line:04}\""),
            _ => format!("\u{feff}{area}\u{2011}{exchange}\u{2011}{line:04}\u{200b}"),
        };
        let number = phone::read(&written).unwrap();
        prop_assert_eq!(number.as_str(), format!("+1{area}{exchange}{line:04}"));
        prop_assert!(!number_zones::zones_of(number.national()).is_empty());
    }

    #[test]
    fn c4_reading_a_cell_never_panics(cell in any::<String>()) {
        let _ = phone::read(&cell);
    }

    #[test]
    fn m1_parsing_and_rendering_never_panic(script in any::<String>(), value in any::<String>()) {
        if let Ok(template) = Template::parse(&script, |_| true) {
            let _ = template.render(|_| Some(value.as_str()));
        }
    }

    #[test]
    fn i2_reading_a_text_and_checking_a_script_never_panic(text in any::<String>(), own in any::<String>()) {
        let _ = classify(&text, std::slice::from_ref(&own), true);
        let _ = template::check(&text, Checks { fields: std::slice::from_ref(&own), limit: 500, opt_out_words: Some(&[]) });
    }

    #[test]
    fn i2a_a_reaction_to_any_text_of_ours_opts_nobody_out(
        lead in select(vec!["Liked", "Laughed at", "👍 to", "Reacted 😂 to", "Removed a heart from", "Le gustó", "A aimé"]),
        marks in select(vec![("“", "”"), ("\"", "\""), ("«", "»"), ("“", "…"), ("“", "")]),
        ours in "[^“”\"«»„‟‹›「」『』＂]{0,60}",
        way_out in select(vec!["Reply STOP to opt out", "Text STOPALL to quit", "Stop2End", "unsubscribe", "Stop texting me"]),
    ) {
        let text = format!("{lead} {}{ours} {way_out}{}", marks.0, marks.1);
        prop_assert_eq!(classify(&text, &[], false), Intent::Conversation, "{}", text);
    }

    #[test]
    fn i2_a_keyword_opts_out_however_it_is_dressed(
        word in select(vec!["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "remove"]),
        before in "[ .!\"]{0,3}",
        after in "[ .!?\"]{0,3}",
        upper in any::<bool>(),
    ) {
        let word = if upper { word.to_uppercase() } else { word.to_owned() };
        let text = format!("{before}{word}{after}");
        prop_assert_eq!(classify(&text, &[], false), Intent::OptOut);
    }
}

#[test]
fn the_model_knows_less_about_2026() {
    // Why the rules do not come from chrono-tz: its database is older than British Columbia's last
    // change of clocks.
    let noon = NaiveDate::from_ymd_opt(2026, 12, 15).unwrap().and_hms_opt(12, 0, 0).unwrap();
    let ours = Zone::parse("America/Vancouver").unwrap().resolve(noon);
    assert_eq!((ours.day(), ours.hour()), (15, 19));
}
