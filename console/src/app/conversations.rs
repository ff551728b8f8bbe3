//! `…/conversations`: review: people's texts and the answers to them. Admins read here, and
//! texters answer.

use axum::{
    Router,
    extract::{Path, RawQuery},
    response::Response,
    routing::{get, post},
};
use muster_domain::{
    conversations::thread::ThreadProgress,
    sending::message::{MessageKind, MessageState},
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Console,
    app::{
        Ids,
        desk::{Desk, group_name},
        goals::answer::Goal,
        kit::{Body, Bubble, Cell, Field, Form, Link, Table, Tone},
        when,
    },
    client::{List, Problem, operations::admin as operations},
    form::Fields,
    words::states::{self, Plain, Tongue},
};

#[derive(Deserialize)]
struct Thread {
    id: String,
    group_id: String,
    contact_id: String,
    first_name: String,
    last_name: String,
    held_by: Option<String>,
    unread_since: Option<String>,
    last_message_at: String,
    opted_out: bool,
    deactivated: bool,
}

#[derive(Deserialize)]
struct Conversation {
    thread: Thread,
    messages: Vec<Message>,
    earlier: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    kind: String,
    state: String,
    failure: Option<String>,
    error_code: Option<i32>,
    body: String,
    edited: bool,
    created_at: String,
    media: Option<Media>,
}

#[derive(Deserialize)]
struct Media {
    count: usize,
}

#[derive(Deserialize)]
struct Texter {
    id: String,
    first_name: String,
    last_name: String,
}

/// Conditions of the search, by their names in the API.
const CONDITIONS: [&str; 6] = ["search", "state", "group_id", "goal_id", "tag", "phone"];

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/conversations", get(list))
        .route("/conversations/{thread_id}", get(show))
        .route("/conversations/{thread_id}/texter", post(assign))
}

fn state(thread: &Thread) -> Cell {
    if thread.opted_out {
        return Cell::State { tone: Tone::Warn, what: "Stopped texts".to_owned(), why: String::new() };
    }
    let (tone, progress) = if thread.held_by.is_some() {
        (Tone::Plain, ThreadProgress::Held)
    } else if thread.unread_since.is_some() {
        (Tone::Warn, ThreadProgress::Unresponded)
    } else {
        (Tone::Good, ThreadProgress::Done)
    };
    Cell::state(tone, &progress.english())
}

async fn list(desk: Desk, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let groups = desk.groups().await?;
    let goals: List<Goal> = desk.call(&operations::GOALS, []).query("limit", 200).read().await?;
    let any = || (String::new(), "Any".to_owned());
    let names = groups.iter().map(|group| (group.id.clone(), group.name.clone()));
    let goals = goals.items.into_iter().map(|goal| (goal.id, goal.name));
    let states = ThreadProgress::ALL.iter().map(|state| (state.to_string(), state.english().what.to_owned()));
    let mut form = Form::asking("find", desk.at("/conversations"), "Find")
        .add(Field::line("search", "Name or phone", "search").value(asked.get("search")))
        .add(Field::choice("state", "State", states.collect()).value(asked.get("state")))
        .add(
            Field::choice("group_id", "Group", std::iter::once(any()).chain(names).collect())
                .value(asked.get("group_id")),
        )
        .add(
            Field::choice("goal_id", "Goal", std::iter::once(any()).chain(goals).collect()).value(asked.get("goal_id")),
        )
        .add(Field::text("tag", "Tag").value(asked.get("tag")));
    let call = desk.call(&operations::CONVERSATIONS, []).query("limit", 25).query_some("cursor", asked.some("cursor"));
    let call = CONDITIONS.iter().fold(call, |call, name| call.query_some(name, asked.some(name)));
    let mut body = Body::new();
    let list: List<Thread> = match call.read().await {
        Ok(list) => list,
        Err(problem) if problem.is_of_the_input() => {
            form = desk.refused(form, Some(&problem));
            body.form(&form);
            return Ok(desk.wrong(&problem, "Conversations", "conversations", body));
        }
        Err(problem) => return Err(problem),
    };
    body.form(&form);
    let empty = "No conversation matches. Conversations begin when a goal's texts go out, or when somebody \
        texts one of your numbers.";
    let mut table = Table::new("Conversations, the latest first", &["Person", "State", "Group", "Latest text"], empty);
    for thread in &list.items {
        let name = crate::app::name(&thread.first_name, &thread.last_name);
        table.row(vec![
            Cell::link(desk.at(&format!("/conversations/{}", thread.id)), name),
            state(thread),
            Cell::text(group_name(&groups, &thread.group_id)),
            Cell::Time(thread.last_message_at.clone()),
        ]);
    }
    let kept: Vec<_> = CONDITIONS.iter().map(|name| (*name, asked.get(name))).collect();
    table.more(list.next.map(|next| {
        desk.at(&format!("/conversations?{}", crate::app::query(&[&kept[..], &[("cursor", &next)]].concat())))
    }));
    body.table(&table);
    Ok(desk.page("Conversations", "conversations", body))
}

