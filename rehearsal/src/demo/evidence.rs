//! The part of the evidence that the demo alone has: the API's, the metrics' and the object store's
//! views.

use std::collections::BTreeMap;

use anyhow::Context as _;
use muster_local::Cluster;

use super::progress::{Sight, read};
use crate::{
    campaign::{
        floor::Floor,
        setup::{Campaign, Organization},
    },
    client::{Client, text},
    invariants::evidence::{Demo, Leases, Redaction},
};

/// The sources.
pub(crate) struct Sources<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) http: &'a reqwest::Client,
    pub(crate) admin: &'a Client,
    pub(crate) organization: &'a Organization,
    pub(crate) campaign: &'a Campaign,
    pub(crate) floor: &'a Floor,
}

impl Sources<'_> {
    pub(crate) async fn gather(&self, redaction: Redaction, sight: Sight) -> anyhow::Result<Demo> {
        let folder = self.cluster.simulator_log.parent().context("the simulator's record is in no folder")?;
        let mut goals = Vec::new();
        for (group, goal) in self.organization.groups.iter().zip(&self.campaign.goals) {
            let figures = self.admin.get(&format!("{}/goals/{goal}/stats", self.organization.path)).await?;
            goals.push((group.plan.name, read(&figures)?));
        }
        Ok(Demo {
            campaign: sight.campaign,
            goals,
            caps: sight.caps,
            answers: self.floor.answers(),
            contacts: self.contacts().await?,
            redaction,
            leases: self.leases().await?,
            files_left: files_of_people(&folder.join("objects"))?,
            abandoned: self.floor.tally.abandoned.get(),
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

/// Returns the sum of a counter's samples with `label` among their labels.
fn total(metrics: &str, counter: &str, label: &str) -> i64 {
    let samples = metrics.lines().filter_map(|line| line.strip_prefix(counter)).filter(|rest| rest.contains(label));
    samples.filter_map(|rest| rest.rsplit(' ').next()?.parse::<i64>().ok()).sum()
}

/// Folders of the object store in which no person is: chains' heads, and keyed hashes.
const WITHOUT_PEOPLE: [&str; 2] = ["audit", "ledger"];

/// Returns how many files an object store has that may hold somebody's data.
fn files_of_people(objects: &std::path::Path) -> anyhow::Result<usize> {
    let without: anyhow::Result<usize> = WITHOUT_PEOPLE
        .iter()
        .map(|name| objects.join(name))
        .filter(|folder| folder.exists())
        .map(|it| files_in(&it))
        .sum();
    Ok(files_in(objects)? - without?)
}

/// Returns how many files there are below a folder.
fn files_in(folder: &std::path::Path) -> anyhow::Result<usize> {
    let listing = std::fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))?;
    let mut files = 0;
    for entry in listing {
        let path = entry.with_context(|| format!("listing {}", folder.display()))?.path();
        files += if path.is_dir() { files_in(&path)? } else { 1 };
    }
    Ok(files)
}
