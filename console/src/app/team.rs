//! `…/team`: members: invited, suspended, let back in, removed.

use axum::{
    Router,
    extract::{Path, RawQuery},
    response::Response,
    routing::{get, post},
};
use muster_domain::tenancy::{member::MemberState, role::Role, sign_in::invite::InviteState};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Console,
    app::{
        Ids,
        desk::{Desk, Group, group_name, group_options, key, once},
        kit::{Act, Body, Cell, Field, Form, Link, Table, Tone},
        sign_ins,
    },
    client::{List, Operation, Problem, operations::admin as operations},
    form::Fields,
    words::states::{self, Plain},
};

#[derive(Debug, Clone, Deserialize)]
struct Member {
    id: String,
    role: String,
    first_name: String,
    last_name: String,
    email: Option<String>,
    groups: Vec<String>,
    state: String,
    version: i32,
}

#[derive(Deserialize)]
struct Made {
    id: String,
}

#[derive(Deserialize)]
struct Invite {
    state: String,
    expires_at: String,
}

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/team", get(list))
        .route("/team/new", get(new).post(make))
        .route("/team/{member_id}", get(show))
        .route("/team/{member_id}/edit", get(edit).post(save))
        .route("/team/{member_id}/act", post(act))
}

fn state(word: &str) -> Cell {
    let tone = match MemberState::parse(word) {
        Some(MemberState::Active) => Tone::Good,
        Some(MemberState::Suspended) => Tone::Warn,
        Some(MemberState::Removed) | None => Tone::Plain,
    };
    Cell::state(tone, &states::of_word::<MemberState>(word))
}

async fn list(desk: Desk, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let groups = desk.groups().await?;
    let call = desk.call(&operations::MEMBERS, []).query("limit", 50).query_some("cursor", asked.some("cursor"));
    let call = ["search", "role", "state"].iter().fold(call, |call, name| call.query_some(name, asked.some(name)));
    let list: List<Member> = call.read().await?;
    let any = || (String::new(), "Any".to_owned());
    let roles = Role::ALL.iter().map(|role| (role.to_string(), role.english().what.to_owned()));
    let states = MemberState::ALL.iter().map(|state| (state.to_string(), state.english().what.to_owned()));
    let mut body = Body::new();
    body.links(&[Link::main(desk.at("/team/new"), "Invite somebody")]);
    body.form(
        &Form::asking("find", desk.at("/team"), "Find")
            .add(Field::line("search", "Name or email", "search").value(asked.get("search")))
            .add(Field::choice("role", "Role", std::iter::once(any()).chain(roles).collect()).value(asked.get("role")))
            .add(
                Field::choice("state", "State", std::iter::once(any()).chain(states).collect())
                    .value(asked.get("state")),
            ),
    );
    let mut table =
        Table::new("Team", &["Name", "Role", "State", "Groups", "Email"], "Nobody matches. Invite somebody above.");
    for member in &list.items {
        let names: Vec<_> = member.groups.iter().map(|id| group_name(&groups, id)).collect();
        table.row(vec![
            Cell::link(
                desk.at(&format!("/team/{}", member.id)),
                crate::app::name(&member.first_name, &member.last_name),
            ),
            Cell::text(states::name::<Role>(&member.role)),
            state(&member.state),
            Cell::text(names.join(", ")),
            Cell::some(member.email.as_deref()),
        ]);
    }
    let kept = ["search", "role", "state"].map(|name| (name, asked.get(name)));
    table.more(
        list.next
            .map(|next| desk.at(&format!("/team?{}", crate::app::query(&[&kept[..], &[("cursor", &next)]].concat())))),
    );
    body.table(&table);
    Ok(desk.page("Team", "team", body))
}