async fn show(desk: Desk, Path(ids): Path<Ids>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let call = desk.call(&operations::CONVERSATION, [&ids.thread_id]).query_some("before", asked.some("before"));
    let conversation: Conversation = call.read().await?;
    let groups = desk.groups().await?;
    let thread = &conversation.thread;
    let mut body = Body::new();
    body.facts(&[
        ("State".to_owned(), state(thread)),
        ("Group".to_owned(), Cell::text(group_name(&groups, &thread.group_id))),
    ]);
    if thread.deactivated {
        body.note(Tone::Warn, "Switched off in the group", "No goal of the group texts this person.");
    }
    let card = desk.at(&format!("/people/{}", thread.contact_id));
    body.links(&[
        Link::main(card.clone(), "Open the person's card"),
        Link::new(format!("{card}/why"), "Why was or wasn't this person texted?"),
    ]);
    if let Some(earlier) = &conversation.earlier {
        let href = format!("{}?before={earlier}", desk.at(&format!("/conversations/{}", thread.id)));
        body.links(&[Link::new(href, "Earlier texts")]);
    }
    let name = crate::app::name(&thread.first_name, &thread.last_name);
    let bubbles: Vec<_> = conversation.messages.iter().map(|message| bubble(message, &name)).collect();
    body.texts(&bubbles);
    body.say(
        "You read along here. Texters answer on their own page, and reading here leaves a text unread for \
        them.",
    );
    texter_part(&desk, thread, &mut body).await?;
    if !thread.opted_out {
        let mut stop = Body::new();
        stop.say("If the person asks for no more texts, write it down. It holds at once.");
        let form = Form::new("stop", format!("{card}/stop"), "Stop texts to this person");
        stop.form(
            &form.add(
                Field::text("reason", "How do you know?").needed().at_most(200).value("asked in the conversation"),
            ),
        );
        body.fold("Stop texts to this person", &stop);
    }
    Ok(desk.page(name, "conversations", body))
}

/// Returns a text with its state in words.
fn bubble(message: &Message, name: &str) -> Bubble {
    let kind = MessageKind::parse(&message.kind);
    let is_theirs = kind == Some(MessageKind::Inbound);
    let head = if is_theirs { name.to_owned() } else { states::name::<MessageKind>(&message.kind).to_owned() };
    let mut foot = vec![when::utc(&message.created_at)];
    if !is_theirs {
        foot.push(states::name::<MessageState>(&message.state).to_owned());
    }
    if let Some(failure) = &message.failure {
        foot.push(failure.clone());
    }
    if let Some(code) = message.error_code {
        let words = states::of_code(code, Tongue::English);
        foot.push(format!("{} (code {code}): {} {}", words.what, words.why, words.now));
    }
    if message.edited {
        foot.push("Edited by its texter".to_owned());
    }
    if let Some(media) = &message.media {
        foot.push(format!("With {} picture or file", media.count));
    }
    Bubble { is_theirs, head, body: message.body.clone(), foot: foot.join(" · ") }
}

async fn texter_part(desk: &Desk, thread: &Thread, body: &mut Body) -> Result<(), Problem> {
    let call = desk
        .call(&operations::MEMBERS, [])
        .query("role", "agent")
        .query("group_id", &thread.group_id)
        .query("limit", 100);
    let texters: List<Texter> = call.read().await?;
    let names =
        texters.items.into_iter().map(|texter| (texter.id, crate::app::name(&texter.first_name, &texter.last_name)));
    let nobody = (String::new(), "Nobody in particular".to_owned());
    let action = desk.at(&format!("/conversations/{}/texter", thread.id));
    let mut inner = Body::new();
    let form = Form::new("texter", action, "Give it to this texter");
    inner.form(&form.add(Field::choice("agent_id", "Texter", std::iter::once(nobody).chain(names).collect())));
    body.fold("Give the person to a texter", &inner);
    Ok(())
}

async fn assign(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let wanted = json!({ "thread_ids": [ids.thread_id], "agent_id": fields.some("agent_id") });
    let done = desk.call(&operations::ASSIGN, []).json(&wanted).done().await;
    desk.after(&format!("/conversations/{}", ids.thread_id), done, "It is done, at once.")
}
