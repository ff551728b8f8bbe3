//! Sign-ups by forms (rules C9, C13 and C16): the person joins the form's group as by an import of
//! that group's admin, and their consent is kept in the words that they saw.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{ContactId, FormId, GroupId},
    people::{contact::ContactSource, e164::E164, form::Answers, phone_hash::PhoneHashes},
};
use uuid::Uuid;

use crate::{
    Result, Tx,
    people::{
        edit::{self, ContactEdit, Hearers, TextColumn},
        forms::PublicForm,
        save::{self, Limits, NewContact, NotSaved},
    },
    trust::audit,
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
    let (form, settings) = (&new.public.form, &new.public.settings);
    let group_id = form.definition.group_id;
    // Before the number is looked for, so that a full group tells nothing of it. The group's row
    // keeps two sign-ups from passing the limit together.
    sqlx::query!("select from contact_group where id = $1 for no key update", group_id.0).execute(tx.conn()).await?;
    if contacts_of(tx, group_id).await? >= i64::from(settings.group_contact_limit) {
        return Ok(SignedUp::GroupFull);
    }
    let values = values(new.answers);
    let groups = [group_id];
    let contact = NewContact {
        account_id: new.public.account_id,
        organization_id: form.organization_id,
        readers: Some(&groups),
        group_id,
        number: new.number,
        hashes: new.hashes,
        values: &values,
        tags: &[],
        agent_id: None,
        source: ContactSource::Form,
        consent_text: Some(&form.definition.consent_text),
        limits: Limits { group: settings.group_contact_limit, agent: settings.agent_contact_limit },
    };
    let id = match save::save(tx, &contact).await? {
        Ok(saved) => saved.id,
        Err(NotSaved::BeingRedacted) => return Ok(SignedUp::BeingRedacted),
        // A sign-up assigns no agent.
        Err(NotSaved::GroupFull | NotSaved::AgentFull | NotSaved::NoAgent) => return Ok(SignedUp::GroupFull),
    };
    audit::concerns("contact", id.0);
    let hearers = Hearers { learn: Some(&groups), alone: true };
    for tag in &form.definition.tags {
        edit::add_tag(tx, form.organization_id, hearers, &[id], tag.0).await?;
    }
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

fn values(answers: &Answers) -> ContactEdit {
    let texts = [(TextColumn::Email, &answers.email), (TextColumn::PostalCode, &answers.postal_code)];
    let texts = texts.into_iter().filter_map(|(column, value)| Some((column, Some(value.clone()?)))).collect();
    let fields: BTreeMap<_, _> =
        answers.fields.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect();
    ContactEdit { first_name: answers.first_name.clone(), last_name: answers.last_name.clone(), texts, fields }
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
