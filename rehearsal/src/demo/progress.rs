//! Watching the campaign: a line every two seconds, the agents' break, and the end.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use muster_local::Cluster;
use serde_json::Value;
use tokio::sync::watch;

use super::pace::{AHEAD, BREAK_PERCENT, REMINDERS_AFTER};
use crate::{
    campaign::{
        carrier::{Carrier, Stats},
        figures::{Caps, Figures},
        floor::Floor,
        moment::Moment,
        setup::{Campaign, Organization},
        voice::Voice,
    },
    client::Client,
};

const LINE_INTERVAL: Duration = Duration::from_secs(2);
/// Time for which the agents keep to reminders before they go on with the rest.
const BREAK_FOR_REMINDERS: Duration = Duration::from_secs(8);

/// Jobs that are not over: kind, state, how many.
pub(crate) type Queues = BTreeMap<String, BTreeMap<String, i64>>;

/// Everything that is watched.
pub(crate) struct Watch<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) admin: &'a Client,
    pub(crate) carrier: &'a Carrier,
    pub(crate) organization: &'a Organization,
    pub(crate) campaign: &'a Campaign,
    pub(crate) floor: &'a Floor,
    pub(crate) cap: i64,
    pub(crate) voice: Voice,
}

/// One look at everything.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sight {
    pub(crate) campaign: Figures,
    pub(crate) carrier: Stats,
    pub(crate) caps: Caps,
    pub(crate) queues: Queues,
    pub(crate) unread: bool,
}

impl Watch<'_> {
    /// Watches until nothing is left to do. `missing` always holds the present list, also for a
    /// caller that stops waiting.
    pub(crate) async fn until_done(
        &self,
        accepted: watch::Sender<i64>,
        events_done: &std::cell::Cell<bool>,
        missing: &std::cell::RefCell<Vec<String>>,
    ) -> anyhow::Result<Sight> {
        let mut break_ends: Option<Instant> = None;
        let (mut said_done, mut said_break) = (false, false);
        loop {
            let sight = self.look().await?;
            accepted.send_replace(sight.carrier.accepted);
            self.voice.say(&self.line(&sight));
            let reminders_open = Moment::now() >= self.campaign.launched_at.plus(REMINDERS_AFTER);
            if reminders_open && break_ends.is_none() {
                self.voice.say("the reminder window is open");
                self.floor.open_reminders();
                break_ends = Some(Instant::now() + BREAK_FOR_REMINDERS);
            }
            // Reminders go before the rest of the initials, so that they fit under the cap; and
            // people type no faster than texts leave.
            let is_over = break_ends.is_some_and(|end| Instant::now() >= end);
            let enough = self.cap * BREAK_PERCENT / 100;
            let ahead = sight.carrier.accepted + AHEAD;
            if ahead >= enough && !is_over && !said_break {
                self.voice.say("the agents take a break from initials until the reminders are out");
                said_break = true;
            }
            self.floor.bound_initials(if is_over { ahead } else { ahead.min(enough) });

            let left = Self::left(&sight, events_done.get());
            let done = left.is_empty();
            missing.replace(left);
            // Seen twice, so that nothing was on its way from one place to another.
            if done && said_done {
                return Ok(sight);
            }
            said_done = done;
            tokio::time::sleep(LINE_INTERVAL).await;
        }
    }

    async fn look(&self) -> anyhow::Result<Sight> {
        let path = &self.organization.path;
        let campaign = self.admin.get(&format!("{path}/campaigns/{}", self.campaign.id)).await?;
        let caps = self.admin.get(&format!("{path}/caps")).await?;
        let unread = self.admin.get(&format!("{path}/conversations?unresponded=true&limit=1")).await?;
        let queues = self.cluster.muster(&["queues", "--json"]).await?;
        Ok(Sight {
            campaign: read(&campaign["stats"])?,
            carrier: self.carrier.stats().await?,
            caps: read(&caps)?,
            queues: jobs(&queues).context("reading what `muster queues --json` printed")?,
            unread: unread["items"].as_array().is_some_and(|items| !items.is_empty()),
        })
    }

    fn line(&self, sight: &Sight) -> String {
        let Sight { campaign, carrier, queues, .. } = sight;
        format!(
            "texted {:>5}/{} carrier {:>5} delivered {:>5} held {:>4} unknown {:>3} replied {:>4} opted out {:>3} \
             reminders {:>4} batches {:>3}/{} jobs {:>3} segments {}/{}",
            campaign.messaged,
            campaign.targeted,
            carrier.accepted,
            campaign.in_state("delivered"),
            campaign.in_state("held"),
            campaign.in_state("unknown") + campaign.in_state("sending"),
            campaign.replied,
            campaign.opted_out,
            campaign.at_carrier("reminder"),
            campaign.batches("initial", true) + campaign.batches("reminder", true),
            campaign.batches.values().sum::<i64>(),
            queues.values().flat_map(BTreeMap::values).sum::<i64>(),
            carrier.segments,
            self.cap,
        )
    }

    /// Returns the reasons why the demo is not over, in words.
    fn left(sight: &Sight, events_done: bool) -> Vec<String> {
        let Sight { campaign, carrier, caps, queues, unread } = sight;
        let busy: i64 = queues.values().flatten().filter(|(state, _)| *state != "parked").map(|(_, jobs)| jobs).sum();
        let on_the_way: i64 = ["queued", "sending", "unknown"].iter().map(|state| campaign.in_state(state)).sum();
        let held_otherwise = campaign.in_state("held") - campaign.reason("cap");
        let unfinished = campaign.batches("initial", false) + campaign.batches("reminder", false);
        let points = [
            (!events_done, "an event is still to come".to_owned()),
            (campaign.batches("initial", true) == 0, "no initial batch is finished".to_owned()),
            (campaign.at_carrier("reminder") == 0, "no reminder has been sent".to_owned()),
            (unfinished > 0, format!("{unfinished} batches are not finished")),
            (on_the_way > 0, format!("{on_the_way} messages are queued, sending or unknown")),
            (held_otherwise > 0, format!("{held_otherwise} messages are held for another reason than the cap")),
            (caps.reserved() > 0, format!("{} segments are reserved", caps.reserved())),
            (*unread, "there are unread replies".to_owned()),
            (busy > 0, format!("{busy} jobs are not over: {queues:?}")),
            (carrier.receipts.pending > 0, format!("{} receipts are to come", carrier.receipts.pending)),
            (carrier.replies.pending > 0, format!("{} replies are to come", carrier.replies.pending)),
        ];
        points.into_iter().filter(|(is_so, _)| *is_so).map(|(_, what)| what).collect()
    }
}

/// Returns the jobs of each kind by state.
fn jobs(queues: &str) -> anyhow::Result<Queues> {
    let kinds: BTreeMap<String, Value> = serde_json::from_str(queues)?;
    kinds.into_iter().map(|(kind, queue)| Ok((kind, serde_json::from_value(queue["jobs"].clone())?))).collect()
}

/// Reads an answer of the API.
pub(crate) fn read<T: serde::de::DeserializeOwned>(value: &Value) -> anyhow::Result<T> {
    T::deserialize(value).context("an answer of the API has another shape")
}
