//! Targeting: which contacts of a group a goal is for (rules T1, T1a and T2). Filters combine with
//! AND; storage evaluates them.

use serde::{Deserialize, Serialize};
use strum::{VariantArray, VariantNames};

use crate::{
    ids::{GoalId, GroupId},
    text_enum,
};

/// The filters of a goal; without any, the whole group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Targeting {
    /// Has all of these tags.
    pub tags_all: Vec<String>,
    /// Has at least one of these tags.
    pub tags_any: Vec<String>,
    /// Has none of these tags.
    pub tags_none: Vec<String>,
    /// Conditions on custom fields.
    pub fields: Vec<FieldFilter>,
    /// Conditions on attributes that every contact has a place for.
    pub attributes: Vec<AttributeFilter>,
    /// Is a member of all of these other groups.
    pub member_of: Vec<GroupId>,
    /// Is a member of none of these other groups.
    pub not_member_of: Vec<GroupId>,
    /// The contact's outcomes in earlier goals of the organization, one condition a goal.
    pub earlier_goals: Vec<EarlierGoal>,
}

/// A condition on one custom field; values compare with regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldFilter {
    /// The field's name.
    pub field: String,
    /// Condition on its value.
    pub is: FieldCondition,
}

/// A condition on one attribute; values compare with regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeFilter {
    /// The attribute.
    pub attribute: Attribute,
    /// Condition on its value.
    pub is: FieldCondition,
}

/// An attribute that can be filtered like a field (rule T1a).
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Attribute {
    /// The postal code.
    PostalCode,
    /// The e-mail address.
    Email,
    /// The organization's own id of the person.
    ExternalId,
    /// The id of the agent in the goal's group.
    AssignedAgent,
}

text_enum!(Attribute);

/// Condition on a field's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldCondition {
    /// One of these.
    AnyOf(Vec<String>),
    /// None of these; only contacts that have a value.
    NoneOf(Vec<String>),
    /// Any value.
    HasValue,
    /// No value.
    Blank,
}

/// A result in an earlier goal: any of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierGoal {
    /// The goal.
    pub goal_id: GoalId,
    /// Outcomes there, of which the contact has at least one.
    pub any_of: Vec<EarlierResult>,
}

/// Outcome of a targeted contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum EarlierResult {
    /// Nothing was sent.
    NotMessaged,
    /// An initial was sent.
    Messaged,
    /// The contact wrote back.
    Replied,
    /// An initial was sent and the contact did not write back.
    NotReplied,
    /// Said yes.
    Yes,
    /// Said no.
    No,
    /// Said maybe.
    Maybe,
    /// Opted out.
    OptedOut,
}

text_enum!(EarlierResult);

/// Filters of a targeting, and values of one filter, at most.
pub const TARGETING_LIMIT: usize = 1_000;

/// Why a targeting is refused, without a look at the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TargetingError {
    /// Too many filters, or values of one.
    #[error("targeting has at most {TARGETING_LIMIT} filters, with at most {TARGETING_LIMIT} values each")]
    TooLarge,
    /// An earlier goal without results.
    #[error("a filter by an earlier goal names at least one result")]
    NoResult,
}

/// One filter of a targeting. A contact is targeted that passes all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "filter", rename_all = "snake_case")]
pub enum Filter<'a> {
    /// Has this tag.
    Tag {
        /// Its name.
        tag: &'a str,
    },
    /// Has at least one of these tags.
    TagsAny {
        /// Their names.
        tags: &'a [String],
    },
    /// Does not have this tag.
    NotTag {
        /// Its name.
        tag: &'a str,
    },
    /// A condition on a custom field.
    Field {
        /// Its name.
        field: &'a str,
        /// The condition.
        is: &'a FieldCondition,
    },
    /// A condition on an attribute.
    Attribute {
        /// The attribute.
        attribute: Attribute,
        /// The condition.
        is: &'a FieldCondition,
    },
    /// Is a member of this group.
    MemberOf {
        /// The group.
        group_id: GroupId,
    },
    /// Is no member of this group.
    NotMemberOf {
        /// The group.
        group_id: GroupId,
    },
    /// Has one of these results in an earlier goal.
    EarlierGoal {
        /// The goal.
        goal_id: GoalId,
        /// The results.
        any_of: &'a [EarlierResult],
    },
}

/// A part of a group's contacts, by a targeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Part {
    /// Contacts that it selects.
    Selected,
    /// Contacts that a filter leaves out.
    LeftOut,
    /// Contacts that no goal can target (rule T2).
    Excluded,
}

text_enum!(Part);

/// A filter with its place in the targeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<'a> {
    /// Such as `tags_all[0]`, `tags_any` or `fields[1]`.
    pub place: String,
    /// The filter.
    pub filter: Filter<'a>,
}

impl Targeting {
    /// Rule G9: a goal that targets by another goal's results cannot be duplicated.
    pub const fn can_be_duplicated(&self) -> bool {
        self.earlier_goals.is_empty()
    }

