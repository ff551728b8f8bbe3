//! `GET /v1/organizations/{organization_id}/goals/{goal_id}/preview/contacts`: the names behind a
//! preview's counts (rule T3).

use axum::{Json as Answer, extract::State};
use muster_domain::{
    goals::targeting::Part,
    ids::{ContactId, GoalId},
};
use muster_storage::goals::{self, Wanted};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    admin::goals::preview::seen,
    auth::Admin,
    extract::Path,
    list::{Item, ListQuery, Listed},
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PreviewFilter {
    /// Contacts of this part; those that a launch would target unless told.
    #[param(inline, value_type = Option<shapes::TargetingPart>)]
    show: Option<Part>,
    /// Only contacts that this filter leaves out, by its place in the targeting.
    filter: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PreviewContact {
    #[schema(value_type = Uuid)]
    id: ContactId,
    first_name: String,
    last_name: String,
    phone: Option<String>,
    /// Why no goal can target them: `redacted`, `opted_out`, `deactivated` or `not_textable`.
    excluded: Option<String>,
    /// Places of all filters that they miss.
    misses: Vec<String>,
}

impl Item for PreviewContact {
    type Id = ContactId;

    const PAGE: &'static str = "PreviewContactPage";
}

/// Lists the contacts of a goal's group by age, with the filters of its targeting that each misses.
/// For a group admin as the group knows them.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/goals/{goal_id}/preview/contacts", tag = "goals")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, GoalId)>,
    query: ListQuery<PreviewFilter>,
) -> Result<Answer<Listed<PreviewContact>>, Problem> {
    let page = query.page(ContactId);
    let mut tx = api.pool.begin().await?;
    let goal = seen(&mut tx, &admin, id).await?;
    let places: Vec<String> = goal.content.targeting.filters().into_iter().map(|placed| placed.place).collect();
    let filter = query.filter.filter.as_deref().map(|named| {
        let nth = places.iter().position(|place| place == named);
        nth.ok_or_else(|| Problem::invalid_parameter("filter is no place in the goal's targeting"))
    });
    let filter = filter.transpose()?;
    let usual = if filter.is_some() { Part::LeftOut } else { Part::Selected };
    let wanted = Wanted {
        part: Some(query.filter.show.unwrap_or(usual)),
        filter,
        id: None,
        sample: false,
        whole: admin.groups().is_none(),
    };
    let found = goals::candidates(&mut tx, goal.group_id, &goal.content.targeting, wanted, page).await?;
    Ok(Listed::answer(
        &page,
        found,
        |contact| contact.id,
        |contact| PreviewContact {
            id: contact.id,
            first_name: contact.values.first_name,
            last_name: contact.values.last_name,
            phone: contact.e164,
            excluded: contact.excluded.map(|reason| reason.as_str().to_owned()),
            misses: contact.misses.into_iter().filter_map(|nth| places.get(nth).cloned()).collect(),
        },
    ))
}
