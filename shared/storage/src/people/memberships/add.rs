//! Contacts join a group (rules A2, A5 and C1).

use std::collections::BTreeMap;

use muster_domain::{
    ids::{ContactId, GroupId, OrganizationId},
    people::{bulk::BulkOutcome, contact::ContactSource, knowledge::Knowledge},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Outcomes, ids};
use crate::{Result, Tx, imports::admit, people::contacts};

/// How contacts join a group.
#[derive(Debug, Clone, Copy)]
pub struct Joining<'a> {
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The group.
    pub group_id: GroupId,
    /// The groups of the admin of groups that adds them: the group gets the knowledge of
    /// these (rule A5). None for an admin of the organization, which gives it all.
    pub readers: Option<&'a [GroupId]>,
    /// Contacts that the group may have (rule A2).
    pub limit: i32,
}

/// Adds contacts to a group. Contacts that are in it stay as they are.
pub async fn add(tx: &mut Tx, joining: Joining<'_>, contacts: &[ContactId]) -> Result<Outcomes> {
    let there = contacts::lock(tx, joining.organization_id, contacts).await?;
    let mut outcomes: Outcomes = contacts.iter().map(|id| (*id, BulkOutcome::Redacted)).collect();
    let known = known(tx, joining.readers, &there).await?;
    // Of a contact that has left the readers' groups meanwhile they know nothing.
    let nothing = joining.readers.map(|_| json!({ "fields": {}, "tags": [] }));
    let fresh: Vec<_> = there
        .iter()
        .map(|id| Fresh {
            id: id.0,
            knows: known.get(id).cloned().unwrap_or_else(|| nothing.clone()),
            source: Some(ContactSource::Api),
            consent_text: None,
        })
        .collect();
    let joined = join(tx, joining.group_id, joining.limit, fresh).await?;
    for id in there {
        let outcome = if joined.full.contains(&id.0) {
            BulkOutcome::GroupFull
        } else if joined.joined.contains(&id.0) {
            BulkOutcome::Changed
        } else {
            BulkOutcome::Unchanged
        };
        outcomes.insert(id, outcome);
    }
    Ok(outcomes)
}

/// Returns the knowledge of some groups of contacts, as a membership stores it.
async fn known(
    tx: &mut Tx,
    readers: Option<&[GroupId]>,
    contacts: &[ContactId],
) -> Result<BTreeMap<ContactId, Option<Value>>> {
    let Some(readers) = readers else { return Ok(BTreeMap::new()) };
    let rows = sqlx::query!(
        r#"select contact_id, array_agg(coalesce(knows, 'null') order by added_at, group_id) as "knows!"
           from membership where contact_id = any($1) and group_id = any($2) group by contact_id"#,
        &ids(contacts),
        &readers.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let each = row.knows.into_iter().map(|knows| Knowledge::stored(Some(knows).filter(|one| !one.is_null())));
            let all = Knowledge::of_all(each.collect::<Result<Vec<_>, _>>()?);
            Ok((ContactId(row.contact_id), all.store()?))
        })
        .collect()
}

/// A membership to be made.
pub(crate) struct Fresh {
    /// The contact.
    pub(crate) id: Uuid,
    /// The group's knowledge of them; none for all.
    pub(crate) knows: Option<Value>,
    /// Provenance.
    pub(crate) source: Option<ContactSource>,
    /// The consent that was given then.
    pub(crate) consent_text: Option<String>,
}

/// Contacts that joined, and those for which there was no place.
#[derive(Debug, Default)]
pub(crate) struct Joined {
    pub(crate) joined: Vec<Uuid>,
    pub(crate) full: Vec<Uuid>,
}

/// Makes the memberships that are not there, as long as the group has places (rule A2). They are
/// counted once they are made, as imports do (`imports::admit`), so that others that let contacts
/// in wait for one another and none waits in a circle. The last ones have no place.
pub(crate) async fn join(tx: &mut Tx, group_id: GroupId, limit: i32, fresh: Vec<Fresh>) -> Result<Joined> {
    let mut joined = sqlx::query_scalar!(
        "insert into membership (group_id, contact_id, knows, source, consent_text)
         select $1, f.id, f.knows, f.source, f.consent_text
         from unnest($2::uuid[], $3::jsonb[], $4::text[], $5::text[]) as f (id, knows, source, consent_text)
         order by f.id
         on conflict do nothing returning contact_id",
        group_id.0,
        &fresh.iter().map(|one| one.id).collect::<Vec<_>>(),
        &fresh.iter().map(|one| one.knows.clone()).collect::<Vec<_>>() as &[Option<Value>],
        &fresh.iter().map(|one| one.source.map(|source| source.as_str().to_owned())).collect::<Vec<_>>()
            as &[Option<String>],
        &fresh.iter().map(|one| one.consent_text.clone()).collect::<Vec<_>>() as &[Option<String>],
    )
    .fetch_all(tx.conn())
    .await?;
    if joined.is_empty() {
        return Ok(Joined::default());
    }
    joined.sort_unstable();
    let room = admit::room(tx, Some(group_id), None, limit).await?;
    let over = usize::try_from(-room.free).unwrap_or_default().min(joined.len());
    let full = joined.split_off(joined.len() - over);
    if !full.is_empty() {
        sqlx::query!("delete from membership where group_id = $1 and contact_id = any($2)", group_id.0, &full)
            .execute(tx.conn())
            .await?;
    }
    Ok(Joined { joined, full })
}
