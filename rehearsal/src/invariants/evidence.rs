//! Everything that the invariants look at: the tables, the simulator's record, and the rehearsal's
//! own notes.

use std::collections::BTreeMap;

use anyhow::Context as _;
use muster_local::Cluster;
use serde::Deserialize;
use serde_json::Value;

use super::tables::{Reader, Tables};
use crate::campaign::{
    carrier::{self, Accepted, Carrier, Inbound, Stats},
    csv::ContactFile,
    figures::{Caps, Figures},
    floor::Recorded,
    imports::Report,
    moment::Moment,
    privacy::{Found, Needles, search},
};

/// How the system came to rest.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rest {
    pub(crate) seconds: u64,
    /// Work that was still under way when the rehearsal stopped waiting.
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

/// A person was removed.
#[derive(Debug, Clone)]
pub(crate) struct Redaction {
    pub(crate) phone: String,
    pub(crate) done_at: Moment,
    /// The contact as the API shows it since.
    pub(crate) contact: Value,
}

/// The notes of the rehearsal itself.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) imports: Vec<Report>,
    pub(crate) cap: i64,
    pub(crate) pause: Option<Pause>,
    pub(crate) rest: Rest,
    /// Daemons that ended by themselves.
    pub(crate) fallen: Vec<String>,
}

/// The evidence.
#[derive(Debug)]
pub(crate) struct Evidence {
    pub(crate) seen: Seen,
    pub(crate) tables: Tables,
    /// The texts that the carrier accepted, in order.
    pub(crate) accepted: Vec<Accepted>,
    /// Their status, by the carrier's id.
    pub(crate) statuses: BTreeMap<String, String>,
    pub(crate) inbound: Vec<Inbound>,
    pub(crate) carrier: Stats,
    pub(crate) logs: Found,
    pub(crate) of: Rehearsed,
}

/// The part of the evidence that one rehearsal alone has.
#[derive(Debug)]
pub(crate) enum Rehearsed {
    Demo(Box<Demo>),
    Chaos(Chaos),
}

/// The evidence of the demo: the API's view, and the events that were played once.
#[derive(Debug)]
pub(crate) struct Demo {
    /// The whole campaign's figures.
    pub(crate) campaign: Figures,
    /// Each goal's, by its group.
    pub(crate) goals: Vec<(&'static str, Figures)>,
    pub(crate) caps: Caps,
    /// The answers that the agents recorded, in order.
    pub(crate) answers: Vec<Recorded>,
    /// Contacts' ids by their numbers.
    pub(crate) contacts: BTreeMap<String, String>,
    pub(crate) redaction: Redaction,
    pub(crate) leases: Leases,
    /// Files of people that are still in the object store.
    pub(crate) files_left: usize,
    /// Batches that an agent walked away with.
    pub(crate) abandoned: i64,
}

/// The daemons' counters of work that outlived its worker.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leases {
    /// Jobs with an expired lease.
    pub(crate) expired: i64,
    pub(crate) republished: i64,
    /// Jobs done by each worker since it started.
    pub(crate) done: BTreeMap<String, i64>,
}

/// The evidence of chaos: the imports and schedules beside the campaign.
#[derive(Debug)]
pub(crate) struct Chaos {
    /// The imports beside the faults.
    pub(crate) reports: Vec<Report>,
    /// People in all of their files.
    pub(crate) people: i64,
    pub(crate) arrivals: Arrivals,
    pub(crate) ticks: Ticks,
}

/// The people that the imports beside the faults have brought.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Arrivals {
    /// Members of their group.
    pub(crate) people: i64,
    /// Members with the name of the last file that has them.
    pub(crate) right: i64,
}

/// The ledger of a schedule that ticks each second.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Ticks {
    pub(crate) planned: i64,
    /// Jobs that ticks have made.
    pub(crate) jobs: i64,
    pub(crate) fired: i64,
    pub(crate) coalesced: i64,
    pub(crate) skipped: i64,
}

/// The sources of the evidence.
#[derive(Clone, Copy)]
pub(crate) struct Witnesses<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) carrier: &'a Carrier,
    pub(crate) reader: Reader<'a>,
    pub(crate) files: &'a [ContactFile],
}

impl Witnesses<'_> {
    pub(crate) async fn gather(self, seen: &Seen, of: Rehearsed) -> anyhow::Result<Evidence> {
        let log = &self.cluster.simulator_log;
        let folder = log.parent().context("the simulator's record is in no folder")?;
        Ok(Evidence {
            seen: seen.clone(),
            tables: self.reader.tables().await?,
            accepted: carrier::accepted(log)?,
            statuses: self.carrier.statuses().await?,
            inbound: self.carrier.inbound().await?,
            carrier: self.carrier.stats().await?,
            logs: search(folder, &Needles::of(self.files))?,
            of,
        })
    }
}
