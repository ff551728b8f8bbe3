//! `GET` and `POST /v1/invites/{invite_id}/page`: the page of an invite's mail.

use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use muster_domain::{
    ids::InviteId,
    tenancy::sign_in::{scope::Scope, session::SignInMethod},
};
use muster_storage::tenancy::sign_in::invites;
use serde::Deserialize;

use crate::{
    extract::{Path, Query},
    problem::Problem,
    sign_in::{
        SignInClient,
        accept::pending,
        key,
        page::{
            Language,
            html::{Page, form},
            sign_in::signed_in,
        },
        session::Wanted,
    },
    state::Api,
};

#[derive(Deserialize)]
pub(crate) struct InvitePageLink {
    #[serde(default)]
    secret: String,
    #[serde(flatten)]
    language: Language,
}

#[derive(Deserialize)]
pub(crate) struct InviteClick {
    #[serde(default)]
    secret: String,
}

/// Shows the page with its button. It changes nothing, and asks nobody.
pub(crate) async fn show(Path(_id): Path<InviteId>, Query(link): Query<InvitePageLink>) -> Response {
    let language = link.language;
    let title = language.of("Your invite", "Su invitación");
    let body = form(&[("secret", &link.secret)], "", language.of("Accept and sign in", "Aceptar y acceder"));
    Page { status: StatusCode::OK, language, title, body }.into_response()
}

/// Accepts the invite and begins a session in this browser.
pub(crate) async fn click(
    State(api): State<Api>,
    Path(id): Path<InviteId>,
    Query(link): Query<InvitePageLink>,
    client: SignInClient,
    Form(click): Form<InviteClick>,
) -> Result<Response, Problem> {
    let key = key(&api)?;
    client.own_page(&api)?;
    client.count(&api).await?;
    let mut tx = api.pool.begin().await?;
    let Some(invite) = pending(&mut tx, &key, id, &click.secret).await? else {
        let language = link.language;
        let title = language.of("That did not work", "No ha funcionado");
        let words = language.of(
            "The invite was accepted, taken back or made anew, or its time is over. Ask for another one.",
            "La invitación se aceptó, se retiró, se renovó o caducó. Pida otra.",
        );
        let body = format!("<p>{words}</p>");
        return Ok(Page { status: StatusCode::FORBIDDEN, language, title, body }.into_response());
    };
    invites::accept(&mut tx, id).await?;
    let wanted = Wanted { client: &client, method: SignInMethod::Invite, scope: Scope::Full, cookie: true };
    let answer = wanted.begin(&mut tx, invite.account_id, invite.member_id).await?;
    tx.commit().await?;
    Ok(signed_in(link.language, answer))
}
