//! `redact`: people are redacted one after another among ten million messages; the reference is the
//! same among ten thousand, in the same run.

use std::time::{Duration, Instant};

use muster_rehearsal::client::{Client, text};
use serde_json::json;

use crate::{report::Report, rig::Rig, scaled};

const FEW: usize = 1_000;
const MANY: usize = 1_000_000;
/// Messages of each contact.
const MESSAGES: usize = 10;
const ROUNDS: usize = 30;
const POLL: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_mins(2);
/// The id of everything that there is one of.
const ID: &str = "00000000-0000-7000-8000-000000000001";

pub(crate) async fn run(scale: f64) -> anyhow::Result<Report> {
    let mut report = Report::new("redact");
    let rig = Rig::start(1, 1).await?;
    let account = rig.cluster.account_id.clone();
    for statement in house(&account) {
        rig.execute(&statement).await?;
    }
    let admin = Client::new(&rig.cluster.api_url, &rig.cluster.bootstrap_token)?;
    let many = scaled(MANY, scale).max(2 * FEW);
    let (mut before, mut answers, mut wholes) = (0, Vec::new(), Vec::new());
    for contacts in [FEW, many] {
        for statement in people(before, contacts) {
            rig.execute(&statement).await?;
        }
        let (answer, whole) = redact(&rig, &admin, before).await?;
        let of = format!("among {} messages", contacts * MESSAGES);
        report.figure(format!("from the request to its answer, p50, {of}"), answer, "ms");
        report.figure(format!("from the request to the receipt, p50, {of}"), whole, "ms");
        answers.push(answer);
        wholes.push(whole);
        before = contacts;
    }
    report.aimed("ratio of the answers", answers[1] / answers[0], "×", "≤ 2");
    report.aimed("ratio of the whole redactions", wholes[1] / wholes[0], "×", "≤ 2");
    rig.stop().await?;
    Ok(report)
}

/// Returns the statements that plant an organization with a group and a goal.
fn house(account: &str) -> Vec<String> {
    vec![
        format!("insert into brand (id, account_id, name) values ('{ID}', '{account}', 'Bench')"),
        format!(
            "insert into organization (id, account_id, brand_id, name) values ('{ID}', '{account}', '{ID}', 'Bench')"
        ),
        format!(
            "insert into contact_group (id, organization_id, name, zone, area_code)
             values ('{ID}', '{ID}', 'Group', 'America/New_York', '212')"
        ),
        format!(
            "insert into goal (id, organization_id, group_id, name, goal_type, date_local, strategy, script, zone, opens_local,
                 closes_local, opens_at, closes_at, release_plan, created_by)
             select '{ID}', '{ID}', '{ID}', 'Bench', 'turnout', now(), 'anyone', 'Hi', 'America/New_York', now(), now(), now(),
                 now() + interval '1 day', '{{}}', id from member limit 1"
        ),
    ]
}

/// Returns the statements that plant contacts, each with a conversation, a target and messages.
fn people(from: usize, to: usize) -> Vec<String> {
    let id = |table: u8| format!("('00000000-0000-7000-800{table}-' || lpad(to_hex(n), 12, '0'))::uuid");
    let (contact, thread) = (id(1), id(2));
    let all = format!("generate_series({from}, {to} - 1) n");
    let bare =
        |statement: String| format!("do $$ begin set local session_replication_role = replica; {statement}; end $$");
    vec![
        bare(format!(
            "insert into contact (id, organization_id, e164, first_name, last_name, email, line_type, source)
             select {contact}, '{ID}', '+1646' || (2000000 + n), 'Ada' || n, 'Lace' || n, 'a' || n || '@example.org', 'mobile', 'api' from {all}"
        )),
        bare(format!("insert into membership (group_id, contact_id) select '{ID}', {contact} from {all}")),
        bare(format!(
            "insert into thread (id, organization_id, group_id, contact_id, sender_e164)
             select {thread}, '{ID}', '{ID}', {contact}, '+12125550100' from {all}"
        )),
        bare(format!(
            "insert into target (goal_id, contact_id, position, skipped_at, skip_reason)
             select '{ID}', {contact}, n, now(), 'opted_out' from {all}"
        )),
        bare(format!(
            "insert into message (id, organization_id, group_id, goal_id, contact_id, thread_id, kind, state, body, encoding, segments, sent_at)
             select uuid_v7(), '{ID}', '{ID}', '{ID}', {contact}, {thread}, 'initial', 'delivered', 'Hi Ada' || n, 'GSM-7', 1, now()
             from {all}, generate_series(1, {MESSAGES})"
        )),
        "analyze".to_owned(),
    ]
}

/// Redacts people one after another; returns the medians, in milliseconds, of the answers and of
/// the whole.
async fn redact(rig: &Rig, admin: &Client, from: usize) -> anyhow::Result<(f64, f64)> {
    let (mut answers, mut wholes) = (Vec::with_capacity(ROUNDS), Vec::with_capacity(ROUNDS));
    for nth in from..from + ROUNDS {
        let phone = format!("+1646{}", 2_000_000 + nth);
        let body = json!({ "phone": phone, "confirmation": "I understand this cannot be undone" });
        let began = Instant::now();
        let made = admin.post("/v1/redactions", &format!("redact-{nth}"), body).await?;
        answers.push(began.elapsed().as_secs_f64() * 1_000.0);
        let left =
            format!("select count(*) from redaction where id = '{}' and finished_at is null", text(&made, "id")?);
        while rig.number(&left).await? > 0 {
            anyhow::ensure!(began.elapsed() < PATIENCE, "a redaction is not done after {PATIENCE:?}");
            tokio::time::sleep(POLL).await;
        }
        wholes.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    for figures in [&mut answers, &mut wholes] {
        figures.sort_by(f64::total_cmp);
    }
    Ok((answers[ROUNDS / 2], wholes[ROUNDS / 2]))
}
