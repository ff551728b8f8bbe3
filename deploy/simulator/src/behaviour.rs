//! How the simulated carrier treats messages: the chances, delays and limits, as plain data.
//!
//! The meaning of these numbers for one message is decided in `fate`.

use anyhow::ensure;
use serde::{Deserialize, Serialize};

/// How messages are treated. All chances are in `[0, 1]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// How long a create takes to answer; the message is accepted at its start. Default 0.
    pub latency_ms: Millis,
    /// How long an accepted message waits in the carrier's queue; all that becomes of it comes so
    /// much later. One that may not wait so long, by its `ValidityPeriod`, ends `failed` with 30036
    /// when that is over. Default 0.
    pub queue_ms: Millis,
    /// Creates per second beyond which 429 is answered; 0 switches the limit off. Default 0.
    pub throttle_per_second: u32,
    /// The chance, per attempt, of a 503 without accepting. Default 0.
    pub temporary_error: f64,
    /// The chance, per message, that it is accepted but the connection closes without an answer.
    /// Default 0.
    pub drop_after_accept: f64,
    /// The chance, per attempt, that the connection closes and nothing is accepted. Default 0.
    pub drop_before_accept: f64,
    /// The chance, per number, that every message to it is refused. Default 0.
    pub permanent_error: f64,
    /// The codes that such numbers are refused with. Default 21211, 21614, 21635.
    pub permanent_codes: Vec<u32>,
    /// The chance, per message, that it ends `undelivered`. Default 0.
    pub undelivered: f64,
    /// The error codes of undelivered messages. Default 30003, 30005, 30006, 30007.
    pub undelivered_codes: Vec<u32>,
    /// Whether the carrier itself refuses (21610) a number that has texted STOP. Default false.
    pub opt_out_at_carrier: bool,
    /// When and how receipts are sent.
    pub receipts: Receipts,
    /// Replies of contacts: one draw per delivered message falls on at most one of these. Default
    /// none.
    pub replies: Vec<Reply>,
    /// How many replies one contact sends at most, over all its messages. Default 1.
    pub max_replies_per_number: u32,
    /// Answers to lookups of numbers.
    pub lookups: Lookups,
}

/// Answers to lookups. A number's answer is always the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lookups {
    /// The chance, per number, that it is a landline. Default 0.
    pub landline: f64,
    /// The chance, per number that is no landline, that it is served over the internet. Default 0.
    pub voip: f64,
    /// The carriers of the others, each as likely. Default three.
    pub carriers: Vec<String>,
    /// The chance, per lookup, of a 503. Default 0.
    pub temporary_error: f64,
}

/// When and how status callbacks are sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Receipts {
    /// Whether any are sent; statuses advance either way. Default true.
    pub enabled: bool,
    /// The chance of an intermediate `sent` receipt, half-way to the final one. Default 0.2.
    pub sent: f64,
    /// From acceptance to the final receipt. Default 100 to 1,000.
    pub delay_ms: Millis,
    /// The chance, per receipt, that it is posted twice. Default 0.
    pub repeat: f64,
    /// The chance, where there is a `sent` receipt, that it comes after the final one. Default 0.
    pub out_of_order: f64,
}

/// One thing that a contact may answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The text of the reply.
    pub body: String,
    /// Its chance; the chances of the replies that apply to a message add up.
    pub chance: f64,
    /// From delivery to the reply. Default 500 to 3,000.
    #[serde(default = "Reply::default_delay")]
    pub delay_ms: Millis,
    /// Only messages that contain this text get the reply. Default none: all do.
    #[serde(default)]
    pub only_to_body_containing: Option<String>,
}

impl Reply {
    fn default_delay() -> Millis {
        Millis { min: 500, max: 3_000 }
    }
}

