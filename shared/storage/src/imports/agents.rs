//! Rows that name an agent: the members that they mean, up to which row there is room (rule A2),
//! the assignment itself (rule W4), and taking it back.

use muster_domain::ids::{GroupId, ImportId};
use uuid::Uuid;

use crate::{
    Result, Tx,
    goals::reassign,
    imports::{Import, apply::Terms},
};

/// Finds the members that the agents' column means, which must be agents of the group, and the last
/// line with a row that may be assigned to each.
pub async fn admit(tx: &mut Tx, import: &Import, limit: i32) -> Result<()> {
    sqlx::query!(
        "with named as (
             select lower(agent) as email from import_phone where agent is not null group by 1
         ), known as (
             select n.email, m.id from group_member g
             join member m on m.id = g.member_id and m.role = 'agent' and m.suspended_at is null
             join named n on n.email in (m.email, m.id::text)
             where g.group_id = $2
         )
         insert into import_agent (import_id, email, member_id)
         select $1, n.email, k.id from named n left join known k using (email)
         on conflict (import_id, email) do nothing",
        import.id.0,
        import.group_id.map(|id| id.0),
    )
    .execute(tx.conn())
    .await?;
    // Contacts that the file assigns to an agent that does not have them yet, in its order; the
    // winning row of each phone counts.
    sqlx::query!(
        "with winner as (
             select distinct on (e164) e164, line, lower(agent) as email from import_phone order by e164, line desc
         ), fresh as (
             select a.email, a.member_id, w.line, row_number() over (partition by a.member_id order by w.line) as place
             from winner w join import_agent a on a.import_id = $1 and a.email = w.email and a.member_id is not null
             where not exists (
                 select from contact c join membership m on m.contact_id = c.id and m.group_id = $3
                 where c.organization_id = $2 and c.e164 = w.e164 and m.assigned_agent_id = a.member_id)
         ), held as (
             select assigned_agent_id as member_id, count(*) as contacts from membership
             where group_id = $3 and assigned_agent_id is not null group by 1
         ), last as (
             select f.member_id, max(f.line) filter (where f.place <= $4 - coalesce(h.contacts, 0)) as line, count(*) as wanted,
                    $4 - coalesce(max(h.contacts), 0) as free
             from fresh f left join held h using (member_id) group by f.member_id
         )
         update import_agent a set last_admitted_line = coalesce(last.line, 0)
         from last where a.import_id = $1 and a.member_id = last.member_id and last.wanted > last.free",
        import.id.0,
        import.organization_id.0,
        import.group_id.map(|id| id.0),
        i64::from(limit),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Where rows take somebody of the group from an agent, locks the goals that this may be about:
/// goals come before contacts.
pub(super) async fn lock_goals(tx: &mut Tx, import: &Import) -> Result<()> {
    let moves = sqlx::query_scalar!(
        r#"select exists (
               select from import_row r
               join import_agent a on a.import_id = $1 and a.email = lower(r.agent)
               cross join lateral (select id from contact where organization_id = $2 and e164 = r.e164 offset 0) c
               cross join lateral (select assigned_agent_id from membership where group_id = $3 and contact_id = c.id offset 0) m
               where m.assigned_agent_id is distinct from a.member_id) as "moves!""#,
        import.id.0,
        import.organization_id.0,
        import.group_id.map(|id| id.0),
    )
    .fetch_one(tx.conn())
    .await?;
    if let (true, Some(group_id)) = (moves, import.group_id) {
        reassign::lock_goals(tx, group_id).await?;
    }
    Ok(())
}

