//! Shapes of goals and automations: objects within bodies.

use utoipa::ToSchema;
use uuid::Uuid;

use super::{Attribute, EarlierResult};
use crate::bounds;

/// The filters of a goal, which combine with AND; without any, the whole group.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Targeting {
    /// Has all of these tags.
    #[serde(default)]
    tags_all: Vec<String>,
    /// Has at least one of these tags.
    #[serde(default)]
    tags_any: Vec<String>,
    /// Has none of these tags.
    #[serde(default)]
    tags_none: Vec<String>,
    /// Conditions on custom fields.
    #[serde(default)]
    fields: Vec<FieldFilter>,
    /// Conditions on attributes that every contact has a place for.
    #[serde(default)]
    attributes: Vec<AttributeFilter>,
    /// Is a member of all of these other groups.
    #[serde(default)]
    member_of: Vec<Uuid>,
    /// Is a member of none of these other groups.
    #[serde(default)]
    not_member_of: Vec<Uuid>,
    /// The contact's outcomes in earlier goals of the organization, one condition a goal.
    #[serde(default)]
    earlier_goals: Vec<EarlierGoal>,
}

/// A condition on one custom field; values compare with regard to case.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldFilter {
    /// The field's name.
    field: String,
    /// Condition on its value.
    is: FieldCondition,
}

/// A condition on one attribute; values compare with regard to case.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttributeFilter {
    /// The attribute.
    attribute: Attribute,
    /// Condition on its value.
    is: FieldCondition,
}

/// Condition on a field's value.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FieldCondition {
    /// One of these.
    AnyOf(Vec<String>),
    /// None of these; only contacts that have a value.
    NoneOf(Vec<String>),
    /// Any value.
    HasValue,
    /// No value.
    Blank,
}

/// An action of an automation on the contact of the text.
#[derive(ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum AutomationAction {
    /// Puts a tag on them.
    AddTag {
        #[schema(value_type = bounds::Tag)]
        tag: String,
    },
    /// Takes a tag from them.
    RemoveTag {
        #[schema(value_type = bounds::Tag)]
        tag: String,
    },
    /// Sets a custom field.
    SetField {
        #[schema(value_type = bounds::FieldName)]
        field: String,
        #[schema(value_type = bounds::FieldValue)]
        value: String,
    },
    /// Puts them into a group, or makes them active there.
    AddToGroup { group_id: Uuid },
    /// Deactivates them in a group.
    LeaveGroup { group_id: Uuid },
    /// Opts them out, as STOP does.
    OptOut {},
    /// Opts them in again, as START does.
    OptIn {},
    /// Answers with a text.
    Answer {
        #[schema(value_type = bounds::ReplyText)]
        text: String,
    },
}

/// A result in an earlier goal: any of several.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EarlierGoal {
    /// The goal.
    goal_id: Uuid,
    /// Outcomes there, at least one, of which the contact has at least one.
    any_of: Vec<EarlierResult>,
}

/// Which batches are released when.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleasePlan {
    /// How the batches are spread over time.
    pace: Pace,
    /// Never release more initial segments than the brand can still send that carrier day; true
    /// unless told.
    #[serde(default)]
    paced_to_caps: bool,
}

/// How batches are spread over time.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Pace {
    /// All when the goal opens.
    AllAtOpen,
    /// Some at open, and as many again after each interval.
    Every(Every),
    /// Some at each tick of a cron expression in the group's zone.
    Cron(Cron),
}

/// Some batches at each tick. One that is outside of the sending hours waits for them.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cron {
    /// Batches in each release.
    #[schema(value_type = bounds::ReleasedBatches)]
    batches: u32,
    /// Five fields: minute, hour, day, month, day of the week.
    #[schema(value_type = bounds::CronFields)]
    cron: String,
}

/// Some batches after each interval.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Every {
    /// Batches in each release.
    #[schema(value_type = bounds::ReleasedBatches)]
    batches: u32,
    /// Minutes between releases.
    #[schema(value_type = bounds::ReleaseMinutes)]
    minutes: u32,
}
