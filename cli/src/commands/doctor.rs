//! `muster doctor`: is everything as it should be, and does it add up? By the operators' API it
//! checks the database alone, and this machine.

use std::path::Path;

use anyhow::{Context, ensure};
use bytes::Bytes;
use chrono::TimeDelta;
use muster_broker::{Management, is_supported};
use muster_domain::{
    people::phone_hash::PhoneHashKeys,
    trust::ledger::{HEAD, Head, OBJECT_LIMIT, is_older},
};
use muster_mail::{Mailer, ServerAddress};
use muster_objects::{Objects, StoreAddress};
use muster_service::{
    clock,
    config::{Broker, DoctorSettings, Mail, ObjectStore, Privacy},
    zones,
};
use muster_storage::{
    Pool,
    checkup::{self, Check},
    doctor,
    people::phone_keys::{self, KeyInspection},
    trust::ledger,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{configured, connect, operator, remote::Remote};
use crate::{out::say, table::Table};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Mend all that can be mended without losing or repeating anything, and look again.
    #[arg(long)]
    repair: bool,
    /// Reason of a repair, for later readers.
    #[arg(long)]
    reason: Option<String>,
    /// Print a JSON list of {check, ok, detail}.
    #[arg(long)]
    json: bool,
}

/// How far this machine's clock may be from the database's before it is worth a word. Nothing
/// depends on it.
const CLOCK_SKEW_LIMIT: f64 = 5.0;

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let checks = match Remote::chosen()? {
        Some(remote) => by_the_api(&remote, &args).await?,
        None => by_the_database(&args).await?.into_iter().map(Told::of).collect(),
    };
    if args.json {
        say!("{}", serde_json::to_string(&checks)?)?;
    } else {
        let mut table = Table::of([false; 3]);
        for check in &checks {
            let verdict = if check.ok { "ok" } else { "FAIL" };
            table.row([verdict.to_owned(), check.check.clone(), check.detail.clone()]);
        }
        table.print("")?;
    }
    let failed = checks.iter().filter(|check| !check.ok).count();
    ensure!(failed == 0, "{failed} of {} checks failed", checks.len());
    Ok(())
}

/// A check as it is printed.
#[derive(Serialize, Deserialize)]
struct Told {
    check: String,
    ok: bool,
    detail: String,
}

impl Told {
    fn of(Check { check, ok, detail }: Check) -> Self {
        Self { check: check.to_owned(), ok, detail }
    }
}

/// Something that a repair has mended, as the operators' API tells it.
#[derive(Deserialize)]
struct Mended {
    what: String,
    count: u64,
}

/// The checks of the operators' API and those of this machine.
async fn by_the_api(remote: &Remote, args: &Args) -> anyhow::Result<Vec<Told>> {
    let mut checks = Vec::new();
    if args.repair {
        let mended = remote.act("doctor/repair", json!({}), args.reason.as_deref()).await.context("repair")?;
        let mended: Vec<Mended> = serde_json::from_value(mended)?;
        checks.extend(mended.into_iter().map(|Mended { what, count }| Told {
            check: "mended".to_owned(),
            ok: true,
            detail: format!("{count} {what}"),
        }));
    }
    checks.push(Told::of(zone_rules()));
    let elsewhere = "not looked at by the operators' API: MUSTER_PROFILE=none looks with the daemons' configuration";
    for check in ["broker", "object_store", "mails", "phone_hash_key", "ledger"] {
        checks.push(Told { check: check.to_owned(), ok: true, detail: elsewhere.to_owned() });
    }
    let mut told = remote.get("doctor").await?;
    checks.extend(serde_json::from_value::<Vec<Told>>(told["checks"].take())?);
    Ok(checks)
}

async fn by_the_database(args: &Args) -> anyhow::Result<Vec<Check>> {
    let settings: DoctorSettings = configured()?;
    let pool = connect(&settings.database)?;
    let mut checks = Vec::new();
    if args.repair {
        let mended = doctor::repair(&pool, settings.engine.reconcile_after()).await.context("repair")?;
        if !mended.is_empty() {
            let mut tx = pool.begin().await?;
            let mut draft = operator::draft("doctor_repair", mended.iter().map(|(what, _)| (*what).to_owned()));
            draft.reason.clone_from(&args.reason);
            tx.record(draft);
            tx.commit().await?;
        }
        checks.extend(mended.into_iter().map(|(what, count)| Check {
            check: "mended",
            ok: true,
            detail: format!("{count} {what}"),
        }));
    }
    checks.extend([clocks(&pool).await, zone_rules(), broker(&settings.broker).await]);
    checks.extend(broker_settings(&settings.broker).await);
    checks.push(objects(&settings.object_store).await);
    checks.push(mails(&settings.mail).await);
    checks.push(phone_key(&settings.privacy, &pool).await);
    checks.push(restored(&settings, &pool).await);
    checks.extend(checkup::checks(&pool, "--repair").await);
    Ok(checks)
}

async fn clocks(pool: &Pool) -> Check {
    let (ok, detail) = match pool.now().await {
        Ok(database) => {
            let apart = (clock::machine_now() - database).as_seconds_f64();
            (
                apart.abs() < CLOCK_SKEW_LIMIT,
                format!("this machine is {apart:+.1} s from the database, whose clock counts"),
            )
        }
        Err(error) => (false, error.to_string()),
    };
    Check { check: "clocks", ok, detail }
}

fn zone_rules() -> Check {
    let (ok, detail) = match zones::compare(Path::new(zones::SYSTEM), clock::machine_now()) {
        Some(comparison) => {
            let older = comparison.system_is() == Some(std::cmp::Ordering::Less);
            (comparison.differences.is_empty() || older, comparison.to_string())
        }
        None => (true, "this machine has no zone rules to compare the built-in ones with".to_owned()),
    };
    Check { check: "zone_rules", ok, detail }
}

