//! An invite as it is answered.

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{InviteId, MemberId},
    tenancy::{role::Role, sign_in::invite::InviteState},
};
use muster_storage::tenancy::sign_in::invites::{Invite, InviteFilter};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Admin, list::Item, shapes};

#[derive(Serialize, ToSchema)]
pub(crate) struct InviteBody {
    #[schema(value_type = uuid::Uuid)]
    id: InviteId,
    #[schema(value_type = uuid::Uuid)]
    member_id: MemberId,
    #[schema(value_type = shapes::InviteState)]
    state: InviteState,
    /// How often it was made anew, from 1 on; the latest link alone is of use.
    generation: i32,
    #[schema(value_type = Option<uuid::Uuid>)]
    created_by: Option<MemberId>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// When its mail was handed to the mail server; null before.
    mailed_at: Option<DateTime<Utc>>,
}

impl Item for InviteBody {
    type Id = MemberId;

    const PAGE: &'static str = "InvitePage";
}

/// Returns an invite as it is answered.
pub(crate) const fn body(invite: &Invite) -> InviteBody {
    let &Invite { id, member_id, generation, state, created_by, created_at, expires_at, mailed_at } = invite;
    InviteBody { id, member_id, state, generation, created_by, created_at, expires_at, mailed_at }
}

/// Returns the invites that this admin sees; those of account admins are theirs alone.
pub(crate) fn filter(admin: &Admin, only: Option<MemberId>) -> InviteFilter {
    InviteFilter {
        account_id: admin.member.account_id,
        organization_id: admin.organization_id,
        with_account_admins: admin.member.role == Role::AccountAdmin,
        only,
    }
}
