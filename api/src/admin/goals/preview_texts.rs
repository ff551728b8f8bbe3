//! `GET /v1/organizations/{organization_id}/goals/{goal_id}/preview/texts`: a goal's texts as real
//! contacts would get them (rules T3, M1 and M3 to M5).

use axum::{Json as Answer, extract::State};
use muster_domain::{
    goals::{batch::BatchKind, targeting::Part},
    ids::{ContactId, GoalId},
    sending::{compose::NoText, segments::Segments},
};
use muster_storage::{
    Page,
    goals::{self, Wanted},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    admin::goals::preview::seen,
    auth::Admin,
    bounds,
    compose::composer_of,
    extract::{Path, Query},
    problem::Problem,
    shapes,
    state::Api,
};

/// Texts unless asked otherwise.
const DEFAULT_TEXTS: i64 = 5;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TextsQuery {
    /// The contact, of the goal's group; a sample of those that a launch would target unless told.
    #[param(value_type = Option<Uuid>)]
    contact_id: Option<ContactId>,
    /// Contacts of the sample; 5 unless told.
    #[param(inline, value_type = Option<bounds::SampleTexts>)]
    sample: Option<i64>,
    /// The reminder instead of the initial.
    #[serde(default)]
    reminder: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PreviewTexts {
    texts: Vec<PreviewText>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PreviewText {
    #[schema(value_type = Uuid)]
    contact_id: ContactId,
    first_name: String,
    last_name: String,
    /// The text; null where the contact would get none.
    text: Option<String>,
    #[schema(value_type = Option<shapes::Segments>)]
    segments: Option<Segments>,
    /// Merge fields without a value and without a fallback: they keep the contact out of the send.
    missing: Vec<String>,
    /// The text is longer than texts may be.
    too_long: bool,
}

/// Shows the texts that contacts would get, as the goal's group knows them. They are signed by the
/// contact's agent, or as if by the asker. Nothing is sent.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/goals/{goal_id}/preview/texts", tag = "goals")]
pub(crate) async fn texts(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, GoalId)>,
    Query(query): Query<TextsQuery>,
) -> Result<Answer<PreviewTexts>, Problem> {
    let sample = bounds::SampleTexts::read("sample", query.sample.unwrap_or(DEFAULT_TEXTS))
        .map_err(|_| Problem::invalid_parameter("sample is not within its bounds"))?;
    let mut tx = api.pool.begin().await?;
    let goal = seen(&mut tx, &admin, id).await?;
    let kind = if query.reminder { BatchKind::Reminder } else { BatchKind::Initial };
    if query.reminder && goal.content.reminder_script.is_none() {
        return Err(Problem::invalid_parameter("the goal has no reminder"));
    }
    let organization = admin.organization(&mut tx).await?;
    let mut composer = composer_of(&mut tx, &organization, &goal, kind, &admin.member).await?;
    let part = if query.contact_id.is_some() { None } else { Some(Part::Selected) };
    let wanted = Wanted { part, filter: None, id: query.contact_id, sample: true, whole: false };
    let targeting = &goal.content.targeting;
    let found = goals::candidates(&mut tx, goal.group_id, targeting, wanted, Page::first(sample)).await?;
    if query.contact_id.is_some() && found.is_empty() {
        return Err(Problem::no("contact"));
    }
    let texts = found.into_iter().map(|contact| {
        let agent = contact.agent.as_ref().map(|agent| (agent.first_name.as_str(), agent.last_name.as_str()));
        let (first, last) = agent.unwrap_or((admin.member.first_name.as_str(), admin.member.last_name.as_str()));
        first.clone_into(&mut composer.agent_first_name);
        last.clone_into(&mut composer.agent_last_name);
        let (text, too_long) = match composer.compose(&contact.values) {
            Ok(text) => (Some(text), false),
            Err(NoText::TooLong) => (None, true),
            Err(NoText::Missing(_)) => (None, false),
        };
        PreviewText {
            contact_id: contact.id,
            missing: composer.missing(&contact.values),
            first_name: contact.values.first_name,
            last_name: contact.values.last_name,
            segments: text.as_ref().map(|text| text.segments),
            text: text.map(|text| text.body),
            too_long,
        }
    });
    Ok(Answer(PreviewTexts { texts: texts.collect() }))
}
