//! Campaigns: one goal template launched in many groups (rule G10).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use muster_domain::{
    goals::goal::GoalStatus,
    ids::{CampaignId, GoalId, GroupId, MemberId, OrganizationId},
};

use crate::{Page, Result, Tx, db::error::read_word};

/// A campaign, without its goals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// The campaign.
    pub id: CampaignId,
    /// Its name.
    pub name: String,
    /// Bumped by every edit; the API's entity tag.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Creates a campaign without goals.
pub async fn create(
    tx: &mut Tx,
    id: CampaignId,
    organization_id: OrganizationId,
    by: MemberId,
    name: &str,
) -> Result<()> {
    sqlx::query!(
        "insert into campaign (id, organization_id, created_by, name) values ($1, $2, $3, $4)",
        id.0,
        organization_id.0,
        by.0,
        name,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Campaigns that a list has; each member narrows it.
#[derive(Debug, Clone, Copy, Default)]
pub struct CampaignFilter<'a> {
    /// With goals in these groups alone.
    pub groups: Option<&'a [GroupId]>,
    /// This one alone.
    pub id: Option<CampaignId>,
    /// With a goal that has this status at this instant.
    pub status: Option<(GoalStatus, DateTime<Utc>)>,
}

/// Returns a page of an organization's campaigns, by age.
pub async fn page(
    tx: &mut Tx,
    organization_id: OrganizationId,
    filter: &CampaignFilter<'_>,
    page: Page<CampaignId>,
) -> Result<Vec<Campaign>> {
    let groups: Option<Vec<_>> = filter.groups.map(|groups| groups.iter().map(|id| id.0).collect());
    let rows = sqlx::query!(
        "select id, name, version, created_at from campaign c
         where organization_id = $1 and ($2::uuid is null or id = $2) and ($3::uuid is null or id > $3)
           and ($4::uuid[] is null or not exists (select from goal g where g.campaign_id = c.id and g.group_id <> all($4)))
           and ($5::text is null or exists (
               select from goal g where g.campaign_id = c.id and goal_status(g.launched_at, g.paused_at, g.opens_at, g.closes_at, $6) = $5))
         order by id limit $7",
        organization_id.0,
        filter.id.map(|id| id.0),
        page.after.map(|id| id.0),
        groups.as_deref(),
        filter.status.map(|(status, _)| status.as_str()),
        filter.status.map(|(_, at)| at),
        page.limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Campaign {
            id: CampaignId(row.id),
            name: row.name,
            version: row.version,
            created_at: row.created_at,
        })
        .collect())
}

/// Returns a campaign of this organization.
pub async fn get(tx: &mut Tx, organization_id: OrganizationId, id: CampaignId) -> Result<Option<Campaign>> {
    let filter = CampaignFilter { id: Some(id), ..CampaignFilter::default() };
    Ok(page(tx, organization_id, &filter, Page::first(1)).await?.pop())
}

/// The same, locked against edits until the transaction ends.
pub async fn lock(tx: &mut Tx, organization_id: OrganizationId, id: CampaignId) -> Result<Option<Campaign>> {
    sqlx::query!(
        "select from campaign where id = $1 and organization_id = $2 for no key update",
        id.0,
        organization_id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    get(tx, organization_id, id).await
}

/// Notes that a campaign or its goals were edited.
pub async fn update(tx: &mut Tx, id: CampaignId, name: &str) -> Result<()> {
    sqlx::query!("update campaign set name = $2, version = version + 1 where id = $1", id.0, name)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The goals of a campaign, as a list tells them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Goals {
    /// Each.
    pub ids: Vec<GoalId>,
    /// How many have each status.
    pub by_status: BTreeMap<String, i64>,
}

/// Returns the goals of these campaigns, with their status at an instant.
pub async fn goals(tx: &mut Tx, campaigns: &[CampaignId], at: DateTime<Utc>) -> Result<BTreeMap<CampaignId, Goals>> {
    let campaigns: Vec<_> = campaigns.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select campaign_id as "campaign_id!", goal_status(launched_at, paused_at, opens_at, closes_at, $2) as "status!",
                  array_agg(id) as "ids!"
           from goal where campaign_id = any($1) group by 1, 2"#,
        &campaigns,
        at,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found = BTreeMap::<_, Goals>::new();
    for row in rows {
        let status: GoalStatus = read_word("goal", &row.status)?;
        let goals = found.entry(CampaignId(row.campaign_id)).or_default();
        goals.by_status.insert(status.as_str().to_owned(), i64::try_from(row.ids.len()).unwrap_or(i64::MAX));
        goals.ids.extend(row.ids.into_iter().map(GoalId));
    }
    Ok(found)
}
