//! State shared by all endpoints.

use std::{
    ops::Deref,
    sync::{Arc, atomic::AtomicBool},
};

use muster_domain::{
    ids::{ImportId, OrganizationId},
    people::phone_hash::PhoneHashKeys,
};
use muster_fetch::{Fetcher, Guard};
use muster_objects::{Objects, StoreAddress};
use muster_service::{config::ApiSettings, metrics::Metrics};
use muster_storage::Pool;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    admin::imports::events::ImportSnapshot,
    agent::Homes,
    asker::Tenants,
    looks::{Listeners, Looks},
    rates::Rates,
    sign_in::Providers,
    webhooks::{gather::Gather, inbound::OrdinaryText, status::TracedReceipt},
};

/// State shared by all endpoints; a clone shares it. Each layer and route has one.
#[derive(Debug, Clone)]
pub(crate) struct Api(Arc<Shared>);

impl Deref for Api {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// The parts of the state.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) pool: Pool,
    pub(crate) objects: Objects,
    /// Says which addresses files may be fetched from.
    pub(crate) fetcher: Fetcher,
    /// Asks identity providers.
    pub(crate) identity: Fetcher,
    /// Identity providers that were asked.
    pub(crate) providers: Arc<Providers>,
    pub(crate) phone_hash_keys: PhoneHashKeys,
    /// The database has confirmed them.
    pub(crate) keys_confirmed: Arc<AtomicBool>,
    /// The database came back from a backup, and shows people that are erased (rule R6).
    pub(crate) restored: Arc<AtomicBool>,
    pub(crate) settings: Arc<ApiSettings>,
    /// Which tenant's line a token's requests wait in.
    pub(crate) tenants: Arc<Tenants>,
    /// Requests that are counted.
    pub(crate) rates: Arc<Rates>,
    /// Imports that somebody follows.
    pub(crate) imports: Arc<Looks<(OrganizationId, ImportId), ImportSnapshot>>,
    /// Agents that follow their home.
    pub(crate) homes: Arc<Homes>,
    /// Contacts' texts and receipts that are about to be written.
    pub(crate) texts: Gather<OrdinaryText>,
    pub(crate) receipts: Gather<TracedReceipt>,
    /// Transactions that go on when their client has hung up.
    pub(crate) writing: TaskTracker,
    /// Clients that follow something.
    pub(crate) listeners: Arc<Listeners>,
    /// The api is to stop.
    pub(crate) stop: CancellationToken,
    pub(crate) requests: Family<RequestLabels, Counter>,
}

/// Labels of the request counter: the route's pattern, never a path with ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct RequestLabels {
    pub(crate) route: String,
    pub(crate) status: u16,
}

impl Api {
    pub(crate) fn new(
        settings: ApiSettings,
        pool: Pool,
        metrics: &Metrics,
        stop: CancellationToken,
    ) -> anyhow::Result<Self> {
        let (current, previous) = settings.privacy.keys();
        let requests = Family::default();
        metrics.register(|registry| {
            registry.register("requests", "Requests by route and status", Family::clone(&requests));
        });
        let writing = TaskTracker::new();
        Ok(Self(Arc::new(Shared {
            texts: Gather::new(pool.clone(), writing.clone()),
            receipts: Gather::new(pool.clone(), writing.clone()),
            writing,
            pool,
            objects: Objects::open(&settings.object_store.place(StoreAddress::new))?,
            fetcher: Fetcher::new(Guard::new(settings.imports.allowed_hosts.clone()))?,
            identity: Fetcher::new(Guard::new(settings.sign_in.allowed_hosts.clone()))?,
            providers: Arc::default(),
            phone_hash_keys: PhoneHashKeys::new(current, previous),
            keys_confirmed: Arc::default(),
            restored: Arc::default(),
            settings: Arc::new(settings),
            tenants: Arc::default(),
            rates: Arc::default(),
            imports: Arc::default(),
            homes: Arc::default(),
            listeners: Arc::default(),
            stop,
            requests,
        })))
    }
}
