//! Sources as admins write them: read and checked here for creating and replacing.

use std::{collections::BTreeMap, time::Duration};

use muster_domain::{
    engine::schedule::CronExpression,
    ids::{GroupId, ImportSourceId, OrganizationId},
    tenancy::role::Role,
    zone::Zone,
};
use muster_ingest::headers::Column;
use muster_jobs::kinds::ImportFetch;
use muster_storage::{
    Tx,
    engine::schedules::{self, NewSchedule},
    imports::sources::{Definition, schedule_name},
    tenancy::groups,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{auth::Admin, bounds, problem::Problem, state::Api};

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
    pub(crate) cron: String,
    /// The IANA zone of its wall-clock times.
    #[schema(value_type = bounds::ZoneName)]
    pub(crate) zone: String,
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
