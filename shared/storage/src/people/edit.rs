//! Edits of contacts (rules C1, C14 and C16), and the groups that learn of them (rule A5).
//!
//! A contact is one in the organization, and the latest value of a field stands for it. A group
//! that knows the contact partly is told a value where [`Hearers`] says so. An admin of groups
//! tells nothing to other groups: one that knew all of the contact keeps from then on its knowledge
//! so far, as after a file (`imports::knowledge`).

use std::collections::BTreeMap;

use muster_domain::ids::{ContactId, GroupId, OrganizationId};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{Result, Tx, people::contacts};

/// Groups that an edit is told to.
#[derive(Debug, Clone, Copy)]
pub struct Hearers<'a> {
    /// Groups that know the contact partly and learn of the edit; none for all that have it.
    pub learn: Option<&'a [GroupId]>,
    /// Other groups learn nothing, those that know all of the contact either.
    pub alone: bool,
}

impl<'a> Hearers<'a> {
    /// Of an edit by an admin: of the organization, told to all of the contact's groups, or of
    /// these groups, told to them alone.
    pub const fn of(readers: Option<&'a [GroupId]>) -> Self {
        Self { learn: readers, alone: readers.is_some() }
    }

    fn learning(&self) -> Option<Vec<Uuid>> {
        self.learn.map(|groups| groups.iter().map(|id| id.0).collect())
    }
}

/// New values of a contact; those that are absent stay as they are. An inner none takes a value
/// away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactEdit {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// E-mail address, postal code, notes and external id, by their columns.
    pub texts: BTreeMap<TextColumn, Option<String>>,
    /// Custom fields by name.
    pub fields: BTreeMap<String, Option<String>>,
}

/// A text of a contact that may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TextColumn {
    /// E-mail address.
    Email,
    /// Postal code.
    PostalCode,
    /// Notes for agents.
    Notes,
    /// The caller's own id of the person.
    ExternalId,
}

impl TextColumn {
    const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::PostalCode => "postal_code",
            Self::Notes => "notes",
            Self::ExternalId => "external_id",
        }
    }
}

impl ContactEdit {
    /// Returns whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the values that it sets, as `told` of the schema does.
    pub(crate) fn told(&self) -> Value {
        let mut told = Map::new();
        let names = [("first_name", &self.first_name), ("last_name", &self.last_name)];
        for (name, value) in names {
            told.extend(value.iter().map(|value| (name.to_owned(), json!(value))));
        }
        for (column, value) in &self.texts {
            told.extend(value.iter().map(|value| (column.name().to_owned(), json!(value))));
        }
        let fields: Map<_, _> =
            self.fields.iter().filter_map(|(name, value)| Some((name.clone(), json!(value.as_ref()?)))).collect();
        told.insert("fields".to_owned(), Value::Object(fields));
        Value::Object(told)
    }

    /// Returns the texts that it takes away.
    fn cleared(&self) -> Vec<String> {
        self.texts.iter().filter(|(_, value)| value.is_none()).map(|(column, _)| column.name().to_owned()).collect()
    }

    /// Returns the custom fields that it takes away.
    fn cleared_fields(&self) -> Vec<String> {
        self.fields.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name.clone()).collect()
    }
}

