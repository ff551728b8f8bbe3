//! The receipt of a redaction: counts of erased rows and objects, without the person's name
//! (rule R3). It is kept for good.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use muster_domain::ids::{AccountId, MemberId, RedactionId};
use uuid::Uuid;

use crate::{Pool, Result};

/// A redaction, as it can be told to anybody.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// It is done.
    pub done: bool,
    /// Contacts that it overwrote.
    pub contacts: i32,
    /// Messages that it overwrote.
    pub messages: i64,
    /// The member that asked for it; none when the engine repeated one.
    pub requested_by: Option<MemberId>,
    /// When it was asked for: nothing is sent from then on.
    pub requested_at: DateTime<Utc>,
    /// When everything was erased.
    pub finished_at: Option<DateTime<Utc>>,
    /// Rows that were erased, by table.
    pub rows: BTreeMap<String, u64>,
    /// Objects that were erased, by folder of the object store.
    pub objects: BTreeMap<String, u64>,
    /// Imports that it waited for.
    pub waited_for: Vec<Uuid>,
    /// Of them, those that it ended because they took too long.
    pub ended_imports: Vec<Uuid>,
}

/// Returns the receipt of a redaction of an account.
pub async fn receipt(pool: &Pool, account_id: AccountId, id: RedactionId) -> Result<Option<Receipt>> {
    let row = sqlx::query!(
        r#"select finished_at, coalesce(contacts, 0) as "contacts!", coalesce(messages, 0) as "messages!", requested_by, created_at,
                  erased_rows, erased_objects, coalesce(waits_for, '{}') as "waited_for!", ended_imports
           from redaction where id = $1 and account_id = $2"#,
        id.0,
        account_id.0,
    )
    .fetch_optional(&mut *pool.connection().await?)
    .await?;
    row.map(|row| {
        Ok(Receipt {
            done: row.finished_at.is_some(),
            contacts: row.contacts,
            messages: row.messages,
            requested_by: row.requested_by.map(MemberId),
            requested_at: row.created_at,
            finished_at: row.finished_at,
            rows: serde_json::from_value(row.erased_rows)?,
            objects: serde_json::from_value(row.erased_objects)?,
            waited_for: row.waited_for,
            ended_imports: row.ended_imports,
        })
    })
    .transpose()
}
