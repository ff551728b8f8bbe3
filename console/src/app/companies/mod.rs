//! `…/companies`: limits of phone companies: the day's allowance, the speed, texts that wait for
//! it, and the registered campaigns with speeds of their own.

mod registered;

use std::collections::BTreeMap;

use axum::{
    Router,
    response::Response,
    routing::{get, post},
};
use muster_domain::sending::brand_hold::BrandHoldReason;
use serde::Deserialize;
use serde_json::json;

use crate::{
    Console,
    app::{
        desk::Desk,
        kit::{Body, Cell, Field, Form, Table, Tone},
    },
    client::{Operation, Problem, operations::admin as operations},
    form::Fields,
    pictures::number,
    words::states,
};

/// Phone companies by their words in the API.
const COMPANIES: [(&str, &str); 3] = [("t-mobile", "T-Mobile"), ("att", "AT&T"), ("verizon", "Verizon")];

#[derive(Deserialize)]
struct Caps {
    caps: Vec<Cap>,
    days: Vec<Day>,
}

#[derive(Deserialize)]
struct Cap {
    carrier: String,
    daily_segments: i64,
}

#[derive(Deserialize)]
struct Day {
    carrier: String,
    day: String,
    daily_limit: i64,
    reserved: i64,
    settled: i64,
}

#[derive(Deserialize)]
struct Tier {
    tier: String,
    description: String,
    daily_segments: Option<i64>,
}

#[derive(Deserialize)]
struct Chosen {
    tier: Option<String>,
    organizations: i64,
}

#[derive(Deserialize)]
struct Rates {
    segments_per_minute: BTreeMap<String, i64>,
    lanes: Vec<Lane>,
    hold: Option<Hold>,
    att_classes: BTreeMap<String, i64>,
}

#[derive(Deserialize)]
struct Lane {
    lane: String,
    segments_per_minute: i64,
    waiting_segments: i64,
}

#[derive(Deserialize)]
struct Hold {
    reason: String,
    until: Option<String>,
}

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/companies", get(show))
        .route("/companies/allowance", post(choose))
        .route("/companies/own", post(own))
        .route("/companies/speed", post(speed))
        .merge(registered::routes())
}

/// Returns a phone company's name for people.
pub(crate) fn company(word: &str) -> String {
    COMPANIES.iter().find(|(known, _)| *known == word).map_or_else(|| word.to_owned(), |(_, name)| (*name).to_owned())
}

/// Returns phone companies as options of a form, with those that have values already.
fn options<'w>(more: impl Iterator<Item = &'w String>) -> Vec<(String, String)> {
    let known = COMPANIES.iter().map(|(word, name)| ((*word).to_owned(), (*name).to_owned()));
    let more = more.filter(|word| COMPANIES.iter().all(|(known, _)| known != word));
    known.chain(more.map(|word| (word.clone(), word.clone()))).collect()
}

fn parts(limit: Option<i64>, of: &str) -> String {
    limit.map_or_else(|| "No limit".to_owned(), |limit| format!("{} parts of texts {of}", number(limit)))
}

async fn show(desk: Desk) -> Result<Response, Problem> {
    let body = content(&desk, None, &Fields::default()).await?;
    Ok(desk.page("Phone companies", "companies", body))
}

/// A refusal, and the form that it is about.
type Refusal<'p> = Option<(&'p Problem, &'static str)>;

async fn content(desk: &Desk, problem: Refusal<'_>, typed: &Fields) -> Result<Body, Problem> {
    let caps = desk.call(&operations::CAPS, []);
    let tiers = desk.call(&operations::CAP_TIERS, []);
    let chosen = desk.call(&operations::CAP_TIER, []);
    let rates = desk.call(&operations::RATES, []);
    let (caps, tiers, chosen, rates): (Caps, Vec<Tier>, Chosen, Rates) =
        futures::try_join!(caps.read(), tiers.read(), chosen.read(), rates.read())?;
    let mut body = Body::new();
    body.say(
        "Phone companies limit how many parts of texts go out a day, and how fast. What does not fit waits, \
        and goes when it may.",
    );
    if let Some(hold) = &rates.hold {
        body.words(Tone::Bad, &states::of_word::<BrandHoldReason>(&hold.reason));
        body.facts(&[("Until".to_owned(), Cell::time(hold.until.as_deref()))]);
    }
    allowance(&caps, &tiers, &chosen, &mut body);
    if desk.is_organization_admin() {
        allowance_forms(desk, &caps, &tiers, &chosen, (problem, typed), &mut body);
    }
    speeds(&rates, &mut body);
    if desk.is_organization_admin() {
        let form = Form::new("speed", desk.at("/companies/speed"), "Save the speed")
            .add(Field::choice("carrier", "Phone company", options(rates.segments_per_minute.keys())))
            .add(
                Field::line("segments_per_minute", "Parts of texts in a minute", "number")
                    .value(if is_of(problem, "speed") { typed.raw("segments_per_minute") } else { "" })
                    .hint("Blank means no limit there."),
            );
        body.form(&refused(desk, form, problem, "speed"));
    }
    registered::list(desk, &mut body).await?;
    Ok(body)
}

fn is_of(problem: Refusal<'_>, form: &str) -> bool {
    problem.is_some_and(|(_, at)| at == form)
}

fn refused(desk: &Desk, form: Form, problem: Refusal<'_>, of: &str) -> Form {
    desk.refused(form, problem.filter(|(_, at)| *at == of).map(|(problem, _)| problem))
}

