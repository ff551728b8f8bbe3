//! `…/settings`: an organization's settings, in words.

mod words;

use axum::{
    Router,
    response::Response,
    routing::{get, post},
};
use muster_domain::tenancy::settings::{Form as Shape, SETTINGS};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    Console,
    app::{
        desk::Desk,
        kit::{Body, Field, Form, Link, Tone},
    },
    client::{Problem, operations::admin as operations},
    form::Fields,
};

/// The last minute of a day, which stands for the day's end.
const LAST_MINUTE: u32 = 23 * 60 + 59;

#[derive(Deserialize)]
struct Organization {
    name: String,
    settings: Map<String, Value>,
}

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new().route("/settings", get(show).post(save)).route("/settings/hold", post(end_hold))
}

async fn content(desk: &Desk, typed: Option<&Fields>, problem: Option<&Problem>) -> Result<(String, Body), Problem> {
    let organization: Organization = desk.call(&operations::ORGANIZATION, []).read().await?;
    let mut body = Body::new();
    if !desk.is_organization_admin() {
        body.note(Tone::Plain, "Organization admins change these", "Ask one of them.");
        return Ok((organization.name, body));
    }
    body.say("A change holds at once, also for texts that wait.");
    for (nth, section) in words::SECTIONS.iter().enumerate() {
        let mut form = Form::new(&format!("settings-{nth}"), desk.at("/settings"), "Save");
        let typed = typed.filter(|typed| typed.get("section") == *section);
        form = form.add(Field::hidden("section", *section));
        for setting in SETTINGS.iter().filter(|setting| words::of(setting.name).section == *section) {
            let now = organization.settings.get(setting.name).cloned().unwrap_or_default();
            form = fields(form, setting.name, &setting.form, &now, typed);
        }
        let problem = problem.filter(|_| typed.is_some());
        body.heading(section).form(&desk.refused(form, problem));
    }
    body.links(&[Link::new(desk.at("/audit"), "See who changed what")]);
    Ok((organization.name, body))
}

/// Adds the fields of a setting to a form, with its value, or the typed one.
fn fields(form: Form, name: &'static str, shape: &Shape, now: &Value, typed: Option<&Fields>) -> Form {
    let words = words::of(name);
    let value = |now: String| typed.map_or(now, |typed| typed.raw(name).to_owned());
    let text = now.as_str().map_or_else(|| now.to_string(), ToOwned::to_owned);
    match shape {
        Shape::Switch => {
            let is_on = typed.map_or(now == &json!(true), |typed| typed.is_ticked(name));
            form.add(Field::tick(name, words.label, is_on).hint(words.hint))
        }
        Shape::Number { least, most } => {
            let bounds = format!("{} From {least} to {most}.", words.hint);
            form.add(Field::line(name, words.label, "number").value(value(text)).hint(bounds.trim()))
        }
        Shape::Text { .. } => form.add(Field::area(name, words.label).value(value(text)).hint(words.hint)),
        Shape::Texts { .. } => {
            let lines: Vec<_> = now.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            form.add(
                Field::area(name, words.label)
                    .value(value(lines.join("\n")))
                    .hint(format!("{} One a line.", words.hint)),
            )
        }
        Shape::Word(options) => {
            let options = options.iter().map(|word| ((*word).to_owned(), words::word(word).to_owned()));
            form.add(Field::choice(name, words.label, options.collect()).value(value(text)).hint(words.hint))
        }
        Shape::Hours => {
            let clock = |member: &str| {
                let minute = now[member].as_u64().unwrap_or(0).min(LAST_MINUTE.into());
                typed.map_or_else(
                    || format!("{:02}:{:02}", minute / 60, minute % 60),
                    |typed| typed.raw(&format!("{name}.{member}")).to_owned(),
                )
            };
            form.add(
                Field::line(&format!("{name}.opens_minute"), "Texting begins each day at", "time")
                    .value(clock("opens_minute"))
                    .hint(words.hint),
            )
            .add(
                Field::line(&format!("{name}.closes_minute"), "Texting ends each day at", "time")
                    .value(clock("closes_minute")),
            )
        }
    }
}

/// Returns the settings of a section as the API takes them.
fn read(fields: &Fields) -> Map<String, Value> {
    let section = fields.get("section");
    let of_section = SETTINGS.iter().filter(|setting| words::of(setting.name).section == section);
    let read = of_section.map(|setting| {
        let name = setting.name;
        let value = match &setting.form {
            Shape::Switch => json!(fields.is_ticked(name)),
            Shape::Number { .. } => {
                fields.get(name).parse::<i64>().map_or_else(|_| json!(fields.get(name)), |number| json!(number))
            }
            Shape::Text { .. } | Shape::Word(_) => json!(fields.get(name)),
            Shape::Texts { .. } => fields.get(name).lines().map(str::trim).filter(|line| !line.is_empty()).collect(),
            Shape::Hours => {
                let minute = |member: &str| {
                    let (hours, minutes) = fields.get(&format!("{name}.{member}")).split_once(':').unwrap_or_default();
                    let minute = hours.parse::<u32>().ok().zip(minutes.parse::<u32>().ok());
                    let minute = minute.map(|(hours, minutes)| hours.saturating_mul(60).saturating_add(minutes));
                    // A field of a time of day has no 24:00.
                    minute.map(|minute| if minute == LAST_MINUTE { LAST_MINUTE + 1 } else { minute })
                };
                json!({ "opens_minute": minute("opens_minute"), "closes_minute": minute("closes_minute") })
            }
        };
        (name.to_owned(), value)
    });
    read.collect()
}

async fn show(desk: Desk) -> Result<Response, Problem> {
    let (name, body) = content(&desk, None, None).await?;
    Ok(desk.page(format!("Settings of {name}"), "settings", body))
}

async fn save(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    match desk.call(&operations::SETTINGS, []).json(&read(&fields)).done().await {
        Ok(()) => Ok(desk.done("/settings", "Saved. It holds from now on.")),
        Err(problem) if problem.is_of_the_input() => {
            let (name, body) = content(&desk, Some(&fields), Some(&problem)).await?;
            Ok(desk.wrong(&problem, format!("Settings of {name}"), "settings", body))
        }
        Err(problem) => Err(problem),
    }
}

/// Ends a phone company's hold, when the account there is in order again.
async fn end_hold(desk: Desk) -> Result<Response, Problem> {
    let done = desk.call(&operations::END_HOLD, []).done().await;
    desk.after("", done, "Texts go out again.")
}
