//! `muster doctor`: is everything as it should be, and does it add up?

use std::path::Path;

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use chrono::TimeDelta;
use muster_broker::{Management, is_supported};
use muster_domain::{
    people::phone_hash::PhoneHashKeys,
    trust::ledger::{HEAD, Head, LONGEST, is_older},
};
use muster_objects::{Objects, StoreAddress};
use muster_service::{
    clock,
    config::{Broker, DoctorSettings, ObjectStore, Privacy},
    zones,
};
use muster_storage::{
    Pool,
    conversations::webhooks,
    db::roles::{self, RoleInspection},
    doctor::{self, Jobs, Ledger, Unknown},
    pending_migrations,
    people::{
        phone_keys::{self, KeyInspection},
        redactions,
    },
    tenancy::numbers,
    trust::ledger,
};
use serde::Serialize;

use super::{configured, connect, operator};
use crate::{out::say, table::Table};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Mend all that can be mended without losing or repeating anything, and look again.
    #[arg(long)]
    repair: bool,
    /// Print a JSON list of {check, ok, detail}.
    #[arg(long)]
    json: bool,
}

/// How far this machine's clock may be from the database's before it is worth a word. Nothing
/// depends on it.
const CLOCK_SKEW_LIMIT: f64 = 5.0;

/// Finding of one check.
#[derive(Serialize)]
struct Check {
    check: &'static str,
    ok: bool,
    detail: String,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let settings: DoctorSettings = configured()?;
    let pool = connect(&settings.database)?;
    let mut checks = Vec::new();
    if args.repair {
        let mended = doctor::repair(&pool, settings.engine.reconcile_after()).await.context("repair")?;
        if !mended.is_empty() {
            let mut tx = pool.begin().await?;
            tx.record(operator::draft("doctor_repair", mended.iter().map(|(what, _)| (*what).to_owned())));
            tx.commit().await?;
        }
        checks.extend(mended.into_iter().map(|(what, count)| Check {
            check: "mended",
            ok: true,
            detail: format!("{count} {what}"),
        }));
    }
    checks.extend([
        migrations(&pool).await,
        role(&pool).await,
        clocks(&pool).await,
        zone_rules(),
        broker(&settings.broker).await,
    ]);
    checks.extend(broker_settings(&settings.broker).await);
    checks.push(objects(&settings.object_store).await);
    checks.push(phone_key(&settings.privacy, &pool).await);
    checks.push(redactions_waiting(&pool).await);
    checks.push(restored(&settings, &pool).await);
    match doctor::audit(&pool).await {
        Ok(findings) if findings.is_empty() => {
            checks.push(Check { check: "jobs", ok: true, detail: "nothing is stuck".to_owned() });
        }
        Ok(findings) => checks.extend(findings.into_iter().map(|finding| {
            let hint = if finding.repairable { "; --repair mends this" } else { "" };
            Check { check: finding.what, ok: false, detail: format!("{} {}{hint}", finding.count, finding.means) }
        })),
        Err(error) => checks.push(Check { check: "jobs", ok: false, detail: error.to_string() }),
    }
    checks.push(match doctor::unknown_messages(&pool).await {
        Ok(unknown) => unknown_messages(&unknown),
        Err(error) => Check { check: "unknown_messages", ok: false, detail: error.to_string() },
    });
    checks.extend([inbound(&pool).await, owners(&pool).await]);
    checks.push(match doctor::jobs(&pool).await {
        Ok(jobs) => jobs_conserved(&jobs),
        Err(error) => Check { check: "job_ledger", ok: false, detail: error.to_string() },
    });
    match doctor::ticks(&pool).await {
        Ok(ledgers) => checks.extend(ledgers.iter().map(conserved)),
        Err(error) => checks.push(Check { check: "ticks", ok: false, detail: error.to_string() }),
    }
    if args.json {
        say!("{}", serde_json::to_string(&checks)?)?;
    } else {
        let mut table = Table::of([false; 3]);
        for check in &checks {
            let verdict = if check.ok { "ok" } else { "FAIL" };
            table.row([verdict.to_owned(), check.check.to_string(), check.detail.clone()]);
        }
        table.print("")?;
    }
    let failed = checks.iter().filter(|check| !check.ok).count();
    if failed > 0 {
        bail!("{failed} of {} checks failed", checks.len());
    }
    Ok(())
}

/// Days of texts that came in which are looked at.
const INBOUND_DAYS: i32 = 7;

/// Texts that are in no conversation, which nobody has seen.
async fn inbound(pool: &Pool) -> Check {
    let (ok, detail) = match webhooks::astray(pool, INBOUND_DAYS).await {
        Ok(astray) if astray.is_empty() => (true, "every text that came in is in a conversation".to_owned()),
        Ok(astray) => {
            let counts: Vec<_> = astray.iter().map(|astray| format!("{} {}", astray.texts, astray.outcome)).collect();
            (true, format!("in no conversation, of the last {INBOUND_DAYS} days: {}", counts.join(", ")))
        }
        Err(error) => (false, error.to_string()),
    };
    Check { check: "inbound", ok, detail }
}

