//! `…/automations`: answers and changes that a word in a person's text sets off.

use axum::{
    Router,
    extract::Path,
    response::Response,
    routing::{get, post},
};
use muster_domain::conversations::automation::KeywordMatch;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Console,
    app::{
        Ids,
        desk::{Desk, Group, group_name, group_options, key, once},
        kit::{Act, Body, Bubble, Cell, Field, Form, Link, Table, Tone},
    },
    client::{List, Problem, operations::admin as operations},
    form::Fields,
    words::states::Plain,
};

#[derive(Deserialize)]
struct Item {
    id: String,
    automation: Automation,
    version: i32,
}

#[derive(Debug, Default, Deserialize)]
struct Automation {
    name: String,
    position: i32,
    active: bool,
    keywords: Vec<String>,
    matching: String,
    group_id: Option<String>,
    in_reply_to: Option<String>,
    actions: Vec<Value>,
}

#[derive(Deserialize)]
struct Tried {
    texts: usize,
    matched: usize,
    latest: Vec<Match>,
}

#[derive(Deserialize)]
struct Match {
    body: String,
}

/// Acts of automations, by their word in the API, and the value that each takes.
const ACTIONS: [(&str, &str, &str); 8] = [
    ("answer", "Answer with a text", "text"),
    ("add_tag", "Add a tag", "tag"),
    ("remove_tag", "Take a tag away", "tag"),
    ("set_field", "Set a field (write it as name = value)", "value"),
    ("add_to_group", "Add them to a group", "group_id"),
    ("leave_group", "Switch them off in a group", "group_id"),
    ("opt_out", "Stop texts to them", ""),
    ("opt_in", "Allow texts to them again", ""),
];

/// Actions that the form has room for.
const ROWS: usize = 3;

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/automations", get(list))
        .route("/automations/new", get(new).post(make))
        .route("/automations/try", post(try_it))
        .route("/automations/{automation_id}", get(show).post(save))
        .route("/automations/{automation_id}/delete", post(delete))
}

fn told(action: &Value, groups: &[Group]) -> String {
    let kind = action["kind"].as_str().unwrap_or_default();
    let name = ACTIONS.iter().find(|(word, ..)| *word == kind).map_or("Something else", |(_, name, _)| name);
    let text = |member: &str| action[member].as_str().unwrap_or_default();
    match kind {
        "answer" => format!("Answer: “{}”", text("text")),
        "add_tag" | "remove_tag" => format!("{name}: {}", text("tag")),
        "set_field" => format!("Set {} to {}", text("field"), text("value")),
        "add_to_group" | "leave_group" => format!("{name}: {}", group_name(groups, text("group_id"))),
        _ => name.to_owned(),
    }
}

async fn list(desk: Desk) -> Result<Response, Problem> {
    if !desk.is_organization_admin() {
        let mut body = Body::new();
        body.note(Tone::Plain, "Organization admins make these", "Ask one of them.");
        return Ok(desk.page("Automatic answers", "automations", body));
    }
    let list: List<Item> = desk.call(&operations::AUTOMATIONS, []).query("limit", 200).read().await?;
    let groups = desk.groups().await?;
    let mut body = Body::new();
    body.say(
        "When a person's text has one of the words, these things happen by themselves. STOP, START and \
        HELP always work, and come first.",
    );
    body.links(&[Link::main(desk.at("/automations/new"), "Make one")]);
    let empty = "There is none yet. One could answer everybody who asks WHERE with the address.";
    let mut table = Table::new("Automatic answers", &["Name", "On", "Words", "What it does"], empty);
    for item in &list.items {
        let (tone, on) = if item.automation.active { (Tone::Good, "On") } else { (Tone::Plain, "Off") };
        let words = if item.automation.keywords.is_empty() {
            "Any text".to_owned()
        } else {
            item.automation.keywords.join(", ")
        };
        let actions: Vec<_> = item.automation.actions.iter().map(|action| told(action, &groups)).collect();
        table.row(vec![
            Cell::link(desk.at(&format!("/automations/{}", item.id)), &item.automation.name),
            Cell::State { tone, what: on.to_owned(), why: String::new() },
            Cell::text(words),
            Cell::text(actions.join("; ")),
        ]);
    }
    body.table(&table);
    Ok(desk.page("Automatic answers", "automations", body))
}