    /// Returns the filters one by one, in the order in which previews count them.
    pub fn filters(&self) -> Vec<Placed<'_>> {
        let mut all = Vec::new();
        let mut add = |place: String, filter| all.push(Placed { place, filter });
        for (nth, tag) in self.tags_all.iter().enumerate() {
            add(format!("tags_all[{nth}]"), Filter::Tag { tag });
        }
        if !self.tags_any.is_empty() {
            add("tags_any".to_owned(), Filter::TagsAny { tags: &self.tags_any });
        }
        for (nth, tag) in self.tags_none.iter().enumerate() {
            add(format!("tags_none[{nth}]"), Filter::NotTag { tag });
        }
        for (nth, FieldFilter { field, is }) in self.fields.iter().enumerate() {
            add(format!("fields[{nth}]"), Filter::Field { field, is });
        }
        for (nth, AttributeFilter { attribute, is }) in self.attributes.iter().enumerate() {
            add(format!("attributes[{nth}]"), Filter::Attribute { attribute: *attribute, is });
        }
        for (nth, group_id) in self.member_of.iter().enumerate() {
            add(format!("member_of[{nth}]"), Filter::MemberOf { group_id: *group_id });
        }
        for (nth, group_id) in self.not_member_of.iter().enumerate() {
            add(format!("not_member_of[{nth}]"), Filter::NotMemberOf { group_id: *group_id });
        }
        for (nth, EarlierGoal { goal_id, any_of }) in self.earlier_goals.iter().enumerate() {
            add(format!("earlier_goals[{nth}]"), Filter::EarlierGoal { goal_id: *goal_id, any_of });
        }
        all
    }

    /// Returns the filters as the database's function `targeting_of` takes them.
    ///
    /// # Errors
    /// When they cannot be written as JSON.
    pub fn as_filters(&self) -> Result<serde_json::Value, serde_json::Error> {
        self.filters().iter().map(|placed| serde_json::to_value(&placed.filter)).collect()
    }

    /// Checks the sizes, and that no filter is empty that must not be.
    ///
    /// # Errors
    /// With the first fault.
    pub fn check(&self) -> Result<(), TargetingError> {
        let filters = self.filters();
        let too_large = filters.iter().any(|placed| placed.filter.values() > TARGETING_LIMIT);
        if too_large || filters.len() > TARGETING_LIMIT {
            return Err(TargetingError::TooLarge);
        }
        if self.earlier_goals.iter().any(|earlier| earlier.any_of.is_empty()) {
            return Err(TargetingError::NoResult);
        }
        Ok(())
    }

    /// Returns the names of all tags, in the order of the filters.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.tags_all.iter().chain(&self.tags_any).chain(&self.tags_none).map(String::as_str)
    }

    /// Returns the agents that are named.
    pub fn agents(&self) -> impl Iterator<Item = &str> {
        let of_agents = self.attributes.iter().filter(|filter| filter.attribute == Attribute::AssignedAgent);
        of_agents.flat_map(|filter| filter.is.values()).map(String::as_str)
    }
}

impl FieldCondition {
    /// Returns the values that it names.
    pub fn values(&self) -> &[String] {
        match self {
            Self::AnyOf(values) | Self::NoneOf(values) => values,
            Self::HasValue | Self::Blank => &[],
        }
    }

    /// Returns the need of a contact that fails it, after the name of the field.
    fn need(&self) -> String {
        match self {
            Self::AnyOf(values) => format!("is one of: {}", values.join(", ")),
            Self::NoneOf(values) => format!("has a value, and none of: {}", values.join(", ")),
            Self::HasValue => "has a value".to_owned(),
            Self::Blank => "has no value".to_owned(),
        }
    }
}

impl Filter<'_> {
    /// Returns how many values it compares with.
    fn values(&self) -> usize {
        match self {
            Self::Tag { .. } | Self::NotTag { .. } | Self::MemberOf { .. } | Self::NotMemberOf { .. } => 1,
            Self::TagsAny { tags } => tags.len(),
            Self::Field { is, .. } | Self::Attribute { is, .. } => is.values().len(),
            Self::EarlierGoal { any_of, .. } => any_of.len(),
        }
    }

    /// Returns the rule that asks for it.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Attribute { .. } => "T1a",
            Self::Tag { .. }
            | Self::TagsAny { .. }
            | Self::NotTag { .. }
            | Self::Field { .. }
            | Self::MemberOf { .. }
            | Self::NotMemberOf { .. }
            | Self::EarlierGoal { .. } => "T1",
        }
    }

    /// Returns the need of a contact that fails it: the value that would let them pass.
    pub fn need(&self) -> String {
        match self {
            Self::Tag { tag } => format!("has the tag {tag}"),
            Self::TagsAny { tags } => format!("has a tag of: {}", tags.join(", ")),
            Self::NotTag { tag } => format!("does not have the tag {tag}"),
            Self::Field { field, is } => format!("the field {field} {}", is.need()),
            Self::Attribute { attribute, is } => format!("{attribute} {}", is.need()),
            Self::MemberOf { group_id } => format!("is in the group {group_id}"),
            Self::NotMemberOf { group_id } => format!("is not in the group {group_id}"),
            Self::EarlierGoal { goal_id, any_of } => {
                let results: Vec<_> = any_of.iter().map(|result| result.as_str()).collect();
                format!("was targeted in the goal {goal_id}, with a result of: {}", results.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests;
