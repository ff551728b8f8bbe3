//! Where members are signed in: `…/sign-ins` has one's own, and a member's page has theirs, each
//! with the ways to end one or all.

use axum::{
    Router,
    extract::Path,
    response::Response,
    routing::{get, post},
};
use muster_domain::tenancy::sign_in::session::SignInMethod;
use serde::Deserialize;
use serde_json::json;

use crate::{
    Console,
    app::{
        Ids,
        desk::Desk,
        kit::{Act, Body, Cell, Table, Tone},
    },
    client::{Call, List, Problem, operations::admin as operations},
    words::states,
};

#[derive(Deserialize)]
struct Session {
    id: String,
    current: bool,
    method: String,
    client: String,
    address: String,
    created_at: String,
    last_used_at: Option<String>,
    expires_at: String,
}

/// Sign-ins of a page.
const SHOWN: u32 = 100;

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/sign-ins", get(own))
        .route("/sign-ins/end-others", post(end_others))
        .route("/sign-ins/{session_id}/end", post(end_own))
        .route("/team/{member_id}/sign-ins/{session_id}/end", post(end_of_member))
        .route("/team/{member_id}/sign-ins/end", post(end_all_of_member))
}

async fn sessions(call: Call<'_>) -> Result<List<Session>, Problem> {
    call.query("limit", SHOWN).read().await
}

/// Returns sign-ins as a table. `end` is the address under which one is ended.
fn table(list: &List<Session>, end: &str, empty: &str) -> Table {
    let heads = ["Browser", "Address", "By", "Signed in", "Last used", "Ends at the latest", ""];
    let mut table = Table::new("Where they are signed in", &heads, empty);
    for session in &list.items {
        let last = if session.current {
            Cell::State { tone: Tone::Good, what: "Here, now".to_owned(), why: String::new() }
        } else {
            let sure = "That browser is signed out at once. Nothing else changes.";
            let act = Act::new(format!("end-{}", session.id), format!("{end}/{}/end", session.id), "Sign out");
            Cell::Acts(vec![act.sure(sure)])
        };
        table.row(vec![
            Cell::text(&session.client),
            Cell::text(&session.address),
            Cell::text(states::name::<SignInMethod>(&session.method)),
            Cell::Time(session.created_at.clone()),
            Cell::time(session.last_used_at.as_deref()),
            Cell::Time(session.expires_at.clone()),
            last,
        ]);
    }
    table
}

async fn own(desk: Desk) -> Result<Response, Problem> {
    let list = sessions(desk.visit.call(&operations::OWN_SESSIONS, [])).await?;
    let mut body = Body::new();
    body.say("These browsers are signed in as you. If you do not know one, sign it out, and tell another admin.");
    body.table(&table(&list, &desk.at("/sign-ins"), "You are signed in nowhere."));
    if list.items.iter().any(|session| !session.current) {
        let sure = "You stay signed in here. All other browsers are signed out at once.";
        body.act(&Act::new("end-others", desk.at("/sign-ins/end-others"), "Sign out everywhere else").sure(sure));
    }
    Ok(desk.page("Where you are signed in", "sign-ins", body))
}

async fn end_own(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let done = desk.visit.call(&operations::END_OWN_SESSION, [&ids.session_id]).done().await;
    desk.after("/sign-ins", done, "That browser is signed out.")
}

async fn end_others(desk: Desk) -> Result<Response, Problem> {
    let call = desk.visit.call(&operations::END_OWN_SESSIONS, []).json(&json!({ "others_only": true }));
    desk.after("/sign-ins", call.done().await, "All other browsers are signed out.")
}

/// Adds a member's sign-ins to their page. An admin sees those of members within their reach alone.
pub(super) async fn of_member(desk: &Desk, member_id: &str, body: &mut Body) -> Result<(), Problem> {
    let list = match sessions(desk.call(&operations::SESSIONS, [member_id])).await {
        Ok(list) => list,
        Err(problem) if matches!(problem.status, 403 | 404) => return Ok(()),
        Err(problem) => return Err(problem),
    };
    let at = desk.at(&format!("/team/{member_id}/sign-ins"));
    body.heading("Sign-ins").table(&table(&list, &at, "They are signed in nowhere."));
    if !list.items.is_empty() && *member_id != desk.me.member_id {
        let act = Act::new("sign-out", format!("{at}/end"), "Sign them out everywhere");
        body.act(&act.sure("They can sign in again."));
    }
    Ok(())
}

async fn end_of_member(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let done = desk.call(&operations::END_SESSION, [&ids.session_id]).done().await;
    desk.after(&format!("/team/{}", ids.member_id), done, "That browser is signed out.")
}

async fn end_all_of_member(desk: Desk, Path(ids): Path<Ids>) -> Result<Response, Problem> {
    let done = desk.call(&operations::END_SESSIONS, [&ids.member_id]).done().await;
    desk.after(&format!("/team/{}", ids.member_id), done, "They are signed out everywhere.")
}
