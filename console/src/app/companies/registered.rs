//! `…/companies/campaigns`: campaigns as they are registered, each with its speed and its numbers.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::Path,
    response::Response,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Rates, company, limit, options};
use crate::{
    Console,
    app::{
        Ids,
        desk::{Desk, key, once},
        kit::{Body, Cell, Field, Form, Link, Table, Tone},
    },
    client::{List, Problem, operations::admin as operations},
    form::Fields,
    pictures::number,
};

/// Numbers that the form offers; those beyond stay as they are.
const NUMBERS: u32 = 500;

#[derive(Debug, Default, Deserialize)]
struct Registered {
    id: String,
    name: String,
    class: Option<String>,
    segments_per_minute: BTreeMap<String, i64>,
    numbers: Vec<String>,
}

#[derive(Deserialize)]
struct Number {
    number: String,
    agent_name: Option<String>,
}

#[derive(Deserialize)]
struct Made {
    id: String,
}

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/companies/campaigns/new", get(new).post(make))
        .route("/companies/campaigns/{registered_campaign_id}", get(show).post(save))
        .route("/companies/campaigns/{registered_campaign_id}/numbers", post(save_numbers))
}

async fn all(desk: &Desk) -> Result<Vec<Registered>, Problem> {
    desk.call(&operations::REGISTERED_CAMPAIGNS, []).read().await
}

async fn find(desk: &Desk, id: &str) -> Result<Registered, Problem> {
    all(desk).await?.into_iter().find(|campaign| campaign.id == id).ok_or_else(Problem::nothing)
}

/// Adds the registered campaigns to the page of phone companies.
pub(super) async fn list(desk: &Desk, body: &mut Body) -> Result<(), Problem> {
    let campaigns = all(desk).await?;
    body.heading("Registered campaigns");
    body.say(
        "Everything is sent under your first registered campaign, at the speeds above. A further one that you \
        have registered has speeds and numbers of its own.",
    );
    let empty = "There is no further one.";
    let mut table = Table::new("Further registered campaigns", &["Name", "Class", "Speed", "Numbers"], empty);
    for campaign in &campaigns {
        let paces = campaign.segments_per_minute.iter();
        let paces: Vec<_> = paces.map(|(carrier, pace)| format!("{}: {}", company(carrier), number(*pace))).collect();
        let name = if desk.is_organization_admin() {
            Cell::link(desk.at(&format!("/companies/campaigns/{}", campaign.id)), &campaign.name)
        } else {
            Cell::text(&campaign.name)
        };
        table.row(vec![
            name,
            Cell::some(campaign.class.as_deref()),
            Cell::some(Some(&paces.join(", "))),
            Cell::Number(i64::try_from(campaign.numbers.len()).unwrap_or(i64::MAX)),
        ]);
    }
    body.table(&table);
    if desk.is_organization_admin() {
        body.links(&[Link::new(desk.at("/companies/campaigns/new"), "Add a registered campaign")]);
    }
    Ok(())
}

async fn form(desk: &Desk, path: &str, now: &Registered, problem: Option<&Problem>) -> Result<Form, Problem> {
    let rates: Rates = desk.call(&operations::RATES, []).read().await?;
    let none = (String::new(), "I do not know it".to_owned());
    let classes = rates.att_classes.iter();
    let classes = classes.map(|(class, pace)| (class.clone(), format!("{class}: {} parts in a minute", number(*pace))));
    let mut form = Form::new("registered", desk.at(path), "Save")
        .add(Field::hidden("key", once()))
        .add(Field::text("name", "Name").value(&now.name).needed().at_most(200))
        .add(
            Field::choice("class", "Class at AT&T", std::iter::once(none).chain(classes).collect())
                .value(now.class.as_deref().unwrap_or_default())
                .hint("It stands in the registration, and gives the speed there."),
        );
    for (word, name) in options(now.segments_per_minute.keys()) {
        let pace = now.segments_per_minute.get(&word).map_or_else(String::new, ToString::to_string);
        form = form.add(
            Field::line(&format!("pace.{word}"), &format!("{name}: parts of texts in a minute"), "number")
                .value(pace)
                .hint("Blank means no limit, or the one of the class."),
        );
    }
    Ok(desk.refused(form, problem).back(desk.at("/companies")))
}

/// Returns a registered campaign of the form as the API takes it. A speed of the former class goes
/// with the class.
fn read(fields: &Fields, before: &Registered) -> Value {
    let class = fields.some("class");
    let is_other = class != before.class.as_deref();
    let is_of_the_former_class = |word: &str, typed: &str| {
        let is_kept = before.segments_per_minute.get(word).is_some_and(|pace| pace.to_string() == typed);
        word == "att" && is_other && class.is_some() && is_kept
    };
    let paces = fields.under("pace.").filter(|(_, typed)| !typed.is_empty());
    let paces = paces.filter(|(word, typed)| !is_of_the_former_class(word, typed));
    let paces: BTreeMap<_, _> = paces.map(|(word, _)| (word, limit(fields, &format!("pace.{word}")))).collect();
    json!({ "name": fields.get("name"), "class": class, "segments_per_minute": paces })
}

