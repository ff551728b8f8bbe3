//! Contacts' memberships of groups: joining, leaving, agents and activity (rules A2, C16, R1, W4).
//!
//! Everything here takes many contacts of one group and says the outcome of each, so that a request
//! about one contact and a slice of a bulk change are the same statements. Locks are taken in one
//! order: goals, contacts, agents, memberships, batches, targets, threads.

mod add;
mod assign;
mod remove;

use std::collections::BTreeMap;

use muster_domain::{
    ids::{ContactId, GroupId, MemberId},
    people::{
        bulk::BulkOutcome,
        membership::{Membership, MembershipCommand},
    },
};
use uuid::Uuid;

pub(crate) use add::{Fresh, join};
pub use add::{Joining, add};
pub use assign::{Assigned, assign};
pub use remove::remove;

use crate::{Result, Tx};

/// The outcome for each contact.
pub type Outcomes = BTreeMap<ContactId, BulkOutcome>;

/// Locks the launched goals of a group in the order of their ids: no contact moves between batches,
/// and none becomes a target, but by this transaction. First, because goals come before contacts.
pub async fn lock_goals(tx: &mut Tx, group_id: GroupId) -> Result<()> {
    launched(tx, group_id).await?;
    Ok(())
}

async fn launched(tx: &mut Tx, group_id: GroupId) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "select id from goal where group_id = $1 and launched_at is not null order by id for no key update",
        group_id.0,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Returns all contacts with the outcome of those that are not in the group, to begin with.
fn not_in_group(contacts: &[ContactId]) -> Outcomes {
    contacts.iter().map(|id| (*id, BulkOutcome::NotInGroup)).collect()
}

fn ids(contacts: &[ContactId]) -> Vec<Uuid> {
    contacts.iter().map(|id| id.0).collect()
}

/// Deactivates or reactivates contacts in a group (rule R1).
pub async fn set_active(tx: &mut Tx, group_id: GroupId, contacts: &[ContactId], active: bool) -> Result<Outcomes> {
    let rows = sqlx::query!(
        "select contact_id, deactivated_at, assigned_agent_id from membership
         where group_id = $1 and contact_id = any($2) order by contact_id for no key update",
        group_id.0,
        &ids(contacts),
    )
    .fetch_all(tx.conn())
    .await?;
    let command = if active { MembershipCommand::Activate } else { MembershipCommand::Deactivate };
    let now = tx.clock().await?;
    let mut outcomes = not_in_group(contacts);
    let mut changed = Vec::new();
    for row in rows {
        let agent_id = row.assigned_agent_id.map(MemberId);
        let before = Membership { deactivated_at: row.deactivated_at, agent_id };
        let outcome = if before.after(command, now) == before {
            BulkOutcome::Unchanged
        } else {
            changed.push(row.contact_id);
            BulkOutcome::Changed
        };
        outcomes.insert(ContactId(row.contact_id), outcome);
    }
    sqlx::query!(
        "update membership set deactivated_at = $3 where group_id = $1 and contact_id = any($2)",
        group_id.0,
        &changed,
        (!active).then_some(now),
    )
    .execute(tx.conn())
    .await?;
    Ok(outcomes)
}
