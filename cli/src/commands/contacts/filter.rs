//! The filter of contacts as options, the same for lists and bulk changes.

use clap::Args;
use muster_domain::people::filter::ContactStatus;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::commands::words;

/// Conditions, which combine with AND.
#[derive(Args)]
pub(crate) struct Filter {
    /// Only members of this group.
    #[arg(long = "group")]
    group: Option<Uuid>,
    /// With this number.
    #[arg(long)]
    phone: Option<String>,
    /// With this in their names, without regard to case.
    #[arg(long)]
    name: Option<String>,
    /// With this e-mail address.
    #[arg(long)]
    email: Option<String>,
    /// With this id of your own.
    #[arg(long)]
    external_id: Option<String>,
    /// With this tag.
    #[arg(long)]
    tag: Option<String>,
    /// Without this tag.
    #[arg(long)]
    without_tag: Option<String>,
    /// Assigned to this agent.
    #[arg(long = "agent")]
    agent: Option<Uuid>,
    /// With an agent (`true`) or without one (`false`).
    #[arg(long)]
    assigned: Option<bool>,
    /// With this standing.
    #[arg(long, value_parser = words::<ContactStatus>())]
    status: Option<ContactStatus>,
}

impl Filter {
    /// Returns the conditions that were given, as the API names them.
    pub(crate) fn members(&self) -> Map<String, Value> {
        let members = [
            ("group_id", self.group.map(|id| json!(id))),
            ("phone", self.phone.as_ref().map(|text| json!(text))),
            ("name", self.name.as_ref().map(|text| json!(text))),
            ("email", self.email.as_ref().map(|text| json!(text))),
            ("external_id", self.external_id.as_ref().map(|text| json!(text))),
            ("tag", self.tag.as_ref().map(|text| json!(text))),
            ("without_tag", self.without_tag.as_ref().map(|text| json!(text))),
            ("assigned_agent_id", self.agent.map(|id| json!(id))),
            ("assigned", self.assigned.map(|is| json!(is))),
            ("status", self.status.map(|status| json!(status))),
        ];
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// Returns the same as parameters of a query.
    pub(super) fn query(&self) -> Vec<(String, String)> {
        let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        self.members().into_iter().map(|(name, value)| (name, text(value))).collect()
    }
}
