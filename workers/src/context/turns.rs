//! Of an organization, few hand-overs are decided at a time. More would wait for each other at its
//! brand's lanes and ledgers, with a transaction open; and a pause, which has its turn behind those
//! that are being decided (rule S9), would wait for all of them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use muster_domain::ids::OrganizationId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Hand-overs of an organization that a worker decides at a time: one that has the lanes, and
/// others that are on their way there.
const AT_ONCE: usize = 4;

/// The turns, by organization.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turns(Arc<Mutex<BTreeMap<OrganizationId, Arc<Semaphore>>>>);

impl Turns {
    /// Takes a turn of the organization if one is free and nobody waits for it.
    pub(crate) fn try_take(&self, organization_id: OrganizationId) -> Option<OwnedSemaphorePermit> {
        self.of(organization_id).try_acquire_owned().ok()
    }

    /// Waits for a turn of the organization, first come, first served.
    pub(crate) async fn take(&self, organization_id: OrganizationId) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        self.of(organization_id).acquire_owned().await.ok()
    }

    fn of(&self, organization_id: OrganizationId) -> Arc<Semaphore> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Organizations without a turn that is taken or awaited are forgotten.
        all.retain(|_, turns| Arc::strong_count(turns) > 1);
        Arc::clone(all.entry(organization_id).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))))
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn s9_an_organization_has_so_many_turns_and_another_has_its_own() {
        let turns = Turns::default();
        let (ours, theirs) = (OrganizationId::new(), OrganizationId::new());
        let mut taken = Vec::new();
        for _ in 0..AT_ONCE {
            taken.push(turns.take(ours).await);
        }
        assert!(turns.take(ours).now_or_never().is_none() && turns.try_take(ours).is_none());
        taken.push(turns.try_take(theirs));
        assert!(taken.iter().all(Option::is_some));
        taken.remove(0);
        taken.push(turns.take(ours).now_or_never().unwrap());
        taken.clear();
        drop(turns.take(ours).await);
        assert_eq!(turns.0.lock().unwrap().len(), 1, "nobody has a turn of the other's");
    }
}
