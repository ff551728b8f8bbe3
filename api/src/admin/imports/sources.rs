//! `/v1/organizations/{organization_id}/import-sources`: files that come again, their mappings, and
//! where they can be fetched.

use std::{collections::BTreeMap, time::Duration};

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{
    engine::schedule::CronExpression,
    ids::{GroupId, ImportId, ImportSourceId, OrganizationId},
    tenancy::role::Role,
    zone::Zone,
};
use muster_ingest::headers::Column;
use muster_jobs::kinds::ImportFetch;
use muster_storage::{
    Tx,
    engine::schedules::{self, NewSchedule},
    imports::sources::{self, Definition, Source, schedule_name},
    tenancy::groups,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::Admin,
    bounds,
    document::{Created, Made, Once},
    extract::{Json, Page, Query},
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

/// How far fetches that are planned for one minute are spread.
const FETCH_JITTER: Duration = Duration::from_secs(30);

/// An admin's definition of a source.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceBody {
    /// The group that its contacts join.
    #[schema(value_type = uuid::Uuid)]
    group_id: GroupId,
    /// Unique in the organization.
    #[schema(value_type = bounds::Name)]
    name: String,
    /// Where its file can be fetched: `https://…`, or `store:PATH` for a file below the
    /// organization's folder `incoming/{organization_id}` of the object store. Without one, its
    /// files are uploaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bounds::Url>)]
    url: Option<String>,
    /// Which header is which field: `{"Cell": "phone", "Ward": "custom:ward", "Junk": "ignore"}`.
    #[serde(default)]
    mapping: BTreeMap<String, String>,
    /// Tags for every contact.
    #[serde(default)]
    #[schema(value_type = Vec<bounds::Tag>)]
    tags: Vec<String>,
    /// The consent that the contacts gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bounds::Consent>)]
    consent_text: Option<String>,
    /// When to fetch it by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) schedule: Option<FetchSchedule>,
}

/// When a source is fetched.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FetchSchedule {
    /// Five fields of cron(5).
    cron: String,
    /// The IANA zone of its wall-clock times.
    #[schema(value_type = bounds::ZoneName)]
    zone: String,
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

#[derive(Serialize, ToSchema)]
pub(crate) struct SourcePage {
    items: Vec<SourceItem>,
    /// The cursor of the next page; null on the last.
    #[schema(value_type = Option<uuid::Uuid>)]
    next: Option<ImportSourceId>,
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

/// Checks an admin's definition of a source.
pub(crate) async fn check(api: &Api, admin: &Admin, body: &SourceBody) -> Result<Definition, Problem> {
    admin.at_least(Role::OrganizationAdmin)?;
    for field in body.mapping.values() {
        if Column::of_field(field).is_none() {
            return Err(Problem::invalid_body(format!("mapping: there is no field {field:?}")));
        }
    }
    for tag in &body.tags {
        bounds::Tag::read("tags", tag)?;
    }
    if let Some(consent) = &body.consent_text {
        bounds::Consent::read("consent_text", consent)?;
    }
    match body.url.as_deref().map(|url| bounds::Url::read("url", url)).transpose()? {
        None if body.schedule.is_some() => return Err(Problem::invalid_body("a schedule needs a url")),
        None => {}
        Some(url) => match url.strip_prefix("store:") {
            Some(path)
                if path.contains(char::is_control) || path.split('/').any(|part| matches!(part, "" | "." | "..")) =>
            {
                return Err(Problem::invalid_body("url: store:PATH needs a path of names parted by /"));
            }
            Some(_) => {}
            None => {
                api.fetcher.check(url).map_err(|error| Problem::invalid_body(format!("url: {error}")))?;
            }
        },
    }
    if let Some(FetchSchedule { cron, zone }) = &body.schedule {
        CronExpression::parse(cron).map_err(|error| Problem::invalid_body(format!("schedule.cron: {error}")))?;
        Zone::parse(zone).map_err(|error| Problem::invalid_body(format!("schedule.zone: {error}")))?;
        if cron.split_whitespace().count() > 5 {
            return Err(Problem::invalid_body(
                "schedule.cron: a source is fetched once a minute at most, so five fields will do",
            ));
        }
    }
    let name = bounds::Name::read("name", &body.name)?.to_owned();
    groups::get(&api.pool, admin.organization_id, body.group_id).await?.ok_or_else(|| Problem::no("group"))?;
    Ok(Definition {
        group_id: body.group_id,
        name,
        url: body.url.clone(),
        mapping: body.mapping.clone(),
        tags: body.tags.clone(),
        consent_text: body.consent_text.clone(),
    })
}

/// Makes a source's schedule follow the admin's definition.
pub(crate) async fn set_schedule(
    tx: &mut Tx,
    organization_id: OrganizationId,
    id: ImportSourceId,
    schedule: Option<&FetchSchedule>,
) -> Result<(), Problem> {
    let name = schedule_name(id);
    match schedule {
        Some(FetchSchedule { cron, zone }) => {
            let new =
                NewSchedule { name: &name, organization_id: Some(organization_id), cron, zone, jitter: FETCH_JITTER };
            schedules::set(tx, &new, &ImportFetch { source_id: id }).await?;
        }
        None => schedules::remove(tx, &name).await?,
    }
    Ok(())
}

/// Returns the answer to a name that is taken.
pub(crate) fn taken() -> Problem {
    Problem::conflict("another source of the organization has this name")
}

/// Records a source: a saved mapping for files that come again, and, with a URL, a file that is
/// fetched on demand or on a schedule and imported when it has changed.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/import-sources", tag = "imports")]
pub(crate) async fn create(
    State(api): State<Api>,
    admin: Admin,
    keyed: Keyed,
    Json(body): Json<SourceBody>,
) -> Result<Once<Created<Made>>, Problem> {
    let definition = check(&api, &admin, &body).await?;
    keyed
        .run(&api, admin.member.id, &body, async |tx| {
            let id = ImportSourceId::new();
            if !sources::create(tx, id, admin.organization_id, admin.member.id, &definition).await? {
                return Err(taken());
            }
            set_schedule(tx, admin.organization_id, id, body.schedule.as_ref()).await?;
            Ok(Created(Made { id: id.0 }))
        })
        .await
}

/// Lists sources by age.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/import-sources", tag = "imports")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    Query(page): Query<Page>,
) -> Result<Answer<SourcePage>, Problem> {
    admin.at_least(Role::OrganizationAdmin)?;
    let limit = page.limit()?;
    let cursor = page.cursor.map(ImportSourceId);
    let all = sources::page(&api.pool, admin.organization_id, None, cursor, limit).await?;
    let next = all.last().map(|source| source.id).filter(|_| i64::try_from(all.len()) == Ok(limit));
    Ok(Answer(SourcePage { items: all.into_iter().map(item).collect(), next }))
}
