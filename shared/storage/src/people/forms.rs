//! Sign-up forms (rule C16): their records, and the bounds of their rate.

use chrono::{DateTime, Utc};
use muster_domain::{
    engine::bucket::{BucketKind, Empty, Rate},
    ids::{AccountId, FormId, GroupId, MemberId, OrganizationId, TagId},
    people::form::Question,
    tenancy::settings::OrganizationSettings,
};
use sqlx::types::Json;

use crate::{Db, Page, Result, Tx, engine::buckets};

/// An admin's definition of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The group that people join.
    pub group_id: GroupId,
    /// Its title.
    pub title: String,
    /// The words that people agree to.
    pub consent_text: String,
    /// Questions beside the phone.
    pub questions: Vec<Question>,
    /// Tags for everybody that signs up.
    pub tags: Vec<TagId>,
    /// Origins of pages elsewhere that may post to it; `*` for any.
    pub allowed_origins: Vec<String>,
    /// Sign-ups in an hour.
    pub sign_ups_an_hour: u32,
    /// Sign-ups in an hour from one client address.
    pub sign_ups_an_hour_and_client: u32,
    /// It takes sign-ups.
    pub active: bool,
}

/// A form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The form.
    pub id: FormId,
    /// Its tenant.
    pub organization_id: OrganizationId,
    /// The public page's name, which cannot be guessed.
    pub public_key: String,
    /// An admin's definition of it.
    pub definition: Definition,
    /// Counts its edits.
    pub version: i32,
    /// Since when it is there.
    pub created_at: DateTime<Utc>,
}

/// Forms that a list has; each member narrows it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// This one alone.
    pub id: Option<FormId>,
    /// Of these groups.
    pub groups: Option<&'a [GroupId]>,
}

