//! Taking an import back that nothing was sent from yet.
//!
//! Contacts that it created are deleted, contacts that it changed become as they were, and its
//! memberships and tags go. Contacts that were in the group before have the earlier agent again.
//! Goals that have targeted contacts that it brought into the group do so no more. Records that
//! were used, edited or assigned since stay as they are.

use muster_domain::{
    ids::{GroupId, ImportId, OrganizationId},
    tenancy::settings::OrganizationSettings,
};
use serde_json::json;
use sqlx::types::Json;
use uuid::Uuid;

use crate::{Result, Tx, goals::reassign, imports::agents, trust::audit::Draft};

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
        r#"select group_id, dry_run, undo_requested, undone_at is not null as "undone!", file_forgotten_at is not null as "forgotten!", state in ('waiting', 'running') as "running!"
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
    } else if import.forgotten {
        Some("the record for its undo is kept no longer")
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

/// Returns the reason for which the people that an import brought into its group cannot leave it
/// again.
async fn used(tx: &mut Tx, group_id: GroupId, id: ImportId) -> Result<Option<&'static str>> {
    let row = sqlx::query!(
        r#"select
               exists (
                   select from membership m join thread t on t.group_id = m.group_id and t.contact_id = m.contact_id
                   where m.group_id = $1 and m.import_id = $2) as "texted!",
               exists (
                   select from import later
                   where later.group_id = $1 and later.id > $2 and not later.dry_run and later.undone_at is null
                     and (later.state in ('waiting', 'running') or later.updated + later.unchanged > 0)) as "followed!""#,
        group_id.0,
        id.0,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(if row.texted {
        Some("people whom it brought into the group have a conversation there")
    } else if row.followed {
        Some("a later import has found people in the group; undo that one first")
    } else {
        None
    })
}

/// Undoes an import that was asked to be undone. If somebody was texted since, it stays, and says
/// why.
pub async fn undo(tx: &mut Tx, id: ImportId) -> Result<()> {
    let row = sqlx::query!(
        r#"select i.organization_id, i.group_id, o.settings as "settings: Json<OrganizationSettings>"
           from import i join organization o on o.id = i.organization_id
           where i.id = $1 and i.undo_requested and i.undone_at is null for update of i"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(import) = row else { return Ok(()) };
    // Only dry runs have no group.
    let Some(group_id) = import.group_id.map(GroupId) else { return Ok(()) };
    let goals = lock(tx, id, group_id).await?;
    if let Some(why) = used(tx, group_id, id).await? {
        sqlx::query!(
            "update import set undo_requested = false, undone = $2 where id = $1",
            id.0,
            json!({ "refused": why })
        )
        .execute(tx.conn())
        .await?;
        return Ok(());
    }
    let mut restored = restore_fields(tx, id, OrganizationId(import.organization_id), group_id).await?;
    leave_goals(tx, id, group_id).await?;
    let created = leave(tx, id, group_id).await?;
    // People that have left have made room for people that come back (rule A2).
    restored += agents::restore(tx, id, group_id, &goals, import.settings.agent_contact_limit).await?;
    let kept = created.kept + forget(tx, id).await?;
    let created_by = sqlx::query_scalar!(
        "update import set undone_at = now(), undone = $2 where id = $1 returning created_by",
        id.0,
        json!({ "deleted": created.deleted + created.left, "restored": restored, "kept": kept }),
    )
    .fetch_one(tx.conn())
    .await?;
    let done = Draft::of_job("import_undone", created_by, ("import", id.0));
    tx.record(done.in_organization(import.organization_id));
    Ok(())
}

/// Locks all rows that an undo changes, in the order of every assignment (`reassign`). From then on
/// no goal of the group is cut into batches, and no contact that the import brought into it is
/// texted for the first time: a sender has their target first. Returns the goals in which contacts
/// move to the agents that get them back.
async fn lock(tx: &mut Tx, id: ImportId, group_id: GroupId) -> Result<Vec<Uuid>> {
    sqlx::query!("select from goal where group_id = $1 order by id for no key update", group_id.0)
        .execute(tx.conn())
        .await?;
    let by_agent = reassign::lock_goals(tx, group_id).await?;
    sqlx::query!(
        "select from contact
         where id in (
             select contact_id from membership where group_id = $1 and import_id = $2
             union select contact_id from import_change where import_id = $2)
         order by id for no key update",
        group_id.0,
        id.0,
    )
    .execute(tx.conn())
    .await?;
    agents::lock_agents_to_restore(tx, id, group_id).await?;
    sqlx::query!(
        "select from membership where group_id = $1 and import_id = $2 order by contact_id for update",
        group_id.0,
        id.0,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "select from batch
         where id in (
             select t.batch_id from membership m
             join goal g on g.group_id = m.group_id
             join target t on t.goal_id = g.id and t.contact_id = m.contact_id
             where m.group_id = $1 and m.import_id = $2)
         order by id for no key update",
        group_id.0,
        id.0,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "select from target t
         join goal g on g.id = t.goal_id and g.group_id = $1
         join membership m on m.group_id = $1 and m.contact_id = t.contact_id and m.import_id = $2
         order by t.goal_id, t.position for update of t",
        group_id.0,
        id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(by_agent)
}

/// Takes contacts that the import brought into the group out of the goals that have targeted them:
/// none of them was texted, so that none is to be reminded either. A batch that everybody has left
/// is finished, unless an agent has it in hand. Then it is with the next that they do with it, or
/// with the end of their lease.
async fn leave_goals(tx: &mut Tx, id: ImportId, group_id: GroupId) -> Result<()> {
    let batches = sqlx::query_scalar!(
        r#"with gone as (
               delete from target t using goal g, membership m
               where g.id = t.goal_id and g.group_id = $1 and m.group_id = $1 and m.contact_id = t.contact_id and m.import_id = $2
               returning t.batch_id
           )
           select distinct batch_id as "id!" from gone where batch_id is not null"#,
        group_id.0,
        id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    sqlx::query!(
        "update batch b set state = 'finished'
         where b.id = any($1) and b.state in ('held', 'released') and not exists (
             select from target t where t.batch_id = b.id and t.initial_message_id is null and t.skipped_at is null)",
        &batches,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives contacts without a later edit their former fields back, and forgets the changes. Returns
/// how many of them the import did not assign as well. A group that knows a contact partly knows
/// again its former values, and is told nothing of edits by others (rule A5).
async fn restore_fields(tx: &mut Tx, id: ImportId, organization_id: OrganizationId, group_id: GroupId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"with locked as (
             select c.id, h.before, h.known_before, h.known_after, c.updated_at = h.changed_at as unedited
             from contact c join import_change h on h.contact_id = c.id
             where h.import_id = $1 and c.organization_id = $2 and c.redacted_at is null
               and (c.updated_at = h.changed_at or h.known_after is not null)
             order by c.id for no key update of c
         ), restored as (
             update contact c
             set first_name = l.before ->> 'first_name', last_name = l.before ->> 'last_name', email = l.before ->> 'email',
                 postal_code = l.before ->> 'postal_code', notes = l.before ->> 'notes', external_id = l.before ->> 'external_id',
                 fields = l.before -> 'fields',
                 -- So that an earlier import finds them as it left them, and can be undone too.
                 updated_at = coalesce((l.before ->> 'updated_at')::timestamptz, now())
             from locked l where c.id = l.id and l.unedited
         ), unlearned as (
             update membership m set knows = l.known_before from locked l
             -- Told more since, it keeps all (rule C16).
             where m.group_id = $3 and m.contact_id = l.id and l.known_before is not null and m.knows = l.known_after
         ), forgotten as (
             delete from import_change h using locked l where h.import_id = $1 and h.contact_id = l.id
         )
         select count(*) as "whole!" from locked l
         -- Those whom the group did not have leave it, and of others it is told what was news to it.
         where (l.known_after is null or l.known_before <> l.known_after)
           and not exists (select from import_assignment a where a.import_id = $1 and a.contact_id = l.id)"#,
        id.0,
        organization_id.0,
        group_id.0,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The outcome for the contacts that the import created.
struct Created {
    deleted: u64,
    /// Of contacts that others had brought before, the ones that have left: they are gone for the
    /// group (rule A5).
    left: u64,
    /// They are used elsewhere, or somebody has edited them.
    kept: i64,
}

/// Takes the import's tags and memberships away, and deletes the contacts that it created and that
/// nobody else has used since.
async fn leave(tx: &mut Tx, id: ImportId, group_id: GroupId) -> Result<Created> {
    sqlx::query!(
        "delete from contact_tag ct using membership m where m.group_id = $1 and ct.contact_id = m.contact_id and ct.import_id = $2",
        group_id.0,
        id.0,
    )
    .execute(tx.conn())
    .await?;
    let contacts = sqlx::query!(
        r#"with gone as (
               delete from membership where group_id = $1 and import_id = $2 returning contact_id, knows
           ), mine as (
               select c.id, c.updated_at = c.created_at and c.redacted_at is null
                   and not exists (select from membership m where m.contact_id = c.id and (m.group_id <> $1 or m.import_id is distinct from $2))
                   and not exists (select from thread t where t.contact_id = c.id)
                   and not exists (select from target t where t.contact_id = c.id)
                   and not exists (select from contact_tag t where t.contact_id = c.id and t.import_id is distinct from $2) as untouched
               from contact c join gone on gone.contact_id = c.id where c.source_import_id = $2
           )
           select coalesce(array_agg(id) filter (where untouched), '{}') as "untouched!",
                  count(*) filter (where not untouched) as "kept!",
                  (select count(*) from gone join contact c on c.id = gone.contact_id
                   where gone.knows is not null and c.source_import_id is distinct from $2) as "left!"
           from mine"#,
        group_id.0,
        id.0,
    )
    .fetch_one(tx.conn())
    .await?;
    let deleted = sqlx::query!("delete from contact where id = any($1)", &contacts.untouched)
        .execute(tx.conn())
        .await?
        .rows_affected();
    Ok(Created { deleted, left: contacts.left.unsigned_abs(), kept: contacts.kept })
}

/// Forgets the rest that could not be restored; returns the number of contacts with such a rest.
async fn forget(tx: &mut Tx, id: ImportId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"with changed as (
             delete from import_change where import_id = $1 returning contact_id
         ), assigned as (
             delete from import_assignment where import_id = $1 returning contact_id
         )
         select count(*) as "kept!" from (select contact_id from changed union select contact_id from assigned) k"#,
        id.0
    )
    .fetch_one(tx.conn())
    .await?)
}
