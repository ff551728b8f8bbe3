//! The simulator's record: the carrier's side of everything.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;
use muster_local::Cluster;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    moment::Moment,
    plan::{HELP_TEXT, INITIAL_MARK, OFF_THE_LIST, OPT_OUT_TEXT, REMINDER_MARK, STOP},
};

/// A message that the carrier accepted.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Accepted {
    /// The carrier's id of it.
    pub(crate) sid: String,
    pub(crate) to: String,
    pub(crate) from: String,
    pub(crate) body: String,
    pub(crate) segments: i64,
    pub(crate) accepted_at: Moment,
    fate: Fate,
}

#[derive(Debug, Clone, Deserialize)]
struct Fate {
    error_code: Option<u32>,
    reply: Option<Planned>,
}

#[derive(Debug, Clone, Deserialize)]
struct Planned {}

/// The kind of a text, told by its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Initial,
    Reminder,
    Reply,
    OptOutConfirmation,
    Help,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Initial, Self::Reminder, Self::Reply, Self::OptOutConfirmation, Self::Help];

    /// Returns the word that the API has for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Reminder => "reminder",
            Self::Reply => "reply",
            Self::OptOutConfirmation => "opt_out_confirmation",
            Self::Help => "help",
        }
    }

    /// Returns whether a goal sends it; the others are the engine's own answers.
    pub(crate) fn belongs_to_goal(self) -> bool {
        matches!(self, Self::Initial | Self::Reminder | Self::Reply)
    }
}

impl Accepted {
    pub(crate) fn kind(&self) -> Kind {
        match self.body.as_str() {
            OPT_OUT_TEXT => Kind::OptOutConfirmation,
            HELP_TEXT => Kind::Help,
            body if body.contains(INITIAL_MARK) => Kind::Initial,
            body if body.contains(REMINDER_MARK) => Kind::Reminder,
            _ => Kind::Reply,
        }
    }

    /// Returns whether it arrives and nothing comes back.
    pub(crate) fn is_delivered_to_a_quiet_person(&self) -> bool {
        self.fate.error_code.is_none() && self.fate.reply.is_none()
    }
}

/// A text of a contact.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Inbound {
    /// The carrier's id of it.
    pub(crate) sid: String,
    pub(crate) from: String,
    pub(crate) body: String,
    /// When our webhook first answered 2xx.
    pub(crate) first_delivered_at: Option<Moment>,
}

impl Inbound {
    pub(crate) fn opts_out(&self) -> bool {
        self.body == STOP || self.body == OFF_THE_LIST
    }
}

/// The simulator's counters.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Stats {
    pub(crate) accepted: i64,
    pub(crate) segments: i64,
    pub(crate) duplicates: i64,
    pub(crate) refused: BTreeMap<u32, i64>,
    pub(crate) dropped: Dropped,
    pub(crate) receipts: Deliveries,
    pub(crate) replies: Deliveries,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(crate) struct Dropped {
    pub(crate) before_accept: i64,
    pub(crate) after_accept: i64,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(crate) struct Deliveries {
    pub(crate) sent: i64,
    pub(crate) pending: i64,
    pub(crate) given_up: i64,
}

/// The way to the simulator.
#[derive(Debug, Clone)]
pub(crate) struct Carrier {
    http: reqwest::Client,
    base: String,
}

impl Carrier {
    pub(crate) fn new(http: reqwest::Client, cluster: &Cluster) -> Self {
        Self { http, base: cluster.simulator_url.clone() }
    }

    pub(crate) async fn stats(&self) -> anyhow::Result<Stats> {
        self.get("/_sim/stats").await
    }

    pub(crate) async fn inbound(&self) -> anyhow::Result<Vec<Inbound>> {
        self.get("/_sim/inbound").await
    }

    /// Returns the status of each accepted message, by the carrier's id.
    pub(crate) async fn statuses(&self) -> anyhow::Result<BTreeMap<String, String>> {
        #[derive(Deserialize)]
        struct Line {
            sid: String,
            status: String,
        }
        let asked = async {
            let response = self.http.get(format!("{}/_sim/messages.ndjson", self.base)).send().await?;
            response.error_for_status()?.text().await
        };
        let text = asked.await.context("asking the simulator for all messages")?;
        let lines = text.lines().map(|line| serde_json::from_str(line).context("a line of the simulator's messages"));
        let lines = lines.collect::<anyhow::Result<Vec<Line>>>()?;
        Ok(lines.into_iter().map(|Line { sid, status }| (sid, status)).collect())
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let asked = async {
            let response = self.http.get(format!("{}{path}", self.base)).send().await?;
            response.error_for_status()?.json().await
        };
        asked.await.with_context(|| format!("asking the simulator for {path}"))
    }
}

/// Returns the record of accepted messages, in their order.
pub(crate) fn accepted(log: &Path) -> anyhow::Result<Vec<Accepted>> {
    let text = std::fs::read_to_string(log).with_context(|| format!("reading {}", log.display()))?;
    // A line that is being written has no end yet.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .map(|line| serde_json::from_str(line).context("a line of the simulator's record"))
        .collect::<anyhow::Result<Vec<Accepted>>>()
}