/// Records a form.
pub async fn create(
    tx: &mut Tx,
    id: FormId,
    organization_id: OrganizationId,
    by: MemberId,
    public_key: &str,
    new: &Definition,
) -> Result<()> {
    sqlx::query!(
        "insert into form (id, organization_id, group_id, created_by, public_key, title, consent_text, questions, tag_ids, allowed_origins,
             sign_ups_an_hour, sign_ups_an_hour_and_client, active)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        id.0,
        organization_id.0,
        new.group_id.0,
        by.0,
        public_key,
        new.title,
        new.consent_text,
        serde_json::to_value(&new.questions)?,
        &tag_ids(new),
        &new.allowed_origins,
        signed(new.sign_ups_an_hour),
        signed(new.sign_ups_an_hour_and_client),
        new.active,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Replaces the definition of a locked form.
pub async fn replace(tx: &mut Tx, id: FormId, new: &Definition) -> Result<()> {
    sqlx::query!(
        "update form set group_id = $2, title = $3, consent_text = $4, questions = $5, tag_ids = $6, allowed_origins = $7,
             sign_ups_an_hour = $8, sign_ups_an_hour_and_client = $9, active = $10, version = version + 1
         where id = $1",
        id.0,
        new.group_id.0,
        new.title,
        new.consent_text,
        serde_json::to_value(&new.questions)?,
        &tag_ids(new),
        &new.allowed_origins,
        signed(new.sign_ups_an_hour),
        signed(new.sign_ups_an_hour_and_client),
        new.active,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

fn tag_ids(form: &Definition) -> Vec<uuid::Uuid> {
    form.tags.iter().map(|tag| tag.0).collect()
}

fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Locks a form of this organization until the end of the transaction.
pub async fn lock(tx: &mut Tx, organization_id: OrganizationId, id: FormId) -> Result<()> {
    sqlx::query!("select from form where id = $1 and organization_id = $2 for update", id.0, organization_id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Returns a page of an organization's forms, by age.
pub async fn page(
    db: impl Into<Db<'_>>,
    organization_id: OrganizationId,
    filter: &Filter<'_>,
    page: Page<FormId>,
) -> Result<Vec<Form>> {
    let groups: Option<Vec<_>> = filter.groups.map(|groups| groups.iter().map(|id| id.0).collect());
    let rows = sqlx::query_as!(
        FormRow,
        "select * from form
         where organization_id = $1 and ($2::uuid is null or id = $2) and ($3::uuid is null or id > $3)
           and ($5::uuid[] is null or group_id = any($5))
         order by id limit $4",
        organization_id.0,
        filter.id.map(|id| id.0),
        page.after.map(|id| id.0),
        page.limit,
        groups.as_deref(),
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?;
    rows.into_iter().map(FormRow::form).collect()
}

/// A form as the public meets it, with its organization.
#[derive(Debug, Clone)]
pub struct PublicForm {
    /// The form.
    pub form: Form,
    /// The customer.
    pub account_id: AccountId,
    /// The organization's name.
    pub organization: String,
    /// The organization's settings.
    pub settings: OrganizationSettings,
}

/// Returns the form with this public name, if it takes sign-ups and its group is in use.
pub async fn public(tx: &mut Tx, public_key: &str) -> Result<Option<PublicForm>> {
    let row = sqlx::query_as!(
        FormRow,
        "select f.* from form f join contact_group g on g.id = f.group_id
         where f.public_key = $1 and f.active and g.archived_at is null",
        public_key
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let form = row.form()?;
    let organization = sqlx::query!(
        r#"select account_id, name, settings as "settings: Json<OrganizationSettings>" from organization where id = $1"#,
        form.organization_id.0,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Some(PublicForm {
        form,
        account_id: AccountId(organization.account_id),
        organization: organization.name,
        settings: organization.settings.0,
    }))
}

struct FormRow {
    id: uuid::Uuid,
    organization_id: uuid::Uuid,
    group_id: uuid::Uuid,
    public_key: String,
    title: String,
    consent_text: String,
    questions: serde_json::Value,
    tag_ids: Vec<uuid::Uuid>,
    allowed_origins: Vec<String>,
    sign_ups_an_hour: i32,
    sign_ups_an_hour_and_client: i32,
    active: bool,
    version: i32,
    created_at: DateTime<Utc>,
    #[expect(dead_code, reason = "the record's author is for people with the database")]
    created_by: uuid::Uuid,
}

impl FormRow {
    fn form(self) -> Result<Form> {
        Ok(Form {
            id: FormId(self.id),
            organization_id: OrganizationId(self.organization_id),
            public_key: self.public_key,
            definition: Definition {
                group_id: GroupId(self.group_id),
                title: self.title,
                consent_text: self.consent_text,
                questions: serde_json::from_value(self.questions)?,
                tags: self.tag_ids.into_iter().map(TagId).collect(),
                allowed_origins: self.allowed_origins,
                sign_ups_an_hour: self.sign_ups_an_hour.unsigned_abs(),
                sign_ups_an_hour_and_client: self.sign_ups_an_hour_and_client.unsigned_abs(),
                active: self.active,
            },
            version: self.version,
            created_at: self.created_at,
        })
    }
}

/// Takes a sign-up out of the form's bucket and of the client's. The client is a keyed hash of an
/// address. A refusal changes nothing.
pub async fn take(tx: &mut Tx, form: &Form, client: &[u8]) -> Result<Result<(), Empty>> {
    let own = form.id.0.as_bytes().as_slice();
    let rates = [
        (BucketKind::Form, own.to_vec(), form.definition.sign_ups_an_hour),
        (BucketKind::FormClient, [own, client].concat(), form.definition.sign_ups_an_hour_and_client),
    ];
    for (kind, subject, an_hour) in rates {
        if let Err(empty) = buckets::take(tx, kind, &subject, Rate::an_hour(an_hour), 1).await? {
            return Ok(Err(empty));
        }
    }
    buckets::forget(tx).await?;
    Ok(Ok(()))
}