async fn form(desk: &Desk, typed: &Fields, problem: Option<&Problem>) -> Result<Body, Problem> {
    let groups = desk.groups().await?;
    let mut body = Body::new();
    body.say("They get a mail with a link, and need no password.");
    let offered = Role::ALL.iter().filter(|role| match role {
        Role::Agent => true,
        Role::GroupAdmin | Role::OrganizationAdmin => desk.is_organization_admin(),
        Role::AccountAdmin => false,
    });
    let roles = offered.map(|role| (role.to_string(), format!("{}: {}", role.english().what, role.english().why)));
    let languages = vec![("en".to_owned(), "English".to_owned()), ("es".to_owned(), "Spanish".to_owned())];
    let form = Form::new("invite", desk.at("/team/new"), "Invite")
        .add(Field::hidden("key", typed.some("key").map_or_else(once, ToOwned::to_owned)))
        .add(Field::text("first_name", "First name").value(typed.raw("first_name")).needed())
        .add(Field::text("last_name", "Last name").value(typed.raw("last_name")).needed())
        .add(Field::line("email", "Email", "email").value(typed.raw("email")).needed())
        .add(Field::choice("role", "Role", roles.collect()).value(typed.get("role")))
        .add(
            Field::choice("group_id", "Group", group_options(&groups, Some("No group yet")))
                .value(typed.get("group_id"))
                .hint("A texter gets a number in it."),
        )
        .add(Field::choice("language", "Language of the mail", languages).value(typed.get("language")))
        .back(desk.at("/team"));
    body.form(&desk.refused(form, problem));
    Ok(body)
}

async fn new(desk: Desk, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let asked = Fields::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let body = form(&desk, &asked, None).await?;
    Ok(desk.page("Invite somebody", "team", body))
}

/// Makes a member, puts them into their group, and invites them. Steps that are done stay done: the
/// member's page has the rest.
async fn make(desk: Desk, fields: Fields) -> Result<Response, Problem> {
    let member = json!({
        "role": fields.get("role"),
        "first_name": fields.get("first_name"),
        "last_name": fields.get("last_name"),
        "email": fields.some("email"),
    });
    let made: Result<Made, Problem> =
        desk.call(&operations::NEW_MEMBER, []).json(&member).key(&key(fields.get("key"))).read().await;
    let made = match made {
        Ok(made) => made,
        Err(problem) if problem.is_of_the_input() => {
            let body = form(&desk, &fields, Some(&problem)).await?;
            return Ok(desk.wrong(&problem, "Invite somebody", "team", body));
        }
        Err(problem) => return Err(problem),
    };
    let joined = match fields.some("group_id") {
        Some(group) => desk.call(&operations::ADD_MEMBER, [group, &made.id]).key(&once()).done().await,
        None => Ok(()),
    };
    let invite = json!({ "language": fields.some("language").unwrap_or("en") });
    let invited = desk.call(&operations::INVITE, [&made.id]).json(&invite).done().await;
    desk.after(&format!("/team/{}", made.id), joined.and(invited), "The invitation is on its way.")
}

async fn member(desk: &Desk, id: &str) -> Result<Member, Problem> {
    desk.call(&operations::MEMBER, [id]).read().await
}

async fn show(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let member = member(&desk, &ids.member_id).await?;
    let groups = desk.groups().await?;
    let names: Vec<_> = member.groups.iter().map(|id| group_name(&groups, id)).collect();
    let mut body = Body::new();
    body.facts(&[
        ("State".to_owned(), state(&member.state)),
        ("Role".to_owned(), Cell::state(Tone::Plain, &states::of_word::<Role>(&member.role))),
        ("Email".to_owned(), Cell::some(member.email.as_deref())),
        ("Groups".to_owned(), Cell::text(names.join(", "))),
    ]);
    body.links(&[Link::new(desk.at(&format!("/team/{}/edit", member.id)), "Edit")]);
    invitation(&desk, &member, &mut body).await?;
    acts(&desk, &member, &mut body);
    sign_ins::of_member(&desk, &member.id, &mut body).await?;
    Ok(desk.page(crate::app::name(&member.first_name, &member.last_name), "team", body))
}

/// Returns an answer, or nothing where there is none for this admin.
fn seen<T>(found: Result<T, Problem>) -> Result<Option<T>, Problem> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(problem) if matches!(problem.status, 403 | 404) => Ok(None),
        Err(problem) => Err(problem),
    }
}

fn button(desk: &Desk, member: &Member, what: &str, text: &str) -> Act {
    Act::new(what, desk.at(&format!("/team/{}/act", member.id)), text).with("do", what)
}

async fn invitation(desk: &Desk, member: &Member, body: &mut Body) -> Result<(), Problem> {
    let found: Result<Invite, Problem> = desk.call(&operations::INVITE_OF, [&member.id]).read().await;
    let invite = seen(found)?;
    body.heading("Invitation");
    match &invite {
        Some(invite) => {
            let words = states::of_word::<InviteState>(&invite.state);
            body.facts(&[
                ("State".to_owned(), Cell::state(Tone::Plain, &words)),
                ("Holds until".to_owned(), Cell::Time(invite.expires_at.clone())),
            ]);
            body.say(format!("{} {}", words.why, words.now));
        }
        None => {
            body.say("They were not invited yet.");
        }
    }
    if member.state == "active" {
        body.act(&button(desk, member, "invite", if invite.is_some() { "Invite again" } else { "Invite" }));
        if invite.is_some_and(|invite| invite.state == "pending") {
            body.act(
                &button(desk, member, "revoke", "Take the invitation back").sure("The link in the mail stops working."),
            );
        }
    }
    Ok(())
}

