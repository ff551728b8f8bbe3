//! The answer to a request that stops texts means that it holds (rule S9): from then on no call to
//! the carrier begins for the texts that it forbids.
//!
//! Right before each call a worker makes sure of its knowledge, if that is older than
//! [`muster_domain::sending::stops::PROOF_FRESH_FOR`]. An answer that comes [`HOLDS_AFTER`] the
//! commit is later than any call that knew nothing of it. Where no text is on its way the answer
//! comes at once. Nothing is locked and no connection is held meanwhile.

use std::time::Duration;

use muster_domain::sending::stops::HOLDS_AFTER;
use muster_service::clock;
use muster_storage::sending::{self, Concerned};

use crate::state::Api;

impl Api {
    /// Waits until the commit just before holds for all texts that it concerns: a pause, a close,
    /// an edit of a goal's windows; an opt-out, a deactivation, a redaction, another agent, a yes
    /// that is one no more; other terms of an organization. Every endpoint that answers for one of
    /// these calls it between its commit and its answer.
    pub(crate) async fn until_it_holds(&self, concerned: Concerned<'_>) {
        let committed = clock::start();
        // A database that does not answer may have texts on their way.
        let on_their_way =
            match tokio::time::timeout(HOLDS_AFTER, sending::any_on_their_way(&self.pool, concerned)).await {
                Ok(Ok(any)) => any,
                Ok(Err(_)) | Err(_) => true,
            };
        let left = HOLDS_AFTER.saturating_sub(committed.elapsed());
        if on_their_way && left > Duration::ZERO {
            tokio::time::sleep(left).await;
        }
    }
}
