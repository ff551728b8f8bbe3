//! `POST /v1/organizations/{organization_id}/automations/dry-run`: an automation held against texts
//! of the past (rule I4).

use axum::{Json as Answer, extract::State};
use muster_domain::{
    conversations::{
        automation::InboundText,
        word::{self, OwnWords, Standing},
    },
    ids::{ContactId, GroupId, MessageId},
};
use muster_storage::{conversations::automations, tenancy::groups};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    admin::automations::input::{Automation, check},
    auth::OrganizationAdmin,
    extract::Json,
    problem::Problem,
    state::Api,
};

/// Matches that the answer shows.
const SHOWN: usize = 50;

/// An automation to try.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DryRun {
    /// The group with the texts: the latest five of contacts in each of its latest thousand
    /// conversations.
    #[schema(value_type = uuid::Uuid)]
    group_id: GroupId,
    /// The automation.
    automation: Automation,
}

/// A text that the automation would act on.
#[derive(Serialize, ToSchema)]
pub(crate) struct DryRunMatch {
    #[schema(value_type = uuid::Uuid)]
    message_id: MessageId,
    #[schema(value_type = uuid::Uuid)]
    contact_id: ContactId,
    /// The text.
    body: String,
}

/// The outcome of a dry run.
#[derive(Serialize, ToSchema)]
pub(crate) struct DryRunBody {
    /// Texts that were looked at.
    texts: usize,
    /// Texts that the automation would act on.
    matched: usize,
    /// The latest of these, 50 at most.
    latest: Vec<DryRunMatch>,
}

/// Tries an automation on texts of the past. Nothing is written.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/automations/dry-run", tag = "automations")]
pub(crate) async fn dry_run(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Json(body): Json<DryRun>,
) -> Result<Answer<DryRunBody>, Problem> {
    let definition = check(&api, &admin, &body.automation).await?;
    groups::get(&api.pool, admin.organization_id, body.group_id).await?.ok_or_else(|| Problem::no("group"))?;
    let mut tx = api.pool.begin().await?;
    let organization = admin.organization(&mut tx).await?;
    let settings = organization.settings;
    let own = OwnWords { opt_out: &settings.opt_out_keywords, opt_in: &settings.opt_in_keywords };
    let mut texts = automations::past_texts(&mut tx, body.group_id).await?;
    drop(tx);
    texts.sort_unstable_by_key(|text| std::cmp::Reverse(text.message_id));
    let looked_at = texts.len();
    texts.retain(|text| {
        definition.condition.holds(&InboundText {
            body: &text.body,
            intent: word::intent(&text.body, None, own, Standing::default(), 0),
            group: text.group_id,
            goal: text.goal_id,
        })
    });
    let matched = texts.len();
    let latest = texts.into_iter().take(SHOWN).map(|text| DryRunMatch {
        message_id: text.message_id,
        contact_id: text.contact_id,
        body: text.body,
    });
    Ok(Answer(DryRunBody { texts: looked_at, matched, latest: latest.collect() }))
}