/// A range of milliseconds, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Millis {
    /// The shortest.
    pub min: u64,
    /// The longest, at most a day.
    pub max: u64,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            latency_ms: Millis::default(),
            queue_ms: Millis::default(),
            throttle_per_second: 0,
            temporary_error: 0.0,
            drop_after_accept: 0.0,
            drop_before_accept: 0.0,
            permanent_error: 0.0,
            permanent_codes: vec![21211, 21614, 21635],
            undelivered: 0.0,
            undelivered_codes: vec![30003, 30005, 30006, 30007],
            opt_out_at_carrier: false,
            receipts: Receipts::default(),
            replies: Vec::new(),
            max_replies_per_number: 1,
            lookups: Lookups::default(),
        }
    }
}

impl Default for Lookups {
    fn default() -> Self {
        let carriers = ["T-Mobile USA, Inc.", "AT&T Wireless", "Verizon Wireless"].map(str::to_owned).to_vec();
        Self { landline: 0.0, voip: 0.0, carriers, temporary_error: 0.0 }
    }
}

impl Default for Receipts {
    fn default() -> Self {
        Self { enabled: true, sent: 0.2, delay_ms: Millis { min: 100, max: 1_000 }, repeat: 0.0, out_of_order: 0.0 }
    }
}

impl Behaviour {
    /// Fails with the fault of the numbers, if there is one.
    pub(crate) fn validate(&self) -> anyhow::Result<()> {
        let chances = [
            ("temporary_error", self.temporary_error),
            ("drop_after_accept", self.drop_after_accept),
            ("drop_before_accept", self.drop_before_accept),
            ("permanent_error", self.permanent_error),
            ("undelivered", self.undelivered),
            ("receipts.sent", self.receipts.sent),
            ("receipts.repeat", self.receipts.repeat),
            ("receipts.out_of_order", self.receipts.out_of_order),
            ("lookups.landline", self.lookups.landline),
            ("lookups.voip", self.lookups.voip),
            ("lookups.temporary_error", self.lookups.temporary_error),
        ];
        let replies = self.replies.iter().map(|reply| ("replies", reply.chance));
        for (name, chance) in chances.into_iter().chain(replies) {
            ensure!((0.0..=1.0).contains(&chance), "{name}: a chance is between 0 and 1, not {chance}");
        }
        let delays = [
            ("latency_ms", self.latency_ms),
            ("queue_ms", self.queue_ms),
            ("receipts.delay_ms", self.receipts.delay_ms),
        ];
        let replies = self.replies.iter().map(|reply| ("replies", reply.delay_ms));
        for (name, Millis { min, max }) in delays.into_iter().chain(replies) {
            ensure!(min <= max, "{name}: min ({min}) must not be over max ({max})");
            ensure!(max <= 86_400_000, "{name}: {max} is more than a day");
        }
        ensure!(!self.permanent_codes.is_empty(), "permanent_codes must not be empty");
        ensure!(!self.lookups.carriers.is_empty(), "lookups.carriers must not be empty");
        ensure!(!self.undelivered_codes.is_empty(), "undelivered_codes must not be empty");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_valid() {
        Behaviour::default().validate().unwrap();
    }

    #[test]
    fn a_chance_over_one_is_refused_by_name() {
        let behaviour = Behaviour { undelivered: 1.5, ..Behaviour::default() };
        let error = behaviour.validate().unwrap_err().to_string();
        assert!(error.contains("undelivered"), "{error}");
    }

    #[test]
    fn a_range_upside_down_is_refused() {
        let behaviour = Behaviour { latency_ms: Millis { min: 2, max: 1 }, ..Behaviour::default() };
        behaviour.validate().unwrap_err();
    }

    #[test]
    fn a_reply_needs_only_a_body_and_a_chance() {
        let json = r#"{"replies": [{"body": "Yes", "chance": 0.5}]}"#;
        let behaviour: Behaviour = serde_json::from_str(json).unwrap();
        assert_eq!(behaviour.replies[0].delay_ms.max, 3_000);
        assert_eq!(behaviour.replies[0].only_to_body_containing, None);
    }
}