/// Assigns the rows that name an agent. False when an agent has more contacts by it than rule A2
/// allows, because somebody else has assigned some meanwhile. Then nothing of this transaction may
/// be kept. The agents of contacts that were in the group before are kept for an undo of the
/// import.
pub(super) async fn assign(tx: &mut Tx, import: &Import, terms: &Terms<'_>) -> Result<bool> {
    let Some(group_id) = import.group_id else { return Ok(true) };
    let agents = sqlx::query_scalar!(
        r#"select distinct a.member_id as "agent!"
           from import_row r
           join import_agent a on a.import_id = $1 and a.email = lower(r.agent)
           join membership m on m.group_id = $2 and m.contact_id = r.contact_id
           where a.member_id is not null and m.assigned_agent_id is distinct from a.member_id"#,
        import.id.0,
        group_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    if agents.is_empty() {
        return Ok(true);
    }
    // As `contacts::assign` does, so that two assignments do not pass the limit together.
    sqlx::query!(
        "select from group_member where group_id = $1 and member_id = any($2) order by member_id for update",
        group_id.0,
        &agents,
    )
    .fetch_all(tx.conn())
    .await?;
    let assigned = sqlx::query!(
        r#"with wanted as (
             select m.contact_id, a.member_id, m.assigned_agent_id as before, not (r.joined or r.created) as moved
             from import_row r
             join import_agent a on a.import_id = $1 and a.email = lower(r.agent)
             join membership m on m.group_id = $2 and m.contact_id = r.contact_id
             where m.assigned_agent_id is distinct from a.member_id and texts_in($2, a.member_id)
             order by m.contact_id for update of m
         ), assigned as (
             update membership m set assigned_agent_id = w.member_id from wanted w
             where m.group_id = $2 and m.contact_id = w.contact_id
             returning m.contact_id, w.member_id, w.before, w.moved
         ), kept as (
             insert into import_assignment (import_id, contact_id, before_agent_id, after_agent_id)
             select $1, contact_id, before, member_id from assigned where moved
             on conflict (import_id, contact_id) do update set after_agent_id = excluded.after_agent_id
         )
         update import_row r set changed = true, news = true from assigned
         where r.contact_id = assigned.contact_id
         returning assigned.contact_id as "contact_id!", assigned.moved as "moved!""#,
        import.id.0,
        group_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    let over = sqlx::query_scalar!(
        r#"select exists (
               select from membership where group_id = $1 and assigned_agent_id = any($2)
               group by assigned_agent_id having count(*) > $3) as "over!""#,
        group_id.0,
        &agents,
        i64::from(terms.agent_limit),
    )
    .fetch_one(tx.conn())
    .await?;
    if over {
        return Ok(false);
    }
    // A contact that was in the group before may be in a batch already.
    let moved: Vec<_> = assigned.iter().filter(|row| row.moved).map(|row| row.contact_id).collect();
    if !moved.is_empty() {
        let goals = reassign::lock_goals(tx, group_id).await?;
        reassign::move_contacts(tx, group_id, &goals, &moved).await?;
        reassign::move_threads(tx, group_id, &moved).await?;
    }
    Ok(true)
}

/// Locks the agents that may get contacts back, as `contacts::assign` does, so that two assignments
/// do not pass the limit together.
pub(super) async fn lock_agents_to_restore(tx: &mut Tx, id: ImportId, group_id: GroupId) -> Result<()> {
    sqlx::query!(
        "select from group_member
         where group_id = $1 and member_id in (select before_agent_id from import_assignment where import_id = $2)
         order by member_id for update",
        group_id.0,
        id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(())
}

/// Gives contacts that an import assigned their former agents back. Returns the number of contacts
/// with nothing left as the import made it. An assignment that cannot be restored stays in
/// `import_assignment`.
pub(super) async fn restore(tx: &mut Tx, id: ImportId, group_id: GroupId, goals: &[Uuid], limit: i32) -> Result<i64> {
    let restored = sqlx::query_file!("src/imports/restore_agents.sql", id.0, group_id.0, i64::from(limit))
        .fetch_all(tx.conn())
        .await?;
    let contacts: Vec<_> = restored.iter().map(|row| row.contact_id).collect();
    reassign::move_contacts(tx, group_id, goals, &contacts).await?;
    reassign::move_threads(tx, group_id, &contacts).await?;
    Ok(restored.iter().map(|row| i64::from(row.whole)).sum())
}
