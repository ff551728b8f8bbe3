//! `…/goals/{id}`: how a goal goes, in figures and pictures, and the next step.

use axum::{extract::Path, response::Response};
use muster_domain::{
    goals::{answer::Answer, batch::BatchState},
    sending::{
        CancelReason, HoldReason,
        message::{MessageKind, MessageState},
    },
};

use crate::{
    app::{
        Ids,
        desk::{Desk, group_name, once},
        goals::{
            answer::{Goal, Stats},
            steps, times,
        },
        kit::{Act, Body, Cell, Link, Table, Tone},
    },
    client::{Problem, operations::admin as operations},
    pictures::{number, percent},
    words::states::{self, Plain, Tongue, Words},
};

pub(crate) async fn show(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let goal = steps::goal(&desk, &ids.goal_id).await?;
    let groups = desk.groups().await?;
    let mut body = Body::new();
    body.facts(&[
        ("State".to_owned(), goal.state()),
        ("Group".to_owned(), Cell::text(group_name(&groups, &goal.group_id))),
    ]);
    body.say(states::of_word::<muster_domain::goals::goal::GoalStatus>(&goal.status).now);
    acts(&desk, &goal, &mut body);
    if goal.is_draft() {
        return Ok(desk.page(&goal.name, "goals", body));
    }
    // Figures of a large goal take longer than a page may.
    let at = |part: &str| desk.at(&format!("/goals/{}/{part}", goal.id));
    body.heading("So far").later("figures-so-far", &at("figures"), &Body::new());
    body.later("course", &at("course"), &Body::new());
    if goal.status != "completed" {
        body.heading("What is to come").later("to-come", &at("forecast"), &Body::new());
    }
    body.heading("Times");
    body.facts(&times::facts(&goal));
    Ok(desk.page(&goal.name, "goals", body))
}

/// The figures alone, which the page asks for again.
pub(crate) async fn part(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let goal = steps::goal(&desk, &ids.goal_id).await?;
    let mut live = Body::new();
    figures(&desk, &goal, &mut live).await?;
    let mut body = Body::new();
    body.slow("figures", &desk.at(&format!("/goals/{}/figures", goal.id)), goal.status != "active", &live);
    Ok(Desk::part(body))
}

fn acts(desk: &Desk, goal: &Goal, body: &mut Body) {
    let at = |path: &str| desk.at(&format!("/goals/{}/{path}", goal.id));
    let pause = Act::new("pause", at("pause"), "Pause");
    let close = Act::new("close", at("close"), "Close the goal").sure(
        "Texting ends now, and texts that wait are stopped. You can open it again by moving its closing to later.",
    );
    let copy = Act::new("copy", at("copy"), "Make a copy").with("group_id", &goal.group_id).with("key", once());
    let (links, acts) = match goal.status.as_str() {
        "draft" => {
            (vec![Link::main(at("who"), "Go on with it"), Link::new(at("review"), "Review and launch")], vec![copy])
        }
        "active" | "scheduled" => (
            vec![Link::new(at("words"), "Change the text"), Link::new(at("times"), "Change the times")],
            vec![pause, close, copy],
        ),
        "paused" => (
            vec![Link::new(at("words"), "Change the text"), Link::new(at("times"), "Change the times")],
            vec![Act::new("resume", at("resume"), "Resume").main(), close, copy],
        ),
        _ => (vec![Link::new(at("times"), "Open it again: move its closing")], vec![copy]),
    };
    let answers = desk.at(&format!("/conversations?goal_id={}", goal.id));
    let more = [Link::new(answers, "Read the answers"), Link::new(at("follow-up"), "Follow it up by what came of it")];
    let links: Vec<_> = links.into_iter().chain(more.into_iter().filter(|_| !goal.is_draft())).collect();
    body.links(&links);
    for act in &acts {
        body.act(act);
    }
}

