//! Events while texts go out: a pause, a removal, a killed worker.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use muster_local::Cluster;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    campaign::{
        carrier,
        moment::Moment,
        setup::{Campaign, Organization},
        voice::Voice,
    },
    client::{Client, text},
    invariants::evidence::{Pause, Redaction},
};

/// The worker that is killed.
pub(crate) const VICTIM: &str = "worker-2";
/// The group with the paused goal.
const PAUSED: usize = 1;
/// The group of the redacted person.
const REDACTED: usize = 0;

const PAUSE_TIME: Duration = Duration::from_secs(6);
const DOWN_TIME: Duration = Duration::from_secs(10);
const REDACTION_LIMIT: Duration = Duration::from_mins(1);

/// The setting of the events.
pub(crate) struct Scene<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) admin: &'a Client,
    pub(crate) organization: &'a Organization,
    pub(crate) campaign: &'a Campaign,
    pub(crate) contacts: i64,
    pub(crate) voice: Voice,
}

/// The events that leave something to check.
#[derive(Debug)]
pub(crate) struct Events {
    pub(crate) pause: Pause,
    pub(crate) redaction: Redaction,
}

impl Scene<'_> {
    /// Plays everything, each at its share of the messages that the carrier has accepted.
    pub(crate) async fn play(&self, accepted: watch::Receiver<i64>) -> anyhow::Result<Events> {
        let share = |percent: i64| reached(accepted.clone(), self.contacts * percent / 100);
        let redaction = async {
            share(4).await?;
            self.redact().await.context("the redaction")
        };
        let pause = async {
            share(12).await?;
            self.pause().await.context("the pause")
        };
        let kill = async {
            share(22).await?;
            self.kill().await.context("the killed worker")
        };
        let (redaction, pause, ()) = tokio::try_join!(redaction, pause, kill)?;
        Ok(Events { pause, redaction })
    }

    async fn pause(&self) -> anyhow::Result<Pause> {
        let (Some(group), Some(goal)) = (self.organization.groups.get(PAUSED), self.campaign.goals.get(PAUSED)) else {
            bail!("no group to pause");
        };
        let path = format!("{}/goals/{goal}", self.organization.path);
        self.admin.post(&format!("{path}/pause"), "pause", Value::Null).await?;
        let from = Moment::now();
        self.voice.say(&format!("paused the goal of {}", group.plan.name));
        tokio::time::sleep(PAUSE_TIME).await;
        let to = Moment::now();
        self.admin.post(&format!("{path}/resume"), "resume", Value::Null).await?;
        self.voice.say(&format!("resumed the goal of {}", group.plan.name));
        Ok(Pause { goal: goal.clone(), from, to })
    }

    async fn kill(&self) -> anyhow::Result<()> {
        self.cluster.kill(VICTIM).await?;
        self.voice.say(&format!("killed {VICTIM} (SIGKILL) in the middle of sending"));
        tokio::time::sleep(DOWN_TIME).await;
        self.cluster.restart(VICTIM).await?;
        self.voice.say(&format!("{VICTIM} is back"));
        Ok(())
    }

    async fn redact(&self) -> anyhow::Result<Redaction> {
        let phone = self.quiet_person(&self.cluster.simulator_log).await?;
        let contact = self.contact_of(&phone).await?;
        let ask = json!({ "phone": phone, "confirmation": "I understand this cannot be undone" });
        let id = text(&self.admin.post("/v1/redactions", "redaction", ask).await?, "id")?;
        let started = Instant::now();
        loop {
            let state = self.admin.get(&format!("/v1/redactions/{id}")).await?;
            if state["done"] == true {
                break;
            }
            ensure!(started.elapsed() < REDACTION_LIMIT, "not done after {} s", REDACTION_LIMIT.as_secs());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let done_at = Moment::now();
        self.voice.say("redacted a person who had been texted");
        let contact = self.admin.get(&format!("{}/contacts/{contact}", self.organization.path)).await?;
        Ok(Redaction { phone, done_at, contact })
    }

    /// Returns a person in the group that was texted and from which nothing more will come.
    async fn quiet_person(&self, log: &Path) -> anyhow::Result<String> {
        let Some(group) = self.organization.groups.get(REDACTED) else { bail!("no group to redact in") };
        loop {
            let settled = Moment::now().minus(Duration::from_secs(3));
            let found = carrier::accepted(log)?.into_iter().find(|message| {
                message.accepted_at < settled
                    && message.is_delivered_to_a_quiet_person()
                    && group.agents.iter().any(|agent| agent.numbers.contains(&message.from))
            });
            if let Some(message) = found {
                return Ok(message.to);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn contact_of(&self, phone: &str) -> anyhow::Result<String> {
        let Some(group) = self.organization.groups.get(REDACTED) else { bail!("no group to redact in") };
        let list = format!("{}/contacts?group_id={}&limit=500", self.organization.path, group.id);
        let mut cursor = String::new();
        loop {
            let page = self.admin.get(&format!("{list}{cursor}")).await?;
            let items = page["items"].as_array().context("a page without items")?;
            if let Some(contact) = items.iter().find(|contact| contact["phone"] == phone) {
                return text(contact, "id");
            }
            let next = page["next"].as_str().context("a number that was texted belongs to no contact of the group")?;
            cursor = format!("&cursor={next}");
        }
    }
}

/// Waits until so many messages were accepted.
async fn reached(mut accepted: watch::Receiver<i64>, messages: i64) -> anyhow::Result<()> {
    accepted.wait_for(|count| *count >= messages).await.context("the demo ended early")?;
    Ok(())
}
