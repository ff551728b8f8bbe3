//! `…/`: today's work, and matters to look at.

use axum::response::Response;
use muster_domain::sending::brand_hold::BrandHoldReason;
use serde::Deserialize;

use crate::{
    app::{
        companies,
        desk::{Desk, group_name},
        goals::answer::Goal,
        kit::{Act, Body, Cell, Link, Table, Tone},
    },
    client::{List, Problem, operations::admin as operations},
    pictures::{self, caps::Cap},
    words::states,
};

#[derive(Deserialize)]
struct Thread {}

#[derive(Deserialize)]
struct Import {
    id: String,
    file_name: String,
    state: String,
    rejected: i64,
}

#[derive(Deserialize)]
struct Caps {
    caps: Vec<CapItem>,
    days: Vec<CapDay>,
}

#[derive(Deserialize)]
struct CapItem {
    carrier: String,
    daily_segments: i64,
}

#[derive(Deserialize)]
struct CapDay {
    carrier: String,
    day: String,
    daily_limit: i64,
    reserved: i64,
    settled: i64,
}

#[derive(Deserialize)]
struct Rates {
    hold: Option<Hold>,
}

#[derive(Deserialize)]
struct Hold {
    reason: String,
    until: Option<String>,
}

#[derive(Deserialize)]
struct Member {}

/// Conversations that are counted at most.
const COUNTED: u32 = 50;

async fn goals(desk: &Desk, status: &str, figures: bool) -> Result<Vec<Goal>, Problem> {
    let call = desk.call(&operations::GOALS, []).query("status", status).query("figures", figures).query("limit", 20);
    let list: List<Goal> = call.read().await?;
    Ok(list.items)
}

pub(crate) async fn show(desk: Desk) -> Result<Response, Problem> {
    let groups = desk.groups().await?;
    let mut body = Body::new();
    let unresponded = desk.call(&operations::CONVERSATIONS, []).query("state", "unresponded").query("limit", COUNTED);
    let imports = desk.call(&operations::IMPORTS, []).query("limit", 5);
    let (active, scheduled, paused, drafts, waiting, imports): (_, _, _, _, List<Thread>, List<Import>) = futures::try_join!(
        goals(&desk, "active", false),
        goals(&desk, "scheduled", false),
        goals(&desk, "paused", false),
        goals(&desk, "draft", false),
        unresponded.read(),
        imports.read(),
    )?;
    let is_new = active.is_empty() && scheduled.is_empty() && paused.is_empty();
    if is_new {
        first_steps(&desk, &groups, &drafts, &mut body).await?;
    }
    to_look_at(&desk, &waiting, &paused, &imports.items, &mut body).await?;
    if !is_new {
        let listed = going_on(&desk, &groups, &[active, scheduled, paused].concat());
        body.heading("Going on").later("going-on-now", &desk.at("/going-on"), &listed);
    }
    if !drafts.is_empty() {
        let mut table = Table::new("Drafts", &["Goal", "Group"], "");
        for goal in &drafts {
            let name = Cell::link(desk.at(&format!("/goals/{}/review", goal.id)), &goal.name);
            table.row(vec![name, Cell::text(group_name(&groups, &goal.group_id))]);
        }
        body.heading("Not launched yet").table(&table);
    }
    if desk.is_organization_admin() {
        allowances(&desk, &mut body).await?;
    }
    Ok(desk.page("Today", "home", body))
}

/// The goals that are going on with their figures, after their page: they are counted at each look.
pub(crate) async fn part(desk: Desk) -> Result<Response, Problem> {
    let groups = desk.groups().await?;
    let [active, scheduled, paused] = ["active", "scheduled", "paused"].map(|status| goals(&desk, status, true));
    let (active, scheduled, paused) = futures::try_join!(active, scheduled, paused)?;
    Ok(Desk::part(going_on(&desk, &groups, &[active, scheduled, paused].concat())))
}

async fn first_steps(
    desk: &Desk,
    groups: &[crate::app::desk::Group],
    drafts: &[Goal],
    body: &mut Body,
) -> Result<(), Problem> {
    let call = desk.call(&operations::MEMBERS, []).query("role", "agent").query("state", "active").query("limit", 1);
    let texters: List<Member> = call.read().await?;
    let has_people = groups.iter().any(|group| group.contacts > 0);
    body.heading("First steps");
    let step = |done: bool, text: &str| {
        let (tone, is) = if done { (Tone::Good, "Done") } else { (Tone::Plain, "To do") };
        (text.to_owned(), Cell::State { tone, what: is.to_owned(), why: String::new() })
    };
    body.facts(&[
        step(has_people, "1. Bring people in"),
        step(!texters.items.is_empty(), "2. Invite texters"),
        step(!drafts.is_empty(), "3. Write a goal: who gets which text, and when"),
        step(false, "4. Launch it"),
    ]);
    let ways = [
        (has_people, "/imports/new", "Import people"),
        (!texters.items.is_empty(), "/team/new", "Invite a texter"),
        (!drafts.is_empty(), "/goals/new", "Start a goal"),
    ];
    let next = ways.iter().position(|(done, ..)| !done);
    let links = ways.iter().enumerate().map(|(nth, (_, path, text))| {
        let link = Link::new(desk.at(path), *text);
        Link { is_main: next == Some(nth), ..link }
    });
    body.links(&links.collect::<Vec<_>>());
    Ok(())
}

