//! `…/bulk`: one thing done with all people that match a search. The number comes first.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, RawQuery},
    response::Response,
    routing::{get, post},
};
use muster_domain::people::bulk::{BulkActionKind, BulkFailure, BulkOutcome, BulkState};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    Console,
    app::{
        Ids,
        desk::{Desk, Group, group_name, group_options, key, once},
        kit::{Act, Body, Cell, Field, Form, Link, Table, Tone},
        people::CONDITIONS,
    },
    client::{List, Problem, operations::admin as operations},
    form::Fields,
    page::see,
    pictures::{number, percent},
    words::states::{self, Plain},
};

#[derive(Deserialize)]
struct Asked {
    id: Option<String>,
    contacts: i64,
}

#[derive(Deserialize)]
struct Change {
    id: String,
    action: Value,
    state: String,
    failure: Option<String>,
    contacts: Option<i64>,
    done: i64,
    outcomes: BTreeMap<String, i64>,
    created_at: String,
}

#[derive(Deserialize)]
struct Texter {
    id: String,
    first_name: String,
    last_name: String,
    groups: Vec<String>,
}

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/bulk", get(list))
        .route("/bulk/new", get(choose).post(count))
        .route("/bulk/start", post(start))
        .route("/bulk/{change_id}", get(show))
        .route("/bulk/{change_id}/progress", get(part))
        .route("/bulk/{change_id}/cancel", post(cancel))
}

/// Returns the conditions of a search as sentences.
fn told(fields: &Fields, groups: &[Group]) -> Vec<(String, Cell)> {
    let conditions = CONDITIONS.iter().filter_map(|name| Some((*name, fields.some(name)?)));
    let told = conditions.map(|(name, value)| {
        let (name, value) = match name {
            "group_id" => ("Group", group_name(groups, value).to_owned()),
            "status" => ("Standing", states::name::<muster_domain::people::filter::ContactStatus>(value).to_owned()),
            "tag" => ("Tag", value.to_owned()),
            "without_tag" => ("Without the tag", value.to_owned()),
            "phone" => ("Phone", value.to_owned()),
            _ => ("Name", value.to_owned()),
        };
        (name.to_owned(), Cell::text(value))
    });
    told.collect()
}

async fn content(desk: &Desk, fields: &Fields, problem: Option<&Problem>) -> Result<Body, Problem> {
    let groups = desk.groups().await?;
    let texters: List<Texter> =
        desk.call(&operations::MEMBERS, []).query("role", "agent").query("limit", 200).read().await?;
    let mut body = Body::new();
    body.say("This is done with all people who match:");
    body.facts(&told(fields, &groups));
    let actions = BulkActionKind::ALL
        .iter()
        .map(|kind| (kind.to_string(), format!("{}: {}", kind.english().what, kind.english().why)));
    let none = || (String::new(), "–".to_owned());
    let texters = texters.items.into_iter().map(|texter| {
        let groups: Vec<_> = texter.groups.iter().map(|id| group_name(&groups, id)).collect();
        (texter.id, format!("{} ({})", crate::app::name(&texter.first_name, &texter.last_name), groups.join(", ")))
    });
    let mut form = Form::new("bulk", desk.at("/bulk/new"), "Count first");
    for name in CONDITIONS {
        form = form.add_some(fields.some(name).map(|value| Field::hidden(&format!("match.{name}"), value)));
    }
    form = form
        .add(Field::choice("action", "What to do", actions.collect()).value(fields.get("action")))
        .add(
            Field::text("tag", "The tag")
                .value(fields.get("with_tag"))
                .hint("Only for adding a tag or taking one away."),
        )
        .add(
            Field::choice("group_id", "The group", group_options(&groups, Some("–")))
                .value(fields.get("with_group"))
                .hint("Only for groups and texters."),
        )
        .add(
            Field::choice("agent_id", "The texter", std::iter::once(none()).chain(texters).collect())
                .value(fields.get("agent_id"))
                .hint("Only for giving people to a texter."),
        )
        .add(
            Field::text("reason", "How do you know?")
                .value(fields.get("reason"))
                .hint("Only for stopping texts. No names or numbers."),
        )
        .back(desk.at("/people"));
    body.form(&desk.refused(form, problem));
    Ok(body)
}

async fn choose(desk: Desk, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let fields = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let body = content(&desk, &fields, None).await?;
    Ok(desk.page("Do something with many people", "people", body))
}

/// Returns the request, with the members that its action takes.
fn wanted(fields: &Fields, dry_run: bool) -> Value {
    let filter: Map<String, Value> =
        fields.under("match.").map(|(name, value)| (name.to_owned(), json!(value))).collect();
    let mut wanted = json!({ "filter": filter, "action": fields.get("action"), "dry_run": dry_run });
    let takes: &[&str] = match BulkActionKind::parse(fields.get("action")) {
        Some(BulkActionKind::Tag | BulkActionKind::Untag) => &["tag"],
        Some(BulkActionKind::Assign) => &["group_id", "agent_id"],
        Some(BulkActionKind::OptOut) => &["reason"],
        Some(
            BulkActionKind::Unassign
            | BulkActionKind::Deactivate
            | BulkActionKind::Reactivate
            | BulkActionKind::AddToGroup
            | BulkActionKind::RemoveFromGroup,
        ) => &["group_id"],
        None => &[],
    };
    for name in takes {
        wanted[*name] = json!(fields.some(name));
    }
    wanted
}

/// Returns a search's conditions without the mark by which the form keeps them apart.
fn searched(fields: &Fields) -> Fields {
    let pairs: Vec<_> = fields.under("match.").collect();
    let mut all: Vec<(&str, &str)> = pairs;
    all.extend([
        ("action", fields.get("action")),
        ("with_tag", fields.get("tag")),
        ("with_group", fields.get("group_id")),
    ]);
    all.extend([("agent_id", fields.get("agent_id")), ("reason", fields.get("reason"))]);
    Fields::read(crate::app::query(&all).as_bytes()).unwrap_or_default()
}