/// Adds the allowance of a day, and how the last days used it.
fn allowance(caps: &Caps, tiers: &[Tier], chosen: &Chosen, body: &mut Body) {
    body.heading("The day's allowance");
    let registration = chosen.tier.as_deref().and_then(|word| tiers.iter().find(|tier| tier.tier == word));
    let registration = registration.map_or("Set by hand", |tier| tier.description.as_str());
    let mut facts = vec![("By the registration".to_owned(), Cell::text(registration))];
    for cap in &caps.caps {
        facts.push((company(&cap.carrier), Cell::text(parts(Some(cap.daily_segments), "a day"))));
    }
    if caps.caps.is_empty() {
        facts.push(("All phone companies".to_owned(), Cell::text("No limit a day")));
    }
    facts.push(("Organizations that share it".to_owned(), Cell::Number(chosen.organizations)));
    body.facts(&facts);
    let heads = ["Day", "Phone company", "Sent", "On the way", "Allowed"];
    let mut table = Table::new("The last days", &heads, "Nothing was sent yet that counts.");
    for day in &caps.days {
        let date = day.day.parse().map_or_else(|_| day.day.clone(), crate::app::when::day);
        table.row(vec![
            Cell::text(date),
            Cell::text(company(&day.carrier)),
            Cell::Number(day.settled),
            Cell::Number(day.reserved),
            Cell::Number(day.daily_limit),
        ]);
    }
    body.table(&table);
}

fn allowance_forms(
    desk: &Desk,
    caps: &Caps,
    tiers: &[Tier],
    chosen: &Chosen,
    (problem, typed): (Refusal<'_>, &Fields),
    body: &mut Body,
) {
    let told = |tier: &Tier| format!("{}: {}", tier.description, parts(tier.daily_segments, "a day").to_lowercase());
    let none = chosen.tier.is_none().then(|| (String::new(), "Choose one".to_owned()));
    let choices = tiers.iter().map(|tier| (tier.tier.clone(), told(tier)));
    let form = Form::new("allowance", desk.at("/companies/allowance"), "Use this allowance").add(
        Field::choice("tier", "How you are registered", none.into_iter().chain(choices).collect())
            .value(chosen.tier.as_deref().unwrap_or_default())
            .needed()
            .hint("The one who registered you tells you the score. It holds for texts that wait already."),
    );
    body.form(&refused(desk, form, problem, "allowance"));
    let carriers: Vec<_> = caps.caps.iter().map(|cap| cap.carrier.clone()).collect();
    let form = Form::new("own", desk.at("/companies/own"), "Save the number")
        .add(Field::choice("carrier", "Phone company", options(carriers.iter())))
        .add(
            Field::line("daily_segments", "Parts of texts a day", "number")
                .value(if is_of(problem, "own") { typed.raw("daily_segments") } else { "" })
                .hint("Blank means no limit there."),
        );
    body.say("If you were told another number, set it by hand.").form(&refused(desk, form, problem, "own"));
}

/// Adds the speeds, and the texts that wait for them.
fn speeds(rates: &Rates, body: &mut Body) {
    body.heading("Speed");
    let mut table = Table::new(
        "How fast texts go",
        &["Phone company", "Parts of texts in a minute"],
        "There is no limit of speed.",
    );
    for (carrier, pace) in &rates.segments_per_minute {
        table.row(vec![Cell::text(company(carrier)), Cell::Number(*pace)]);
    }
    body.table(&table);
    let heads = ["What they wait for", "Parts in a minute", "Parts that wait"];
    let mut table = Table::new("Texts that wait for their turn", &heads, "No text waits for its turn.");
    for lane in &rates.lanes {
        let name = match lane.lane.split_once(':') {
            Some(("number", phone)) => crate::app::phone(phone),
            Some((_, rest)) => company(rest.rsplit(':').next().unwrap_or(rest)),
            None => lane.lane.clone(),
        };
        let waiting = Cell::Number(lane.waiting_segments);
        table.row(vec![Cell::text(name), Cell::Number(lane.segments_per_minute), waiting]);
    }
    body.table(&table);
}

/// Returns a number of a form as the API takes it; a blank field is no limit.
fn limit(fields: &Fields, name: &str) -> serde_json::Value {
    match fields.some(name) {
        None => serde_json::Value::Null,
        Some(typed) => typed.parse::<i64>().map_or_else(|_| json!(typed), |number| json!(number)),
    }
}

async fn put(
    desk: &Desk,
    operation: &'static Operation,
    wanted: serde_json::Value,
    (form, fields): (&'static str, &Fields),
) -> Result<Response, Problem> {
    match desk.call(operation, []).json(&wanted).done().await {
        Ok(()) => Ok(desk.done("/companies", "Saved. It holds from now on.")),
        Err(problem) if problem.is_of_the_input() => {
            let body = content(desk, Some((&problem, form)), fields).await?;
            Ok(desk.wrong(&problem, "Phone companies", "companies", body))
        }
        Err(problem) => Err(problem),
    }
}

async fn choose(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let wanted = json!({ "tier": fields.get("tier") });
    put(&desk, &operations::CHOOSE_CAP_TIER, wanted, ("allowance", &fields)).await
}

async fn own(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let wanted = json!({ "carrier": fields.get("carrier"), "daily_segments": limit(&fields, "daily_segments") });
    put(&desk, &operations::SET_CAP, wanted, ("own", &fields)).await
}

async fn speed(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let pace = limit(&fields, "segments_per_minute");
    let wanted = json!({ "carrier": fields.get("carrier"), "segments_per_minute": pace });
    put(&desk, &operations::SET_RATE, wanted, ("speed", &fields)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_company_has_its_name_and_a_blank_limit_is_none() {
        assert_eq!([company("att"), company("regional")], ["AT&T", "regional"]);
        let fields = Fields::read(b"a=&b=12&c=many").unwrap();
        assert_eq!(
            [limit(&fields, "a"), limit(&fields, "b"), limit(&fields, "c")],
            [json!(null), json!(12), json!("many")]
        );
    }
}