async fn to_look_at(
    desk: &Desk,
    waiting: &List<Thread>,
    paused: &[Goal],
    imports: &[Import],
    body: &mut Body,
) -> Result<(), Problem> {
    let rates: Rates = desk.call(&operations::RATES, []).read().await?;
    if let Some(hold) = &rates.hold {
        body.words(Tone::Bad, &states::of_word::<BrandHoldReason>(&hold.reason));
        if let Some(until) = &hold.until {
            body.facts(&[("Until".to_owned(), Cell::Time(until.clone()))]);
        } else if desk.is_account_admin() {
            let sure = "Texts go out again at once. Do it when the account at the phone company is in order.";
            body.act(&Act::new("end-hold", desk.at("/settings/hold"), "Go on texting").sure(sure));
        }
    }
    let count = waiting.items.len();
    if count > 0 {
        let many = if waiting.next.is_some() {
            format!("{count} or more people wait for an answer")
        } else {
            format!("{count} people wait for an answer")
        };
        let many = if count == 1 { "1 person waits for an answer".to_owned() } else { many };
        body.note(Tone::Warn, &many, "Texters find them on their page. You can read along.");
        body.links(&[Link::new(desk.at("/conversations?state=unresponded"), "Read them")]);
    }
    for goal in paused {
        body.note(Tone::Warn, &format!("“{}” is paused", goal.name), "Nothing of it goes out.");
        body.links(&[Link::new(desk.at(&format!("/goals/{}", goal.id)), "Look at it")]);
    }
    for import in imports {
        let (tone, title) = match import.state.as_str() {
            "failed" => (Tone::Bad, format!("“{}” was not imported", import.file_name)),
            "waiting" | "running" => (Tone::Plain, format!("“{}” is being imported", import.file_name)),
            _ if import.rejected > 0 => (
                Tone::Warn,
                format!("{} rows of “{}” were not taken", pictures::number(import.rejected), import.file_name),
            ),
            _ => continue,
        };
        body.note(tone, &title, "Its page says why, and what to do.");
        body.links(&[Link::new(desk.at(&format!("/imports/{}", import.id)), "Look at the file")]);
    }
    Ok(())
}

fn going_on(desk: &Desk, groups: &[crate::app::desk::Group], goals: &[Goal]) -> Body {
    let heads = ["Goal", "State", "Group", "People", "Texted", "Answered", "Stopped"];
    let mut table = Table::new("Goals that are going on", &heads, "");
    for goal in goals {
        let told = [
            Cell::link(desk.at(&format!("/goals/{}", goal.id)), &goal.name),
            goal.state(),
            Cell::text(group_name(groups, &goal.group_id)),
        ];
        let figures = goal.figures.as_ref();
        let counted = Cell::counted(
            figures.map(|figures| [figures.targeted, figures.messaged, figures.replied, figures.opted_out]),
        );
        table.row(told.into_iter().chain(counted).collect());
    }
    let mut body = Body::new();
    body.table(&table);
    body
}

/// Adds how far today's allowances are used up.
async fn allowances(desk: &Desk, body: &mut Body) -> Result<(), Problem> {
    let caps: Caps = desk.call(&operations::CAPS, []).read().await?;
    body.heading("Today's allowances of phone companies");
    if caps.caps.is_empty() {
        body.say("No phone company limits your texts a day, as far as your settings say.");
        return Ok(());
    }
    let today = caps.days.iter().map(|day| day.day.as_str()).max().unwrap_or_default().to_owned();
    let drawn = caps.caps.iter().map(|cap| {
        let day = caps.days.iter().find(|day| day.carrier == cap.carrier && day.day == today);
        Cap {
            carrier: companies::company(&cap.carrier),
            used: day.map_or(0, |day| day.reserved + day.settled),
            limit: Some(day.map_or(cap.daily_segments, |day| day.daily_limit)),
        }
    });
    body.picture(&pictures::caps::draw(&drawn.collect::<Vec<_>>()));
    body.links(&[Link::new(desk.at("/companies"), "See the limits of phone companies")]);
    Ok(())
}
