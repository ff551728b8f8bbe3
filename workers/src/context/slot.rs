//! A job's right to use the database: a worker has as many of these as connections, so that nobody
//! waits for a connection in vain.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// One of a worker's slots.
pub struct Slot {
    slots: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Slot {
    /// Waits for one, in turn.
    pub(crate) async fn take(slots: &Arc<Semaphore>) -> Self {
        let mut slot = Self { slots: Arc::clone(slots), permit: None };
        slot.hold().await;
        slot
    }

    /// Gives the slot to others while the job waits for somebody else, without a transaction.
    /// However long that takes and however many wait so, jobs of others run meanwhile (engine
    /// promise J6).
    pub(crate) async fn lent_while<T>(&mut self, wait: impl Future<Output = T>) -> T {
        self.permit = None;
        let answer = wait.await;
        self.hold().await;
        answer
    }

    /// Takes it again, if it is lent: a job that was stopped in the middle of such a wait has none.
    pub(crate) async fn hold(&mut self) {
        if self.permit.is_none() {
            // The semaphore is never closed.
            self.permit = Arc::clone(&self.slots).acquire_owned().await.ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn j6_whoever_waits_for_somebody_else_takes_up_no_slot() {
        let slots = Arc::new(Semaphore::new(1));
        let mut slot = Slot::take(&slots).await;
        assert_eq!(slots.available_permits(), 0);
        let answer = slot
            .lent_while(async {
                drop(Slot::take(&slots).await);
                "the answer"
            })
            .await;
        assert_eq!((answer, slots.available_permits()), ("the answer", 0));
        // Stopped in the middle of a wait.
        let mut waits = Box::pin(slot.lent_while(std::future::pending::<()>()));
        assert!((&mut waits).now_or_never().is_none());
        drop(waits);
        assert_eq!(slots.available_permits(), 1);
        slot.hold().await;
        assert_eq!(slots.available_permits(), 0);
        drop(slot);
        assert_eq!(slots.available_permits(), 1);
    }
}
