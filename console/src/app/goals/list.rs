//! `…/goals`: the list of goals.

use axum::{extract::RawQuery, response::Response};
use muster_domain::goals::goal::{GoalStatus, GoalType};

use crate::{
    app::{
        desk::{Desk, group_name},
        goals::answer::Goal,
        kit::{Body, Cell, Field, Form, Link, Table},
    },
    client::{List, Problem, operations::admin as operations},
    form::Fields,
    words::states,
};

/// Goals on a page.
const LIMIT: u32 = 25;

pub(crate) async fn show(desk: Desk, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let groups = desk.groups().await?;
    let list: List<Goal> = desk
        .call(&operations::GOALS, [])
        .query_some("status", asked.some("status"))
        .query_some("group_id", asked.some("group_id"))
        .query_some("cursor", asked.some("cursor"))
        .query("figures", true)
        .query("limit", LIMIT)
        .read()
        .await?;
    let mut body = Body::new();
    body.links(&[
        Link::main(desk.at("/goals/new"), "Start a goal"),
        Link::new(desk.at("/campaigns/new"), "Start in many groups at once"),
    ]);
    let any = [(String::new(), "Any".to_owned())];
    let statuses =
        GoalStatus::ALL.iter().map(|status| (status.to_string(), states::Plain::english(*status).what.to_owned()));
    let all_groups = groups.iter().map(|group| (group.id.clone(), group.name.clone()));
    body.form(
        &Form::asking("find", desk.at("/goals"), "Show")
            .add(
                Field::choice("status", "State", any.iter().cloned().chain(statuses).collect())
                    .value(asked.get("status")),
            )
            .add(
                Field::choice("group_id", "Group", any.iter().cloned().chain(all_groups).collect())
                    .value(asked.get("group_id")),
            ),
    );
    let heads = ["Goal", "State", "Group", "For", "People", "Texted", "Answered", "Yes", "Stopped"];
    let empty = "There is no goal here yet. A goal is a round of texts to the people of a group: start one above.";
    let mut table = Table::new("Goals", &heads, empty);
    for goal in &list.items {
        let figures = goal.figures.clone().unwrap_or_default();
        table.row(vec![
            Cell::link(desk.at(&format!("/goals/{}", goal.id)), &goal.name),
            goal.state(),
            Cell::text(group_name(&groups, &goal.group_id)),
            Cell::text(states::name::<GoalType>(&goal.goal_type)),
            Cell::Number(figures.targeted),
            Cell::Number(figures.messaged),
            Cell::Number(figures.replied),
            Cell::Number(figures.yes),
            Cell::Number(figures.opted_out),
        ]);
    }
    table.more(list.next.map(|next| {
        let kept = [("status", asked.get("status")), ("group_id", asked.get("group_id")), ("cursor", next.as_str())];
        desk.at(&format!("/goals?{}", crate::app::query(&kept)))
    }));
    body.table(&table);
    Ok(desk.page("Goals", "goals", body))
}
