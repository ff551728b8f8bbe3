//! Values of contacts in requests (rules C14 and C16).

use std::collections::BTreeMap;

use muster_domain::people::postal_codes;
use muster_storage::{
    Tx,
    people::{
        contacts,
        edit::{ContactEdit, TextColumn},
    },
    tenancy::organizations::Organization,
};

use crate::{bounds, problem::Problem};

/// Values as a request has them: absent ones stay, an inner none takes a value away.
#[derive(Debug, Default)]
#[expect(clippy::option_option, reason = "absent, null and a value are three different edits")]
pub(crate) struct Values<'a> {
    pub(crate) first_name: Option<&'a str>,
    pub(crate) last_name: Option<&'a str>,
    pub(crate) email: Option<Option<&'a str>>,
    pub(crate) postal_code: Option<Option<&'a str>>,
    pub(crate) notes: Option<Option<&'a str>>,
    pub(crate) external_id: Option<Option<&'a str>>,
}

impl Values<'_> {
    /// Returns the edit, if all values are within their bounds.
    pub(crate) fn read(&self, fields: &BTreeMap<String, Option<String>>) -> Result<ContactEdit, Problem> {
        let name = |member: &str, value: Option<&str>| {
            value.map(|value| Ok::<_, Problem>(bounds::ContactName::read(member, value)?.trim().to_owned())).transpose()
        };
        let mut texts = BTreeMap::new();
        if let Some(email) = self.email {
            let email = email.map(|email| bounds::Email::read("email", email)).transpose()?;
            texts.insert(TextColumn::Email, email.map(ToOwned::to_owned));
        }
        if let Some(code) = self.postal_code {
            let code = code.map(|code| bounds::ContactValue::read("postal_code", code)).transpose()?;
            texts.insert(TextColumn::PostalCode, code.map(|code| postal_codes::clean(code).into_owned()));
        }
        if let Some(notes) = self.notes {
            let notes = notes.map(|notes| bounds::Notes::read("notes", notes)).transpose()?;
            texts.insert(TextColumn::Notes, notes.map(ToOwned::to_owned));
        }
        if let Some(id) = self.external_id {
            let id = id.map(|id| bounds::ContactValue::read("external_id", id)).transpose()?;
            texts.insert(TextColumn::ExternalId, id.map(ToOwned::to_owned));
        }
        Ok(ContactEdit {
            first_name: name("first_name", self.first_name)?,
            last_name: name("last_name", self.last_name)?,
            texts,
            fields: bounds::FieldEdits::read("fields", fields)?,
        })
    }
}

/// Returns the tags of a request, trimmed.
pub(crate) fn read_tags(tags: &[String]) -> Result<Vec<String>, Problem> {
    bounds::ContactTags::check("tags", tags)?;
    tags.iter().map(|tag| bounds::Tag::read("a tag", tag).map(ToOwned::to_owned)).collect()
}

/// Refuses values of custom fields that are not there where the organization has locked its fields
/// (rule C14); returns the names of those that are to be made else.
pub(crate) async fn new_fields(
    tx: &mut Tx,
    organization: &Organization,
    edit: &ContactEdit,
) -> Result<Vec<String>, Problem> {
    let mut fresh: Vec<String> =
        edit.fields.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name.clone()).collect();
    if fresh.is_empty() {
        return Ok(fresh);
    }
    let known = contacts::custom_fields(tx, organization.id).await?;
    fresh.retain(|name| !known.contains(name));
    match fresh.first() {
        Some(name) if organization.settings.lock_custom_fields => Err(Problem::invalid_body(format!(
            "fields: the organization has locked its custom fields, and {name:?} is none"
        ))),
        _ => Ok(fresh),
    }
}
