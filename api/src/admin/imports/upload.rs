//! `POST /v1/organizations/{organization_id}/imports`: upload a CSV file of contacts
//! (rules C1 to C15).

use std::{collections::BTreeMap, time::Duration};

use axum::{
    body::{Body, BodyDataStream},
    extract::State,
};
use futures::StreamExt;
use muster_domain::ids::{GroupId, ImportId, ImportSourceId};
use muster_ingest::file_name;
use muster_objects::{ContactsFile, NotTakenIn};
use muster_storage::{
    db::room,
    imports::{self, NewImport},
    tenancy::groups::{self, NewGroup},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    admin::imports::definition::{Definition, mapping},
    auth::Admin,
    bounds,
    document::{Accepted, Once},
    extract::Query,
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// The file's name.
    #[param(inline, value_type = bounds::FileName)]
    file_name: String,
    /// The group that the contacts join. Without one, the group with the file's name (without
    /// extension) is used or made (rule C11); then `zone` and `area_code` are needed to make it. A
    /// dry run makes none.
    #[param(value_type = Option<uuid::Uuid>)]
    group_id: Option<GroupId>,
    /// A source: its group, mapping, tags and consent are used where none are given here.
    #[param(value_type = Option<uuid::Uuid>)]
    source_id: Option<ImportSourceId>,
    /// The zone of a group that is made.
    #[param(inline, value_type = Option<bounds::ZoneName>)]
    zone: Option<String>,
    /// The area code of a group that is made.
    #[param(inline, value_type = Option<bounds::AreaCode>)]
    area_code: Option<String>,
    /// Tags for every contact of the file, parted by commas (rule C8).
    #[serde(default)]
    tags: String,
    /// Which header is which field, as JSON: `{"Cell": "phone", "Ward": "custom:ward", "Junk":
    /// "ignore"}`.
    #[param(inline, value_type = Option<bounds::CsvMapping>)]
    mapping: Option<String>,
    /// The same report, nothing written (rule C12).
    #[serde(default)]
    dry_run: bool,
    /// The consent that the contacts gave (rule C13).
    #[param(inline, value_type = Option<bounds::Consent>)]
    consent_text: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ImportMade {
    #[schema(value_type = uuid::Uuid)]
    id: ImportId,
    /// The group that its contacts join; null for a dry run that would have to make the group.
    #[schema(value_type = Option<uuid::Uuid>)]
    group_id: Option<GroupId>,
}

/// Uploads a file: the body is the file itself, streamed to the object store. A job reads it;
/// follow its progress at `…/imports/{import_id}`. A file is refused while it is still coming in
/// when its beginning tells that no import would take it.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/imports", tag = "imports")]
pub(crate) async fn create(
    State(api): State<Api>,
    admin: Admin,
    keyed: Keyed,
    Query(query): Query<ImportQuery>,
    body: Body,
) -> Result<Once<Accepted<ImportMade>>, Problem> {
    let file_name = bounds::FileName::read("file_name", &query.file_name)?.to_owned();
    let source = Definition::of(&api, &admin, query.source_id).await?;
    let mapping = if query.mapping.is_some() { mapping(query.mapping.as_deref())? } else { source.mapping };
    let mut tags: Vec<String> =
        query.tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(ToOwned::to_owned).collect();
    if tags.is_empty() {
        tags = source.tags;
    }
    for tag in &tags {
        bounds::Tag::read("tags", tag)?;
    }
    let consent_text = query.consent_text.clone().or(source.consent_text);
    if let Some(consent) = &consent_text {
        bounds::Consent::read("consent_text", consent)?;
    }
    let group_id = query.group_id.or(source.group_id);
    if let Some(group_id) = group_id {
        admin.group(group_id)?;
        groups::get(&api.pool, admin.organization_id, group_id).await?.ok_or_else(|| Problem::no("group"))?;
    }
    let made = NewGroupOf::check(&query, &file_name)?;

    let id = ImportId::new();
    let object_key = imports::object_key(admin.organization_id, id);
    let ContactsFile { size_bytes, sha256, rows_expected } = receive(&api, &object_key, body, &mapping).await?;
    let mut kept = false;
    let answer = keyed
        .run(&api, admin.member.id, &sha256, async |tx| {
            let group_id = match group_id {
                Some(group_id) => Some(group_id),
                None => made.find_or_create(tx, &admin, query.dry_run).await?,
            };
            let new = NewImport {
                group_id,
                created_by: admin.member.id,
                file_name: &file_name,
                object_key: &object_key,
                size_bytes,
                sha256: &sha256,
                rows_expected,
                mapping: &mapping,
                tags: &tags,
                dry_run: query.dry_run,
                consent_text: consent_text.as_deref(),
                source_id: query.source_id,
            };
            imports::create(tx, id, admin.organization_id, &new, &admin.origin()).await?;
            kept = true;
            Ok(Accepted(ImportMade { id, group_id }))
        })
        .await;
    if !kept || answer.is_err() {
        // The answer was given before, or there is none: nobody will read this copy of the file.
        api.objects.delete(&object_key).await?;
    }
    answer
}

/// Writes a body to the object store, by the pipeline of all contacts files.
async fn receive(
    api: &Api,
    key: &str,
    body: Body,
    mapping: &BTreeMap<String, String>,
) -> Result<ContactsFile, NotTakenIn> {
    // The store and the client are waited for, and not the database.
    room::rest();
    let mut body = body.into_data_stream();
    let taken = api.objects.take_in(key, &mut body, mapping, api.settings.imports.upload_limit_bytes).await;
    if taken.is_err() {
        #[expect(
            clippy::disallowed_methods,
            reason = "it ends by itself, and nothing is lost where it does not come to that"
        )]
        tokio::spawn(pour_away(body));
    }
    taken
}

