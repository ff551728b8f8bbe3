//! The steps of a campaign, as an organizer and the agents take them.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use muster_integration_tests::{eventually, seconds};
use muster_rehearsal::agent::{self, Batch, NewAgent, Outcome};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::rig::{Api, Rig, text};

/// A script of one segment that names contact, agent and group.
pub(crate) const SCRIPT: &str =
    "Hi {{first_name|there}}, {{agent.first_name}} of {{group.name}} here. Vote on {{goal.date}}! STOP to opt out";

/// A stubborn agent with a token: whichever trouble the server has, the request is made again.
#[derive(Clone)]
pub(crate) struct Agent {
    agent: agent::Agent,
    /// The API as the agent uses it, once for each request.
    pub(crate) api: Api,
    /// The numbers the agent texts from, in the order of the groups.
    pub(crate) numbers: Vec<String>,
}

impl Rig {
    /// Returns a group in New York; each has numbers of its own area code for `agents` agents.
    pub(crate) async fn group(&self, name: &str, area_code: &str, agents: usize) -> String {
        let group = json!({ "name": name, "zone": "America/New_York", "area_code": area_code });
        let made = self.post(&self.path("groups"), group).await;
        let numbers: Vec<String> = (0..agents).map(|n| format!("+1{area_code}5550{n:03}")).collect();
        if !numbers.is_empty() {
            self.post(&self.path("numbers"), json!({ "numbers": numbers })).await;
        }
        text(&made["id"]).to_owned()
    }

    /// Returns an agent of these groups.
    pub(crate) async fn agent(&self, first_name: &str, groups: &[&str]) -> Agent {
        let key = Uuid::now_v7().to_string();
        let organization = &self.organization;
        let new = NewAgent { organization, first_name, last_name: "Agent", groups, key: &key };
        let agent = agent::Agent::join(&self.api.0, new).await.unwrap_or_else(|error| panic!("{error:#}"));
        let (api, numbers) = (Api(agent.client.clone()), agent.numbers.clone());
        Agent { agent: agent::Agent { client: agent.client.stubborn(), ..agent }, api, numbers }
    }

    /// Uploads a file into a group; returns the import's id.
    pub(crate) async fn upload_to(&self, group: &str, csv: impl Into<reqwest::Body>) -> String {
        self.upload_with(group, "", csv).await
    }

    /// The same with more parameters, `&name=value` each.
    pub(crate) async fn upload_with(&self, group: &str, query: &str, csv: impl Into<reqwest::Body>) -> String {
        self.upload(&self.path(&format!("imports?file_name=people.csv&group_id={group}{query}")), csv).await
    }

    /// Uploads a file into a group and waits until it is imported; returns the report.
    pub(crate) async fn import(&self, group: &str, csv: impl Into<reqwest::Body>) -> Value {
        let id = self.upload_to(group, csv).await;
        let report = self.report(&id).await;
        assert_eq!(report["state"], "succeeded", "{report}");
        report
    }

    /// Waits until an import is over; returns the report.
    pub(crate) async fn report(&self, id: &str) -> Value {
        let path = self.path(&format!("imports/{id}"));
        eventually(seconds(150), async || {
            let report = self.get(&path).await;
            let over = !matches!(text(&report["state"]), "waiting" | "running");
            if over { Ok(report) } else { Err(report.to_string()) }
        })
        .await
    }

    /// Launches a campaign that is open already; returns its goals in the order of the groups.
    ///
    /// It closes after the next carrier day begins, so that texts over the cap are held and not
    /// cancelled.
    pub(crate) async fn campaign(&self, groups: &[&str], script: &str) -> Vec<String> {
        let now = self.pool.now().await.unwrap();
        let goal = json!({
            "name": "Vote",
            "goal_type": "turnout",
            "date": instant(now + TimeDelta::days(1)),
            "script": script,
            "opens": instant(now - TimeDelta::seconds(5)),
            "closes": instant(now + TimeDelta::days(2)),
            "release_plan": { "pace": "all_at_open", "paced_to_caps": false },
        });
        let campaign = json!({ "name": "Campaign", "group_ids": groups, "goal": goal });
        let made = self.post(&self.path("campaigns"), campaign).await;
        made["goals"].as_array().unwrap().iter().map(|goal| text(&goal["id"]).to_owned()).collect()
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl Agent {
    /// Claims a batch of initials, if there is one.
    pub(crate) async fn claim(&self, goal: &str) -> Option<Batch> {
        done(self.agent.claim(goal, "initial").await)
    }

    /// Waits for a batch of initials.
    pub(crate) async fn claim_when_there(&self, goal: &str) -> Batch {
        eventually(seconds(20), async || self.claim(goal).await.ok_or_else(|| "no batch is released".to_owned())).await
    }

    /// Sends to some contacts of a batch, as often as it takes to have an answer; more headers may
    /// be given.
    pub(crate) async fn send(&self, batch: &Batch, contacts: &[Value], headers: &[(&'static str, String)]) -> Value {
        done(self.agent.send(batch, Some(contacts), &Uuid::now_v7().to_string(), headers).await)
    }
}

/// Nothing forbids the acts of a story's agent.
fn done<T>(outcome: anyhow::Result<Outcome<T>>) -> T {
    match outcome {
        Ok(Outcome::Done(done)) => done,
        Ok(Outcome::Refused) => panic!("the API refuses what an agent of this story does"),
        Err(error) => panic!("{error:#}"),
    }
}
