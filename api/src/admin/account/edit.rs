//! `PATCH /v1/account`: edit an account's settings.

use axum::extract::State;
use muster_domain::ids::AccountId;
use muster_jobs::kinds::OptOutSharing;
use muster_service::trace;
use muster_storage::{
    engine::enqueue::{Origin, enqueue},
    sending::Concerned,
    tenancy::{accounts, organizations},
};

use crate::{
    admin::{
        account::get::{AccountBody, body},
        organizations::settings::AccountSettingsBody,
    },
    auth::AccountAdmin,
    document::Tagged,
    extract::{IfMatch, Json},
    problem::Problem,
    state::Api,
};

/// Edits settings of the account. Account admins only. Where its organizations hear each other's
/// opt-outs from now on, those from before count at once: from the answer on, no text is handed
/// over against one. A job writes them to the other organizations' contacts.
#[utoipa::path(patch, path = "/v1/account", tag = "accounts")]
pub(crate) async fn patch(
    State(api): State<Api>,
    AccountAdmin(member): AccountAdmin,
    expected: IfMatch,
    Json(edit): Json<AccountSettingsBody>,
) -> Result<Tagged<AccountBody>, Problem> {
    let id = member.account_id;
    let mut tx = api.pool.begin().await?;
    let before = accounts::lock(&mut tx, id).await?.ok_or_else(|| Problem::no("account"))?;
    if !expected.allows(before.version) {
        return Err(Problem::edited_meanwhile(format!("the account is at version {}", before.version)));
    }
    let edited = before.settings.patched(&edit.0).map_err(|bad| Problem::invalid_body(bad.to_string()))?;
    let begins = accounts::update(&mut tx, &before, &edited).await?;
    if let Some(since) = begins {
        let first = organizations::first(&mut tx, id).await?;
        let origin = Origin { organization_id: first, traceparent: trace::current() };
        enqueue(&mut tx, &OptOutSharing { account_id: id, since, after: None }, &origin).await?;
    }
    let after = accounts::get(&mut tx, id).await?.ok_or_else(|| Problem::no("account"))?;
    tx.commit().await?;
    if begins.is_some() {
        until_it_holds(&api, id).await?;
    }
    Ok(body(after, member))
}

/// Waits until no text goes any more that was decided before (rule S9).
async fn until_it_holds(api: &Api, id: AccountId) -> Result<(), Problem> {
    let organizations: Vec<_> = organizations::list(&api.pool, id).await?.into_iter().map(|one| one.id).collect();
    for organization in &organizations {
        // A transaction of its own for each: none is kept waiting while another is waited for.
        let mut tx = api.pool.begin().await?;
        organizations::lock_terms(&mut tx, *organization).await?;
        tx.rollback().await?;
    }
    for organization in organizations {
        api.until_it_holds(Concerned::Organization(organization)).await;
    }
    Ok(())
}
