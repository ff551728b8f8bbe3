//! A carrier to test against: it speaks Twilio's Messages and Lookup APIs, treats messages as it is
//! told to, and remembers every message that it accepted.
//!
//! Two sides share one HTTP server. The *carrier's side* (`/2010-04-01/…` and `/v2/…`, HTTP Basic)
//! is for gateways; receipts and contacts' replies go to webhooks, signed as Twilio signs them. The
//! *operator's side* (`/_sim/…`, no credentials) shows the log and sets the behaviour.
//!
//! Promises:
//! - A message is logged before its create is answered, or before the connection is dropped
//!   instead. With a log file it outlives a kill, and so do its receipts and its reply.
//! - The same messages get the same fate under the same seed, in any order (`dice`).
//! - Segments are counted here independently of the engine (`segments`, rule M4).
//!
//! Left out: media, messaging services, alphanumeric senders and short codes.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use anyhow::Context as _;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::{CancellationToken, DropGuard};

mod behaviour;
mod book;
mod clock;
mod config;
mod control;
mod courier;
mod dice;
mod fate;
mod journal;
mod message;
mod order;
mod segments;
mod sid;
mod signature;
mod sim;
mod throttle;
mod twilio;
mod webhook;
mod wire;

pub use behaviour::{Behaviour, Lookups, Millis, Receipts, Reply};
pub use config::Config;
pub use fate::Status;
pub use message::{AcceptedMessage, Deliveries, Dropped, InboundText, Stats};
pub use segments::{Bill, Encoding, bill};
pub use signature::sign;

use sim::Sim;

/// How long open connections may take to finish at a shutdown.
const GRACE: Duration = Duration::from_secs(5);

/// A running simulator. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Simulator {
    /// Where it listens, as in `http://127.0.0.1:40001`, without a slash at the end.
    pub url: String,
    sim: Arc<Sim>,
    server: JoinSet<std::io::Result<()>>,
    _stop_on_drop: DropGuard,
}

/// Starts a simulator: reads its log back if there is one, binds, and takes up unfinished receipts
/// and replies.
///
/// # Errors
/// If the configuration is invalid, the log cannot be read, or the address is taken.
pub async fn start(config: Config) -> anyhow::Result<Simulator> {
    config.validate()?;
    // An error means that the process has a provider already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let book = book::Book::open(config.log_file.as_deref())?;
    let listener = TcpListener::bind(config.listen).await.with_context(|| format!("listening on {}", config.listen))?;
    let address = listener.local_addr().context("the simulator's address")?;
    let stop = CancellationToken::new();
    let sids = sid::Sids::new(clock::now(), address);
    let sim = Arc::new(Sim::new(config, book, sids, stop.clone())?);
    sim.resume();
    let app = twilio::routes()
        .merge(control::routes())
        .with_state(Arc::clone(&sim))
        .into_make_service_with_connect_info::<wire::Wire>();
    let mut server = JoinSet::new();
    let serve =
        axum::serve(wire::CuttingListener(listener), app).with_graceful_shutdown(stop.clone().cancelled_owned());
    server.spawn(async move { serve.await });
    Ok(Simulator { url: format!("http://{address}"), sim, server, _stop_on_drop: stop.drop_guard() })
}

impl Simulator {
    /// Returns every message that was accepted, oldest first.
    pub fn accepted(&self) -> Vec<AcceptedMessage> {
        self.sim.accepted(0, usize::MAX)
    }

    /// Returns every text that contacts sent, oldest first.
    pub fn inbound(&self) -> Vec<InboundText> {
        self.sim.book().inbound().to_vec()
    }

    /// Returns the counters.
    pub fn stats(&self) -> Stats {
        self.sim.book().stats().clone()
    }

    /// Returns how many lookups were asked for, since the start.
    pub fn lookups(&self) -> u64 {
        self.sim.lookups.load(Ordering::Relaxed)
    }

    /// Replaces the behaviour for creates to come; accepted messages keep their fate.
    ///
    /// # Errors
    /// If a chance or a range is invalid.
    pub fn set_behaviour(&self, behaviour: Behaviour) -> anyhow::Result<()> {
        self.sim.set_behaviour(behaviour)
    }

    /// Stops: no new connections, open requests finish, webhooks under way are left to the next
    /// start.
    pub async fn shutdown(mut self) {
        self.sim.stop.cancel();
        if tokio::time::timeout(GRACE, self.server.join_next()).await.is_err() {
            tracing::warn!("open connections were cut off");
            self.server.shutdown().await;
        }
        self.sim.couriers.close();
        self.sim.couriers.wait().await;
    }
}
