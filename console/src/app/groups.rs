//! `…/groups`: groups of people, their texters and numbers.

use std::future::{Ready, ready};

use axum::{
    Router,
    extract::{Path, RawQuery},
    response::Response,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Console,
    app::{
        Ids,
        desk::{Desk, Group, key, once},
        imports::zones,
        kit::{Act, Body, Cell, Field, Form, Link, Table, Tone},
        when,
    },
    client::{List, Problem, operations::admin as operations},
    form::Fields,
    page::see,
};

/// Texters on a group's page.
const TEXTERS_SHOWN: u32 = 25;
/// Texters on the page that adds one.
const CANDIDATES_SHOWN: u32 = 50;

#[derive(Deserialize)]
struct Made {
    id: String,
}

#[derive(Deserialize)]
struct Texter {
    id: String,
    first_name: String,
    last_name: String,
    #[serde(default)]
    groups: Vec<String>,
}

impl Texter {
    fn name(&self) -> String {
        crate::app::name(&self.first_name, &self.last_name)
    }
}

#[derive(Deserialize)]
struct Number {
    number: String,
    agent_name: Option<String>,
}

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/groups", get(list))
        .route("/groups/new", get(new).post(make))
        .route("/groups/{group_id}", get(show))
        .route("/groups/{group_id}/edit", get(edit).post(save))
        .route("/groups/{group_id}/archive", post(archive))
        .route("/groups/{group_id}/texters", get(others).post(add_texter))
        .route("/groups/{group_id}/texters/{member_id}/take", post(take_texter))
}

async fn list(desk: Desk) -> Result<Response, Problem> {
    let groups = desk.groups().await?;
    let mut body = Body::new();
    if desk.is_organization_admin() {
        body.links(&[Link::main(desk.at("/groups/new"), "Make a group")]);
    }
    let empty = "There is no group yet. A group has people in one place; importing a file makes one too.";
    let mut table = Table::new("Groups", &["Group", "Place", "Clocks", "Area code", "People"], empty);
    for group in &groups {
        let name = if group.archived { format!("{} (put away)", group.name) } else { group.name.clone() };
        table.row(vec![
            Cell::link(desk.at(&format!("/groups/{}", group.id)), name),
            Cell::some(Some(&group.location)),
            Cell::text(when::place(&group.zone)),
            Cell::text(&group.area_code),
            Cell::Number(group.contacts),
        ]);
    }
    body.table(&table);
    Ok(desk.page("Groups", "groups", body))
}

fn form(desk: &Desk, path: &str, typed: &Fields, problem: Option<&Problem>) -> Form {
    let form = Form::new("group", desk.at(path), "Save")
        .add(Field::hidden("key", typed.some("key").map_or_else(once, ToOwned::to_owned)))
        .add(Field::text("name", "Name").value(typed.raw("name")).needed())
        .add(Field::text("location", "Place").value(typed.raw("location")).hint("Such as: Brooklyn."))
        .add(
            Field::choice("zone", "Its clocks are those of", zones())
                .value(typed.get("zone"))
                .hint("Texting hours and the times of goals go by them."),
        )
        .add(
            Field::text("area_code", "Area code")
                .value(typed.raw("area_code"))
                .needed()
                .at_most(3)
                .hint("Texts come from numbers with it, such as 646."),
        );
    desk.refused(form, problem).back(desk.at("/groups"))
}

#[expect(clippy::needless_pass_by_value, reason = "a handler owns its extractors")]
fn new(desk: Desk) -> Ready<Response> {
    let mut body = Body::new();
    body.form(&form(&desk, "/groups/new", &Fields::default(), None));
    ready(desk.page("Make a group", "groups", body))
}

async fn make(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let group = json!({
        "name": fields.get("name"), "location": fields.get("location"), "zone": fields.get("zone"), "area_code": fields.get("area_code"),
    });
    let made: Result<Made, Problem> =
        desk.call(&operations::NEW_GROUP, []).json(&group).key(&key(fields.get("key"))).read().await;
    match made {
        Ok(made) => Ok(see(&desk.at(&format!("/groups/{}", made.id)))),
        Err(problem) if problem.is_of_the_input() => {
            let mut body = Body::new();
            body.form(&form(&desk, "/groups/new", &fields, Some(&problem)));
            Ok(desk.wrong(&problem, "Make a group", "groups", body))
        }
        Err(problem) => Err(problem),
    }
}

