//! `GET /v1/organizations/{organization_id}/members`: members by page, narrowed (rules A5 and A6).

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{GroupId, MemberId},
    tenancy::{member::MemberState, role::Role},
};
use muster_storage::tenancy::{
    groups,
    members::{self, MemberFilter, MemberRecord},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    auth::Admin,
    bounds,
    list::{Item, ListQuery, Listed},
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct MemberBody {
    #[schema(value_type = uuid::Uuid)]
    id: MemberId,
    #[schema(value_type = shapes::Role)]
    role: Role,
    first_name: String,
    last_name: String,
    /// By which a file's column of agents names them.
    email: Option<String>,
    /// Groups that they administer or text in, as far as they are yours to see.
    #[schema(value_type = Vec<uuid::Uuid>)]
    groups: Vec<GroupId>,
    #[schema(value_type = shapes::MemberState)]
    state: MemberState,
    created_at: DateTime<Utc>,
    suspended_at: Option<DateTime<Utc>>,
    removed_at: Option<DateTime<Utc>>,
    version: i32,
}

impl Item for MemberBody {
    type Id = MemberId;

    const PAGE: &'static str = "MemberPage";
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MemberListFilter {
    /// Only members of this role.
    #[param(value_type = Option<shapes::Role>)]
    role: Option<Role>,
    /// Only members of this group.
    #[param(value_type = Option<uuid::Uuid>)]
    group_id: Option<GroupId>,
    /// Only members with this in their name or email.
    #[param(inline, value_type = Option<bounds::Search>)]
    search: Option<String>,
    /// Only members in this state; all but removed ones unless told.
    #[param(value_type = Option<shapes::MemberState>)]
    state: Option<MemberState>,
}

/// Returns a member as this admin sees them.
pub(crate) fn body(admin: &Admin, record: MemberRecord) -> MemberBody {
    let MemberRecord { member, email, state, version, created_at, suspended_at, removed_at } = record;
    let groups = member.groups.into_iter().filter(|group| admin.group(*group).is_ok()).collect();
    MemberBody {
        id: member.id,
        role: member.role,
        first_name: member.first_name,
        last_name: member.last_name,
        email,
        groups,
        state,
        created_at,
        suspended_at,
        removed_at,
        version,
    }
}

/// Lists members by age. A group admin sees themselves, the members of their groups, and members
/// without a group; an account admin also the account's admins.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/members", tag = "members")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    query: ListQuery<MemberListFilter>,
) -> Result<Answer<Listed<MemberBody>>, Problem> {
    let MemberListFilter { role, group_id, search, state } = &query.filter;
    let (role, group_id, state) = (*role, *group_id, *state);
    let search = search.as_deref().map(|words| bounds::Search::read("search", words)).transpose();
    let search = search.map_err(|_| Problem::invalid_parameter("search must be 1 to 100 characters"))?;
    let mut tx = api.pool.begin().await?;
    if let Some(group_id) = group_id {
        admin.group(group_id)?;
        if !groups::all_exist(&mut tx, admin.organization_id, &[group_id]).await? {
            return Err(Problem::no("group"));
        }
    }
    let filter = MemberFilter { role, group_id, search, state, ..admin.members() };
    let page = query.page(MemberId);
    let found = members::page(&mut tx, filter, page).await?;
    Ok(Listed::answer(&page, found, |one| one.member.id, |one| body(&admin, one)))
}
