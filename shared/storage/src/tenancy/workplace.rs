//! An agent's workplace: all that their texts in a group have in common, read by one statement,
//! because each text of an agent asks for it.

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{BrandId, GroupId, OrganizationId},
    people::e164::E164,
    tenancy::settings::OrganizationSettings,
};
use sqlx::types::Json;

use crate::{
    Result, Tx,
    tenancy::{members::Member, organizations::Organization},
};

/// A group in which an agent works.
#[derive(Debug, Clone)]
pub struct Workplace {
    /// The agent's organization with its settings.
    pub organization: Organization,
    /// The group's name.
    pub group_name: String,
    /// The number that the agent texts from in the group.
    pub sender: Option<E164>,
    /// The database's clock.
    pub now: DateTime<Utc>,
}

/// Returns the workplace of a member in a group of their organization.
pub async fn get(tx: &mut Tx, agent: &Member, group_id: GroupId) -> Result<Option<Workplace>> {
    let row = sqlx::query!(
        r#"select o.id, o.brand_id, o.name, o.settings as "settings: Json<OrganizationSettings>", g.name as group_name,
                  (select n.e164 from sender_number n where n.group_id = g.id and n.agent_id = $4) as sender,
                  clock_timestamp() as "now!"
           from contact_group g join organization o on o.id = g.organization_id
           where g.id = $1 and o.id = $2 and o.account_id = $3"#,
        group_id.0,
        agent.organization_id.map(|id| id.0),
        agent.account_id.0,
        agent.id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let organization = Organization {
        id: OrganizationId(row.id),
        account_id: agent.account_id,
        brand_id: BrandId(row.brand_id),
        name: row.name,
        settings: row.settings.0,
    };
    let sender = row.sender.as_deref().map(E164::parse).transpose()?;
    Ok(Some(Workplace { organization, group_name: row.group_name, sender, now: row.now }))
}
