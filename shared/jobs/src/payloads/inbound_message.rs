//! Payload of `inbound-message`.

use muster_domain::ids::WebhookId;
use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Handle a text as the carrier's webhook brought it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboundMessage {
    /// The recorded webhook.
    pub webhook_id: WebhookId,
}

impl JobPayload for InboundMessage {
    const KIND: JobKind = JobKind::InboundMessage;
}
