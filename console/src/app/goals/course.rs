//! `…/goals/{id}/course` and `…/texters`: a goal's texts hour by hour and texter by texter, and
//! the forecast.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, RawQuery},
    response::Response,
};
use chrono::NaiveDate;
use serde::Deserialize;

use crate::{
    app::{
        Ids,
        desk::Desk,
        goals::{answer::Goal, outlook, steps},
        kit::{Body, Cell, Field, Form, Link, Table},
        when,
    },
    client::{Problem, operations::admin as operations},
    form::Fields,
    pictures::{self, delivery::Hour},
};

/// Texters that the goal's page lists.
const TEXTERS_SHOWN: usize = 10;
/// Texters that a page of them lists.
const TEXTERS_LISTED: usize = 50;

#[derive(Deserialize)]
struct Activity {
    hours: Vec<ActivityHour>,
    agents: Vec<Agent>,
}

#[derive(Deserialize)]
struct ActivityHour {
    at: String,
    sent: i64,
    delivered: i64,
    failed: i64,
    segments: i64,
}

#[derive(Deserialize)]
struct Agent {
    member_id: String,
    first_name: String,
    last_name: String,
    messaged: i64,
    delivered: i64,
    replied: i64,
    yes: i64,
    opted_out: i64,
}

impl Agent {
    fn name(&self) -> String {
        crate::app::name(&self.first_name, &self.last_name)
    }
}

async fn activity(desk: &Desk, goal: &Goal) -> Result<Activity, Problem> {
    desk.call(&operations::ACTIVITY, [&goal.id]).read().await
}

/// The hours, and the texters with the most people.
pub(crate) async fn part(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let goal = steps::goal(&desk, &ids.goal_id).await?;
    let activity = activity(&desk, &goal).await?;
    let mut body = Body::new();
    over_time(&goal, &activity, &mut body);
    body.heading("Texter by texter");
    let (first, others) = activity.agents.split_at(activity.agents.len().min(TEXTERS_SHOWN));
    body.table(&table(&desk, first));
    if !first.is_empty() {
        if !others.is_empty() {
            body.say(format!(
                "These are the {TEXTERS_SHOWN} who have texted the most people, of {}.",
                activity.agents.len()
            ));
        }
        body.links(&[Link::new(desk.at(&format!("/goals/{}/texters", goal.id)), "See all its texters")]);
    }
    Ok(Desk::part(body))
}

/// The forecast, with what happened beside it.
pub(crate) async fn forecast_part(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let goal = steps::goal(&desk, &ids.goal_id).await?;
    let happened = if goal.is_draft() { BTreeMap::new() } else { by_day(&goal, &activity(&desk, &goal).await?) };
    let mut body = Body::new();
    outlook::forecast(&desk, &goal, &happened, &mut body).await?;
    Ok(Desk::part(body))
}

/// All texters of a goal, with a search.
pub(crate) async fn texters(desk: Desk, Path(ids): Path<Ids>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let goal = steps::goal(&desk, &ids.goal_id).await?;
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let at = |path: &str| desk.at(&format!("/goals/{}{path}", goal.id));
    let kept = crate::app::query(&[("search", asked.get("search")), ("after", asked.get("after"))]);
    let mut body = Body::new();
    body.links(&[Link::new(at(""), "Its page")]);
    let find = Form::asking("find", at("/texters"), "Find");
    body.form(&find.add(Field::line("search", "Name", "search").value(asked.get("search"))));
    body.later("texters", &at(&format!("/texters/list?{kept}")), &Body::new());
    Ok(desk.page(format!("Texters of {}", goal.name), "goals", body))
}

/// A page of the texters, those with the most people first.
pub(crate) async fn list(desk: Desk, Path(ids): Path<Ids>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let goal = steps::goal(&desk, &ids.goal_id).await?;
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let search = asked.get("search").to_lowercase();
    let mut agents = activity(&desk, &goal).await?.agents;
    agents.retain(|agent| agent.name().to_lowercase().contains(&search));
    let after: usize = asked.get("after").parse().unwrap_or(0);
    let shown = agents.iter().skip(after).take(TEXTERS_LISTED);
    let mut table = self::table(&desk, shown);
    let next = (after.saturating_add(TEXTERS_LISTED) < agents.len()).then(|| (after + TEXTERS_LISTED).to_string());
    table.more(next.map(|next| {
        let kept = crate::app::query(&[("search", asked.get("search")), ("after", &next)]);
        desk.at(&format!("/goals/{}/texters?{kept}", goal.id))
    }));
    let mut body = Body::new();
    body.table(&table);
    Ok(Desk::part(body))
}

fn over_time(goal: &Goal, activity: &Activity, body: &mut Body) {
    body.heading("Hour by hour");
    if activity.hours.is_empty() {
        body.say("No text went out yet. When the first has gone, its hour is shown here.");
        return;
    }
    body.say(format!("The hours are those of {}.", when::place(&goal.zone)));
    let hours = activity.hours.iter().map(|hour| Hour {
        label: when::hour(&hour.at, &goal.zone),
        delivered: hour.delivered,
        on_the_way: (hour.sent - hour.delivered - hour.failed).max(0),
        failed: hour.failed,
    });
    body.picture(&pictures::delivery::draw(&hours.collect::<Vec<_>>()));
}

fn by_day(goal: &Goal, activity: &Activity) -> BTreeMap<NaiveDate, i64> {
    let mut days = BTreeMap::new();
    for hour in &activity.hours {
        if let Some(day) = when::day_of(&hour.at, &goal.zone) {
            *days.entry(day).or_default() += hour.segments;
        }
    }
    days
}

fn table<'a>(desk: &Desk, agents: impl IntoIterator<Item = &'a Agent>) -> Table {
    let heads = ["Texter", "Texted", "Arrived", "Wrote back", "Yes", "Stopped"];
    let empty = "No texter has sent a text yet. Ask your texters to open their page.";
    let mut table = Table::new("Texters of this goal", &heads, empty);
    for agent in agents {
        table.row(vec![
            Cell::link(desk.at(&format!("/team/{}", agent.member_id)), agent.name()),
            Cell::Number(agent.messaged),
            Cell::Number(agent.delivered),
            Cell::Number(agent.replied),
            Cell::Number(agent.yes),
            Cell::Number(agent.opted_out),
        ]);
    }
    table
}
