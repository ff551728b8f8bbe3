//! `GET` and `POST /v1/sign-in/{sign_in_id}/page`: the page of a code's mail.

use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use muster_domain::{
    ids::{MemberId, SignInId},
    tenancy::sign_in::{scope::Scope, session::SignInMethod},
};
use muster_storage::tenancy::sign_in::attempts::{self, Membership};
use serde::Deserialize;

use crate::{
    document::WithCookie,
    extract::{Path, Query},
    problem::Problem,
    sign_in::{
        SignInClient,
        confirm::proved,
        key,
        page::{
            Language,
            html::{Page, escaped, form},
        },
        session::{ASKING_COOKIE, Wanted, chosen, place},
    },
    state::Api,
};

#[derive(Deserialize)]
pub(crate) struct SignInLink {
    #[serde(default)]
    code: String,
    #[serde(flatten)]
    language: Language,
}

#[derive(Deserialize)]
pub(crate) struct SignInClick {
    #[serde(default)]
    code: String,
    member_id: Option<MemberId>,
}

/// Shows the page. In the browser that asked for the code it has a button; elsewhere it says where
/// to type the code. It changes nothing, and asks nobody.
pub(crate) async fn show(Path(_id): Path<SignInId>, Query(link): Query<SignInLink>, client: SignInClient) -> Response {
    let language = link.language;
    let title = language.of("Sign in", "Acceder");
    let body = if client.cookie(ASKING_COOKIE).is_some() {
        form(&[("code", &link.code)], "", language.of("Sign in now", "Acceder ahora"))
    } else {
        let words = language.of(
            "Type this code where you asked for it. This browser has not asked for one.",
            "Escriba este código donde lo pidió. Este navegador no lo ha pedido.",
        );
        format!("<p>{words}</p><p style=\"font: bold 1.6em monospace\">{}</p>", escaped(&link.code))
    };
    Page { status: StatusCode::OK, language, title, body }.into_response()
}

/// Begins a session in the browser that asked for the code, or asks which member the person is.
pub(crate) async fn click(
    State(api): State<Api>,
    Path(id): Path<SignInId>,
    Query(link): Query<SignInLink>,
    client: SignInClient,
    Form(click): Form<SignInClick>,
) -> Result<Response, Problem> {
    let key = key(&api)?;
    client.own_page(&api)?;
    client.count(&api).await?;
    let language = link.language;
    let secret = client.cookie(ASKING_COOKIE).unwrap_or_default();
    let mut tx = api.pool.begin().await?;
    let Some(memberships) = proved(&mut tx, &key, id, secret, &click.code).await? else {
        tx.commit().await?;
        return Ok(failed(language));
    };
    let Some((account_id, member_id)) = chosen(&memberships, click.member_id) else {
        return Ok(choose(language, &click.code, &memberships));
    };
    attempts::use_up(&mut tx, id).await?;
    let wanted = Wanted { client: &client, method: SignInMethod::EmailCode, scope: Scope::Full, cookie: true };
    let answer = wanted.begin(&mut tx, account_id, member_id).await?;
    tx.commit().await?;
    Ok(signed_in(language, answer))
}

fn choose(language: Language, code: &str, memberships: &[Membership]) -> Response {
    let options: Vec<_> = memberships
        .iter()
        .map(|one| {
            let place = escaped(&place(&one.account, one.organization.as_deref()));
            format!(
                "<p><label><input type=\"radio\" name=\"member_id\" value=\"{}\" required> {place}</label></p>",
                one.member_id
            )
        })
        .collect();
    let title = language.of("Where do you want to sign in?", "¿Dónde quiere acceder?");
    let body = form(&[("code", code)], &options.concat(), language.of("Sign in", "Acceder"));
    Page { status: StatusCode::OK, language, title, body }.into_response()
}

/// The page after a session has begun.
pub(crate) fn signed_in<T>(language: Language, answer: WithCookie<T>) -> Response {
    let title = language.of("You are signed in", "Ha accedido");
    let words = language.of("Go on to your work", "Ir a su trabajo");
    // The console leads to the part of the member's role.
    let page = Page { status: StatusCode::OK, language, title, body: format!("<p><a href=\"/\">{words}</a></p>") };
    answer.over(page).into_response()
}

fn failed(language: Language) -> Response {
    let title = language.of("That did not work", "No ha funcionado");
    let words = language.of(
        "The code was used, is too old, or was asked for elsewhere. Ask for another one.",
        "El código se usó, caducó o se pidió en otro lugar. Pida otro.",
    );
    Page { status: StatusCode::FORBIDDEN, language, title, body: format!("<p>{words}</p>") }.into_response()
}
