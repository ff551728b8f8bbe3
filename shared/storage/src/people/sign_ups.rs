//! Sign-ups by forms (rules C9, C13 and C16): the person joins the form's group as by an import of
//! that group's admin, and their consent is kept in the words that they saw.

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{ContactId, FormId, GroupId},
    people::{contact::ContactSource, e164::E164, form::Answers, phone_hash::PhoneHashes},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Result, Tx,
    people::{forms::PublicForm, phone_keys, redactions, tags},
};

/// A sign-up that the form takes.
#[derive(Debug, Clone, Copy)]
pub struct NewSignUp<'a> {
    /// The form, with its organization.
    pub public: &'a PublicForm,
    /// The number.
    pub number: &'a E164,
    /// Its keyed hashes.
    pub hashes: &'a PhoneHashes,
    /// The answers.
    pub answers: &'a Answers,
}

/// Outcome of a sign-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedUp {
    /// It holds.
    Done,
    /// The number is being redacted: nothing may be kept of it (rule R3).
    BeingRedacted,
    /// The group has as many contacts as it may (rule A2), whether the number is one of them or
    /// not.
    GroupFull,
}

/// Signs a person up. An opt-out stays, also that of a redacted person (rule C9). A membership that
/// was deactivated stays so.
pub async fn sign_up(tx: &mut Tx, new: &NewSignUp<'_>) -> Result<SignedUp> {
    let form = &new.public.form;
    let group_id = form.definition.group_id;
    // Before the number is looked for, so that a full group tells nothing of it. The group's row
    // keeps two sign-ups from passing the limit together.
    sqlx::query!("select from contact_group where id = $1 for no key update", group_id.0).execute(tx.conn()).await?;
    if contacts_of(tx, group_id).await? >= i64::from(new.public.settings.group_contact_limit) {
        return Ok(SignedUp::GroupFull);
    }
    if redactions::is_pending(tx, form.organization_id, new.number).await? {
        return Ok(SignedUp::BeingRedacted);
    }
    let told = told(new.answers);
    let id = match make(tx, new, &told).await? {
        Some(id) => {
            join(tx, group_id, id, None).await?;
            id
        }
        None => update(tx, new, &told).await?,
    };
    tags::give_in_group(tx, group_id, &[id], &form.definition.tags).await?;
    sqlx::query!(
        "insert into sign_up (id, form_id, contact_id, consent_text) values ($1, $2, $3, $4)",
        Uuid::now_v7(),
        form.id.0,
        id.0,
        form.definition.consent_text,
    )
    .execute(tx.conn())
    .await?;
    Ok(SignedUp::Done)
}

