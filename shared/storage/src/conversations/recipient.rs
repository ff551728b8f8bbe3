//! The contact of a conversation, for scripts that an agent picks from (rules M1, W2 and W9).

use chrono::{DateTime, Utc};
use muster_domain::{
    conversations::thread::Claim,
    ids::{GoalId, GroupId, MemberId, OrganizationId, ThreadId},
    people::knowledge::{Knowledge, Values},
};

use crate::{Result, Tx};

/// A conversation's contact, and the standing of the conversation.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// The group.
    pub group_id: GroupId,
    /// The goal that it is about.
    pub goal_id: Option<GoalId>,
    /// Its claim, while it lasts.
    pub claim: Option<Claim>,
    /// The agent that texted last.
    pub agent_id: Option<MemberId>,
    /// The group's knowledge of the contact (rule A5).
    pub values: Values,
    /// The instant of reading it, by the database's clock.
    pub now: DateTime<Utc>,
}

/// Returns the contact of a conversation of this organization.
pub async fn of_thread(tx: &mut Tx, organization_id: OrganizationId, id: ThreadId) -> Result<Option<Recipient>> {
    let row = sqlx::query!(
        r#"select t.group_id, t.agent_id, h.held_by, t.held_since, t.held_until, clock_timestamp() as "now!",
                  case when h.held_by is null then coalesce(t.next_goal_id, t.goal_id) else t.goal_id end as goal_id,
                  c.first_name, c.last_name, c.email, c.postal_code, c.external_id, c.fields,
                  m.contact_id is not null as "member!", m.knows as "knows?"
           from thread t
           cross join lateral (select case when t.held_until > clock_timestamp() then t.held_by end as held_by) h
           join contact c on c.id = t.contact_id
           left join membership m on m.group_id = t.group_id and m.contact_id = t.contact_id
           where t.id = $1 and t.organization_id = $2"#,
        id.0,
        organization_id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let knowledge = if row.member { Knowledge::stored(row.knows)? } else { Knowledge::of_all([]) };
    let values = Values {
        first_name: row.first_name,
        last_name: row.last_name,
        email: row.email,
        postal_code: row.postal_code,
        // No template shows them.
        notes: None,
        external_id: row.external_id,
        fields: row.fields,
    };
    Ok(Some(Recipient {
        group_id: GroupId(row.group_id),
        goal_id: row.goal_id.map(GoalId),
        claim: row
            .held_by
            .map(MemberId)
            .zip(row.held_since)
            .zip(row.held_until)
            .map(|((agent_id, since), until)| Claim { agent_id, since, until }),
        agent_id: row.agent_id.map(MemberId),
        values: knowledge.shows(values),
        now: row.now,
    }))
}
