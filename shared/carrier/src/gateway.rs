//! The gateway trait.

use std::{future::Future, pin::Pin, time::Duration};

use chrono::{DateTime, Utc};
use muster_domain::{ids::MessageId, people::e164::E164};

/// A text to hand over.
#[derive(Debug, Clone)]
pub struct OutboundText {
    /// Our identity of it; receipts come back under it.
    pub message_id: MessageId,
    /// Recipient.
    pub to: E164,
    /// From which of our numbers.
    pub from: E164,
    /// The text.
    pub body: String,
    /// How long the carrier may keep it in its queue before it is not to be sent any more; counted
    /// in whole seconds (rule S7a).
    pub valid_for: Duration,
    /// W3C trace context of the hand-over.
    pub traceparent: Option<String>,
}

/// All that is known after handing a text over once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The carrier has it, under this id.
    Accepted {
        /// The carrier's id.
        sid: String,
    },
    /// The carrier answered that it does not take it.
    Refused {
        /// The carrier's code; see [`crate::codes`].
        code: i32,
        /// Seconds after which the carrier wants to be asked again.
        retry_after_seconds: Option<u32>,
    },
    /// It certainly did not reach the carrier: no connection came about.
    NotSent,
    /// The permit was refused when the connection stood: nothing of the text has left.
    Withheld,
    /// It may have reached the carrier: the connection broke or timed out after the request was on
    /// its way. It must not be sent again before the carrier says that it never had it.
    Unknown,
}

/// A text as the carrier remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierCopy {
    /// The carrier's id.
    pub sid: String,
    /// From which of our numbers.
    pub from: String,
    /// The text.
    pub body: String,
    /// When the carrier got it, to the second.
    pub created_at: DateTime<Utc>,
}

/// The carrier could not be asked; nothing is known.
#[derive(Debug, thiserror::Error)]
#[error("the carrier could not be asked: {0}")]
pub struct Unreachable(pub String);

/// A boxed future, so that a gateway can be chosen at run time.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The last word before a text leaves: may it go? It is asked when the connection to the carrier
/// stands, however long that took, and nothing of the text is written before it is given (rule S9).
pub type Permit = Answer<'static, bool>;

/// A way to the carriers.
pub trait Gateway: Send + Sync {
    /// Hands a text over, once, if it is permitted.
    fn send<'a>(&'a self, text: &'a OutboundText, permit: Permit) -> Answer<'a, Outcome>;

    /// Returns the carrier's texts to this number that it got at or after `since`, complete: a text
    /// that is not in the answer is one that the carrier never had.
    fn sent_to<'a>(&'a self, to: &'a E164, since: DateTime<Utc>) -> Answer<'a, Result<Vec<CarrierCopy>, Unreachable>>;
}
