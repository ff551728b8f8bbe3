//! The things that every handler can use.

pub(crate) mod slot;
pub(crate) mod stops;
pub(crate) mod turns;

use std::{sync::Arc, time::Duration};

use muster_broker::Line;
use muster_carrier::{
    Gateway,
    twilio::{Credentials, Lookups, Twilio},
};
use muster_domain::{
    engine::retry::RetryPolicy, ids::OrganizationId, people::phone_hash::PhoneHashKeys, sending::cap::CarrierCalendar,
};
use muster_fetch::{Fetcher, Guard};
use muster_jobs::JobKind;
use muster_mail::Mailer;
use muster_objects::{Objects, StoreAddress};
use muster_service::{config::WorkerSettings, trace};
use muster_storage::{
    Pool, PoolOptions, Tx,
    engine::{claim::ClaimedJob, enqueue::Origin},
    tenancy::organizations::{self, Organization},
};
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use self::{stops::Stops, turns::Turns};
use crate::{choice::Choice, error::JobError, life::Liveness, mail, metrics::WorkerMetrics};

/// Connections for claims, heartbeats and outcomes, beside the handlers' and the one that hears of
/// stops.
const ENGINE_CONNECTIONS: u32 = 4;

/// The things that every handler can use; cloned, it is the same.
#[derive(Clone)]
pub struct Context {
    /// The database, for handlers.
    pub pool: Pool,
    /// A few connections that handlers cannot exhaust, for claims, heartbeats and outcomes.
    pub(crate) engine_pool: Pool,
    /// As many handlers as have a connection run at once; a job is not claimed before one is free.
    /// A job that waits for the carrier has none (`slot`).
    pub(crate) slots: Arc<Semaphore>,
    /// Requests to the carrier under way at once: more than one organization's jobs make.
    pub(crate) carrier_calls: Arc<Semaphore>,
    /// Turns to decide about hand-overs.
    pub(crate) turns: Turns,
    /// One: jobs with an earlier attempt that ended with its worker run one at a time.
    pub(crate) suspects: Arc<Semaphore>,
    /// Uploaded files.
    pub objects: Objects,
    /// The way to files elsewhere.
    pub fetcher: Fetcher,
    /// The way to the carriers.
    pub gateway: Arc<dyn Gateway>,
    /// The way of mails, if there is one.
    pub(crate) mailer: Option<Mailer>,
    /// The lookup service, if there is one.
    pub lookups: Option<Lookups>,
    /// The carriers' days.
    pub calendar: CarrierCalendar,
    /// The keys under which phones of redacted people are hashed.
    pub phone_hash_keys: PhoneHashKeys,
    /// Delays between attempts.
    pub retry: RetryPolicy,
    /// The configuration.
    pub settings: Arc<WorkerSettings>,
    pub(crate) metrics: WorkerMetrics,
    /// The line to the broker.
    pub(crate) line: Line,
    /// Goals, contacts, organizations and brands that have just stopped.
    pub(crate) stops: Stops,
    /// The kinds that it takes, and its own limits for them.
    pub(crate) choice: Arc<Choice>,
    /// An operator has asked it to take no more jobs.
    pub(crate) draining: Arc<watch::Sender<bool>>,
    /// The worker's life, and the leases that it has by it.
    pub(crate) liveness: Arc<Liveness>,
    /// The database could not be reached: take no more jobs until it answers.
    pub(crate) database_lost: Arc<Notify>,
    /// The worker is to stop: begin nothing new.
    pub(crate) stopping: CancellationToken,
    /// The grace time is nearly over: requeue unfinished jobs.
    pub(crate) hand_back: CancellationToken,
}

impl Context {
    pub(crate) fn new(settings: WorkerSettings, metrics: WorkerMetrics) -> anyhow::Result<Self> {
        let options = PoolOptions {
            name: settings.process.name.clone(),
            max_connections: settings.database.max_connections,
            ..PoolOptions::default()
        };
        let choice = Choice::read(&settings.worker)?;
        let credentials = Credentials {
            account_sid: settings.gateway.account_sid.clone(),
            auth_token: settings.carrier.auth_token.clone(),
        };
        let timeout = settings.gateway.timeout();
        let engine_options = PoolOptions { max_connections: ENGINE_CONNECTIONS, by_index: true, ..options.clone() };
        // A handler uses one connection at a time (`storage::db::room`), and announcements use one
        // for a moment.
        let slots = settings.database.max_connections.saturating_sub(1).max(1) as usize;
        let carrier_calls = usize::from(choice.prefetch(JobKind::Send)).saturating_mul(settings.gateway.concurrency);
        let lookups = settings
            .gateway
            .lookup_url
            .as_deref()
            .map(|url| Lookups::new(url, credentials.clone(), timeout))
            .transpose()?;
        let (current, previous) = settings.privacy.keys();
        Ok(Self {
            pool: Pool::connect_lazily(&settings.database.url, &options)?,
            engine_pool: Pool::connect_lazily(&settings.database.url, &engine_options)?,
            slots: Arc::new(Semaphore::new(slots)),
            carrier_calls: Arc::new(Semaphore::new(carrier_calls.min(Semaphore::MAX_PERMITS))),
            turns: Turns::default(),
            suspects: Arc::new(Semaphore::new(1)),
            objects: Objects::open(&settings.object_store.place(StoreAddress::new))?,
            fetcher: Fetcher::new(Guard::new(settings.imports.allowed_hosts.clone()))?,
            gateway: Arc::new(Twilio::new(&settings.gateway.url, &settings.carrier.public_url, credentials, timeout)?),
            mailer: mail::mailer(&settings.mail)?,
            lookups,
            calendar: CarrierCalendar::load()?,
            phone_hash_keys: PhoneHashKeys::new(current, previous),
            retry: RetryPolicy {
                base: Duration::from_millis(settings.engine.retry_base_ms),
                max: Duration::from_millis(settings.engine.retry_max_ms),
            },
            settings: Arc::new(settings),
            metrics,
            line: Line::default(),
            stops: Stops::default(),
            choice: Arc::new(choice),
            draining: Arc::new(watch::Sender::new(false)),
            liveness: Arc::default(),
            database_lost: Arc::new(Notify::new()),
            stopping: CancellationToken::new(),
            hand_back: CancellationToken::new(),
        })
    }

    /// Jobs that a handler enqueues belong to the tenant and the trace of its own.
    pub fn origin(&self, job: &ClaimedJob) -> Origin {
        Origin { organization_id: job.organization_id, traceparent: trace::current() }
    }

    /// Returns the tenant that a job works for.
    pub async fn organization(&self, tx: &mut Tx, job: &ClaimedJob) -> Result<Organization, JobError> {
        let id: OrganizationId = job.organization_id.ok_or_else(|| JobError::fail("the job names no organization"))?;
        organizations::of_job(tx, id).await?.ok_or_else(|| JobError::fail("the job's organization does not exist"))
    }
}