fn form(desk: &Desk, path: &str, now: &Automation, version: &str, groups: &[Group]) -> Form {
    let matchings = KeywordMatch::ALL.iter().map(|one| (one.to_string(), one.english().what.to_owned()));
    let mut form = Form::new("automation", desk.at(path), "Save")
        .add(Field::hidden("key", once()))
        .add(Field::hidden("version", version))
        .add(Field::hidden("in_reply_to", now.in_reply_to.clone().unwrap_or_default()))
        .add(Field::text("name", "Name").value(&now.name).needed())
        .add(Field::tick("active", "It is on", now.active))
        .add(Field::choice("matching", "The text …", matchings.collect()).value(&now.matching))
        .add(
            Field::text("keywords", "… one of these words")
                .value(now.keywords.join(", "))
                .hint("Part them by commas. Blank means any text."),
        )
        .add(
            Field::choice("group_id", "Only texts to this group", group_options(groups, Some("Any group")))
                .value(now.group_id.clone().unwrap_or_default()),
        )
        .add(
            Field::line("position", "Place in the order", "number")
                .value(now.position.to_string())
                .hint("The lowest goes first."),
        );
    for nth in 0..ROWS.max(now.actions.len()) {
        let action = now.actions.get(nth).unwrap_or(&Value::Null);
        let kind = action["kind"].as_str().unwrap_or_default();
        let none = (String::new(), "Nothing more".to_owned());
        let kinds = ACTIONS.iter().map(|(word, name, _)| ((*word).to_owned(), (*name).to_owned()));
        let number = nth + 1;
        let value = match kind {
            "set_field" => format!(
                "{} = {}",
                action["field"].as_str().unwrap_or_default(),
                action["value"].as_str().unwrap_or_default()
            ),
            "answer" => action["text"].as_str().unwrap_or_default().to_owned(),
            _ => action["tag"].as_str().unwrap_or_default().to_owned(),
        };
        form = form
            .add(
                Field::choice(
                    &format!("do.{nth}"),
                    &format!("{number}. What happens"),
                    std::iter::once(none).chain(kinds).collect(),
                )
                .value(kind),
            )
            .add(
                Field::area(&format!("value.{nth}"), &format!("{number}. With"))
                    .value(value)
                    .hint("The text, the tag, or the field."),
            )
            .add(
                Field::choice(&format!("group.{nth}"), &format!("{number}. Group"), group_options(groups, Some("–")))
                    .value(action["group_id"].as_str().unwrap_or_default())
                    .hint("Only for groups."),
            );
    }
    form.back(desk.at("/automations"))
}

/// Returns the automation of a form, as the API takes it.
fn read(fields: &Fields) -> Value {
    let keywords: Vec<_> = fields.get("keywords").split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
    let actions = fields.under("do.").filter_map(|(nth, kind)| {
        let (_, _, takes) = ACTIONS.iter().find(|(word, ..)| *word == kind)?;
        let value = fields.get(&format!("value.{nth}"));
        let mut action = json!({ "kind": kind });
        match *takes {
            "" => {}
            "group_id" => action["group_id"] = json!(fields.some(&format!("group.{nth}"))),
            "value" => {
                let (field, value) = value.split_once('=').unwrap_or((value, ""));
                action["field"] = json!(field.trim());
                action["value"] = json!(value.trim());
            }
            member => action[member] = json!(value),
        }
        Some(action)
    });
    json!({
        "name": fields.get("name"),
        "position": fields.get("position").parse::<i32>().unwrap_or(0),
        "active": fields.is_ticked("active"),
        "keywords": keywords,
        "matching": fields.get("matching"),
        "group_id": fields.some("group_id"),
        "in_reply_to": fields.some("in_reply_to"),
        "actions": actions.collect::<Vec<_>>(),
    })
}