/// Edits a contact that is locked. A value that only other groups know is not the hearers' to take
/// away: it stays the organization's.
pub async fn edit(tx: &mut Tx, hearers: Hearers<'_>, id: ContactId, edit: &ContactEdit) -> Result<()> {
    if edit.is_empty() {
        return Ok(());
    }
    let (told, cleared, cleared_fields) = (edit.told(), edit.cleared(), edit.cleared_fields());
    let (learning, theirs) = (hearers.learning(), hearers.learning().filter(|_| hearers.alone));
    keep_known(tx, hearers, &[id.0]).await?;
    // Before the groups forget, because a value is theirs to take away by their knowledge.
    sqlx::query!(
        r#"with shown as (
             -- The hearers' knowledge, in their order, where none of them knows all.
             select coalesce($5::uuid[] is null or bool_or(m.knows is null), true) as wholly,
                 jsonb_agg(m.knows order by m.added_at, m.group_id) as known
             from membership m where m.contact_id = $1 and m.group_id = any($5)
         ), theirs as (
             select array(
                 select name from unnest($3::text[]) name cross join shown cross join contact c
                 where c.id = $1 and (wholly or exists (
                     select from jsonb_array_elements(known) k where k ->> name = to_jsonb(c) ->> name))) as texts,
                 array(
                 select name from unnest($4::text[]) name cross join shown cross join contact c
                 where c.id = $1 and (wholly or exists (
                     select from jsonb_array_elements(known) k where k -> 'fields' ->> name = c.fields ->> name))) as fields
         )
         update contact c
         set first_name = coalesce($2::jsonb ->> 'first_name', c.first_name),
             last_name = coalesce($2::jsonb ->> 'last_name', c.last_name),
             email = case when 'email' <> all(t.texts) then coalesce($2::jsonb ->> 'email', c.email) end,
             postal_code = case when 'postal_code' <> all(t.texts) then coalesce($2::jsonb ->> 'postal_code', c.postal_code) end,
             notes = case when 'notes' <> all(t.texts) then coalesce($2::jsonb ->> 'notes', c.notes) end,
             external_id = case when 'external_id' <> all(t.texts) then coalesce($2::jsonb ->> 'external_id', c.external_id) end,
             fields = (c.fields || ($2::jsonb -> 'fields')) - t.fields,
             updated_at = now()
         from theirs t where c.id = $1"#,
        id.0,
        told,
        &cleared,
        &cleared_fields,
        theirs.as_deref(),
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "with learning as (
             select group_id from membership
             where contact_id = $1 and knows is not null and ($5::uuid[] is null or group_id = any($5))
             order by group_id for no key update
         )
         update membership m
         set knows = jsonb_set(k.knows - $3::text[], '{fields}', (k.knows -> 'fields') - $4::text[])
         from learning l, lateral (
             select known_with(o.knows, $2, '{}') as knows from membership o where o.group_id = l.group_id and o.contact_id = $1) k
         where m.group_id = l.group_id and m.contact_id = $1",
        id.0,
        told,
        &cleared,
        &cleared_fields,
        learning.as_deref(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Groups beyond the hearers that know all of these contacts keep from now on their knowledge so
/// far.
async fn keep_known(tx: &mut Tx, hearers: Hearers<'_>, contacts: &[Uuid]) -> Result<()> {
    let Some(theirs) = hearers.learning().filter(|_| hearers.alone) else { return Ok(()) };
    freeze(tx, contacts, &theirs, true).await
}

/// Writes down the knowledge of groups that know all: of these groups, or of all but these.
async fn freeze(tx: &mut Tx, contacts: &[Uuid], groups: &[Uuid], others: bool) -> Result<()> {
    sqlx::query!(
        "with held as (
             select m.group_id, m.contact_id from membership m
             where m.contact_id = any($1) and m.knows is null and (m.group_id = any($2)) <> $3
             order by m.contact_id, m.group_id for no key update
         )
         update membership m
         set knows = known_with('{}', told(c.first_name, c.last_name, c.email, c.postal_code, c.notes, c.external_id, c.fields),
             array(select ct.tag_id from contact_tag ct where ct.contact_id = c.id))
         from held h join contact c on c.id = h.contact_id
         where m.group_id = h.group_id and m.contact_id = h.contact_id",
        contacts,
        groups,
        others,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns the tag of this name, or the one that it has become; made if there is none.
pub async fn tag(tx: &mut Tx, organization_id: OrganizationId, name: &str) -> Result<Uuid> {
    sqlx::query!(
        "insert into tag (organization_id, name) values ($1, $2) on conflict do nothing",
        organization_id.0,
        name
    )
    .execute(tx.conn())
    .await?;
    Ok(sqlx::query_scalar!(
        r#"select coalesce(merged_into, id) as "id!" from tag where organization_id = $1 and name = $2"#,
        organization_id.0,
        name
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Returns the tag of this name, or the one that it has become, if there is one.
pub async fn known_tag(tx: &mut Tx, organization_id: OrganizationId, name: &str) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(merged_into, id) as "id!" from tag where organization_id = $1 and name = $2"#,
        organization_id.0,
        name
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Locks a tag against its end; false when it is no more.
pub async fn lock_tag(tx: &mut Tx, id: Uuid) -> Result<bool> {
    Ok(sqlx::query!("select from tag where id = $1 for key share", id).fetch_optional(tx.conn()).await?.is_some())
}

/// Returns those of these contacts with a tag that the hearers see.
async fn tagged(tx: &mut Tx, hearers: Hearers<'_>, contacts: &[Uuid], tag_id: Uuid) -> Result<Vec<Uuid>> {
    let theirs = hearers.learning().filter(|_| hearers.alone);
    Ok(sqlx::query_scalar!(
        "select ct.contact_id from contact_tag ct
         where ct.tag_id = $2 and ct.contact_id = any($1)
           and ($3::uuid[] is null or exists (
               select from membership m
               where m.contact_id = ct.contact_id and m.group_id = any($3) and (m.knows is null or m.knows -> 'tags' ? $2::uuid::text)))",
        contacts,
        tag_id,
        theirs.as_deref(),
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Tags contacts; returns those that had no such tag, as far as the hearers see. Redacted contacts
/// are left out.
pub async fn add_tag(
    tx: &mut Tx,
    organization_id: OrganizationId,
    hearers: Hearers<'_>,
    contacts: &[ContactId],
    tag_id: Uuid,
) -> Result<Vec<ContactId>> {
    let contacts: Vec<_> = contacts::lock(tx, organization_id, contacts).await?.iter().map(|id| id.0).collect();
    let before = tagged(tx, hearers, &contacts, tag_id).await?;
    let fresh: Vec<_> = contacts.iter().copied().filter(|id| !before.contains(id)).collect();
    keep_known(tx, hearers, &fresh).await?;
    let learning = hearers.learning();
    sqlx::query!(
        "insert into contact_tag (contact_id, tag_id) select id, $2 from unnest($1::uuid[]) as fresh (id) order by id on conflict do nothing",
        &fresh,
        tag_id,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "with learning as (
             select group_id, contact_id from membership
             where contact_id = any($1) and knows is not null and not coalesce(knows -> 'tags' ? $2::uuid::text, false)
               and ($3::uuid[] is null or group_id = any($3))
             order by contact_id, group_id for no key update
         )
         update membership m set knows = known_with(m.knows, '{\"fields\": {}}', array[$2::uuid])
         from learning l where m.group_id = l.group_id and m.contact_id = l.contact_id",
        &contacts,
        tag_id,
        learning.as_deref(),
    )
    .execute(tx.conn())
    .await?;
    Ok(fresh.into_iter().map(ContactId).collect())
}

/// Takes a tag from contacts; returns those that had it, as far as the hearers see. A tag that
/// another group has as well stays that group's, and the organization's.
pub async fn remove_tag(
    tx: &mut Tx,
    organization_id: OrganizationId,
    hearers: Hearers<'_>,
    contacts: &[ContactId],
    tag_id: Uuid,
) -> Result<Vec<ContactId>> {
    let contacts: Vec<_> = contacts::lock(tx, organization_id, contacts).await?.iter().map(|id| id.0).collect();
    let theirs = tagged(tx, hearers, &contacts, tag_id).await?;
    let groups = hearers.learning();
    if let Some(groups) = groups.as_deref().filter(|_| hearers.alone) {
        let shared = sqlx::query_scalar!(
            "select distinct contact_id from membership
             where contact_id = any($1) and group_id <> all($2) and (knows is null or knows -> 'tags' ? $3::uuid::text)",
            &theirs,
            groups,
            tag_id,
        )
        .fetch_all(tx.conn())
        .await?;
        freeze(tx, &shared, groups, false).await?;
        let own: Vec<_> = theirs.iter().copied().filter(|id| !shared.contains(id)).collect();
        forget_tag(tx, &own, tag_id).await?;
    } else {
        forget_tag(tx, &theirs, tag_id).await?;
    }
    sqlx::query!(
        "with forgetting as (
             select group_id, contact_id from membership
             where contact_id = any($1) and knows -> 'tags' ? $2::uuid::text and ($3::uuid[] is null or group_id = any($3))
             order by contact_id, group_id for no key update
         )
         update membership m set knows = jsonb_set(m.knows, '{tags}', (m.knows -> 'tags') - $2::uuid::text)
         from forgetting f where m.group_id = f.group_id and m.contact_id = f.contact_id",
        &theirs,
        tag_id,
        groups.as_deref(),
    )
    .execute(tx.conn())
    .await?;
    Ok(theirs.into_iter().map(ContactId).collect())
}

async fn forget_tag(tx: &mut Tx, contacts: &[Uuid], tag_id: Uuid) -> Result<()> {
    sqlx::query!("delete from contact_tag where contact_id = any($1) and tag_id = $2", contacts, tag_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}
