//! The checks of `muster doctor` and of the operators' API that the database alone answers.

use serde::Serialize;

use crate::{
    Pool, Result,
    conversations::webhooks,
    db::roles::{self, RoleInspection},
    doctor::{self, Jobs, Ledger, Unknown},
    engine::processes,
    figures, pending_migrations,
    people::redactions,
    tenancy::numbers,
};

/// Finding of one check.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// The check, as a stable word.
    pub check: &'static str,
    /// All is well.
    pub ok: bool,
    /// In a sentence.
    pub detail: String,
}

/// Checks everything that the database tells. `repair` is the reader's way to mend a fault.
pub async fn checks(pool: &Pool, repair: &str) -> Vec<Check> {
    let mut checks = vec![migrations(pool).await, role(pool).await, redactions_waiting(pool).await];
    match doctor::audit(pool).await {
        Ok(findings) if findings.is_empty() => {
            checks.push(Check { check: "jobs", ok: true, detail: "nothing is stuck".to_owned() });
        }
        Ok(findings) => checks.extend(findings.into_iter().map(|finding| {
            let hint = if finding.repairable { format!("; {repair} mends this") } else { String::new() };
            Check { check: finding.what, ok: false, detail: format!("{} {}{hint}", finding.count, finding.means) }
        })),
        Err(error) => checks.push(Check { check: "jobs", ok: false, detail: error.to_string() }),
    }
    checks.push(workers(pool).await);
    checks.push(match doctor::unknown_messages(pool).await {
        Ok(unknown) => unknown_messages(&unknown),
        Err(error) => Check { check: "unknown_messages", ok: false, detail: error.to_string() },
    });
    checks.extend([inbound(pool).await, owners(pool).await]);
    checks.push(match doctor::jobs(pool).await {
        Ok(jobs) => jobs_conserved(&jobs),
        Err(error) => Check { check: "job_ledger", ok: false, detail: error.to_string() },
    });
    match doctor::ticks(pool).await {
        Ok(ledgers) => checks.extend(ledgers.iter().map(conserved)),
        Err(error) => checks.push(Check { check: "ticks", ok: false, detail: error.to_string() }),
    }
    checks
}

/// Kinds with jobs that could run and that no live worker takes, by the latest figures.
async fn workers(pool: &Pool) -> Check {
    let (ok, detail) = match untaken(pool).await {
        Ok(kinds) if kinds.is_empty() => (true, "a live worker takes each kind that has due jobs".to_owned()),
        Ok(kinds) => (false, format!("no live worker takes {}, which has due jobs", kinds.join(", "))),
        Err(error) => (false, error.to_string()),
    };
    Check { check: "workers", ok, detail }
}

async fn untaken(pool: &Pool) -> Result<Vec<String>> {
    let taken = figures::latest(pool).await?;
    let mut kinds = processes::workers_by_kind(pool).await?;
    kinds.retain(|(kind, workers)| {
        *workers == 0 && taken.value(figures::DUE, &[("kind", kind)]).is_some_and(|due| due > 0.0)
    });
    Ok(kinds.into_iter().map(|(kind, _)| kind).collect())
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
