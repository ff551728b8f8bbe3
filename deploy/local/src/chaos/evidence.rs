//! Everything that the invariants look at: the tables, the simulator's record, and what the harness saw itself.

use std::collections::BTreeMap;

use anyhow::Context as _;
use muster_local::Cluster;

use super::{
    beside::Beside,
    tables::{Arrivals, Reader, Tables},
};
use crate::campaign::{
    carrier::{self, Accepted, Carrier, Inbound, Stats},
    csv::ContactFile,
    imports::Report,
    moment::Moment,
    privacy::{Found, Needles, search},
};

/// How the system came to rest.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rest {
    pub(crate) seconds: u64,
    /// What was still under way when the harness stopped waiting.
    pub(crate) left: Vec<String>,
}

/// A goal stood still from one instant to another.
#[derive(Debug, Clone)]
pub(crate) struct Pause {
    pub(crate) goal: String,
    /// When the API had answered.
    pub(crate) from: Moment,
    /// Before the API was asked to resume.
    pub(crate) to: Moment,
}

/// What the harness saw while it ran.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) imports: Vec<Report>,
    pub(crate) beside: Beside,
    pub(crate) cap: i64,
    pub(crate) pause: Option<Pause>,
    pub(crate) rest: Rest,
    /// Daemons that ended by themselves.
    pub(crate) fallen: Vec<String>,
}

/// The evidence.
#[derive(Debug)]
pub(crate) struct Evidence {
    pub(crate) imports: Vec<Report>,
    pub(crate) beside: Beside,
    /// Whom the imports beside the faults have brought.
    pub(crate) arrivals: Arrivals,
    pub(crate) cap: i64,
    pub(crate) pause: Option<Pause>,
    pub(crate) rest: Rest,
    pub(crate) fallen: Vec<String>,
    pub(crate) tables: Tables,
    /// What the carrier accepted, in order.
    pub(crate) accepted: Vec<Accepted>,
    /// What became of it, by the carrier's id.
    pub(crate) statuses: BTreeMap<String, String>,
    pub(crate) inbound: Vec<Inbound>,
    pub(crate) carrier: Stats,
    pub(crate) logs: Found,
}

/// Who is asked.
#[derive(Clone, Copy)]
pub(crate) struct Witnesses<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) carrier: &'a Carrier,
    pub(crate) reader: Reader<'a>,
    pub(crate) files: &'a [ContactFile],
}

impl Witnesses<'_> {
    pub(crate) async fn gather(self, seen: &Seen) -> anyhow::Result<Evidence> {
        let log = &self.cluster.simulator_log;
        let folder = log.parent().context("the simulator's record is in no folder")?;
        let Seen { imports, beside, cap, pause, rest, fallen } = seen.clone();
        Ok(Evidence {
            imports,
            arrivals: self.reader.arrivals(&beside).await?,
            beside,
            cap,
            pause,
            rest,
            fallen,
            tables: self.reader.tables().await?,
            accepted: carrier::accepted(log)?,
            statuses: self.carrier.statuses().await?,
            inbound: self.carrier.inbound().await?,
            carrier: self.carrier.stats().await?,
            logs: search(folder, &Needles::of(self.files))?,
        })
    }
}
