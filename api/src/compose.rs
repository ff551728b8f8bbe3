//! The composer of an agent's texts (rules M1 to M5).

use muster_domain::{
    goals::{batch::BatchKind, estimate},
    ids::GroupId,
    sending::{compose::Composer, template::Template},
    tenancy::settings::OrganizationSettings,
};
use muster_storage::{
    Tx,
    goals::Goal,
    tenancy::{groups, members::Member, organizations::Organization},
};

use crate::{agent::work::AtWork, auth::Agent, problem::Problem};

/// Returns a text as it is sent: with look-alikes replaced, if the organization wants that
/// (rule M5).
pub(crate) fn encoded(text: String, settings: &OrganizationSettings) -> String {
    estimate::encoded(text, settings.smart_encoding)
}

/// Returns the composer of a workflow's texts.
pub(crate) fn composer(agent: &Agent, at_work: &AtWork, kind: BatchKind) -> Result<Composer, Problem> {
    let AtWork { goal, workplace } = at_work;
    let composer = composer_with(&agent.member, &workplace.organization, workplace.group_name.clone(), Some(goal));
    scripted(composer, &workplace.organization, goal, kind)
}

/// Returns the composer of a workflow's texts that this member signs.
pub(crate) async fn composer_of(
    tx: &mut Tx,
    organization: &Organization,
    goal: &Goal,
    kind: BatchKind,
    member: &Member,
) -> Result<Composer, Problem> {
    let composer = composer_in(tx, member, organization, goal.group_id, Some(goal)).await?;
    scripted(composer, organization, goal, kind)
}

/// Returns the composer with a workflow's script, within the organization's segments.
fn scripted(
    composer: Composer,
    organization: &Organization,
    goal: &Goal,
    kind: BatchKind,
) -> Result<Composer, Problem> {
    let script = match kind {
        BatchKind::Initial => &goal.content.script,
        BatchKind::Reminder => goal.content.reminder_script.as_deref().unwrap_or_default(),
    };
    let template = Template::parse(script, |_| true).map_err(|error| Problem::conflict(error.to_string()))?;
    Ok(Composer { template, max_segments: organization.settings.max_segments.unsigned_abs(), ..composer })
}

/// Returns the composer of a member's replies in a group, with an empty script: texts of any number
/// of segments, about a goal or about none.
pub(crate) async fn composer_in(
    tx: &mut Tx,
    member: &Member,
    organization: &Organization,
    group_id: GroupId,
    goal: Option<&Goal>,
) -> Result<Composer, Problem> {
    let group = groups::get(&mut *tx, organization.id, group_id).await?.ok_or_else(|| Problem::no("group"))?;
    Ok(composer_with(member, organization, group.name, goal))
}

fn composer_with(member: &Member, organization: &Organization, group_name: String, goal: Option<&Goal>) -> Composer {
    let goal_date = goal.map(|goal| goal.content.goal_type.date_words(goal.content.date_local));
    Composer {
        template: Template::default(),
        agent_first_name: member.first_name.clone(),
        agent_last_name: member.last_name.clone(),
        group_name,
        organization_name: organization.name.clone(),
        goal_date: goal_date.unwrap_or_default(),
        smart_encoding: organization.settings.smart_encoding,
        max_segments: u32::MAX,
    }
}