/// Adds the figures of now: people, texts, and reasons with the next step.
async fn figures(desk: &Desk, goal: &Goal, body: &mut Body) -> Result<(), Problem> {
    let stats: Stats = desk.call(&operations::STATS, [&goal.id]).read().await?;
    if goal.partitioned_at.is_none() {
        body.note(Tone::Plain, "The people are being lined up", "Look again in a moment.");
    }
    let share = |part: i64| format!("{} ({} %)", number(part), percent(part, stats.messaged));
    let answer = |answer: Answer| stats.answers.get(answer.as_str()).copied().unwrap_or(0);
    let delivered = stats.messages.get("initial.delivered").copied().unwrap_or(0);
    let fact = |name: &str, value: String| (name.to_owned(), Cell::text(value));
    body.facts(&[
        fact("People", number(stats.targeted)),
        fact("Texted", number(stats.messaged)),
        fact("Arrived", share(delivered)),
        fact("Wrote back", share(stats.replied)),
        fact("Yes", share(answer(Answer::Yes))),
        fact("No", share(answer(Answer::No))),
        fact("Maybe", share(answer(Answer::Maybe))),
        fact("Stopped texts", share(stats.opted_out)),
        fact("Reminded", number(stats.reminded)),
        fact("Passed over", number(stats.skipped)),
        fact("Parts of texts", number(stats.segments)),
    ]);
    people_left(&stats, body);
    reasons(&stats, body);
    Ok(())
}

fn people_left(stats: &Stats, body: &mut Body) {
    let of = |state: BatchState| stats.batches.get(&format!("initial.{state}")).copied().unwrap_or(0);
    let heads = ["Bundles of people", "Number", "What it means"];
    let mut table = Table::new("People on their way to the texters", &heads, "");
    for state in BatchState::ALL.iter().filter(|state| of(**state) > 0) {
        let Words { what, why, now } = state.english();
        table.row(vec![Cell::text(what), Cell::Number(of(*state)), Cell::text(format!("{why} {now}"))]);
    }
    if !stats.batches.is_empty() {
        body.table(&table);
    }
}

/// Adds why texts wait, do not go, or did not arrive.
fn reasons(stats: &Stats, body: &mut Body) {
    let heads = ["Why", "Number", "What to do"];
    let row = |table: &mut Table, words: &Words, count: i64, code: &str| {
        let what = if code.is_empty() { words.what.to_owned() } else { format!("{} (code {code})", words.what) };
        table.row(vec![Cell::text(what), Cell::Number(count), Cell::text(format!("{} {}", words.why, words.now))]);
    };
    let mut texts = Table::new("Texts that wait or were stopped", &heads, "");
    for (reason, count) in &stats.reasons {
        let held = HoldReason::parse(reason).map(Plain::english);
        let words = held.or_else(|| CancelReason::parse(reason).map(Plain::english)).unwrap_or(states::UNKNOWN);
        row(&mut texts, &words, *count, "");
    }
    if !stats.reasons.is_empty() {
        body.table(&texts);
    }
    let mut failed = Table::new("Texts that did not arrive", &heads, "");
    for (code, count) in &stats.errors {
        row(&mut failed, &states::of_code(code.parse().unwrap_or(0), Tongue::English), *count, code);
    }
    if !stats.errors.is_empty() {
        body.table(&failed);
    }
    let mut skipped = Table::new("People who were passed over", &heads, "");
    for (reason, count) in &stats.skip_reasons {
        let told = states::skip(reason);
        skipped.row(vec![
            Cell::text(told.what),
            Cell::Number(*count),
            Cell::text(format!("{} {}", told.why, told.now)),
        ]);
    }
    if !stats.skip_reasons.is_empty() {
        body.table(&skipped);
    }
    let states = stats.messages.iter().filter_map(|(word, count)| {
        let (kind, state) = word.split_once('.')?;
        Some((MessageKind::parse(kind)?, MessageState::parse(state)?, *count))
    });
    let mut all =
        Table::new("All texts, by how far they are", &["Text", "How far", "Number"], "No text was written yet.");
    for (kind, state, count) in states {
        all.row(vec![Cell::text(kind.english().what), Cell::state(Tone::Plain, &state.english()), Cell::Number(count)]);
    }
    let mut inner = Body::new();
    inner.table(&all);
    body.fold("All texts", &inner);
}
