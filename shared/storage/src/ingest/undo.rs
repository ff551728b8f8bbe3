//! Taking an import back that nothing was sent from yet.
//!
//! Contacts that it created are deleted, contacts that it changed become as they were, and its memberships and tags go. What somebody has
//! used or edited since stays as it is. Who was in the group before keeps the agent that the file assigned.

use muster_domain::ids::{GroupId, ImportId, OrganizationId};
use serde_json::json;

use crate::{Result, Tx};

/// Whether an import can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undoable {
    /// It can.
    Yes,
    /// It cannot, and why.
    No(&'static str),
}

/// Asks for an import to be undone; the answer says whether that can be.
pub async fn request(tx: &mut Tx, organization_id: OrganizationId, id: ImportId) -> Result<Undoable> {
    let row = sqlx::query!(
        r#"select group_id, dry_run, undo_requested, undone_at is not null as "undone!", state in ('waiting', 'running') as "running!"
           from import where id = $1 and organization_id = $2 for update"#,
        id.0,
        organization_id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(import) = row else { return Ok(Undoable::No("the import does not exist")) };
    let Some(group_id) = import.group_id.filter(|_| !import.dry_run) else {
        return Ok(Undoable::No("a dry run wrote nothing"));
    };
    let refusal = if import.running {
        Some("the import is not over")
    } else if import.undone {
        Some("the import is undone already")
    } else if import.undo_requested {
        Some("the import is being undone")
    } else {
        used(tx, GroupId(group_id), id).await?
    };
    if let Some(why) = refusal {
        return Ok(Undoable::No(why));
    }
    sqlx::query!("update import set undo_requested = true where id = $1", id.0).execute(tx.conn()).await?;
    Ok(Undoable::Yes)
}

/// Why the people whom an import brought into its group cannot leave it again.
async fn used(tx: &mut Tx, group_id: GroupId, id: ImportId) -> Result<Option<&'static str>> {
    let row = sqlx::query!(
        r#"select
               exists (
                   select from membership m join goal g on g.group_id = m.group_id
                   join target t on t.goal_id = g.id and t.contact_id = m.contact_id
                   where m.group_id = $1 and m.import_id = $2) as "targeted!",
               exists (
                   select from membership m join thread t on t.group_id = m.group_id and t.contact_id = m.contact_id
                   where m.group_id = $1 and m.import_id = $2) as "texted!""#,
        group_id.0,
        id.0,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(if row.texted {
        Some("people whom it brought into the group have a conversation there")
    } else if row.targeted {
        Some("a goal has targeted people whom it brought into the group")
    } else {
        None
    })
}

/// Undoes an import that was asked to be undone. If it has been used since, it stays, and says why.
pub async fn undo(tx: &mut Tx, id: ImportId) -> Result<()> {
    let row = sqlx::query!(
        "select organization_id, group_id from import where id = $1 and undo_requested and undone_at is null for update",
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(import) = row else { return Ok(()) };
    // Only dry runs have no group.
    let Some(group_id) = import.group_id else { return Ok(()) };
    if let Some(why) = used(tx, GroupId(group_id), id).await? {
        sqlx::query!(
            "update import set undo_requested = false, undone = $2 where id = $1",
            id.0,
            json!({ "refused": why })
        )
        .execute(tx.conn())
        .await?;
        return Ok(());
    }
    sqlx::query!(
        "delete from contact_tag ct using membership m where m.group_id = $1 and ct.contact_id = m.contact_id and ct.import_id = $2",
        group_id,
        id.0,
    )
    .execute(tx.conn())
    .await?;
    let restored = sqlx::query!(
        "with locked as (
             select c.id, h.before from contact c join import_change h on h.contact_id = c.id
             where h.import_id = $1 and c.organization_id = $2 and c.updated_at = h.changed_at and c.redacted_at is null
             order by c.id for no key update of c
         )
         update contact c
         set first_name = l.before ->> 'first_name', last_name = l.before ->> 'last_name', email = l.before ->> 'email',
             postal_code = l.before ->> 'postal_code', notes = l.before ->> 'notes', external_id = l.before ->> 'external_id',
             fields = l.before -> 'fields', updated_at = now()
         from locked l where c.id = l.id",
        id.0,
        import.organization_id,
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    let contacts = sqlx::query!(
        r#"with gone as (
               delete from membership where group_id = $1 and import_id = $2 returning contact_id
           ), mine as (
               select c.id, c.updated_at = c.created_at and c.redacted_at is null
                   and not exists (select from membership m where m.contact_id = c.id and (m.group_id <> $1 or m.import_id is distinct from $2))
                   and not exists (select from thread t where t.contact_id = c.id)
                   and not exists (select from target t where t.contact_id = c.id)
                   and not exists (select from contact_tag t where t.contact_id = c.id and t.import_id is distinct from $2) as untouched
               from contact c join gone on gone.contact_id = c.id where c.source_import_id = $2
           )
           select coalesce(array_agg(id) filter (where untouched), '{}') as "untouched!",
                  count(*) filter (where not untouched) as "kept!"
           from mine"#,
        group_id,
        id.0,
    )
    .fetch_one(tx.conn())
    .await?;
    let deleted = sqlx::query!("delete from contact where id = any($1)", &contacts.untouched)
        .execute(tx.conn())
        .await?
        .rows_affected();
    let changed = sqlx::query_scalar!(r#"select count(*) as "rows!" from import_change where import_id = $1"#, id.0)
        .fetch_one(tx.conn())
        .await?;
    let kept = contacts.kept + changed - i64::try_from(restored).unwrap_or(changed);
    sqlx::query!("delete from import_change where import_id = $1", id.0).execute(tx.conn()).await?;
    sqlx::query!(
        "update import set undone_at = now(), undone = $2 where id = $1",
        id.0,
        json!({ "deleted": deleted, "restored": restored, "kept": kept }),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
