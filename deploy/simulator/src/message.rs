//! The two kinds of text that pass through the simulator, and the shapes in which they are shown.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    clock,
    fate::{Fate, Status},
    segments::Encoding,
};

/// A message that was accepted, as it is logged.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Message {
    /// Its place in the log, from 1, without gaps.
    pub seq: u64,
    pub sid: String,
    pub to: String,
    pub from: String,
    pub body: String,
    pub segments: u32,
    pub encoding: Encoding,
    #[serde(serialize_with = "clock::millis")]
    pub accepted_at: DateTime<Utc>,
    pub status_callback: Option<String>,
    /// Seconds; logs of older versions have none.
    #[serde(default)]
    pub validity_seconds: Option<u32>,
    pub fate: Fate,
}

impl Message {
    /// Returns the instant so many milliseconds after acceptance.
    pub(crate) fn after(&self, ms: u64) -> DateTime<Utc> {
        let delta = i64::try_from(ms).ok().and_then(TimeDelta::try_milliseconds);
        self.accepted_at + delta.unwrap_or(TimeDelta::zero())
    }

    pub(crate) fn status(&self, now: DateTime<Utc>) -> Status {
        let elapsed = (now - self.accepted_at).num_milliseconds();
        self.fate.status_at(u64::try_from(elapsed).unwrap_or(0))
    }

    /// Returns the message as the control side shows it.
    pub(crate) fn view(&self, now: DateTime<Utc>) -> AcceptedMessage {
        AcceptedMessage {
            seq: self.seq,
            sid: self.sid.clone(),
            to: self.to.clone(),
            from: self.from.clone(),
            body: self.body.clone(),
            segments: self.segments,
            encoding: self.encoding,
            status: self.status(now),
            accepted_at: self.accepted_at,
            status_callback: self.status_callback.clone(),
            validity_seconds: self.validity_seconds,
        }
    }
}

/// An accepted message as `GET /_sim/messages` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedMessage {
    /// Its place in the log, from 1, without gaps.
    pub seq: u64,
    /// The carrier's id, `SM` and 32 hexadecimal digits.
    pub sid: String,
    /// The contact's number.
    pub to: String,
    /// Our number.
    pub from: String,
    /// The text.
    pub body: String,
    /// Segments that it is billed as (rule M4).
    pub segments: u32,
    /// Its encoding.
    pub encoding: Encoding,
    /// Its status at the time of asking.
    pub status: Status,
    /// When it was accepted.
    #[serde(serialize_with = "clock::millis")]
    pub accepted_at: DateTime<Utc>,
    /// Where its receipts go.
    pub status_callback: Option<String>,
    /// For how many seconds after that it may be sent, if that was said (`ValidityPeriod`).
    #[serde(default)]
    pub validity_seconds: Option<u32>,
}

/// A text that a contact sent, as `GET /_sim/inbound` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundText {
    /// Its place among the inbound texts, from 1, without gaps.
    pub seq: u64,
    /// The carrier's id; it stays the same however often the webhook is tried.
    pub sid: String,
    /// The contact's number.
    pub from: String,
    /// Our number.
    pub to: String,
    /// The text.
    pub body: String,
    /// The accepted message that it replies to; `None` if it was sent through `POST /_sim/inbound`.
    pub reply_to: Option<String>,
    /// When the contact sent it.
    #[serde(serialize_with = "clock::millis")]
    pub sent_at: DateTime<Utc>,
    /// When the webhook first answered 2xx.
    #[serde(serialize_with = "clock::optional_millis")]
    pub first_delivered_at: Option<DateTime<Utc>>,
    /// How often the webhook was tried, since the last start if it has not answered yet.
    pub attempts: u32,
}

/// Counters since the log began, as `GET /_sim/stats` shows them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Messages accepted.
    pub accepted: u64,
    /// Segments of the accepted messages.
    pub segments: u64,
    /// Accepted messages with a (to, body) that had been accepted before.
    pub duplicates: u64,
    /// Refused creates by error code; 429s are under `throttled` instead.
    pub refused: std::collections::BTreeMap<u32, u64>,
    /// Creates answered 429.
    pub throttled: u64,
    /// Creates that got no answer.
    pub dropped: Dropped,
    /// Status callbacks.
    pub receipts: Deliveries,
    /// Replies of contacts, without the texts sent through `POST /_sim/inbound`.
    pub replies: Deliveries,
}

/// Creates that got no answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// The message was not accepted.
    pub before_accept: u64,
    /// The message was accepted.
    pub after_accept: u64,
}

/// How far a kind of webhook has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliveries {
    /// Answered 2xx.
    pub sent: u64,
    /// Not yet due, or being tried.
    pub pending: u64,
    /// Never answered 2xx within the time for retries.
    pub given_up: u64,
}

impl Deliveries {
    /// Settles one that was pending.
    pub(crate) fn settle(&mut self, delivered: bool) {
        self.pending = self.pending.saturating_sub(1);
        if delivered {
            self.sent += 1;
        } else {
            self.given_up += 1;
        }
    }
}
