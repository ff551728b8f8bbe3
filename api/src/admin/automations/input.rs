//! An admin's definition of an automation.

use muster_domain::{
    conversations::{
        automation::{AutomationAction, AutomationCondition, KeywordMatch, MOST_ACTIONS, MOST_KEYWORDS},
        inbound::plain_words,
    },
    ids::{GoalId, GroupId},
    tenancy::role::Role,
};
use muster_storage::{conversations::automations::Definition, goals, people::fields, tenancy::groups};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{auth::Admin, bounds, problem::Problem, shapes, state::Api};

/// A keyword automation: which texts of contacts it acts on, and its actions.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Automation {
    /// Its name; unique in the organization.
    #[schema(value_type = bounds::Name)]
    name: String,
    /// Its place among the others: the least is looked at first.
    #[serde(default)]
    #[schema(value_type = bounds::Place)]
    position: i32,
    /// Whether it acts.
    #[serde(default = "active")]
    active: bool,
    /// Keywords, of which one is enough; none: every text that no keyword of the engine explains.
    /// Case, accents and punctuation do not matter.
    #[serde(default)]
    #[schema(value_type = Vec<bounds::Keyword>, max_items = 50)]
    keywords: Vec<String>,
    /// Whether a keyword is the whole text, or stands in it.
    #[schema(value_type = shapes::KeywordMatch)]
    matching: KeywordMatch,
    /// The group that the text was sent to; any where none is named.
    #[schema(value_type = Option<uuid::Uuid>)]
    group_id: Option<GroupId>,
    /// The goal that the text replies to; any where none is named.
    #[schema(value_type = Option<uuid::Uuid>)]
    in_reply_to: Option<GoalId>,
    /// Its actions, in order.
    #[schema(value_type = Vec<shapes::AutomationAction>, min_items = 1, max_items = 10)]
    actions: Vec<AutomationAction>,
}

const fn active() -> bool {
    true
}

/// Returns a definition as answers tell it.
pub(crate) fn told(definition: Definition) -> Automation {
    let Definition { name, position, active, condition, actions } = definition;
    let AutomationCondition { keywords, matching, group, in_reply_to } = condition;
    Automation { name, position, active, keywords, matching, group_id: group, in_reply_to, actions }
}

/// Checks a definition: its bounds, and that all that it names is the organization's.
pub(crate) async fn check(api: &Api, admin: &Admin, body: &Automation) -> Result<Definition, Problem> {
    admin.at_least(Role::OrganizationAdmin)?;
    let name = bounds::Name::read("name", &body.name)?.to_owned();
    let position = bounds::Place::read("position", body.position)?;
    if body.keywords.len() > MOST_KEYWORDS {
        return Err(Problem::invalid_body(format!("keywords: at most {MOST_KEYWORDS}")));
    }
    for keyword in &body.keywords {
        bounds::Keyword::read("keywords", keyword)?;
        if plain_words(keyword).is_empty() {
            return Err(Problem::invalid_body(format!("keywords: {keyword:?} has no words")));
        }
    }
    if body.actions.is_empty() || body.actions.len() > MOST_ACTIONS {
        return Err(Problem::invalid_body(format!("actions: 1 to {MOST_ACTIONS}")));
    }
    for action in &body.actions {
        check_action(api, admin, action).await?;
    }
    if let Some(group) = body.group_id {
        groups::get(&api.pool, admin.organization_id, group).await?.ok_or_else(|| Problem::no("group"))?;
    }
    if let Some(goal) = body.in_reply_to {
        let mut tx = api.pool.begin().await?;
        goals::get(&mut tx, admin.organization_id, goal).await?.ok_or_else(|| Problem::no("goal"))?;
    }
    let condition = AutomationCondition {
        keywords: body.keywords.clone(),
        matching: body.matching,
        group: body.group_id,
        in_reply_to: body.in_reply_to,
    };
    Ok(Definition { name, position, active: body.active, condition, actions: body.actions.clone() })
}

async fn check_action(api: &Api, admin: &Admin, action: &AutomationAction) -> Result<(), Problem> {
    match action {
        AutomationAction::AddTag { tag } | AutomationAction::RemoveTag { tag } => {
            bounds::Tag::read("tag", tag)?;
        }
        AutomationAction::SetField { field, value } => {
            bounds::FieldName::read("field", field)?;
            bounds::FieldValue::read("value", value)?;
            let mut tx = api.pool.begin().await?;
            let known = fields::present_name(&mut tx, admin.organization_id, field).await?;
            known.ok_or_else(|| Problem::invalid_body(format!("field: there is no custom field {field:?}")))?;
        }
        AutomationAction::AddToGroup { group_id } | AutomationAction::LeaveGroup { group_id } => {
            groups::get(&api.pool, admin.organization_id, *group_id).await?.ok_or_else(|| Problem::no("group"))?;
        }
        AutomationAction::OptOut {} | AutomationAction::OptIn {} => {}
        AutomationAction::Answer { text } => {
            bounds::ReplyText::read("text", text)?;
            if text.contains("{{") {
                return Err(Problem::invalid_body("text: an automation's answer has no merge fields"));
            }
        }
    }
    Ok(())
}

/// Returns the answer to a name that is taken.
pub(crate) fn taken() -> Problem {
    Problem::conflict("another automation of the organization has this name")
}