/// Says how accounts come to numbers (A3). Where there are several, the operator arranges them.
async fn owners(pool: &Pool) -> Check {
    let (ok, detail) = match numbers::owners(pool).await {
        Ok(owners) if owners.arranged > 0 => {
            (true, format!("{} numbers are arranged by the operator", owners.arranged))
        }
        Ok(owners) if owners.accounts > 1 => {
            (true, format!("{} accounts: each adds the numbers that muster numbers assign gives it", owners.accounts))
        }
        Ok(_) => (true, "one account has all numbers".to_owned()),
        Err(error) => (false, error.to_string()),
    };
    Check { check: "numbers", ok, detail }
}

async fn migrations(pool: &Pool) -> Check {
    let (ok, detail) = match pending_migrations(pool).await {
        Ok(0) => (true, "the schema is up to date".to_owned()),
        Ok(pending) => (false, format!("{pending} migrations are pending: run muster migrate")),
        Err(error) => (false, error.to_string()),
    };
    Check { check: "migrations", ok, detail }
}

/// The role that the configuration names can do its work and nothing that would undo a guard.
async fn role(pool: &Pool) -> Check {
    let (ok, detail) = match roles::inspect(pool).await {
        Ok(RoleInspection { role, too_much }) if too_much.is_empty() => {
            (true, format!("{role} can change neither the schema nor what is append-only"))
        }
        Ok(RoleInspection { role, too_much }) => {
            let more = "daemons need a role that is a member of muster_app (muster migrate --roles)";
            (false, format!("{role} {}: {more}", too_much.join(", ")))
        }
        Err(error) => (false, error.to_string()),
    };
    Check { check: "role", ok, detail }
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
        let head = objects.read_small(HEAD, LONGEST).await?.map(|text| Head::read(&text, &keys)).transpose()?;
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

/// A redaction may take so long before it is worth a word; it waits for files of imports under way.
const REDACTION_TAKES: i64 = 300;

/// Redactions that are not done, and the imports that they wait for (rule R3).
async fn redactions_waiting(pool: &Pool) -> Check {
    let (ok, detail) = match redactions::waiting(pool).await {
        Ok(waiting) if waiting.is_empty() => (true, "every redaction is done".to_owned()),
        Ok(waiting) => {
            let told = waiting.iter().map(|redaction| {
                let imports: Vec<_> = redaction.imports.iter().map(ToString::to_string).collect();
                let on = if imports.is_empty() { String::new() } else { format!(" on imports {}", imports.join(", ")) };
                format!("{} waits for {} s{on}", redaction.id, redaction.seconds)
            });
            (waiting.iter().all(|redaction| redaction.seconds < REDACTION_TAKES), told.collect::<Vec<_>>().join("; "))
        }
        Err(error) => (false, error.to_string()),
    };
    Check { check: "redactions", ok, detail }
}

/// Texts that may have been sent or not, which nobody will find out by himself (rule S2): the
/// carrier's own log says.
fn unknown_messages(unknown: &Unknown) -> Check {
    let Unknown { count, first } = unknown;
    let ids: Vec<_> = first.iter().map(ToString::to_string).collect();
    let colon = if ids.is_empty() { "" } else { ": " };
    let more = if i64::try_from(ids.len()) == Ok(*count) { "" } else { ", …" };
    let detail = format!("{count} texts without a known outcome for over 24 hours{colon}{}{more}", ids.join(", "));
    Check { check: "unknown_messages", ok: *count == 0, detail }
}

/// Enqueued = succeeded + parked + cancelled + live: true of the rows that there are, and of all
/// that there were if none can be deleted.
fn jobs_conserved(jobs: &Jobs) -> Check {
    let Jobs { enqueued, succeeded, parked, cancelled, live, unguarded } = *jobs;
    let counts = format!(
        "in the last day {enqueued} enqueued, {succeeded} succeeded, {parked} parked, {cancelled} cancelled, {live} live"
    );
    let detail = match unguarded {
        0 => counts,
        some => format!(
            "{counts}; jobs may be missing: a trigger, job_stays or job_is_kept, is off for {some} of their tables"
        ),
    };
    Check { check: "job_ledger", ok: unguarded == 0, detail }
}

/// Planned = fired + coalesced + skipped: the expression is evaluated again over the time that the
/// ledger covers.
fn conserved(ledger: &Ledger) -> Check {
    let (ok, detail) = match &ledger.schedule {
        Ok(schedule) => {
            let planned = schedule.fires_after(ledger.after).take_while(|fire| fire.at <= ledger.until).count();
            let decided = ledger.fired + ledger.coalesced + ledger.skipped;
            (
                i64::try_from(planned) == Ok(decided),
                format!(
                    "{}: {planned} planned, {} fired, {} coalesced, {} skipped",
                    ledger.name, ledger.fired, ledger.coalesced, ledger.skipped
                ),
            )
        }
        Err(error) => (false, format!("{}: {error}", ledger.name)),
    };
    Check { check: "ticks", ok, detail }
}
