//! Composing texts: the contents that a script may have, and whether a text may be sent
//! (rules M1 to M5).

use muster_domain::{
    goals::estimate,
    sending::{
        segments::{self, Segments},
        template::{MissingValue, RENDERED_LIMIT, Template},
    },
    tenancy::settings::OrganizationSettings,
};
use muster_storage::{
    goals::{Goal, batches::Recipient},
    tenancy::{groups::Group, members::Member, organizations::Organization},
};

/// A script with all that is the same for every contact of a send.
pub(crate) struct Composer<'a> {
    pub(crate) template: Template,
    pub(crate) agent: &'a Member,
    pub(crate) group: &'a Group,
    pub(crate) organization: &'a Organization,
    pub(crate) goal_date: String,
}

/// Why a contact is kept out of a send.
pub(crate) enum KeptOut {
    /// A field has no value and no fallback.
    Missing(MissingValue),
    /// The text has too many segments or characters (rule M3).
    TooLong,
}

impl KeptOut {
    /// Returns the reason as it is kept beside the contact.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Missing(missing) => format!("missing_value:{}", missing.field),
            Self::TooLong => "text_too_long".to_owned(),
        }
    }
}

/// Returns a text as it is sent: with look-alikes replaced, if the organization wants that
/// (rule M5).
pub(crate) fn encoded(text: String, settings: &OrganizationSettings) -> String {
    estimate::encoded(text, settings.smart_encoding)
}

/// Returns a goal's date as scripts say it.
pub(crate) fn goal_date(goal: &Goal) -> String {
    goal.content.date_local.format("%A, %B %-d").to_string()
}

impl Composer<'_> {
    /// Returns the text for a contact, and its count.
    pub(crate) fn compose(&self, to: &Recipient) -> Result<(String, Segments), KeptOut> {
        let body = self.template.render(|field| self.value(to, field)).map_err(KeptOut::Missing)?;
        let body = encoded(body, &self.organization.settings);
        let count = segments::count(&body);
        let limit = self.organization.settings.max_segments.unsigned_abs();
        if count.segments > limit || body.chars().count() > RENDERED_LIMIT {
            return Err(KeptOut::TooLong);
        }
        Ok((body, count))
    }

    fn value<'v>(&'v self, to: &'v Recipient, field: &str) -> Option<&'v str> {
        match field {
            "first_name" => Some(&to.values.first_name),
            "last_name" => Some(&to.values.last_name),
            "email" => to.values.email.as_deref(),
            "postal_code" => to.values.postal_code.as_deref(),
            "external_id" => to.values.external_id.as_deref(),
            "agent.first_name" => Some(&self.agent.first_name),
            "agent.last_name" => Some(&self.agent.last_name),
            "goal.date" => Some(&self.goal_date),
            "group.name" => Some(&self.group.name),
            "organization.name" => Some(&self.organization.name),
            custom => to.values.fields.get(custom).and_then(serde_json::Value::as_str),
        }
    }
}