fn acts(desk: &Desk, member: &Member, body: &mut Body) {
    if member.id == desk.me.member_id {
        return;
    }
    body.heading("Access");
    match MemberState::parse(&member.state) {
        Some(MemberState::Active) => {
            let sure = "They are signed out at once and cannot sign in. What they have in hand is free for \
                others. You can let them back in.";
            body.act(&button(desk, member, "suspend", "Suspend").sure(sure));
        }
        Some(MemberState::Suspended) => {
            body.act(&button(desk, member, "restore", "Let them back in"));
        }
        Some(MemberState::Removed) | None => return,
    }
    body.act(&button(desk, member, "remove", "Remove").sure(
        "They are gone for good. Their history keeps their \
        name.",
    ));
}

async fn act(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let (operation, sentence): (&'static Operation, _) = match fields.get("do") {
        "invite" => (&operations::INVITE, "The invitation is on its way."),
        "revoke" => (&operations::REVOKE_INVITE, "The invitation is taken back."),
        "suspend" => (&operations::SUSPEND, "They are suspended."),
        "restore" => (&operations::RESTORE, "They can sign in again."),
        "remove" => (&operations::REMOVE_MEMBER, "They are removed."),
        _ => return Err(Problem::nothing()),
    };
    let done = desk.call(operation, [&ids.member_id]).done().await;
    desk.after(&format!("/team/{}", ids.member_id), done, sentence)
}

fn edit_form(desk: &Desk, member: &Member, groups: &[Group], problem: Option<&Problem>) -> Form {
    let at = desk.at(&format!("/team/{}", member.id));
    let roles = Role::ALL.iter().map(|role| (role.to_string(), role.english().what.to_owned()));
    let boxes = Field::boxes("groups", "Groups", group_options(groups, None));
    let boxes = member.groups.iter().fold(boxes, Field::value);
    let form = Form::new("member", format!("{at}/edit"), "Save")
        .add(Field::hidden("version", member.version.to_string()))
        .add(Field::text("first_name", "First name").value(&member.first_name).needed())
        .add(Field::text("last_name", "Last name").value(&member.last_name).needed())
        .add(Field::line("email", "Email", "email").value(member.email.as_deref().unwrap_or_default()))
        .add(Field::choice("role", "Role", roles.collect()).value(&member.role))
        .add(boxes);
    desk.refused(form, problem).back(at)
}

async fn edit(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let member = member(&desk, &ids.member_id).await?;
    let groups = desk.groups().await?;
    let mut body = Body::new();
    body.form(&edit_form(&desk, &member, &groups, None));
    Ok(desk.page("Edit a member", "team", body))
}

async fn save(desk: Desk, Path(ids): Path<Ids>, fields: Fields) -> Result<Response, Problem> {
    let before = member(&desk, &ids.member_id).await?;
    let groups: Vec<_> = fields.all("groups").map(ToOwned::to_owned).collect();
    let mut edit = json!({
        "first_name": fields.get("first_name"), "last_name": fields.get("last_name"), "email": fields.some("email"), "groups": groups,
    });
    if fields.get("role") != before.role {
        edit["role"] = json!(fields.get("role"));
    }
    let etag = format!("\"{}\"", fields.get("version"));
    match desk.call(&operations::EDIT_MEMBER, [&ids.member_id]).json(&edit).if_match(&etag).done().await {
        Ok(()) => Ok(desk.done(&format!("/team/{}", ids.member_id), "Saved.")),
        Err(problem) if problem.is_of_the_input() => {
            let all = desk.groups().await?;
            let shown = Member {
                groups,
                first_name: fields.raw("first_name").to_owned(),
                last_name: fields.raw("last_name").to_owned(),
                ..before
            };
            let mut body = Body::new();
            body.form(&edit_form(&desk, &shown, &all, Some(&problem)));
            Ok(desk.wrong(&problem, "Edit a member", "team", body))
        }
        Err(problem) => Err(problem),
    }
}