async fn group(desk: &Desk, id: &str) -> Result<Group, Problem> {
    desk.call(&operations::GROUP, [id]).read().await
}

async fn show(desk: Desk, Path(ids): Path<Ids>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let group = group(&desk, &ids.group_id).await?;
    let at = |path: &str| desk.at(&format!("/groups/{}{path}", group.id));
    let mut body = Body::new();
    if group.archived {
        body.note(Tone::Plain, "This group is put away", "No new goal can be started in it.");
    }
    body.facts(&[
        ("Place".to_owned(), Cell::some(Some(&group.location))),
        ("Clocks".to_owned(), Cell::text(when::place(&group.zone))),
        ("Area code".to_owned(), Cell::text(&group.area_code)),
        ("People".to_owned(), Cell::Number(group.contacts)),
    ]);
    body.links(&[
        Link::main(desk.at(&format!("/people?group_id={}", group.id)), "See its people"),
        Link::new(desk.at(&format!("/goals?group_id={}", group.id)), "See its goals"),
        Link::new(at("/edit"), "Edit"),
    ]);
    texters(&desk, &group, &asked, &mut body).await?;
    if desk.is_organization_admin() {
        numbers(&desk, &group, &mut body).await?;
        let (text, sure) = if group.archived {
            ("Take it back into use", "Goals can be started in it again.")
        } else {
            ("Put the group away", "No new goal can be started in it. Nothing is deleted, and you can take it back.")
        };
        let act = Act::new("archive", at("/archive"), text).sure(sure);
        body.act(&act.with("do", if group.archived { "back" } else { "away" }));
    }
    Ok(desk.page(group.name, "groups", body))
}

/// Adds a page of the group's texters, with a search where there are more.
async fn texters(desk: &Desk, group: &Group, asked: &Fields, body: &mut Body) -> Result<(), Problem> {
    let call = desk.call(&operations::MEMBERS, []).query("role", "agent").query("state", "active");
    let call = call.query("group_id", &group.id).query("limit", TEXTERS_SHOWN);
    let call = ["search", "cursor"].iter().fold(call, |call, name| call.query_some(name, asked.some(name)));
    let list: List<Texter> = call.read().await?;
    let at = |path: &str| desk.at(&format!("/groups/{}{path}", group.id));
    body.heading("Texters");
    if list.next.is_some() || asked.some("search").is_some() || asked.some("cursor").is_some() {
        let find = Form::asking("find", at(""), "Find");
        body.form(&find.add(Field::line("search", "Name or email", "search").value(asked.get("search"))));
    }
    let empty = "Nobody texts for this group yet. Invite somebody, or add a texter of another group.";
    let empty = if asked.some("search").is_some() { "No texter of the group has this name." } else { empty };
    let mut table = Table::new("Texters of the group", &["Texter", ""], empty);
    for texter in &list.items {
        let act = Act::new(format!("take-{}", texter.id), at(&format!("/texters/{}/take", texter.id)), "Take out")
            .sure("What they have in hand here is free for others at once.");
        table.row(vec![Cell::link(desk.at(&format!("/team/{}", texter.id)), texter.name()), Cell::Acts(vec![act])]);
    }
    table.more(list.next.map(|next| at(&format!("?{}", kept(asked, &next)))));
    body.table(&table);
    body.links(&[
        Link::new(desk.at(&format!("/team/new?group_id={}", group.id)), "Invite a texter"),
        Link::new(at("/texters"), "Add a texter of another group"),
    ]);
    Ok(())
}

/// Returns the query of the next page of texters.
fn kept(asked: &Fields, next: &str) -> String {
    crate::app::query(&[("search", asked.get("search")), ("cursor", next)])
}

