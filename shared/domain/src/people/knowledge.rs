//! A group's knowledge of a contact (rules A5 and C1).
//!
//! A contact is one in the organization, and groups share it. A group sees the values that it
//! brought itself, or that an organization's admin brought into it, and nothing that another group
//! brought. Opt-outs and types of lines are no group's: they are known to all, and so are not among
//! these values.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Values of a contact's fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values {
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Notes for agents.
    pub notes: Option<String>,
    /// The caller's own id of the person.
    pub external_id: Option<String>,
    /// Custom fields: an object.
    pub fields: Value,
}

/// Knowledge of a contact in one or more groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Knowledge {
    /// All that the organization has.
    Everything,
    /// These values, and nothing else.
    Only(Box<Known>),
}

/// The values that groups know, as they are stored beside a membership. Tags are read by queries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    postal_code: Option<String>,
    notes: Option<String>,
    external_id: Option<String>,
    fields: Map<String, Value>,
    tags: BTreeSet<String>,
}

impl Knowledge {
    /// Returns the knowledge of a membership as it is stored; none is everything.
    ///
    /// # Errors
    /// When the stored document is not one of ours.
    pub fn stored(knows: Option<Value>) -> Result<Self, serde_json::Error> {
        knows.map_or(Ok(Self::Everything), |knows| Ok(Self::Only(Box::new(serde_json::from_value(knows)?))))
    }

    /// Returns the knowledge of a member with all of these groups; nothing without one. Where two
    /// groups know different values, the earlier one's is shown.
    #[must_use]
    pub fn of_all(groups: impl IntoIterator<Item = Self>) -> Self {
        let nothing = Self::Only(Box::default());
        groups.into_iter().fold(nothing, |known, more| match (known, more) {
            (Self::Everything, _) | (_, Self::Everything) => Self::Everything,
            (Self::Only(known), Self::Only(more)) => Self::Only(Box::new(known.or(*more))),
        })
    }

    /// Returns the knowledge as a membership stores it; none is everything.
    ///
    /// # Errors
    /// When it has no form in JSON, which none of ours is without.
    pub fn store(&self) -> Result<Option<Value>, serde_json::Error> {
        match self {
            Self::Everything => Ok(None),
            Self::Only(known) => {
                let mut stored = serde_json::to_value(known)?;
                if let Some(members) = stored.as_object_mut() {
                    members.retain(|_, value| !value.is_null());
                }
                Ok(Some(stored))
            }
        }
    }

    /// Returns the visible part of a contact with these values.
    #[must_use]
    pub fn shows(self, values: Values) -> Values {
        match self {
            Self::Everything => values,
            Self::Only(known) => Values {
                first_name: known.first_name.unwrap_or_default(),
                last_name: known.last_name.unwrap_or_default(),
                email: known.email,
                postal_code: known.postal_code,
                notes: known.notes,
                external_id: known.external_id,
                fields: Value::Object(known.fields),
            },
        }
    }
}

impl Known {
    fn or(self, more: Self) -> Self {
        let mut fields = more.fields;
        fields.extend(self.fields);
        Self {
            first_name: self.first_name.or(more.first_name),
            last_name: self.last_name.or(more.last_name),
            email: self.email.or(more.email),
            postal_code: self.postal_code.or(more.postal_code),
            notes: self.notes.or(more.notes),
            external_id: self.external_id.or(more.external_id),
            fields,
            tags: self.tags.into_iter().chain(more.tags).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn contact() -> Values {
        Values {
            first_name: "Secret".to_owned(),
            last_name: "Secret".to_owned(),
            email: Some("Secret".to_owned()),
            postal_code: Some("Secret".to_owned()),
            notes: Some("Secret".to_owned()),
            external_id: Some("Secret".to_owned()),
            fields: json!({ "ward": "Secret" }),
        }
    }

    fn only(knows: &Value) -> Knowledge {
        Knowledge::stored(Some(knows.clone())).unwrap()
    }

    #[test]
    fn a5_a_group_that_knows_a_phone_alone_is_shown_blanks() {
        let blank = Values { fields: json!({}), ..Values::default() };
        assert_eq!(only(&json!({})).shows(contact()), blank);
        assert_eq!(Knowledge::of_all([]).shows(contact()), blank, "of no group");
    }

    #[test]
    fn a5_a_group_that_made_the_contact_is_shown_all() {
        assert_eq!(Knowledge::stored(None).unwrap().shows(contact()), contact());
        assert_eq!(Knowledge::of_all([only(&json!({})), Knowledge::Everything]).shows(contact()), contact());
    }

    #[test]
    fn a5_what_two_groups_know_is_stored_as_it_was_read() {
        let one = json!({ "first_name": "Emmy", "fields": { "ward": "7" }, "tags": ["a"] });
        let other = json!({ "first_name": "Amy", "email": "e@example.org", "fields": {}, "tags": ["b"] });
        let both = Knowledge::of_all([only(&one), only(&other)]).store().unwrap().unwrap();
        let wanted =
            json!({ "first_name": "Emmy", "email": "e@example.org", "fields": { "ward": "7" }, "tags": ["a", "b"] });
        assert_eq!(both, wanted);
        assert_eq!(Knowledge::Everything.store().unwrap(), None);
    }

    #[test]
    fn a5_a_group_keeps_its_own_value_where_another_has_replaced_it() {
        let shown = only(&json!({ "first_name": "Emmy", "fields": { "ward": "7" }, "tags": [] })).shows(contact());
        assert_eq!((shown.first_name.as_str(), &shown.fields), ("Emmy", &json!({ "ward": "7" })));
        assert_eq!((shown.last_name.as_str(), shown.email), ("", None));
    }

    fn known() -> impl Strategy<Value = Value> {
        let names = vec!["first_name", "last_name", "email", "postal_code", "notes", "external_id"];
        let values = prop::collection::btree_map(prop::sample::select(names), "[a-z]{1,4}", 0..6);
        let fields = prop::collection::btree_map("[a-c]", "[a-z]{1,4}", 0..3);
        (values, fields).prop_map(|(values, fields)| {
            let mut known = json!(values);
            known["fields"] = json!(fields);
            known
        })
    }

    proptest! {
        #[test]
        fn a5_nothing_of_the_contact_is_shown_that_no_group_knows(one in known(), other in known()) {
            let shown = Knowledge::of_all([only(&one), only(&other)]).shows(contact());
            let told = |name: &str, value: &str| value.is_empty() || one[name] == value || other[name] == value;
            prop_assert!(told("first_name", &shown.first_name) && told("last_name", &shown.last_name));
            prop_assert!(told("email", shown.email.as_deref().unwrap_or_default()));
            prop_assert!(told("postal_code", shown.postal_code.as_deref().unwrap_or_default()));
            prop_assert!(told("notes", shown.notes.as_deref().unwrap_or_default()));
            prop_assert!(told("external_id", shown.external_id.as_deref().unwrap_or_default()));
            for (name, value) in shown.fields.as_object().unwrap() {
                prop_assert!(one["fields"][name] == *value || other["fields"][name] == *value);
            }
        }

        #[test]
        fn a5_two_groups_are_shown_each_value_that_either_knows(one in known(), other in known()) {
            let both = Knowledge::of_all([only(&one), only(&other)]).shows(contact());
            for each in [&one, &other] {
                prop_assert!(each["email"].is_null() || both.email.is_some());
                for name in each["fields"].as_object().unwrap().keys() {
                    prop_assert!(both.fields.get(name).is_some());
                }
            }
        }
    }
}