async fn contacts_of(tx: &mut Tx, group_id: GroupId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select (coalesce(sum(contacts), 0)
                   + coalesce((select sum(places_left) from import where group_id = $1 and state = 'running'), 0))::bigint as "contacts!"
           from group_size where group_id = $1"#,
        group_id.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Returns the values of answers, as `told` of the schema does.
fn told(answers: &Answers) -> Value {
    let mut told = json!({ "fields": answers.fields });
    for (name, value) in [
        ("first_name", &answers.first_name),
        ("last_name", &answers.last_name),
        ("email", &answers.email),
        ("postal_code", &answers.postal_code),
    ] {
        if let Some(value) = value {
            told[name] = json!(value);
        }
    }
    told
}

/// Makes the contact; none where the number has one. A redacted number comes back as a new contact
/// that keeps its opt-out.
async fn make(tx: &mut Tx, new: &NewSignUp<'_>, told: &Value) -> Result<Option<ContactId>> {
    let (form, account_id) = (&new.public.form, new.public.account_id);
    phone_keys::rehash(tx, account_id, new.hashes).await?;
    let made = sqlx::query_scalar!(
        "insert into contact (id, organization_id, e164, first_name, last_name, email, postal_code, fields, source, consent_text,
             opted_out_at, opt_out_reason, opt_out_origin)
         select $1, $2, $3, coalesce(t.told ->> 'first_name', ''), coalesce(t.told ->> 'last_name', ''), t.told ->> 'email',
             t.told ->> 'postal_code', t.told -> 'fields', $5, $6,
             case when s.opted_out then now() end, case when s.opted_out then 'opted out before redaction' end,
             case when s.opted_out then 'redacted' end
         from (select $4::jsonb as told) t
         left join suppression s on s.account_id = $7 and s.organization_id = $2 and s.phone_hash = $8
         on conflict (organization_id, e164) do nothing
         returning id",
        ContactId::new().0,
        form.organization_id.0,
        new.number.as_str(),
        told,
        ContactSource::Form.as_str(),
        form.definition.consent_text,
        account_id.0,
        &new.hashes.current[..],
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(made.map(ContactId))
}

/// Updates the number's contact within the group's knowledge (rule A5): other groups that know all
/// of the contact know from then on their knowledge so far.
async fn update(tx: &mut Tx, new: &NewSignUp<'_>, told: &Value) -> Result<ContactId> {
    let form = &new.public.form;
    let id = sqlx::query_scalar!(
        "select id from contact where organization_id = $1 and e164 = $2 for no key update",
        form.organization_id.0,
        new.number.as_str(),
    )
    .fetch_one(tx.conn())
    .await?;
    sqlx::query!(
        "with held as (
             select group_id from membership
             where contact_id = $1 and group_id <> $2 and knows is null order by group_id for no key update
         )
         update membership m
         set knows = known_with('{}', told(c.first_name, c.last_name, c.email, c.postal_code, c.notes, c.external_id, c.fields),
             array(select ct.tag_id from contact_tag ct where ct.contact_id = c.id))
         from held h, contact c
         where m.group_id = h.group_id and m.contact_id = $1 and c.id = $1",
        id,
        form.definition.group_id.0,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update contact
         set first_name = coalesce($2::jsonb ->> 'first_name', first_name), last_name = coalesce($2::jsonb ->> 'last_name', last_name),
             email = coalesce($2::jsonb ->> 'email', email), postal_code = coalesce($2::jsonb ->> 'postal_code', postal_code),
             fields = fields || ($2::jsonb -> 'fields'), updated_at = now()
         where id = $1",
        id,
        told,
    )
    .execute(tx.conn())
    .await?;
    let id = ContactId(id);
    join(tx, form.definition.group_id, id, Some(told)).await?;
    Ok(id)
}

/// Puts the contact into the group; of a contact that others brought, the group knows the answers
/// alone.
async fn join(tx: &mut Tx, group_id: GroupId, id: ContactId, told: Option<&Value>) -> Result<()> {
    sqlx::query!(
        "insert into membership (group_id, contact_id, knows)
         values ($1, $2, case when $3::jsonb is not null then known_with('{}', $3, '{}') end)
         on conflict (group_id, contact_id) do update set knows = known_with(membership.knows, $3, '{}')
         where membership.knows is not null",
        group_id.0,
        id.0,
        told.cloned(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A consent that a contact gave by a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The form.
    pub form_id: FormId,
    /// The words that the person saw.
    pub consent_text: String,
    /// When they agreed.
    pub at: DateTime<Utc>,
}

/// Consents that are told at most.
const CONSENTS: i64 = 100;

/// Returns the latest consents of a contact, the latest first; with a reader's groups, those of
/// these groups' forms.
pub async fn consents(tx: &mut Tx, readers: Option<&[GroupId]>, id: ContactId) -> Result<Vec<Consent>> {
    let readers: Option<Vec<_>> = readers.map(|groups| groups.iter().map(|id| id.0).collect());
    let rows = sqlx::query!(
        "select s.form_id, s.consent_text, s.signed_up_at from sign_up s join form f on f.id = s.form_id
         where s.contact_id = $1 and ($2::uuid[] is null or f.group_id = any($2)) order by s.id desc limit $3",
        id.0,
        readers.as_deref(),
        CONSENTS,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Consent { form_id: FormId(row.form_id), consent_text: row.consent_text, at: row.signed_up_at })
        .collect())
}
