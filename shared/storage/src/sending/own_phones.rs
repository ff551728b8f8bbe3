//! Phones of admins on which texts are tested.

use muster_domain::{
    conversations::thread::RecentReplies,
    ids::{ContactId, GroupId, OrganizationId, ThreadId},
    people::e164::E164,
};

use crate::{Result, Tx};

/// A phone that has proved itself to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnPhone {
    /// The phone's contact.
    pub contact_id: ContactId,
    /// Its conversation with the group.
    pub thread_id: ThreadId,
}

/// Returns the phone, if it has texted this proof to the group. A redacted phone has not: its texts
/// are gone.
pub async fn own_phone(
    tx: &mut Tx,
    organization_id: OrganizationId,
    group_id: GroupId,
    phone: &E164,
    proof: &str,
) -> Result<Option<OwnPhone>> {
    let row = sqlx::query!(
        r#"select m.contact_id, m.thread_id from contact c join message m on m.contact_id = c.id
           where c.organization_id = $1 and c.e164 = $2 and m.group_id = $3 and m.kind = 'inbound'
             and lower(btrim(m.body)) = lower($4)
           limit 1"#,
        organization_id.0,
        phone.as_str(),
        group_id.0,
        proof,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| OwnPhone { contact_id: ContactId(row.contact_id), thread_id: ThreadId(row.thread_id) }))
}

/// Returns the tests on a phone within the last hour. Its conversation is locked, so that no two
/// requests count the same.
pub async fn tests_in_an_hour(tx: &mut Tx, thread_id: ThreadId) -> Result<RecentReplies> {
    sqlx::query!("select from thread where id = $1 for no key update", thread_id.0).fetch_optional(tx.conn()).await?;
    Ok(sqlx::query_as!(
        RecentReplies,
        r#"select count(*) as "replies!", min(created_at) as oldest from message
           where thread_id = $1 and kind = 'test' and created_at > clock_timestamp() - interval '1 hour'"#,
        thread_id.0,
    )
    .fetch_one(tx.conn())
    .await?)
}