/// Time for which the unwanted rest of a body is still read, so that the client comes to read the
/// answer. Behind a closed connection it would be lost.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

async fn pour_away(mut body: BodyDataStream) {
    let rest = async { while body.next().await.is_some_and(|bytes| bytes.is_ok()) {} };
    // A client that goes on for longer finds the connection closed.
    let _over = tokio::time::timeout(DRAIN_TIMEOUT, rest).await;
}

/// The group that a file without a named group belongs to.
struct NewGroupOf<'a> {
    name: &'a str,
    zone: Option<&'a str>,
    area_code: Option<&'a str>,
}

impl<'a> NewGroupOf<'a> {
    fn check(query: &'a ImportQuery, file_name: &'a str) -> Result<Self, Problem> {
        if let Some(zone) = &query.zone {
            muster_domain::zone::Zone::parse(zone).map_err(|error| Problem::invalid_parameter(error.to_string()))?;
        }
        if let Some(code) = &query.area_code {
            crate::admin::groups::create::check_area_code(code)?;
        }
        let name = file_name::group_name(file_name);
        Ok(Self { name, zone: query.zone.as_deref(), area_code: query.area_code.as_deref() })
    }

    /// Returns the group; a dry run finds it as well, makes none, and is refused where a group
    /// could not be made.
    async fn find_or_create(
        &self,
        tx: &mut muster_storage::Tx,
        admin: &Admin,
        dry_run: bool,
    ) -> Result<Option<GroupId>, Problem> {
        // For a group admin, a group of this name that is not theirs does not exist, and they may
        // make none either.
        if let Some(id) = groups::by_name(tx, admin.organization_id, self.name, admin.groups()).await? {
            return Ok(Some(id));
        }
        admin.at_least(muster_domain::tenancy::role::Role::OrganizationAdmin)?;
        let (Some(zone), Some(area_code)) = (self.zone, self.area_code) else {
            return Err(Problem::invalid_parameter(format!(
                "there is no group {:?} yet; name a group_id, or zone and area_code to make it",
                self.name
            )));
        };
        if dry_run {
            return Ok(None);
        }
        let id = GroupId::new();
        groups::create(tx, id, admin.organization_id, &NewGroup { name: self.name, location: "", zone, area_code })
            .await?;
        Ok(Some(id))
    }
}
