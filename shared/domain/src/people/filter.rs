//! Filters of contacts (rule C16): one for the API's list, its searches and bulk changes. Storage
//! evaluates it at one place, by the knowledge of those that ask (rule A5).

use serde::{Deserialize, Serialize};
use strum::{VariantArray, VariantNames};

use crate::{
    ids::{ContactId, GroupId, MemberId},
    text_enum,
};

/// A contact's standing, as lists are filtered by it. A contact may have several: one that is
/// deactivated in a group may have opted out as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ContactStatus {
    /// Can be texted: is active in a group, and nothing of the others holds.
    Active,
    /// Is deactivated in a group (rule R1).
    Deactivated,
    /// Has opted out (rule I3).
    OptedOut,
    /// Has a number that takes no texts (rules C5 and S7).
    NotTextable,
    /// Was redacted (rule R3).
    Redacted,
}

text_enum!(ContactStatus);

/// Conditions on contacts, which combine with AND. Conditions on groups, agents and a status in a
/// group hold for one membership together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContactFilter {
    /// These contacts alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<ContactId>>,
    /// Is in this group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<GroupId>,
    /// Has this number, in E.164 form. A text: a redaction may have overwritten it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Has this in their names, without regard to case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Has this e-mail address, without regard to case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Has this id of the caller's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Has this tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Lacks this tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_tag: Option<String>,
    /// Is assigned to this agent in a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_agent_id: Option<MemberId>,
    /// Has an agent in a group, or is in one without an agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned: Option<bool>,
    /// Has this standing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ContactStatus>,
}

impl ContactFilter {
    /// Returns the filter of one contact.
    pub fn one(id: ContactId) -> Self {
        Self { ids: Some(vec![id]), ..Self::default() }
    }

    /// Returns whether it has no condition: it matches every contact.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn c16_conditions_that_are_not_there_are_not_stored() {
        assert_eq!(serde_json::to_value(ContactFilter::default()).unwrap(), json!({}));
        let id = ContactId(Uuid::from_u128(7));
        let filter = ContactFilter { status: Some(ContactStatus::OptedOut), ..ContactFilter::one(id) };
        assert_eq!(serde_json::to_value(&filter).unwrap(), json!({ "ids": [id], "status": "opted_out" }));
        assert_eq!(
            serde_json::from_value::<ContactFilter>(json!({ "ids": [id], "status": "opted_out" })).unwrap(),
            filter
        );
        assert!(!filter.is_empty() && ContactFilter::default().is_empty());
    }
}
