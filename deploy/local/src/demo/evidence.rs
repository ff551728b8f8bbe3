//! Everything that the checks look at, gathered when nothing moves any more.

use std::collections::BTreeMap;

use anyhow::Context as _;
use muster_local::Cluster;

use super::{
    events::Events,
    progress::{Sight, read},
};
use crate::campaign::{
    carrier::{self, Accepted, Carrier, Inbound},
    client::{Client, text},
    csv::ContactFile,
    figures::Figures,
    floor::{Floor, Recorded},
    imports::Report,
    privacy::{Found, Needles, search},
    setup::{Campaign, Organization},
};

/// The evidence.
#[derive(Debug)]
pub(crate) struct Evidence {
    pub(crate) imports: Vec<Report>,
    pub(crate) events: Events,
    pub(crate) sight: Sight,
    pub(crate) goals: Vec<(&'static str, Figures)>,
    /// What the carrier accepted, in order.
    pub(crate) accepted: Vec<Accepted>,
    pub(crate) inbound: Vec<Inbound>,
    /// What the agents recorded, in order.
    pub(crate) answers: Vec<Recorded>,
    /// Contacts' ids by their numbers.
    pub(crate) contacts: BTreeMap<String, String>,
    pub(crate) cap: i64,
    pub(crate) leases: Leases,
    pub(crate) logs: Found,
    /// Uploaded files that are still in the object store.
    pub(crate) uploads_left: usize,
    /// Batches that an agent walked away with.
    pub(crate) abandoned: i64,
}

/// What the daemons counted about work whose worker died.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leases {
    /// Jobs whose lease ran out, by the worker that had them.
    pub(crate) expired: i64,
    pub(crate) republished: i64,
    /// Jobs done by each worker since it started.
    pub(crate) done: BTreeMap<String, i64>,
}

/// Who is asked.
pub(crate) struct Witnesses<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) http: &'a reqwest::Client,
    pub(crate) admin: &'a Client,
    pub(crate) carrier: &'a Carrier,
    pub(crate) organization: &'a Organization,
    pub(crate) campaign: &'a Campaign,
    pub(crate) files: &'a [ContactFile],
    pub(crate) floor: &'a Floor,
}

impl Witnesses<'_> {
    pub(crate) async fn gather(
        &self,
        imports: Vec<Report>,
        events: Events,
        sight: Sight,
        cap: i64,
        abandoned: i64,
    ) -> anyhow::Result<Evidence> {
        let folder = self.cluster.simulator_log.parent().context("the simulator's record is in no folder")?;
        let mut goals = Vec::new();
        for (group, goal) in self.organization.groups.iter().zip(&self.campaign.goals) {
            let figures = self.admin.get(&format!("{}/goals/{goal}/stats", self.organization.path)).await?;
            goals.push((group.plan.name, read(&figures)?));
        }
        Ok(Evidence {
            imports,
            events,
            goals,
            accepted: carrier::accepted(&self.cluster.simulator_log)?,
            inbound: self.carrier.inbound().await?,
            answers: self.floor.answers(),
            contacts: self.contacts().await?,
            leases: self.leases().await?,
            logs: search(folder, &Needles::of(self.files))?,
            uploads_left: files_in(&folder.join("objects"))?,
            sight,
            cap,
            abandoned,
        })
    }

    async fn contacts(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let list = format!("{}/contacts?limit=500", self.organization.path);
        let (mut contacts, mut cursor) = (BTreeMap::new(), String::new());
        loop {
            let page = self.admin.get(&format!("{list}{cursor}")).await?;
            for contact in page["items"].as_array().context("a page without items")? {
                // A redacted person has no number.
                if let Some(phone) = contact["phone"].as_str() {
                    contacts.insert(phone.to_owned(), text(contact, "id")?);
                }
            }
            let Some(next) = page["next"].as_str() else { return Ok(contacts) };
            cursor = format!("&cursor={next}");
        }
    }

    async fn leases(&self) -> anyhow::Result<Leases> {
        let mut leases = Leases::default();
        for member in self.cluster.members() {
            let name = member.process.name();
            if !name.starts_with("scheduler") && !name.starts_with("worker") {
                continue;
            }
            let metrics = self.http.get(format!("{}/metrics", member.url)).send().await;
            let metrics = metrics.with_context(|| format!("asking {name} for its metrics"))?.text().await?;
            leases.expired += total(&metrics, "muster_leases_expired_total", "");
            leases.republished += total(&metrics, "muster_jobs_republished_total", "");
            if name.starts_with("worker") {
                let done = total(&metrics, "muster_jobs_total", "outcome=\"succeeded\"");
                leases.done.insert(name.to_owned(), done);
            }
        }
        Ok(leases)
    }
}

/// The sum of a counter's samples whose labels contain `label`.
fn total(metrics: &str, counter: &str, label: &str) -> i64 {
    let samples = metrics.lines().filter_map(|line| line.strip_prefix(counter)).filter(|rest| rest.contains(label));
    samples.filter_map(|rest| rest.rsplit(' ').next()?.parse::<i64>().ok()).sum()
}

/// How many files there are below a folder.
fn files_in(folder: &std::path::Path) -> anyhow::Result<usize> {
    let listing = std::fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))?;
    let mut files = 0;
    for entry in listing {
        let path = entry.with_context(|| format!("listing {}", folder.display()))?.path();
        files += if path.is_dir() { files_in(&path)? } else { 1 };
    }
    Ok(files)
}
