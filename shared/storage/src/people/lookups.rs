//! Lookups of the carriers of contacts' numbers: contacts that are due for one, and the answers
//! (rules C5 and S10).

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{ContactId, GroupId},
    people::{
        e164::E164,
        line::{LineInfo, LineType},
    },
};

use crate::{Page, Result, Tx};

/// A contact with a number that is to be looked up.
#[derive(Debug, Clone)]
pub struct Due {
    /// The contact.
    pub id: ContactId,
    /// The number.
    pub number: E164,
}

/// Returns a page of a group's members with numbers that were not looked up within this many days
/// and that may be texted, by age.
pub async fn due(tx: &mut Tx, group_id: GroupId, max_age_days: i32, page: Page<ContactId>) -> Result<Vec<Due>> {
    let rows = sqlx::query!(
        r#"select c.id, c.e164 as "e164!" from membership m join contact c on c.id = m.contact_id
           where m.group_id = $1 and ($2::uuid is null or m.contact_id > $2) and m.deactivated_at is null
             and c.e164 is not null and c.opted_out_at is null
             and (c.looked_up_at is null or c.looked_up_at < now() - make_interval(days => $3))
           order by m.contact_id limit $4"#,
        group_id.0,
        page.after.map(|id| id.0),
        max_age_days,
        page.limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| Ok(Due { id: ContactId(row.id), number: E164::parse(&row.e164)? })).collect()
}

/// Records lookups' answers. A line of which nothing is known any more keeps the type that it had,
/// and no carrier: its texts count against the strictest cap. Contacts that were redacted meanwhile
/// are left alone, and so are those that were looked up since `asked_at`.
pub async fn record(tx: &mut Tx, found: &[(Due, LineInfo)], asked_at: DateTime<Utc>) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let (mut ids, mut numbers, mut types, mut carriers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (due, line) in found {
        ids.push(due.id.0);
        numbers.push(due.number.as_str().to_owned());
        types.push(
            Some(line.line_type).filter(|known| *known != LineType::Unknown).map(|known| known.as_str().to_owned()),
        );
        carriers.push(line.carrier.map(str::to_owned));
    }
    // Everybody locks contacts in the order of their ids.
    sqlx::query!("select from contact where id = any($1) order by id for no key update", &ids)
        .fetch_all(tx.conn())
        .await?;
    sqlx::query!(
        "update contact c set line_type = coalesce(found.line_type, c.line_type), carrier = found.carrier, looked_up_at = now()
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as found (id, e164, line_type, carrier)
         where c.id = found.id and c.e164 = found.e164 and (c.looked_up_at is null or c.looked_up_at < $5)",
        &ids,
        &numbers,
        &types as &[Option<String>],
        &carriers as &[Option<String>],
        asked_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
