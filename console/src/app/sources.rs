//! `…/sources`: files that come again: their place, when they are fetched by themselves, and the
//! meaning of their columns.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::Path,
    response::Response,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Console,
    app::{
        Ids,
        desk::{Desk, group_name, group_options, key, once},
        imports::{field_name, field_word, zones},
        kit::{Act, Body, Cell, Field, Form, Link, Table, Tone},
        when,
    },
    client::{List, Problem, operations::admin as operations},
    form::{Fields, Query},
    page::see,
};

#[derive(Debug, Default, Deserialize)]
struct Source {
    #[serde(default)]
    id: String,
    group_id: String,
    name: String,
    url: Option<String>,
    mapping: BTreeMap<String, String>,
    tags: Vec<String>,
    consent_text: Option<String>,
    schedule: Option<Schedule>,
    #[serde(default)]
    checked_at: Option<String>,
    #[serde(default)]
    failure: Option<String>,
    #[serde(default)]
    last_import_id: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Schedule {
    cron: String,
    zone: String,
}

#[derive(Deserialize)]
struct Made {
    id: String,
}

/// When a source is fetched by itself, as the form says it.
#[derive(Debug, PartialEq, Eq)]
enum Rhythm {
    Never,
    Hourly,
    /// Each day, or each day from Monday to Friday, at a time.
    Daily {
        weekdays: bool,
        at: String,
    },
    /// Something else, which a program has set.
    Other,
}

impl Rhythm {
    fn of(schedule: Option<&Schedule>) -> Self {
        let Some(Schedule { cron, .. }) = schedule else { return Self::Never };
        let parts: Vec<_> = cron.split_whitespace().collect();
        let time = |minute: &str, hour: &str| {
            let (minute, hour) = (minute.parse::<u8>().ok()?, hour.parse::<u8>().ok()?);
            Some(format!("{hour:02}:{minute:02}"))
        };
        match parts.as_slice() {
            ["0", "*", "*", "*", "*"] => Self::Hourly,
            [minute, hour, "*", "*", days @ ("*" | "MON-FRI")] => match time(minute, hour) {
                Some(at) => Self::Daily { weekdays: *days != "*", at },
                None => Self::Other,
            },
            _ => Self::Other,
        }
    }

    /// Returns the word of the form's choice.
    fn word(&self) -> &'static str {
        match self {
            Self::Never => "",
            Self::Hourly => "hour",
            Self::Daily { weekdays: false, .. } => "day",
            Self::Daily { weekdays: true, .. } => "weekday",
            Self::Other => "kept",
        }
    }

    fn told(&self, zone: &str) -> String {
        let place = when::place(zone);
        match self {
            Self::Never => "Only when you ask".to_owned(),
            Self::Hourly => "Each hour".to_owned(),
            Self::Daily { weekdays: false, at } => format!("Each day at {at} ({place})"),
            Self::Daily { weekdays: true, at } => format!("Monday to Friday at {at} ({place})"),
            Self::Other => "At times that a program has set".to_owned(),
        }
    }
}

/// Returns the schedule of a form as the API takes it.
fn schedule(fields: &Fields, before: Option<&Schedule>) -> Value {
    let (hour, minute) = fields.get("at").split_once(':').unwrap_or(("6", "0"));
    let number = |text: &str| text.parse::<u8>().unwrap_or_default();
    let (hour, minute) = (number(hour), number(minute));
    let cron = match fields.get("rhythm") {
        "hour" => "0 * * * *".to_owned(),
        "day" => format!("{minute} {hour} * * *"),
        "weekday" => format!("{minute} {hour} * * MON-FRI"),
        "kept" => match before {
            Some(before) => before.cron.clone(),
            None => return Value::Null,
        },
        _ => return Value::Null,
    };
    json!({ "cron": cron, "zone": fields.get("zone") })
}

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/sources", get(list))
        .route("/sources/new", get(new).post(make))
        .route("/sources/{source_id}", get(show).post(save))
        .route("/sources/{source_id}/fetch", post(fetch))
        .route("/sources/{source_id}/delete", post(delete))
}

async fn list(desk: Desk, Query(asked): Query) -> Result<Response, Problem> {
    let mut body = Body::new();
    if !desk.is_organization_admin() {
        body.note(Tone::Plain, "Organization admins set these up", "Ask one of them.");
        return Ok(desk.page("Files that come again", "sources", body));
    }
    let call = desk.call(&operations::SOURCES, []).query("limit", 50).query_some("cursor", asked.some("cursor"));
    let list: List<Source> = call.read().await?;
    let groups = desk.groups().await?;
    body.say("A file that comes again is fetched from its place and imported when it has changed.");
    body.links(&[Link::main(desk.at("/sources/new"), "Set up a file"), Link::new(desk.at("/imports"), "All imports")]);
    let empty = "There is none yet. One could be the list that your other program writes each night.";
    let mut table = Table::new("Files that come again", &["Name", "Group", "When", "Looked at", "State"], empty);
    for source in &list.items {
        table.row(vec![
            Cell::link(desk.at(&format!("/sources/{}", source.id)), &source.name),
            Cell::text(group_name(&groups, &source.group_id)),
            Cell::text(told(source)),
            Cell::time(source.checked_at.as_deref()),
            state(source),
        ]);
    }
    table.more(list.next.map(|next| desk.at(&format!("/sources?{}", crate::app::query(&[("cursor", &next)])))));
    body.table(&table);
    Ok(desk.page("Files that come again", "sources", body))
}