async fn count(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let call = desk.call(&operations::NEW_BULK_CHANGE, []).json(&wanted(&fields, true));
    let asked: Asked = match call.read().await {
        Ok(asked) => asked,
        Err(problem) if problem.is_of_the_input() => {
            let body = content(&desk, &searched(&fields), Some(&problem)).await?;
            return Ok(desk.wrong(&problem, "Do something with many people", "people", body));
        }
        Err(problem) => return Err(problem),
    };
    let groups = desk.groups().await?;
    let words = states::of_word::<BulkActionKind>(fields.get("action"));
    let mut body = Body::new();
    let title = format!("{} people match now", number(asked.contacts));
    body.note(Tone::Warn, &title, format!("{}: {} {}", words.what, words.why, words.now));
    body.facts(&told(&searched(&fields), &groups));
    let detail = [("Tag", "tag"), ("How it is known", "reason")]
        .into_iter()
        .filter_map(|(name, field)| Some((name.to_owned(), Cell::text(fields.some(field)?))));
    let group = fields.some("group_id").map(|id| ("In the group".to_owned(), Cell::text(group_name(&groups, id))));
    body.facts(&detail.chain(group).collect::<Vec<_>>());
    let mut act = Act::new("go", desk.at("/bulk/start"), format!("Do it with {} people", number(asked.contacts)))
        .main()
        .with("key", once());
    for (name, value) in fields.under("match.") {
        act = act.with(&format!("match.{name}"), value);
    }
    for name in ["action", "tag", "group_id", "agent_id", "reason"] {
        act = act.with(name, fields.get(name));
    }
    if asked.contacts > 0 {
        body.act(&act);
    }
    body.links(&[Link::new(desk.at("/people"), "Do nothing")]);
    Ok(desk.page("Count first", "people", body))
}

async fn start(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let call = desk.call(&operations::NEW_BULK_CHANGE, []).json(&wanted(&fields, false)).key(&key(fields.get("key")));
    let asked: Result<Asked, Problem> = call.read().await;
    match asked {
        Ok(Asked { id: Some(id), .. }) => Ok(see(&desk.at(&format!("/bulk/{id}")))),
        Ok(Asked { id: None, .. }) => Ok(see(&desk.at("/people"))),
        Err(problem) => desk.after("/people", Err(problem), ""),
    }
}

async fn list(desk: Desk) -> Result<Response, Problem> {
    let list: List<Change> = desk.call(&operations::BULK_CHANGES, []).query("limit", 50).read().await?;
    let empty = "Nothing was done with many people yet. Search people, then choose what to do with all of them.";
    let mut table = Table::new("Done with many people", &["What", "State", "When", "People"], empty);
    for change in list.items {
        let what = states::name::<BulkActionKind>(change.action["action"].as_str().unwrap_or_default());
        table.row(vec![
            Cell::link(desk.at(&format!("/bulk/{}", change.id)), what),
            Cell::state(Tone::Plain, &states::of_word::<BulkState>(&change.state)),
            Cell::Time(change.created_at),
            Cell::Number(change.contacts.unwrap_or(0)),
        ]);
    }
    let mut body = Body::new();
    body.table(&table);
    Ok(desk.page("Done with many people", "people", body))
}

async fn show(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let (mut body, is_over) = progress(&desk, &ids.change_id).await?;
    if !is_over {
        let stop = Act::new("cancel", desk.at(&format!("/bulk/{}/cancel", ids.change_id)), "Stop");
        body.act(&stop.sure("What was done stays."));
    }
    body.links(&[Link::new(desk.at("/people"), "Back to people"), Link::new(desk.at("/bulk"), "All of these")]);
    Ok(desk.page("Done with many people", "people", body))
}

async fn part(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let (body, _) = progress(&desk, &ids.change_id).await?;
    Ok(Desk::part(body))
}

async fn progress(desk: &Desk, id: &str) -> Result<(Body, bool), Problem> {
    let change: Change = desk.call(&operations::BULK_CHANGE, [id]).read().await?;
    let is_over = !matches!(change.state.as_str(), "waiting" | "running");
    let mut inner = Body::new();
    inner.facts(&[
        (
            "What".to_owned(),
            Cell::text(states::name::<BulkActionKind>(change.action["action"].as_str().unwrap_or_default())),
        ),
        ("State".to_owned(), Cell::state(Tone::Plain, &states::of_word::<BulkState>(&change.state))),
    ]);
    let all = change.contacts.unwrap_or(0);
    inner.say(format!("{} of {} people are done ({} %).", number(change.done), number(all), percent(change.done, all)));
    if let Some(failure) = &change.failure {
        inner.words(Tone::Bad, &states::of_word::<BulkFailure>(failure));
    }
    let mut table = Table::new("What became of them", &["Outcome", "People", "What it means"], "Nobody is done yet.");
    for (outcome, people) in &change.outcomes {
        let words = states::of_word::<BulkOutcome>(outcome);
        table.row(vec![
            Cell::text(words.what),
            Cell::Number(*people),
            Cell::text(format!("{} {}", words.why, words.now)),
        ]);
    }
    inner.table(&table);
    let mut body = Body::new();
    body.live("progress", &desk.at(&format!("/bulk/{id}/progress")), is_over, &inner);
    Ok((body, is_over))
}

async fn cancel(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let done = desk.call(&operations::CANCEL_BULK_CHANGE, [&ids.change_id]).done().await;
    desk.after(&format!("/bulk/{}", ids.change_id), done, "It stops.")
}
