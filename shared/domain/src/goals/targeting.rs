//! Targeting: which contacts of a group a goal is for (rules T1 and T2). Filters combine with AND;
//! storage evaluates them.

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
    /// Is a member of all of these other groups.
    pub member_of: Vec<GroupId>,
    /// Is a member of none of these other groups.
    pub not_member_of: Vec<GroupId>,
    /// The contact's outcome in an earlier goal of the organization.
    pub earlier_goal: Option<EarlierGoal>,
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

/// A result in an earlier goal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierGoal {
    /// The goal.
    pub goal_id: GoalId,
    /// Outcome there.
    pub result: EarlierResult,
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

impl Targeting {
    /// Rule G9: a goal that targets by another goal's results cannot be duplicated.
    pub const fn can_be_duplicated(&self) -> bool {
        self.earlier_goal.is_none()
    }
}