/// Texters of other groups, each with a button that adds them.
async fn others(desk: Desk, Path(ids): Path<Ids>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let group = group(&desk, &ids.group_id).await?;
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let call = desk.call(&operations::MEMBERS, []).query("role", "agent").query("state", "active");
    let call = call.query("limit", CANDIDATES_SHOWN);
    let call = ["search", "cursor"].iter().fold(call, |call, name| call.query_some(name, asked.some(name)));
    let list: List<Texter> = call.read().await?;
    let at = |path: &str| desk.at(&format!("/groups/{}{path}", group.id));
    let mut body = Body::new();
    body.links(&[Link::new(at(""), "Back to the group")]);
    let find = Form::asking("find", at("/texters"), "Find");
    body.form(&find.add(Field::line("search", "Name or email", "search").value(asked.get("search"))));
    let heads = ["Texter", ""];
    let mut table = Table::new("Texters of other groups", &heads, "Nobody matches. Invite somebody instead.");
    for texter in &list.items {
        let add = Act::new(format!("add-{}", texter.id), at("/texters"), "Add").with("member_id", &texter.id);
        let is_in = texter.groups.contains(&group.id);
        let way = if is_in { Cell::text("Texts for this group already") } else { Cell::Acts(vec![add]) };
        table.row(vec![Cell::link(desk.at(&format!("/team/{}", texter.id)), texter.name()), way]);
    }
    table.more(list.next.map(|next| at(&format!("/texters?{}", kept(&asked, &next)))));
    body.table(&table);
    Ok(desk.page(format!("Add a texter to {}", group.name), "groups", body))
}

async fn numbers(desk: &Desk, group: &Group, body: &mut Body) -> Result<(), Problem> {
    let call = desk.call(&operations::NUMBERS, []).query("group_id", &group.id).query("limit", 100);
    let list: List<Number> = call.read().await?;
    let empty =
        "The group has no number yet. A texter gets one when they are added, if one with the area code is free.";
    let mut table = Table::new("Numbers that its texts come from", &["Number", "Texter"], empty);
    for number in &list.items {
        let texter = number.agent_name.as_deref().unwrap_or("Free, for the next texter");
        table.row(vec![Cell::text(crate::app::phone(&number.number)), Cell::text(texter)]);
    }
    let mut inner = Body::new();
    inner.table(&table);
    body.fold("Numbers", &inner);
    Ok(())
}

fn known(group: &Group) -> Fields {
    let now = [
        ("name", group.name.as_str()),
        ("location", group.location.as_str()),
        ("zone", group.zone.as_str()),
        ("area_code", group.area_code.as_str()),
    ];
    Fields::read(crate::app::query(&now).as_bytes()).unwrap_or_default()
}

async fn edit(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let group = group(&desk, &ids.group_id).await?;
    let mut body = Body::new();
    body.form(&form(&desk, &format!("/groups/{}/edit", group.id), &known(&group), None));
    Ok(desk.page(format!("Edit {}", group.name), "groups", body))
}

async fn save(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let edit = json!({
        "name": fields.get("name"), "location": fields.get("location"), "zone": fields.some("zone"), "area_code": fields.get("area_code"),
    });
    match desk.call(&operations::EDIT_GROUP, [&ids.group_id]).json(&edit).done().await {
        Ok(()) => Ok(desk.done(&format!("/groups/{}", ids.group_id), "Saved.")),
        Err(problem) if problem.is_of_the_input() => {
            let mut body = Body::new();
            body.form(&form(&desk, &format!("/groups/{}/edit", ids.group_id), &fields, Some(&problem)));
            Ok(desk.wrong(&problem, "Edit the group", "groups", body))
        }
        Err(problem) => Err(problem),
    }
}

async fn archive(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let (operation, sentence) = match fields.get("do") {
        "back" => (&operations::UNARCHIVE_GROUP, "The group is in use again."),
        _ => (&operations::ARCHIVE_GROUP, "The group is put away."),
    };
    let done = desk.call(operation, [&ids.group_id]).done().await;
    desk.after(&format!("/groups/{}", ids.group_id), done, sentence)
}

async fn add_texter(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let place = [ids.group_id.as_str(), fields.get("member_id")];
    let done = desk.call(&operations::ADD_MEMBER, place).key(&once()).done().await;
    desk.after(&format!("/groups/{}", ids.group_id), done, "They can text for this group now.")
}

async fn take_texter(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let done = desk.call(&operations::TAKE_MEMBER, [&ids.group_id, &ids.member_id]).done().await;
    desk.after(&format!("/groups/{}", ids.group_id), done, "They text for this group no more.")
}
