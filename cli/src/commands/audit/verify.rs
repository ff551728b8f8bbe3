//! `muster audit verify`.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use muster_domain::trust::audit::{Entry, Head, INSTALLATION, Report, Verifier};
use muster_objects::{Objects, StoreAddress};
use muster_service::config::{AuditSettings, Settings as _};
use muster_storage::{Pool, trust::audit};
use uuid::Uuid;

use super::named;
use crate::{
    commands::{configured, connect},
    out::say,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only the chain of this account.
    #[arg(long)]
    account: Option<Uuid>,
    /// The entries of one chain in this file, as `muster audit list --whole` wrote them, and not
    /// those of the database. Heads in the object store are compared where the configuration names
    /// one.
    #[arg(long)]
    file: Option<PathBuf>,
    /// Print one JSON object for each chain.
    #[arg(long)]
    json: bool,
}

/// Heads that are read at a time, of the database and of the object store.
const PAGE_SIZE: i64 = 1_000;
const READS_AT_ONCE: usize = 16;

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let reports = match &args.file {
        Some(file) => vec![of_file(file).await?],
        None => of_database(args.account).await?,
    };
    let mut broken = 0;
    for report in &reports {
        broken += usize::from(report.found > 0);
        if args.json {
            say!("{}", serde_json::to_string(report)?)?;
            continue;
        }
        let Report { entries, published, found, .. } = report;
        let verdict = if *found == 0 { "whole" } else { "BROKEN" };
        say!("{verdict}  {}: {entries} entries, {published} published heads", named(report.chain))?;
        for broken in &report.breaks {
            say!("        {broken}")?;
        }
        if report.breaks.len() < *found {
            say!("        and {} more", found - report.breaks.len())?;
        }
    }
    ensure!(broken == 0, "{broken} of {} chains are not as they were written", reports.len());
    Ok(())
}

async fn of_database(account: Option<Uuid>) -> anyhow::Result<Vec<Report>> {
    let settings: AuditSettings = configured()?;
    let pool = connect(&settings.database)?;
    let objects = Objects::open(&settings.object_store.place(StoreAddress::new))?;
    let chains = match account {
        Some(account) => BTreeSet::from([account]),
        None => chains(&pool, &objects).await?,
    };
    let mut reports = Vec::new();
    for chain in chains {
        let published = published(&objects, chain).await?;
        reports.push(audit::verify(&pool, chain, published).await?);
    }
    Ok(reports)
}

/// Returns every chain that has a head in the database or in the object store.
async fn chains(pool: &Pool, objects: &Objects) -> anyhow::Result<BTreeSet<Uuid>> {
    let mut chains = BTreeSet::new();
    let mut after = None;
    loop {
        let page = audit::heads(pool, after, PAGE_SIZE).await?;
        chains.extend(page.iter().map(|head| head.chain));
        let Some(last) = page.last() else { break };
        after = Some(last.chain);
    }
    let keys = objects.keys("audit").await?;
    chains.extend(keys.iter().filter_map(|key| Uuid::parse_str(key.split('/').nth(1)?).ok()));
    Ok(chains)
}

/// Reads the published heads of a chain. An object that cannot be read is an error: it may be the
/// one that tells.
async fn published(objects: &Objects, chain: Uuid) -> anyhow::Result<Vec<Head>> {
    let keys = objects.keys(&Head::folder(chain)).await?;
    let read = async |key: String| {
        let bytes = objects.read_small(&key, Head::BYTES).await?.with_context(|| format!("{key} is gone"))?;
        let head: Head = serde_json::from_slice(&bytes).with_context(|| format!("{key} is no head"))?;
        ensure!(head.chain == chain && head.key() == key, "{key} is the head of something else");
        Ok(head)
    };
    stream::iter(keys).map(read).buffer_unordered(READS_AT_ONCE).try_collect().await
}

async fn of_file(path: &Path) -> anyhow::Result<Report> {
    let open = || File::open(path).with_context(|| path.display().to_string());
    let mut lines = BufReader::new(open()?).lines();
    let first: Option<Entry> = lines.next().transpose()?.map(|line| read(&line)).transpose()?;
    let chain = first.map_or(INSTALLATION, |entry| entry.chain);
    let published = match AuditSettings::load() {
        Ok(settings) => published(&Objects::open(&settings.object_store.place(StoreAddress::new))?, chain).await?,
        Err(_) => Vec::new(),
    };
    let mut verifier = Verifier::new(chain, published);
    for line in BufReader::new(open()?).lines() {
        verifier.take(&read(&line?)?);
    }
    Ok(verifier.end(None))
}

fn read(line: &str) -> anyhow::Result<Entry> {
    serde_json::from_str(line).context("a line of the file is no entry")
}
