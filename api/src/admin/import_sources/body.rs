//! Sources as answers tell them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{GroupId, ImportId, ImportSourceId},
    tenancy::role::Role,
};
use muster_storage::imports::sources::{self, Definition, Source};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{admin::import_sources::input::FetchSchedule, auth::Admin, list::Item, problem::Problem, state::Api};

pub(crate) async fn find(api: &Api, admin: &Admin, id: ImportSourceId) -> Result<Source, Problem> {
    admin.at_least(Role::OrganizationAdmin)?;
    sources::get(&api.pool, admin.organization_id, id).await?.ok_or_else(|| Problem::no("source"))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SourceItem {
    #[schema(value_type = uuid::Uuid)]
    id: ImportSourceId,
    /// The group that its contacts join.
    #[schema(value_type = uuid::Uuid)]
    group_id: GroupId,
    name: String,
    /// Where its file can be fetched; null where its files are uploaded.
    url: Option<String>,
    /// Which header is which field.
    mapping: BTreeMap<String, String>,
    /// Tags for every contact.
    tags: Vec<String>,
    /// The consent that the contacts gave.
    consent_text: Option<String>,
    /// When it is fetched by itself.
    schedule: Option<FetchSchedule>,
    /// When it was looked at.
    checked_at: Option<DateTime<Utc>>,
    /// Why it could not be fetched then; null when it could.
    failure: Option<String>,
    /// The last import that was fetched from it.
    #[schema(value_type = Option<uuid::Uuid>)]
    last_import_id: Option<ImportId>,
}

impl Item for SourceItem {
    type Id = ImportSourceId;

    const PAGE: &'static str = "SourcePage";
}

pub(crate) fn item(source: Source) -> SourceItem {
    let Definition { group_id, name, url, mapping, tags, consent_text } = source.definition;
    SourceItem {
        id: source.id,
        group_id,
        name,
        url,
        mapping,
        tags,
        consent_text,
        schedule: source.schedule.map(|(cron, zone)| FetchSchedule { cron, zone }),
        checked_at: source.checked_at,
        failure: source.failure,
        last_import_id: source.last_import_id,
    }
}
