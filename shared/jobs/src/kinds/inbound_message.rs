//! `inbound-message`: its payload and its policy.

use muster_domain::ids::WebhookId;
use serde::{Deserialize, Serialize};

use crate::{InTransaction, Job, Policy};

/// Handle a text as the carrier's webhook brought it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboundMessage {
    /// The recorded webhook.
    pub webhook_id: WebhookId,
}

impl Job for InboundMessage {
    const NAME: &'static str = "inbound-message";
    type Mode = InTransaction;
    // No share: one text, in one short transaction.
    const POLICY: Policy = Policy { bundle: 50, ..Policy::SHORT };
}
