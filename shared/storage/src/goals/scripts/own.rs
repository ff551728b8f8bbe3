//! Agents' own scripts. Each is its agent's alone.

use chrono::{DateTime, Utc};
use muster_domain::{
    goals::script::OWN_SCRIPTS_LIMIT,
    ids::{MemberId, ScriptId},
};

use super::{Others, Saved};
use crate::{Db, Page, Result, Tx};

/// An agent's script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnScript {
    /// The script.
    pub id: ScriptId,
    /// Its name, unique among the agent's.
    pub name: String,
    /// Its text.
    pub script: String,
    /// Bumped by every change; the API's entity tag.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Returns an agent's scripts, by age.
pub async fn list(db: impl Into<Db<'_>>, member_id: MemberId) -> Result<Vec<OwnScript>> {
    page(db, member_id, None, Page::first(OWN_SCRIPTS_LIMIT)).await
}

/// Returns a page of an agent's scripts, by age, or one of them.
pub async fn page(
    db: impl Into<Db<'_>>,
    member_id: MemberId,
    id: Option<ScriptId>,
    page: Page<ScriptId>,
) -> Result<Vec<OwnScript>> {
    let rows = sqlx::query!(
        r#"select id as "id!", name as "name!", script as "script!", version as "version!", created_at as "created_at!"
           from agent_script
           where member_id = $1 and ($2::uuid is null or id = $2) and ($3::uuid is null or id > $3)
           order by id limit $4"#,
        member_id.0,
        id.map(|id| id.0),
        page.after.map(|id| id.0),
        page.limit,
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| OwnScript {
            id: ScriptId(row.id),
            name: row.name,
            script: row.script,
            version: row.version,
            created_at: row.created_at,
        })
        .collect())
}

/// Locks an agent's scripts, so that saves of them take turns, and returns one.
pub async fn lock(tx: &mut Tx, member_id: MemberId, id: ScriptId) -> Result<Option<OwnScript>> {
    lock_all(tx, member_id).await?;
    Ok(page(tx, member_id, Some(id), Page::first(1)).await?.pop())
}

async fn lock_all(tx: &mut Tx, member_id: MemberId) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('scripts:' || $1::text, 0))", member_id.0.to_string())
        .execute(tx.conn())
        .await?;
    Ok(())
}

async fn others(tx: &mut Tx, member_id: MemberId, id: ScriptId, name: &str) -> Result<Others> {
    Ok(sqlx::query_as!(
        Others,
        r#"select count(*) as "count!", coalesce(bool_or(lower(name) = lower($3)), false) as "same_name!"
           from agent_script where member_id = $1 and id <> $2"#,
        member_id.0,
        id.0,
        name,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Adds a script to an agent's own.
pub async fn create(tx: &mut Tx, id: ScriptId, member_id: MemberId, name: &str, script: &str) -> Result<Saved> {
    lock_all(tx, member_id).await?;
    let saved = others(tx, member_id, id, name).await?.decide(OWN_SCRIPTS_LIMIT);
    if saved == Saved::Done {
        sqlx::query!(
            "insert into agent_script (id, member_id, name, script) values ($1, $2, $3, $4)",
            id.0,
            member_id.0,
            name,
            script,
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(saved)
}

/// Changes a script; the agent's scripts are locked.
pub async fn update(tx: &mut Tx, id: ScriptId, member_id: MemberId, name: &str, script: &str) -> Result<Saved> {
    let saved = others(tx, member_id, id, name).await?.decide(OWN_SCRIPTS_LIMIT);
    if saved == Saved::Done {
        sqlx::query!(
            "update agent_script set name = $3, script = $4, version = version + 1 where id = $2 and member_id = $1",
            member_id.0,
            id.0,
            name,
            script,
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(saved)
}

/// Deletes a script; false when the agent has none of this id.
pub async fn delete(tx: &mut Tx, id: ScriptId, member_id: MemberId) -> Result<bool> {
    let done = sqlx::query!("delete from agent_script where id = $2 and member_id = $1", member_id.0, id.0)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}
