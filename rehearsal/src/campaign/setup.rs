//! The organization, its groups and agents, and the campaign, made through the API as an admin
//! would.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::json;

use super::{
    moment::Moment,
    plan::{self, AGENTS, GROUPS, GroupPlan},
};
use crate::{
    agent::{Agent, NewAgent},
    client::{Client, text},
};

/// An organization that can text.
#[derive(Debug, Clone)]
pub(crate) struct Organization {
    /// The path of everything below it.
    pub(crate) path: String,
    pub(crate) groups: Vec<Group>,
}

/// A group with its agents.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) plan: GroupPlan,
    pub(crate) id: String,
    pub(crate) agents: Vec<Agent>,
}

/// A campaign, and its goal in each group, in the groups' order.
#[derive(Debug, Clone)]
pub(crate) struct Campaign {
    pub(crate) id: String,
    pub(crate) goals: Vec<String>,
    pub(crate) launched_at: Moment,
}

/// Makes everything that is there before the first contact.
pub(crate) async fn organization(admin: &Client) -> anyhow::Result<Organization> {
    let made = admin.post("/v1/organizations", "organization", json!({ "name": "Riverside Votes" })).await?;
    // The play says how many segments may go; a new brand has the strictest tier (rule S3).
    let caps = format!("/v1/organizations/{}/caps", text(&made, "id")?);
    admin.put(&caps, json!({ "daily_segments": null })).await?;
    let path = format!("/v1/organizations/{}", text(&made, "id")?);
    admin.patch(&path, plan::settings()).await?;
    let mut groups = Vec::new();
    for plan in GROUPS {
        groups.push(group(admin, &path, plan).await.with_context(|| format!("making the group {}", plan.name))?);
    }
    Ok(Organization { path, groups })
}

async fn group(admin: &Client, organization: &str, plan: GroupPlan) -> anyhow::Result<Group> {
    let code = plan.area_code;
    let new = json!({ "name": plan.name, "location": plan.name, "zone": plan.zone, "area_code": code });
    let made = admin.post(&format!("{organization}/groups"), &format!("group-{code}"), new).await?;
    let id = text(&made, "id")?;
    // Exchange 555 is nobody else's here.
    let numbers: Vec<String> = (0..AGENTS.len()).map(|line| format!("+1{code}555{:04}", 100 + line)).collect();
    let key = format!("numbers-{code}");
    admin.post(&format!("{organization}/numbers"), &key, json!({ "numbers": numbers })).await?;
    let mut agents = Vec::new();
    for name in AGENTS {
        let key = format!("{code}-{name}");
        let new = NewAgent { organization, first_name: name, last_name: plan.name, groups: &[id.as_str()], key: &key };
        agents.push(Agent::join(admin, new).await?);
    }
    Ok(Group { plan, id, agents })
}

/// Sets the brand's cap; returns it.
pub(crate) async fn cap(admin: &Client, organization: &Organization, segments: i64) -> anyhow::Result<i64> {
    admin.put(&format!("{}/caps", organization.path), json!({ "daily_segments": segments })).await?;
    Ok(segments)
}

/// Launches the campaign; it is open at once, and its reminder window after some time.
pub(crate) async fn launch(
    admin: &Client,
    organization: &Organization,
    reminders_after: Duration,
) -> anyhow::Result<Campaign> {
    let now = Moment::now();
    let opens = now.minus(Duration::from_secs(2)).to_string();
    let reminders_open = now.plus(reminders_after).to_string();
    // Past the next carrier day, so that texts over the cap are held and not cancelled.
    let closes = now.plus(Duration::from_hours(72)).to_string();
    let group_ids: Vec<&str> = organization.groups.iter().map(|group| group.id.as_str()).collect();
    let new = json!({
        "name": "Get out the vote",
        "group_ids": group_ids,
        "goal": plan::goal(&opens, &reminders_open, &closes),
    });
    let made = admin.post(&format!("{}/campaigns", organization.path), "campaign", new).await?;
    let goals = made["goals"].as_array().context("no goals in the answer to a launch")?;
    let mut ids = Vec::new();
    for (goal, group) in goals.iter().zip(&organization.groups) {
        ensure!(text(goal, "group_id")? == group.id, "the goals are not in the order of the groups");
        ids.push(text(goal, "id")?);
    }
    ensure!(ids.len() == GROUPS.len(), "the campaign has {} goals", ids.len());
    Ok(Campaign { id: text(&made, "id")?, goals: ids, launched_at: now })
}
