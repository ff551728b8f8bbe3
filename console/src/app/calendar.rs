//! `…/calendar`: everything that has a date, between two days.

use std::time::SystemTime;

use axum::{Router, response::Response, routing::get};
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, Utc};
use muster_domain::goals::{calendar::EntryKind, goal::GoalType};
use serde::Deserialize;

use crate::{
    Console,
    app::{
        desk::{Desk, Group, group_name},
        goals::answer,
        kit::{Body, Cell, Field, Form, Link, Table, Tone},
        when,
    },
    client::{Problem, operations::admin as operations},
    form::{Fields, Query},
    words::states,
};

/// Days that are shown unless told.
const DAYS: u64 = 31;
/// Rows that are shown at most.
const ROWS: usize = 200;

#[derive(Deserialize)]
struct Calendar {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Deserialize)]
struct Entry {
    kind: String,
    local: NaiveDateTime,
    zone: String,
    goal_id: String,
    group_id: String,
    name: String,
    goal_type: String,
    status: String,
}

/// An entry, with the other steps of the goal's plan on its day.
#[derive(Debug)]
struct Row {
    first: Entry,
    last: NaiveDateTime,
    times: usize,
}

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new().route("/calendar", get(show))
}

/// Returns the days of a visit that names none. The machine's clock does for them: nothing is due
/// by it.
fn days(asked: &Fields) -> (NaiveDate, NaiveDate) {
    let today = DateTime::<Utc>::from(SystemTime::now()).date_naive();
    let from = asked.get("from").parse().unwrap_or(today);
    let to = asked.get("to").parse().ok();
    (from, to.unwrap_or_else(|| from.checked_add_days(Days::new(DAYS - 1)).unwrap_or(from)))
}

async fn show(desk: Desk, Query(asked): Query) -> Result<Response, Problem> {
    let (from, to) = days(&asked);
    let groups = desk.groups().await?;
    let call = desk.call(&operations::CALENDAR, []).query("from", from).query("to", to);
    let found: Result<Calendar, Problem> = call.query_some("group_id", asked.some("group_id")).read().await;
    let mut body = Body::new();
    let form = form(&desk, &groups, &asked, from, to);
    match found {
        Ok(calendar) => {
            body.form(&form);
            around(&desk, &asked, from, to, &mut body);
            entries(&desk, &groups, calendar.entries, &mut body);
            Ok(desk.page("Calendar", "calendar", body))
        }
        Err(problem) if problem.is_of_the_input() => {
            body.form(&desk.refused(form, Some(&problem)));
            Ok(desk.wrong(&problem, "Calendar", "calendar", body))
        }
        Err(problem) => Err(problem),
    }
}

fn form(desk: &Desk, groups: &[Group], asked: &Fields, from: NaiveDate, to: NaiveDate) -> Form {
    let all = (String::new(), "All groups".to_owned());
    let groups = groups.iter().map(|group| (group.id.clone(), group.name.clone()));
    Form::asking("days", desk.at("/calendar"), "Show")
        .add(Field::line("from", "First day", "date").value(from.to_string()).needed())
        .add(Field::line("to", "Last day", "date").value(to.to_string()).needed())
        .add(
            Field::choice("group_id", "Group", std::iter::once(all).chain(groups).collect())
                .value(asked.get("group_id")),
        )
}

/// Adds the ways to the days before and after.
fn around(desk: &Desk, asked: &Fields, from: NaiveDate, to: NaiveDate, body: &mut Body) {
    let length = Days::new(u64::try_from((to - from).num_days()).unwrap_or_default() + 1);
    let way = |from: Option<NaiveDate>, to: Option<NaiveDate>, text: &str| {
        let (from, to) = (from?.to_string(), to?.to_string());
        let query = crate::app::query(&[("from", &from), ("to", &to), ("group_id", asked.get("group_id"))]);
        Some(Link::new(desk.at(&format!("/calendar?{query}")), text))
    };
    let ways = [
        way(from.checked_sub_days(length), to.checked_sub_days(length), "Earlier"),
        way(from.checked_add_days(length), to.checked_add_days(length), "Later"),
    ];
    body.links(&ways.into_iter().flatten().collect::<Vec<_>>());
}

/// Returns entries as rows: the steps of a goal's plan are one row a day.
fn rows(entries: Vec<Entry>) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for entry in entries {
        let is_same = |row: &&mut Row| {
            row.first.kind == entry.kind
                && row.first.goal_id == entry.goal_id
                && row.first.local.date() == entry.local.date()
        };
        let is_release = EntryKind::parse(&entry.kind) == Some(EntryKind::Release);
        // The entries of a day stand together.
        let same_day =
            rows.iter().rposition(|row| row.first.local.date() != entry.local.date()).map_or(0, |nth| nth + 1);
        match rows[same_day..].iter_mut().find(is_same).filter(|_| is_release) {
            Some(row) => {
                row.last = entry.local;
                row.times += 1;
            }
            None => rows.push(Row { last: entry.local, first: entry, times: 1 }),
        }
    }
    rows
}

fn entries(desk: &Desk, groups: &[Group], entries: Vec<Entry>, body: &mut Body) {
    let rows = rows(entries);
    if rows.len() > ROWS {
        body.note(Tone::Warn, "There is more", format!("The first {ROWS} are shown. Choose fewer days, or one group."));
    }
    body.say("Times are those of the clocks at each place.");
    let heads = ["When", "What", "Goal", "State", "Group"];
    let empty = "Nothing has its day here. Goals stand here from their draft on.";
    let mut table = Table::new("What happens on these days", &heads, empty);
    for Row { first, last, times } in rows.iter().take(ROWS) {
        let at = when::clock(&first.local.to_string().replace(' ', "T"));
        let place = when::place(&first.zone);
        let at = if *times > 1 {
            format!("{at} to {} ({place})", last.format("%-I:%M %p"))
        } else {
            format!("{at} ({place})")
        };
        let kind = match EntryKind::parse(&first.kind) {
            Some(EntryKind::Date) => states::name::<GoalType>(&first.goal_type),
            _ => states::name::<EntryKind>(&first.kind),
        };
        let kind = if *times > 1 { format!("{kind}, {times} times") } else { kind.to_owned() };
        table.row(vec![
            Cell::text(at),
            Cell::text(kind),
            Cell::link(desk.at(&format!("/goals/{}", first.goal_id)), &first.name),
            answer::status(&first.status),
            Cell::text(group_name(groups, &first.group_id)),
        ]);
    }
    body.table(&table);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g1_the_steps_of_a_plan_are_one_row_a_day() {
        let entry = |kind: &str, local: &str| Entry {
            kind: kind.to_owned(),
            local: local.parse().unwrap(),
            zone: "America/New_York".to_owned(),
            goal_id: "g".to_owned(),
            group_id: String::new(),
            name: String::new(),
            goal_type: String::new(),
            status: String::new(),
        };
        let all = rows(vec![
            entry("opens", "2026-11-03T09:00:00"),
            entry("release", "2026-11-03T09:00:00"),
            entry("release", "2026-11-03T13:00:00"),
            entry("release", "2026-11-04T09:00:00"),
        ]);
        let told: Vec<_> = all.iter().map(|row| (row.first.kind.as_str(), row.times, row.last.to_string())).collect();
        assert_eq!(
            told,
            [
                ("opens", 1, "2026-11-03 09:00:00".to_owned()),
                ("release", 2, "2026-11-03 13:00:00".to_owned()),
                ("release", 1, "2026-11-04 09:00:00".to_owned()),
            ]
        );
    }
}
