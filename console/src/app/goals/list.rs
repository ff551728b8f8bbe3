//! `…/goals`: the list of goals.

use axum::{extract::RawQuery, response::Response};
use muster_domain::goals::goal::{GoalStatus, GoalType};

use crate::{
    app::{
        desk::{Desk, Group, group_name},
        goals::answer::Goal,
        kit::{Body, Cell, Field, Form, Link, Table},
    },
    client::{List, Problem, operations::admin as operations},
    form::Fields,
    words::states,
};

/// Goals on a page.
const LIMIT: u32 = 25;

/// Conditions that the address keeps.
const KEPT: [&str; 3] = ["status", "group_id", "cursor"];

pub(crate) async fn show(desk: Desk, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let groups = desk.groups().await?;
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
    let listed = listed(&desk, &asked, &groups, false).await?;
    let kept = crate::app::query(&KEPT.map(|name| (name, asked.get(name))));
    body.later("listed", &desk.at(&format!("/goals/listed?{kept}")), &listed);
    Ok(desk.page("Goals", "goals", body))
}

/// The list with its figures, after its page: they are counted at each look.
pub(crate) async fn part(desk: Desk, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let groups = desk.groups().await?;
    Ok(Desk::part(listed(&desk, &asked, &groups, true).await?))
}

async fn listed(desk: &Desk, asked: &Fields, groups: &[Group], figures: bool) -> Result<Body, Problem> {
    let call = desk.call(&operations::GOALS, []).query("figures", figures).query("limit", LIMIT);
    let call = KEPT.iter().fold(call, |call, name| call.query_some(name, asked.some(name)));
    let list: List<Goal> = call.read().await?;
    let heads = ["Goal", "State", "Group", "For", "People", "Texted", "Answered", "Yes", "Stopped"];
    let empty = "There is no goal here yet. A goal is a round of texts to the people of a group: start one above.";
    let mut table = Table::new("Goals", &heads, empty);
    for goal in &list.items {
        let told = [
            Cell::link(desk.at(&format!("/goals/{}", goal.id)), &goal.name),
            goal.state(),
            Cell::text(group_name(groups, &goal.group_id)),
            Cell::text(states::name::<GoalType>(&goal.goal_type)),
        ];
        let counted = Cell::counted(
            goal.figures
                .as_ref()
                .map(|figures| [figures.targeted, figures.messaged, figures.replied, figures.yes, figures.opted_out]),
        );
        table.row(told.into_iter().chain(counted).collect());
    }
    table.more(list.next.map(|next| {
        let kept = [("status", asked.get("status")), ("group_id", asked.get("group_id")), ("cursor", next.as_str())];
        desk.at(&format!("/goals?{}", crate::app::query(&kept)))
    }));
    let mut body = Body::new();
    body.table(&table);
    Ok(body)
}
