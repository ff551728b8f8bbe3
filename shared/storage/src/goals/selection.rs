//! The contacts of a group that goals can target, counted (rules T1 and T2).

use muster_domain::{goals::targeting::Targeting, ids::GroupId, sending::CancelReason};

use crate::{Db, Result, Tx, db::error::read_word};

/// Returns how many contacts a targeting selects in a group.
pub async fn preview(tx: &mut Tx, group_id: GroupId, targeting: &Targeting) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "contacts!" from targeted_contacts($1, $2)"#,
        group_id.0,
        serde_json::to_value(targeting)?,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Contacts of a group that no goal there can target, for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Excluded {
    /// The first reason that applies.
    pub reason: CancelReason,
    /// How many contacts.
    pub contacts: i64,
}

/// Contacts of a group that no goal there can target, by the first reason that applies.
pub async fn excluded(db: impl Into<Db<'_>>, group_id: GroupId) -> Result<Vec<Excluded>> {
    let rows = sqlx::query!(
        r#"select reason as "reason!", count(*) as "contacts!" from (
               select case
                   when c.redacted_at is not null then 'redacted'
                   when c.opted_out_at is not null then 'opted_out'
                   when m.deactivated_at is not null then 'deactivated'
                   when not is_textable(c.line_type) then 'not_textable'
               end as reason
               from membership m join contact c on c.id = m.contact_id where m.group_id = $1
           ) r where reason is not null group by reason order by reason"#,
        group_id.0,
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| Ok(Excluded { reason: read_word("contact", &row.reason)?, contacts: row.contacts }))
        .collect()
}
