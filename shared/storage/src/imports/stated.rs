//! Opt-outs that rows of a file state (rule C17).

use crate::{Result, Tx, imports::Import};

/// Rule C17: a contact with an opt-out stated in the file is opted out, as by their own word, and
/// stays it (rule C9). Also people with rejected rows, if they are known: a full group is no reason
/// to text them from another.
pub(super) async fn opt_out(tx: &mut Tx, import: &Import, rejected: &[String]) -> Result<()> {
    sqlx::query!(
        "insert into contact_event (organization_id, contact_id, what)
         select $1, contact_id, 'opted_out' from import_row where created and opt_out order by contact_id",
        import.organization_id.0,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "with stated as (
             select contact_id as id from import_row where opt_out and not created
             union select id from contact where organization_id = $1 and e164 = any($2)
         -- An agent's own opt-out is not undone any more (rule W9).
         ), for_good as (delete from agent_opt_out where contact_id in (select id from stated)
         ), locked as (
             select c.id from contact c join stated s on s.id = c.id
             where c.opted_out_at is null and c.e164 is not null order by c.id for no key update of c
         ), opted_out as (
             update contact c set opted_out_at = clock_timestamp(), opt_out_reason = opt_out_reason_of_import($3), opt_out_origin = 'file',
                 updated_at = now()
             from locked l where c.id = l.id returning c.id
         )
         -- The thread leaves the agents' unread list (rule I3).
         update thread t set unread_since = null, held_by = null, held_until = null
         from opted_out o where t.contact_id = o.id",
        import.organization_id.0,
        rejected,
        import.id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