fn told(source: &Source) -> String {
    let zone = source.schedule.as_ref().map_or("", |schedule| schedule.zone.as_str());
    Rhythm::of(source.schedule.as_ref()).told(zone)
}

fn state(source: &Source) -> Cell {
    let (tone, what) = match (&source.failure, &source.checked_at) {
        (Some(_), _) => (Tone::Bad, "Could not be fetched"),
        (None, Some(_)) => (Tone::Good, "Fetched"),
        (None, None) => (Tone::Plain, "Not fetched yet"),
    };
    Cell::State { tone, what: what.to_owned(), why: source.failure.clone().unwrap_or_default() }
}

async fn form(desk: &Desk, path: &str, now: &Source, problem: Option<&Problem>) -> Result<Form, Problem> {
    let groups = desk.groups().await?;
    let rhythm = Rhythm::of(now.schedule.as_ref());
    let mut rhythms = vec![
        (String::new(), "Only when I ask"),
        ("hour".to_owned(), "Each hour"),
        ("day".to_owned(), "Each day"),
        ("weekday".to_owned(), "Monday to Friday"),
    ];
    if rhythm == Rhythm::Other {
        rhythms.push(("kept".to_owned(), "As a program has set it"));
    }
    let rhythms = rhythms.into_iter().map(|(word, label)| (word, label.to_owned())).collect();
    let at = if let Rhythm::Daily { at, .. } = &rhythm { at.as_str() } else { "06:00" };
    let mut zones = zones();
    let zone = now.schedule.as_ref().map_or("", |schedule| schedule.zone.as_str());
    if !zone.is_empty() && zones.iter().all(|(known, _)| known != zone) {
        zones.push((zone.to_owned(), when::place(zone)));
    }
    let columns = now.mapping.iter().map(|(header, field)| format!("{header} = {}", field_name(field)));
    let form = Form::new("source", desk.at(path), "Save")
        .add(Field::hidden("key", once()))
        .add(Field::text("name", "Name").value(&now.name).needed().at_most(200))
        .add(Field::choice("group_id", "Group that its people join", group_options(&groups, None)).value(&now.group_id))
        .add(
            Field::line("url", "Its address", "text")
                .value(now.url.as_deref().unwrap_or_default())
                .at_most(2_000)
                .hint("https://… Blank means that you upload it by hand."),
        )
        .add(Field::choice("rhythm", "When it is fetched", rhythms).value(rhythm.word()))
        .add(Field::line("at", "At this time of day", "time").value(at).hint("For each day, and Monday to Friday."))
        .add(Field::choice("zone", "On the clocks of", zones).value(zone))
        .add(Field::text("tags", "Tags for everybody in it").value(now.tags.join(", ")).hint("Part them by commas."))
        .add(Field::area("columns", "What its columns mean").value(columns.collect::<Vec<_>>().join("\n")).hint(
            "Usual names are known. Otherwise a line each, such as: Handy = Mobile number. Leave it out \
                       with: Junk = Leave it out.",
        ))
        .add(
            Field::area("consent_text", "What the people agreed to")
                .value(now.consent_text.as_deref().unwrap_or_default())
                .at_most(2_000),
        );
    Ok(desk.refused(form, problem).back(desk.at("/sources")))
}

/// Returns a source of the form as the API takes it.
fn read(fields: &Fields, before: Option<&Schedule>) -> Value {
    let tags: Vec<_> = fields.get("tags").split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect();
    let columns = fields.get("columns").lines().filter_map(|line| line.rsplit_once('='));
    let mapping: BTreeMap<_, _> =
        columns.map(|(header, field)| (header.trim().to_owned(), field_word(field.trim()))).collect();
    json!({
        "group_id": fields.get("group_id"),
        "name": fields.get("name"),
        "url": fields.some("url"),
        "mapping": mapping,
        "tags": tags,
        "consent_text": fields.some("consent_text"),
        "schedule": schedule(fields, before),
    })
}

fn typed(fields: &Fields, before: Option<&Schedule>) -> Source {
    serde_json::from_value(read(fields, before)).unwrap_or_default()
}

async fn new(desk: Desk) -> Result<Response, Problem> {
    let mut body = Body::new();
    body.form(&form(&desk, "/sources/new", &Source::default(), None).await?);
    Ok(desk.page("Set up a file that comes again", "sources", body))
}