/// Returns the typed values, to show them again.
fn typed(fields: &Fields) -> Registered {
    let paces = fields.under("pace.").filter_map(|(word, typed)| Some((word.to_owned(), typed.parse().ok()?)));
    Registered {
        name: fields.raw("name").to_owned(),
        class: fields.some("class").map(ToOwned::to_owned),
        segments_per_minute: paces.collect(),
        ..Registered::default()
    }
}

async fn new(desk: Desk) -> Result<Response, Problem> {
    let mut body = Body::new();
    body.form(&form(&desk, "/companies/campaigns/new", &Registered::default(), None).await?);
    Ok(desk.page("Add a registered campaign", "companies", body))
}

async fn make(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let wanted = read(&fields, &Registered::default());
    let call = desk.call(&operations::NEW_REGISTERED_CAMPAIGN, []).json(&wanted).key(&key(fields.get("key")));
    let made: Result<Made, Problem> = call.read().await;
    match made {
        Ok(made) => {
            Ok(desk.done(&format!("/companies/campaigns/{}", made.id), "It is added. Choose its numbers below."))
        }
        Err(problem) if problem.is_of_the_input() => {
            let mut body = Body::new();
            body.form(&form(&desk, "/companies/campaigns/new", &typed(&fields), Some(&problem)).await?);
            Ok(desk.wrong(&problem, "Add a registered campaign", "companies", body))
        }
        Err(problem) => Err(problem),
    }
}

async fn show(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let campaign = find(&desk, &ids.registered_campaign_id).await?;
    let at = format!("/companies/campaigns/{}", campaign.id);
    let mut body = Body::new();
    body.form(&form(&desk, &at, &campaign, None).await?);
    numbers(&desk, &campaign, &mut body).await?;
    Ok(desk.page(campaign.name, "companies", body))
}

async fn offered(desk: &Desk) -> Result<Vec<Number>, Problem> {
    let list: List<Number> = desk.call(&operations::NUMBERS, []).query("limit", NUMBERS).read().await?;
    Ok(list.items)
}

async fn numbers(desk: &Desk, campaign: &Registered, body: &mut Body) -> Result<(), Problem> {
    let all = offered(desk).await?;
    body.heading("Numbers that text for it");
    if all.is_empty() {
        body.note(Tone::Plain, "There is no number yet", "Those who run this installation give you numbers.");
        return Ok(());
    }
    let told = |number: &Number| match &number.agent_name {
        Some(name) => format!("{}, {name}", crate::app::phone(&number.number)),
        None => crate::app::phone(&number.number),
    };
    let boxes = all.iter().map(|number| (number.number.clone(), told(number))).collect();
    let boxes = campaign.numbers.iter().fold(Field::boxes("numbers", "Numbers", boxes), Field::value);
    let action = desk.at(&format!("/companies/campaigns/{}/numbers", campaign.id));
    body.say("All other numbers text for your first registered campaign.");
    body.form(&Form::new("numbers", action, "Save the numbers").add(boxes));
    Ok(())
}

async fn save(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let before = find(&desk, &ids.registered_campaign_id).await?;
    let call = desk.call(&operations::EDIT_REGISTERED_CAMPAIGN, [&before.id]).json(&read(&fields, &before));
    match call.done().await {
        Ok(()) => Ok(desk.done("/companies", "Saved. It holds from now on.")),
        Err(problem) if problem.is_of_the_input() => {
            let shown = Registered { id: before.id.clone(), numbers: before.numbers, ..typed(&fields) };
            let at = format!("/companies/campaigns/{}", shown.id);
            let mut body = Body::new();
            body.form(&form(&desk, &at, &shown, Some(&problem)).await?);
            numbers(&desk, &shown, &mut body).await?;
            Ok(desk.wrong(&problem, "Edit a registered campaign", "companies", body))
        }
        Err(problem) => Err(problem),
    }
}

async fn save_numbers(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let before = find(&desk, &ids.registered_campaign_id).await?;
    let offered = offered(&desk).await?;
    // A number that the form did not offer stays.
    let unseen = before.numbers.iter().filter(|number| offered.iter().all(|one| one.number != **number));
    let wanted: Vec<_> = fields.all("numbers").chain(unseen.map(String::as_str)).collect();
    let wanted = json!({ "numbers": wanted });
    let done = desk.call(&operations::REGISTERED_CAMPAIGN_NUMBERS, [&before.id]).json(&wanted).done().await;
    desk.after(&format!("/companies/campaigns/{}", before.id), done, "Saved. It holds from now on.")
}