async fn broker(broker: &Broker) -> Check {
    let (ok, detail) = match muster_broker::check(&broker.url).await {
        Ok(()) => (true, "RabbitMQ answers and every queue is there".to_owned()),
        Err(error) => (false, error.to_string()),
    };
    Check { check: "broker", ok, detail }
}

/// Writes an object, reads it, and removes it again, which is all that Muster needs to be allowed
/// to do.
async fn objects(store: &ObjectStore) -> Check {
    // Two doctors at a time do not disturb one another.
    let folder = format!("doctor/{}", uuid::Uuid::now_v7());
    let tried = async {
        let objects = Objects::open(&store.place(StoreAddress::new))?;
        let (key, text) = (format!("{folder}/probe"), Bytes::from_static(b"Muster was here"));
        let source = futures::stream::iter([Ok::<_, std::convert::Infallible>(text.clone())]);
        let size = objects.put(&key, source, u64::MAX).await?;
        ensure!(objects.get_piece(&key, 0..size).await? == text, "what was read is not what was written");
        objects.delete_folder(&folder).await?;
        ensure!(objects.size(&key).await?.is_none(), "what was deleted is still there");
        Ok(())
    };
    let (ok, detail) = match tried.await {
        Ok(()) => (true, "an object could be written, read and deleted".to_owned()),
        Err(error) => (false, format!("{error:#}")),
    };
    Check { check: "object_store", ok, detail }
}

/// Signs in at the mail server, and sends nothing.
async fn mails(mail: &Mail) -> Check {
    let tried = async {
        let way = Mailer::open(mail.from.as_deref(), mail.folder.as_deref(), mail.server(ServerAddress::new))?;
        let Some(way) = way else { return Ok("there are none: members sign in with tokens") };
        Ok::<_, anyhow::Error>(way.check().await?)
    };
    let (ok, detail) = match tried.await {
        Ok(detail) => (true, detail.to_owned()),
        Err(error) => (false, format!("{error:#}")),
    };
    Check { check: "mails", ok, detail }
}

/// Facts that only the management API tells: the broker's version, and whether every queue is under
/// Muster's policy.
async fn broker_settings(broker: &Broker) -> Vec<Check> {
    let Some(url) = &broker.management_url else {
        let detail = "not looked at: MUSTER_RABBITMQ_MANAGEMENT_URL is not set".to_owned();
        return vec![Check { check: "broker_policy", ok: true, detail }];
    };
    let found = async {
        let management = Management::new(url, &broker.url)?;
        Ok::<_, muster_broker::Error>((management.version().await?, management.queues_without_policy().await?))
    };
    match found.await {
        Ok((version, without)) => {
            let supported = is_supported(&version);
            let remark = if supported { "" } else { ", which Muster is not made for: 3.10 to 4 are" };
            let policy = if without.is_empty() {
                "in force for every queue".to_owned()
            } else {
                format!("not in force for {}: run muster broker apply", without.join(", "))
            };
            vec![
                Check { check: "broker_version", ok: supported, detail: format!("RabbitMQ {version}{remark}") },
                Check { check: "broker_policy", ok: without.is_empty(), detail: policy },
            ]
        }
        Err(error) => vec![Check { check: "broker_policy", ok: false, detail: error.to_string() }],
    }
}

/// Returns whether the configured key is the one under which this database's phones were hashed
/// (rule R4).
async fn phone_key(privacy: &Privacy, pool: &Pool) -> Check {
    let inspected = async {
        let (current, previous) = privacy.keys();
        let KeyInspection { judged, left } = phone_keys::inspect(pool, &PhoneHashKeys::new(current, previous)).await?;
        judged?;
        Ok::<_, anyhow::Error>(left)
    };
    let (ok, detail) = match inspected.await {
        Ok(0) => (true, "the key of this database".to_owned()),
        Ok(left) => (true, format!("{left} hashes are still under keys of phone_hash_key_previous: keep them set")),
        Err(error) => (false, format!("{error:#}")),
    };
    Check { check: "phone_hash_key", ok, detail }
}

/// The ledger's last beat may be so long ago before it is worth a word.
const BEAT_TAKES: TimeDelta = TimeDelta::minutes(5);

/// Says whether the database came back from a backup, and whether the ledger is kept (rule R6).
async fn restored(settings: &DoctorSettings, pool: &Pool) -> Check {
    let looked = async {
        let objects = Objects::open(&settings.object_store.place(StoreAddress::new))?;
        let (current, previous) = settings.privacy.keys();
        let keys = PhoneHashKeys::new(current, previous);
        let head = objects.read_small(HEAD, OBJECT_LIMIT).await?.map(|text| Head::read(&text, &keys)).transpose()?;
        Ok::<_, anyhow::Error>((ledger::standing(pool).await?, head, pool.now().await?))
    };
    let (ok, detail) = match looked.await {
        Ok((standing, head, _))
            if standing.restored || head.as_ref().is_some_and(|head| is_older(standing.beat, head)) =>
        {
            (false, "the database came back from a backup, and nothing is sent: run muster ledger replay".to_owned())
        }
        Ok((_, None, _)) => (true, "there is none yet".to_owned()),
        Ok((standing, Some(head), now)) => {
            let late = now - head.at > BEAT_TAKES;
            (!late, format!("{} segments, written {} s ago", standing.segment, (now - head.at).num_seconds()))
        }
        Err(error) => (false, format!("{error:#}")),
    };
    Check { check: "ledger", ok, detail }
}