fn typed(fields: &Fields) -> Automation {
    serde_json::from_value(read(fields)).unwrap_or_default()
}

async fn new(desk: Desk) -> Result<Response, Problem> {
    let groups = desk.groups().await?;
    let fresh = Automation { active: true, matching: KeywordMatch::Exact.to_string(), ..Automation::default() };
    let mut body = Body::new();
    body.form(&form(&desk, "/automations/new", &fresh, "", &groups));
    Ok(desk.page("Make an automatic answer", "automations", body))
}

async fn make(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let call = desk.call(&operations::NEW_AUTOMATION, []).json(&read(&fields)).key(&key(fields.get("key")));
    match call.done().await {
        Ok(()) => Ok(desk.done("/automations", "It is made.")),
        Err(problem) if problem.is_of_the_input() => {
            let groups = desk.groups().await?;
            let mut body = Body::new();
            body.form(&desk.refused(form(&desk, "/automations/new", &typed(&fields), "", &groups), Some(&problem)));
            Ok(desk.wrong(&problem, "Make an automatic answer", "automations", body))
        }
        Err(problem) => Err(problem),
    }
}

async fn show(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let item: Item = desk.call(&operations::AUTOMATION, [&ids.automation_id]).read().await?;
    let groups = desk.groups().await?;
    let mut body = Body::new();
    body.form(&form(&desk, &format!("/automations/{}", item.id), &item.automation, &item.version.to_string(), &groups));
    try_part(&desk, &item, &groups, &mut body);
    let sure = "It does nothing any more. What it has done stays.";
    body.act(&Act::new("delete", desk.at(&format!("/automations/{}/delete", item.id)), "Delete it").sure(sure));
    Ok(desk.page(item.automation.name, "automations", body))
}

fn try_part(desk: &Desk, item: &Item, groups: &[Group], body: &mut Body) {
    let mut inner = Body::new();
    inner.say("See which of the latest texts would have set it off. Nothing happens.");
    let form = Form::new("try", desk.at("/automations/try"), "Try it")
        .add(Field::hidden("automation_id", &item.id))
        .add(Field::choice("group_id", "On texts of the group", group_options(groups, None)));
    inner.form(&form);
    body.fold("Try it on texts of the past", &inner);
}

async fn save(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let etag = format!("\"{}\"", fields.get("version"));
    let call = desk.call(&operations::EDIT_AUTOMATION, [&ids.automation_id]).json(&read(&fields)).if_match(&etag);
    match call.done().await {
        Ok(()) => Ok(desk.done("/automations", "Saved.")),
        Err(problem) if problem.is_of_the_input() => {
            let groups = desk.groups().await?;
            let path = format!("/automations/{}", ids.automation_id);
            let mut body = Body::new();
            body.form(
                &desk.refused(form(&desk, &path, &typed(&fields), fields.get("version"), &groups), Some(&problem)),
            );
            Ok(desk.wrong(&problem, "Edit an automatic answer", "automations", body))
        }
        Err(problem) => Err(problem),
    }
}

async fn try_it(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let item: Value = desk.call(&operations::AUTOMATION, [fields.get("automation_id")]).read().await?;
    let wanted = json!({ "group_id": fields.get("group_id"), "automation": item["automation"] });
    let tried: Tried = desk.call(&operations::TRY_AUTOMATION, []).json(&wanted).read().await?;
    let mut body = Body::new();
    body.note(
        Tone::Plain,
        &format!("{} of {} texts would have set it off", tried.matched, tried.texts),
        "Nothing has happened.",
    );
    let bubble = |one: Match| Bubble { is_theirs: true, head: String::new(), body: one.body, foot: String::new() };
    body.texts(&tried.latest.into_iter().map(bubble).collect::<Vec<_>>());
    body.links(&[Link::new(desk.at(&format!("/automations/{}", fields.get("automation_id"))), "Back")]);
    Ok(desk.page("Tried", "automations", body))
}

async fn delete(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let done = desk.call(&operations::DELETE_AUTOMATION, [&ids.automation_id]).done().await;
    desk.after("/automations", done, "It is deleted.")
}
