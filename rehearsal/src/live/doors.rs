//! The ways into a living system: a link for an admin, one for an agent, and an operator's token.

use anyhow::{Context as _, bail};
use muster_local::{
    Cluster,
    sign_in_link::{self, Invited},
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    campaign::setup::Organization,
    client::{Client, text},
};

const ADMIN: Invited<'_> =
    Invited { role: "account_admin", first_name: "First", last_name: "Admin", address: sign_in_link::ADDRESS };
const AGENT: Invited<'_> =
    Invited { role: "agent", first_name: "First", last_name: "Agent", address: "agent@localhost.example" };

/// The ways in.
#[derive(Debug, Serialize)]
pub(super) struct Doors {
    admin: String,
    agent: String,
    operator: String,
}

impl Doors {
    /// Makes an admin, an agent of the first group, and an operator.
    pub(super) async fn open(cluster: &Cluster, admin: &Client, organization: &Organization) -> anyhow::Result<Self> {
        let Some(group) = organization.groups.first() else { bail!("there is no group to text for") };
        // A number of the exchange that is nobody else's, for the agent at the console.
        let number = format!("+1{}5550199", group.plan.area_code);
        let numbers = format!("{}/numbers", organization.path);
        admin.post(&numbers, "number-agent", json!({ "numbers": [number] })).await?;
        let (api, token, mails) = (&cluster.api_url, &cluster.bootstrap_token, cluster.mails());
        let (_, admins) = sign_in_link::invite(api, token, &mails, &organization.path, ADMIN).await?;
        let (id, agents) = sign_in_link::invite(api, token, &mails, &organization.path, AGENT).await?;
        admin.put(&format!("{}/groups/{}/members/{id}", organization.path, group.id), json!({})).await?;
        let command = ["operators", "create", "--name", "First operator", "--rights", "act", "--json"];
        let made = cluster.muster(&command).await.context("making an operator")?;
        let made: Value = serde_json::from_str(&made).context("reading what `muster operators create` printed")?;
        Ok(Self { admin: admins, agent: agents, operator: text(&made, "token")? })
    }

    /// Returns them as text for people.
    pub(super) fn text(&self, cluster: &Cluster) -> String {
        let Self { admin, agent, operator } = self;
        let (api, mails) = (&cluster.api_url, cluster.mails());
        format!(
            "\nMuster is running with a campaign; Ctrl-C ends it.\n\n\
             console     {api}\n\
             admin       {admin}\n\
             agent       {agent}\n            \
             each once, in a browser window of its own; later with codes by mail, which are in {}\n\
             operator    {api}/operator  with the token {operator}\n\
             API         {api}/docs\n",
            mails.display()
        )
    }

    /// Returns them as one line of JSON.
    pub(super) fn json(&self, cluster: &Cluster) -> anyhow::Result<String> {
        let mut all = serde_json::to_value(self).context("writing the ways in as JSON")?;
        all["api_url"] = json!(cluster.api_url);
        all["simulator_url"] = json!(cluster.simulator_url);
        all["token"] = json!(cluster.bootstrap_token);
        all["mails"] = json!(cluster.mails());
        Ok(all.to_string())
    }
}
