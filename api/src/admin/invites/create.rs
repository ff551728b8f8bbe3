//! `PUT /v1/organizations/{organization_id}/members/{member_id}/invite` (rule A6).

use axum::{Json as Answer, extract::State};
use muster_domain::{
    ids::MemberId,
    tenancy::sign_in::{code::MailLanguage, invite::INVITE_DAYS},
};
use muster_jobs::kinds::MailSend;
use muster_storage::{
    Page, Tx,
    engine::enqueue::{Origin, enqueue},
    tenancy::sign_in::invites::{self, NewInvite},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::invites::body::{InviteBody, body, filter},
    auth::Admin,
    bounds,
    extract::{OptionalJson, Path},
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInviteBody {
    /// Days for which it can be accepted; 7 if absent.
    #[schema(value_type = Option<bounds::InviteDays>)]
    days: Option<i32>,
    /// The mail's language; English if absent.
    #[schema(value_type = Option<shapes::MailLanguage>)]
    language: Option<MailLanguage>,
}

/// Invites a member within the admin's reach by a mail to their address, or invites them again: the
/// former link is of no more use then.
#[utoipa::path(put, path = "/v1/organizations/{organization_id}/members/{member_id}/invite", tag = "members")]
pub(crate) async fn create(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, MemberId)>,
    OptionalJson(new): OptionalJson<NewInviteBody>,
) -> Result<Answer<InviteBody>, Problem> {
    let days = bounds::InviteDays::read("days", new.days.unwrap_or(INVITE_DAYS))?;
    if api.settings.sign_in.key().is_none() {
        return Err(Problem::conflict("this installation has no sign-in by mail"));
    }
    let mut tx = api.pool.begin().await?;
    let (admin, found) = admin.to_change(&mut tx, id).await?;
    if found.email.is_none() {
        return Err(Problem::conflict("the member has no email"));
    }
    let new =
        NewInvite { member_id: id, created_by: admin.member.id, language: new.language.unwrap_or_default(), days };
    send(&mut tx, new, &admin.origin()).await?;
    let made = invites::page(&mut tx, &filter(&admin, Some(id)), Page::first(1)).await?.pop();
    let made = made.ok_or_else(|| Problem::no("member"))?;
    tx.commit().await?;
    Ok(Answer(body(&made)))
}

/// Invites a member, and leaves the mail to a job.
pub(crate) async fn send(tx: &mut Tx, new: NewInvite, origin: &Origin) -> Result<(), Problem> {
    let link = invites::invite(tx, new).await?;
    enqueue(tx, &MailSend::Invite { invite_id: link.id, generation: link.generation }, origin).await?;
    Ok(())
}
