//! The reading of expressions against the `cron` crate, in UTC, where nothing is repeated or left
//! out.

use chrono::{DateTime, Utc};
use muster_domain::engine::schedule::CronExpression;
use proptest::{prelude::*, sample::select};

use crate::schedule;

/// A field as cron(5) and as that crate write it. They differ about weekdays only.
type Field = (String, String);

fn same(text: impl Into<String>) -> Field {
    let text = text.into();
    (text.clone(), text)
}

fn number_field(lowest: u32, highest: u32) -> impl Strategy<Value = Field> {
    let range = (lowest..=highest, lowest..=highest).prop_map(|(one, other)| (one.min(other), one.max(other)));
    let element = prop_oneof![
        (lowest..=highest).prop_map(|number| number.to_string()),
        range.clone().prop_map(|(first, last)| format!("{first}-{last}")),
        (range, 1u32..9).prop_map(|((first, last), step)| format!("{first}-{last}/{step}")),
    ];
    prop_oneof![
        1 => Just(same("*")),
        1 => (1u32..13).prop_map(move |step| same(format!("*/{}", step.min(highest)))),
        4 => prop::collection::vec(element, 1..4).prop_map(|elements| same(elements.join(","))),
    ]
}

fn month_field() -> impl Strategy<Value = Field> {
    prop_oneof![
        3 => number_field(1, 12),
        1 => select(vec!["jan", "FEB", "Mar-Jun", "jul,sep", "feb-dec/5"]).prop_map(same),
    ]
}

fn weekday_field() -> impl Strategy<Value = Field> {
    prop_oneof![
        (0u32..8).prop_map(|day| (day.to_string(), (day % 7 + 1).to_string())),
        (0u32..7, 0u32..7).prop_map(|(one, other)| {
            let (first, last) = (one.min(other), one.max(other));
            (format!("{first}-{last}"), format!("{}-{}", first + 1, last + 1))
        }),
        Just(("5-7".to_owned(), "6,7,1".to_owned())),
        Just(("1-7/3".to_owned(), "2,5,1".to_owned())),
        select(vec!["mon-fri", "SUN,Wed", "tue", "sat"]).prop_map(same),
    ]
}

fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    (946_684_800i64..2_900_000_000).prop_map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap())
}

fn theirs(fields: &str, after: DateTime<Utc>, count: usize) -> Vec<DateTime<Utc>> {
    fields.parse::<cron::Schedule>().unwrap().after(&after).take(count).collect()
}

fn ours(fields: &str, after: DateTime<Utc>, count: usize) -> Vec<DateTime<Utc>> {
    schedule(fields, "UTC").fires_after(after).take(count).map(|fire| fire.at).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn fires_are_those_of_the_cron_crate(
        second in number_field(0, 59),
        minute in number_field(0, 59),
        hour in number_field(0, 23),
        day in number_field(1, 28),
        month in month_field(),
        after in instant(),
    ) {
        let fields = |of: fn(&Field) -> &str| [&second, &minute, &hour, &day, &month].map(of).join(" ");
        let (mine, cron) = (fields(|field| &field.0) + " *", fields(|field| &field.1) + " *");
        prop_assert_eq!(ours(&mine, after, 20), theirs(&cron, after, 20), "{}", mine);
    }

    #[test]
    fn weekdays_are_those_of_the_cron_crate_one_later(
        minute in number_field(0, 59),
        hour in number_field(0, 23),
        month in month_field(),
        weekday in weekday_field(),
        after in instant(),
    ) {
        let mine = format!("{} {} * {} {}", minute.0, hour.0, month.0, weekday.0);
        let cron = format!("0 {} {} * {} {}", minute.1, hour.1, month.1, weekday.1);
        prop_assert_eq!(ours(&mine, after, 20), theirs(&cron, after, 20), "{}", mine);
    }

    #[test]
    fn two_restricted_day_fields_fire_whenever_either_does(
        day in 1u32..32,
        weekday in weekday_field(),
        month in month_field(),
        after in instant(),
    ) {
        let mine = format!("30 6 {day} {} {}", month.0, weekday.0);
        let by_day = theirs(&format!("0 30 6 {day} {} *", month.1), after, 20);
        let by_weekday = theirs(&format!("0 30 6 * {} {}", month.1, weekday.1), after, 20);
        let mut either = [by_day, by_weekday].concat();
        either.sort_unstable();
        either.dedup();
        either.truncate(20);
        prop_assert_eq!(ours(&mine, after, 20), either, "{}", mine);
    }

    #[test]
    fn reading_anything_never_panics(text in "[-*/,?@0-9a-z ]{0,24}", other in any::<String>()) {
        let _ = CronExpression::parse(&text);
        let _ = CronExpression::parse(&other);
    }
}
