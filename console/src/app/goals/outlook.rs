//! The outlook of a goal: how many people a launch would text, those left out and why, the texts
//! as they would be, and when it would be done.

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use chrono::NaiveDate;
use muster_domain::goals::forecast::UnreachedReason;
use serde::Deserialize;

use crate::{
    app::{
        Ids,
        desk::Desk,
        goals::{answer::Goal, steps},
        kit::{Body, Bubble, Cell, Table, Tone},
        when,
    },
    client::{List, Problem, operations::admin as operations},
    pictures::{self, forecast::Day, number},
    words::states::{self, Words},
};

#[derive(Deserialize)]
struct Segments {
    segments: i64,
}

#[derive(Deserialize)]
struct Preview {
    contacts: i64,
    sample: Segments,
    segments: i64,
    excluded: BTreeMap<String, i64>,
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
struct Filter {
    filter: String,
    needs: String,
    leaves_out: i64,
}

#[derive(Deserialize)]
struct LeftOut {
    id: String,
    first_name: String,
    last_name: String,
    excluded: Option<String>,
}

#[derive(Deserialize)]
struct Texts {
    texts: Vec<Text>,
}

#[derive(Deserialize)]
struct Text {
    first_name: String,
    last_name: String,
    text: Option<String>,
    segments: Option<Segments>,
    missing: Vec<String>,
    too_long: bool,
}

#[derive(Deserialize)]
struct Forecast {
    finishes_at: Option<String>,
    reached: i64,
    unreached: i64,
    unreached_contacts: Vec<Unreached>,
    segments_by_day: BTreeMap<NaiveDate, i64>,
}

#[derive(Deserialize)]
struct Unreached {
    contacts: i64,
    why: String,
    states: Vec<String>,
}

/// The people of a draft, after its page: counting them reads the whole group.
pub(crate) async fn people_part(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let goal = steps::goal(&desk, &ids.goal_id).await?;
    let mut body = Body::new();
    people(&desk, &goal, &mut body).await?;
    excluded(&desk, &goal, &mut body).await?;
    Ok(Desk::part(body))
}

/// The texts of a goal as some of its people get them, after its page.
pub(crate) async fn texts_part(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let goal = steps::goal(&desk, &ids.goal_id).await?;
    let mut body = Body::new();
    all_texts(&desk, &goal, &mut body).await?;
    Ok(Desk::part(body))
}

/// Adds the number of people, the parts of their texts, and those left out.
pub(crate) async fn people(desk: &Desk, goal: &Goal, body: &mut Body) -> Result<(), Problem> {
    let preview: Preview = desk.call(&operations::PREVIEW, [&goal.id]).read().await?;
    let each = preview.sample.segments;
    if preview.contacts == 0 {
        let why = "Nobody of the group fits, or can be texted. Change who gets it, or add people to the group.";
        body.note(Tone::Warn, "0 people would be texted", why);
    } else {
        let parts = if goal.script.trim().is_empty() {
            "There is no text yet, so what it costs is not known.".to_owned()
        } else {
            format!(
                "About {} parts of texts in all, {} for each person. Phone companies bill by the part.",
                number(preview.segments),
                number(each)
            )
        };
        body.note(Tone::Good, &format!("{} people would be texted", number(preview.contacts)), parts);
    }
    let mut table = Table::new("People who are left out", &["Why", "People", "What it means"], "Nobody is left out.");
    for (reason, people) in &preview.excluded {
        let Words { what, why, now } = states::exclusion(reason);
        table.row(vec![Cell::text(what), Cell::Number(*people), Cell::text(format!("{why} {now}"))]);
    }
    for filter in preview.filters.iter().filter(|filter| filter.leaves_out > 0) {
        let why = needs(&filter.filter, &filter.needs);
        table.row(vec![Cell::text(place(&filter.filter)), Cell::Number(filter.leaves_out), Cell::text(why)]);
    }
    body.table(&table);
    Ok(())
}

/// Adds some of the people that cannot be texted, by name.
pub(crate) async fn excluded(desk: &Desk, goal: &Goal, body: &mut Body) -> Result<(), Problem> {
    let call = desk.call(&operations::PREVIEW_CONTACTS, [&goal.id]).query("show", "excluded").query("limit", 20);
    let list: List<LeftOut> = call.read().await?;
    if list.items.is_empty() {
        return Ok(());
    }
    let mut table = Table::new("Some of the people who cannot be texted", &["Person", "Why"], "");
    for person in list.items {
        let name = crate::app::name(&person.first_name, &person.last_name);
        let why = states::exclusion(person.excluded.as_deref().unwrap_or_default());
        table.row(vec![Cell::link(desk.at(&format!("/people/{}", person.id)), name), Cell::state(Tone::Warn, &why)]);
    }
    let mut inner = Body::new();
    inner.table(&table);
    body.fold("Show names", &inner);
    Ok(())
}

/// Adds the first text and the reminder as real people would get them.
pub(crate) async fn all_texts(desk: &Desk, goal: &Goal, body: &mut Body) -> Result<(), Problem> {
    texts(desk, goal, false, body).await?;
    if goal.reminder_script.is_some() {
        texts(desk, goal, true, body).await?;
    }
    Ok(())
}

async fn texts(desk: &Desk, goal: &Goal, reminder: bool, body: &mut Body) -> Result<(), Problem> {
    let call = desk.call(&operations::PREVIEW_TEXTS, [&goal.id]).query("sample", 3).query("reminder", reminder);
    let texts: Texts = call.read().await?;
    if texts.texts.is_empty() {
        body.say("When somebody fits, their texts are shown here as they will get them.");
        return Ok(());
    }
    body.heading(if reminder { "The reminder, as people get it" } else { "The text, as people get it" });
    let bubbles = texts.texts.into_iter().map(|text| {
        let head = crate::app::name(&text.first_name, &text.last_name);
        let foot = match (&text.segments, text.too_long) {
            (_, true) => "The text is too long for this person. They would not get it.".to_owned(),
            (Some(segments), _) if segments.segments == 1 => "1 part".to_owned(),
            (Some(segments), _) => format!("{} parts", segments.segments),
            (None, false) => {
                let fields: Vec<_> = text.missing.iter().map(|field| states::plain_field(field)).collect();
                format!("They would not get it: nothing is known for {}.", fields.join(", "))
            }
        };
        Bubble { is_theirs: false, head, body: text.text.unwrap_or_default(), foot }
    });
    let bubbles: Vec<_> = bubbles.collect();
    body.texts(&bubbles);
    Ok(())
}

/// Adds the end of the goal, and the number that it would not reach. Texts that `happened` by day
/// stand beside it.
pub(crate) async fn forecast(
    desk: &Desk,
    goal: &Goal,
    happened: &BTreeMap<NaiveDate, i64>,
    body: &mut Body,
) -> Result<(), Problem> {
    let forecast: Forecast = desk.call(&operations::FORECAST, [&goal.id]).read().await?;
    if forecast.reached + forecast.unreached == 0 {
        body.say("Nobody is left to be texted.");
    }
    match &forecast.finishes_at {
        Some(at) if forecast.reached > 0 => {
            let at = format!(
                "The last text goes on {} ({} time), if your texters send without a pause.",
                when::local(at, &goal.zone),
                when::place(&goal.zone)
            );
            body.note(Tone::Good, "Everybody is reached in time", at);
        }
        None if forecast.unreached > 0 => {
            let told = format!(
                "{} people are reached before the goal closes, {} are not.",
                number(forecast.reached),
                number(forecast.unreached)
            );
            body.note(Tone::Warn, "Not everybody is reached", told);
        }
        Some(_) | None => {}
    }
    let mut table = Table::new("People who would not be reached", &["Why", "People", "Where", "What to do"], "");
    for unreached in &forecast.unreached_contacts {
        let words = states::of_word::<UnreachedReason>(&unreached.why);
        let places = if unreached.states.is_empty() { "–".to_owned() } else { unreached.states.join(", ") };
        table.row(vec![
            Cell::text(words.what),
            Cell::Number(unreached.contacts),
            Cell::text(places),
            Cell::text(words.now),
        ]);
    }
    if !forecast.unreached_contacts.is_empty() {
        body.table(&table);
    }
    let days = forecast.segments_by_day.keys().chain(happened.keys()).collect::<std::collections::BTreeSet<_>>();
    if !days.is_empty() {
        let days = days.into_iter().map(|day| Day {
            label: when::day(*day),
            expected: forecast.segments_by_day.get(day).copied(),
            happened: happened.get(day).copied(),
        });
        body.picture(&pictures::forecast::draw(&days.collect::<Vec<_>>()));
    }
    Ok(())
}

/// Returns a condition's place as people say it.
pub(crate) fn place(filter: &str) -> &'static str {
    let name = filter.split(['[', '.']).next().unwrap_or_default();
    match name {
        "tags_all" => "Must have a tag",
        "tags_any" => "Must have one of the tags",
        "tags_none" => "Must not have a tag",
        "fields" => "A field",
        "attributes" => "A value",
        "member_of" => "Must be in another group",
        "not_member_of" => "Must not be in another group",
        "earlier_goals" => "An earlier goal",
        _ => "A condition",
    }
}

/// Returns the facts of a person that fit a condition, as people say them.
pub(crate) fn needs(filter: &str, needs: &str) -> String {
    match filter.split(['[', '.']).next() {
        // These name groups and goals by their ids.
        Some("member_of") => "A person who fits is in the other group as well.".to_owned(),
        Some("not_member_of") => "A person who fits is not in the other group.".to_owned(),
        Some("earlier_goals") => "A person who fits has one of the results in the earlier goal.".to_owned(),
        _ => format!("A person who fits {}.", needs.replace('_', " ").trim_end_matches('.')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_told_without_ids_and_marks() {
        assert_eq!(place("tags_all[0]"), "Must have a tag");
        assert_eq!(needs("tags_all[0]", "has the tag walker"), "A person who fits has the tag walker.");
        assert_eq!(needs("attributes[0]", "postal_code has a value"), "A person who fits postal code has a value.");
        assert!(!needs("member_of[0]", "is in the group 0198").contains("0198"));
    }
}
