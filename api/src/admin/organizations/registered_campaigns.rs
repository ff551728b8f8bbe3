//! `/v1/organizations/{organization_id}/registered-campaigns`: the brand's campaigns as they are
//! registered, each with its pace and its numbers (rule S4).

use std::collections::BTreeMap;

use axum::{Json as Answer, extract::State};
use muster_domain::{
    people::e164::E164,
    sending::rate::{AT_AND_T_CLASSES, FASTEST_RATE},
};
use muster_storage::{
    Tx,
    sending::{
        registered::{self, RegisteredCampaign},
        waiting::SettingsChange,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::organizations::{brand::LockedBrand, rates::carrier_word},
    auth::{Admin, OrganizationAdmin},
    bounds,
    document::{Created, Made, NoContent, Once},
    extract::{Json, Path},
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

/// Carriers that a campaign may have a pace for.
const CARRIERS_LIMIT: usize = 20;
/// The carrier that has classes.
const CLASSES_CARRIER: &str = "att";

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisteredCampaignBody {
    #[schema(value_type = bounds::Name)]
    name: String,
    /// The class that AT&T gave it: its pace there, unless one is given.
    #[serde(default)]
    #[schema(value_type = Option<bounds::CampaignClass>)]
    class: Option<String>,
    /// Segments in any minute, by carrier.
    #[serde(default)]
    segments_per_minute: BTreeMap<String, i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RegisteredCampaignItem {
    id: Uuid,
    name: String,
    class: Option<String>,
    /// Segments in any minute, by carrier.
    segments_per_minute: BTreeMap<String, i64>,
    /// The organization's numbers that text for it, as far as they are yours to see.
    numbers: Vec<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignNumbersBody {
    #[schema(value_type = bounds::CampaignNumbers)]
    numbers: Vec<E164>,
}

impl RegisteredCampaignBody {
    fn read(&self, id: Uuid) -> Result<RegisteredCampaign, Problem> {
        let name = bounds::Name::read("name", &self.name)?.to_owned();
        let mut segments_per_minute = self.segments_per_minute.clone();
        if segments_per_minute.len() > CARRIERS_LIMIT {
            return Err(Problem::invalid_body(format!("segments_per_minute has more than {CARRIERS_LIMIT} carriers")));
        }
        for (carrier, pace) in &segments_per_minute {
            carrier_word(carrier)?;
            if !(1..=FASTEST_RATE).contains(pace) {
                return Err(Problem::invalid_body(format!("segments_per_minute must be 1 to {FASTEST_RATE}")));
            }
        }
        if let Some(class) = &self.class {
            let pace = AT_AND_T_CLASSES.iter().find(|(known, _)| known == class);
            let (_, pace) = pace.ok_or_else(|| Problem::invalid_body("class is none of att_classes of /rates"))?;
            segments_per_minute.entry(CLASSES_CARRIER.to_owned()).or_insert(*pace);
        }
        Ok(RegisteredCampaign { id, name, class: self.class.clone(), segments_per_minute, numbers: Vec::new() })
    }
}

/// Lists the brand's registered campaigns by age, beside the one that it begins with, which
/// `/rates` has.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/registered-campaigns", tag = "organizations")]
pub(crate) async fn list(State(api): State<Api>, admin: Admin) -> Result<Answer<Vec<RegisteredCampaignItem>>, Problem> {
    let own = match admin.groups() {
        Some(groups) => Some(muster_storage::tenancy::groups::numbers(&api.pool, admin.organization_id, groups).await?),
        None => None,
    };
    let mut tx = api.pool.begin().await?;
    let brand = admin.organization(&mut tx).await?.brand_id;
    let all = registered::list(&mut tx, brand, admin.organization_id).await?;
    let item = |mut campaign: RegisteredCampaign| {
        campaign.numbers.retain(|number| own.as_ref().is_none_or(|own| own.contains(number)));
        let RegisteredCampaign { id, name, class, segments_per_minute, numbers } = campaign;
        RegisteredCampaignItem { id, name, class, segments_per_minute, numbers }
    };
    Ok(Answer(all.into_iter().map(item).collect()))
}

/// Adds a registered campaign to the brand.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/registered-campaigns", tag = "organizations")]
pub(crate) async fn create(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    keyed: Keyed,
    Json(body): Json<RegisteredCampaignBody>,
) -> Result<Once<Created<Made>>, Problem> {
    let campaign = body.read(Uuid::now_v7())?;
    keyed
        .run(&api, admin.member.id, &body, async |tx| {
            let brand = LockedBrand::of(tx, &admin).await?;
            registered::put(tx, brand.id, &campaign).await?;
            Ok(Created(Made { id: campaign.id }))
        })
        .await
}

/// Makes sure that a registered campaign is the brand's.
async fn find(tx: &mut Tx, admin: &Admin, brand: &LockedBrand, id: Uuid) -> Result<(), Problem> {
    let all = registered::list(tx, brand.id, admin.organization_id).await?;
    if all.iter().any(|campaign| campaign.id == id) { Ok(()) } else { Err(Problem::no("registered campaign")) }
}

/// Replaces the name, class and paces of a registered campaign; waiting texts go on at the new pace
/// (rule S9).
#[utoipa::path(
    put,
    path = "/v1/organizations/{organization_id}/registered-campaigns/{registered_campaign_id}",
    tag = "organizations"
)]
pub(crate) async fn put(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, Uuid)>,
    Json(body): Json<RegisteredCampaignBody>,
) -> Result<NoContent, Problem> {
    let campaign = body.read(id)?;
    let mut tx = api.pool.begin().await?;
    let brand = LockedBrand::of(&mut tx, &admin).await?;
    find(&mut tx, &admin, &brand, id).await?;
    registered::put(&mut tx, brand.id, &campaign).await?;
    brand.rearm(&mut tx, SettingsChange { rates: true, ..SettingsChange::default() }).await?;
    tx.commit().await?;
    Ok(NoContent)
}

/// Says which of the organization's numbers text for a registered campaign. Others go back to the
/// one that the brand begins with.
#[utoipa::path(
    put,
    path = "/v1/organizations/{organization_id}/registered-campaigns/{registered_campaign_id}/numbers",
    tag = "organizations"
)]
pub(crate) async fn put_numbers(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, Uuid)>,
    Json(body): Json<CampaignNumbersBody>,
) -> Result<NoContent, Problem> {
    bounds::CampaignNumbers::check("numbers", &body.numbers)?;
    let mut tx = api.pool.begin().await?;
    let brand = LockedBrand::of(&mut tx, &admin).await?;
    find(&mut tx, &admin, &brand, id).await?;
    let strange = registered::set_numbers(&mut tx, admin.organization_id, id, &body.numbers).await?;
    if !strange.is_empty() {
        return Err(Problem::invalid_body("numbers has some that are not the organization's"));
    }
    brand.rearm(&mut tx, SettingsChange { rates: true, ..SettingsChange::default() }).await?;
    tx.commit().await?;
    Ok(NoContent)
}