async fn make(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let call = desk.call(&operations::NEW_SOURCE, []).json(&read(&fields, None)).key(&key(fields.get("key")));
    let made: Result<Made, Problem> = call.read().await;
    match made {
        Ok(made) => Ok(see(&desk.at(&format!("/sources/{}", made.id)))),
        Err(problem) if problem.is_of_the_input() => {
            let mut body = Body::new();
            body.form(&form(&desk, "/sources/new", &typed(&fields, None), Some(&problem)).await?);
            Ok(desk.wrong(&problem, "Set up a file that comes again", "sources", body))
        }
        Err(problem) => Err(problem),
    }
}

async fn show(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let source: Source = desk.call(&operations::SOURCE, [&ids.source_id]).read().await?;
    let at = |rest: &str| desk.at(&format!("/sources/{}{rest}", source.id));
    let mut body = Body::new();
    if let Some(failure) = &source.failure {
        body.note(Tone::Bad, "It could not be fetched", format!("The other side says: {failure}"));
    }
    body.facts(&[
        ("When".to_owned(), Cell::text(told(&source))),
        ("State".to_owned(), state(&source)),
        ("Looked at".to_owned(), Cell::time(source.checked_at.as_deref())),
    ]);
    if let Some(id) = &source.last_import_id {
        body.links(&[Link::new(desk.at(&format!("/imports/{id}")), "See what its last import did")]);
    }
    if source.url.is_some() {
        body.act(&Act::new("fetch", at("/fetch"), "Fetch it now").main());
    }
    body.heading("Change it");
    body.form(&form(&desk, &format!("/sources/{}", source.id), &source, None).await?);
    let sure = "It is fetched no more. Its people stay.";
    body.act(&Act::new("delete", at("/delete"), "Delete it").sure(sure));
    Ok(desk.page(source.name, "sources", body))
}

async fn save(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let before: Source = desk.call(&operations::SOURCE, [&ids.source_id]).read().await?;
    let path = format!("/sources/{}", before.id);
    let wanted = read(&fields, before.schedule.as_ref());
    match desk.call(&operations::EDIT_SOURCE, [&before.id]).json(&wanted).done().await {
        Ok(()) => Ok(desk.done(&path, "Saved.")),
        Err(problem) if problem.is_of_the_input() => {
            let mut body = Body::new();
            body.form(&form(&desk, &path, &typed(&fields, before.schedule.as_ref()), Some(&problem)).await?);
            Ok(desk.wrong(&problem, before.name, "sources", body))
        }
        Err(problem) => Err(problem),
    }
}

async fn fetch(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let done = desk.call(&operations::FETCH_SOURCE, [&ids.source_id]).key(&once()).done().await;
    desk.after(&format!("/sources/{}", ids.source_id), done, "It is being fetched. Load the page again in a moment.")
}

async fn delete(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let done = desk.call(&operations::DELETE_SOURCE, [&ids.source_id]).done().await;
    desk.after("/sources", done, "It is deleted.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rhythm_is_read_as_the_form_writes_it_and_another_stays() {
        for (form, cron, told) in [
            ("rhythm=hour", "0 * * * *", "Each hour"),
            ("rhythm=day&at=06:30", "30 6 * * *", "Each day at 06:30 (New York)"),
            ("rhythm=weekday&at=18:00", "0 18 * * MON-FRI", "Monday to Friday at 18:00 (New York)"),
        ] {
            let fields = Fields::read(format!("{form}&zone=America/New_York").as_bytes()).unwrap();
            let written: Schedule = serde_json::from_value(schedule(&fields, None)).unwrap();
            assert_eq!(written.cron, cron);
            assert_eq!(Rhythm::of(Some(&written)).told(&written.zone), told);
        }
        let other = Schedule { cron: "*/5 8-20 * * SAT".to_owned(), zone: "America/Chicago".to_owned() };
        assert_eq!(Rhythm::of(Some(&other)), Rhythm::Other);
        let fields = Fields::read(b"rhythm=kept&zone=America/Chicago").unwrap();
        assert_eq!(schedule(&fields, Some(&other))["cron"], json!("*/5 8-20 * * SAT"));
        let none = Fields::read(b"rhythm=").unwrap();
        assert_eq!(schedule(&none, Some(&other)), Value::Null);
    }

    #[test]
    fn columns_are_named_as_people_name_them() {
        let fields = Fields::read(b"columns=Handy+%3D+Mobile+number%0AWard+%3D+Ward&tags=a,+b").unwrap();
        let read = read(&fields, None);
        assert_eq!(read["mapping"], json!({ "Handy": "phone", "Ward": "custom:Ward" }));
        assert_eq!((&read["tags"], &read["url"]), (&json!(["a", "b"]), &Value::Null));
    }
}
