//! `partition`: a campaign of a hundred groups is launched through the api, and one worker's jobs
//! cut its goals' contacts into batches; the reference is one statement that does the same to the
//! same contacts.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta};
use muster_rehearsal::client::{Client, text};
use serde_json::json;

use crate::{process, report::Report, rig::Rig, scaled};

const GROUPS: usize = 100;
const CONTACTS: usize = 10_000;
const BATCH: usize = 100;
const POLL: Duration = Duration::from_millis(25);
const PATIENCE: Duration = Duration::from_mins(15);
/// The id of everything that there is one of.
const ID: &str = "00000000-0000-7000-8000-000000000001";
const TOKEN: &str = "bench-partition";

pub(crate) async fn run(scale: f64) -> anyhow::Result<Report> {
    let mut report = Report::new("partition");
    let rig = Rig::start(1, 1).await?;
    let contacts = scaled(CONTACTS, scale);
    for statement in planted(contacts) {
        rig.execute(&statement).await?;
    }
    let admin = Client::new(&rig.cluster.api_url, TOKEN)?;
    for groups in [GROUPS / 10, GROUPS] {
        // Between two of the reference, so that neither has the fresher disk or the quieter moment
        // for itself.
        let before = reference(&rig, groups, contacts).await?;
        let ours = through(&rig, &admin, groups, contacts).await?;
        let after = reference(&rig, groups, contacts).await?;
        let reference = (before + after) / 2;
        let of = format!("{groups} groups of {contacts}");
        report.figure(format!("one statement, before, {of}"), before.as_secs_f64(), "s");
        report.figure(format!("one statement, after, {of}"), after.as_secs_f64(), "s");
        report.figure(format!("from the launch to the last batch, {of}"), ours.as_secs_f64(), "s");
        let ratio = ours.as_secs_f64() / reference.as_secs_f64();
        report.aimed(format!("ratio, {of}"), ratio, "×", "≤ 1.5");
    }
    report.figure("peak memory of the worker", process::peak_mebibytes(rig.pid("worker-1")?)?, "MiB");
    report.figure("peak memory of the api", process::peak_mebibytes(rig.pid("api")?)?, "MiB");
    rig.stop().await?;
    Ok(report)
}

/// Returns the statements that plant an organization with its groups and contacts.
fn planted(contacts: usize) -> Vec<String> {
    let group = "('00000000-0000-7000-8001-' || lpad(to_hex(n), 12, '0'))::uuid";
    let contact = "('00000000-0000-7000-8002-' || lpad(to_hex(n), 12, '0'))::uuid";
    let all = GROUPS * contacts;
    vec![
        format!("insert into account (id, name) values ('{ID}', 'Bench')"),
        format!("insert into brand (id, account_id, name) values ('{ID}', '{ID}', 'Bench')"),
        format!(
            r#"insert into organization (id, account_id, brand_id, name, settings)
               values ('{ID}', '{ID}', '{ID}', 'Bench', '{{"law_strictness": "off", "batch_size": {BATCH}}}')"#
        ),
        format!(
            "insert into member (id, account_id, organization_id, role, first_name, last_name)
             values ('{ID}', '{ID}', '{ID}', 'organization_admin', 'Ada', 'Lovelace')"
        ),
        format!(
            "insert into token (id, member_id, secret_hash)
             values (uuid_v7(), '{ID}', sha256(convert_to('{TOKEN}', 'UTF8')))"
        ),
        format!(
            "insert into contact_group (id, organization_id, name, zone, area_code)
             select {group}, '{ID}', 'Group ' || n, 'America/New_York', '212' from generate_series(0, {GROUPS} - 1) n"
        ),
        format!(
            "insert into contact (id, organization_id, e164, first_name, line_type, source)
             select {contact}, '{ID}', '+1646' || (2000000 + n), 'Ada' || n, 'mobile', 'api'
             from generate_series(0, {all} - 1) n"
        ),
        format!(
            "insert into membership (group_id, contact_id)
             select {group}, {contact_of} from generate_series(0, {all} - 1) c, lateral (select c / {contacts} as n) of_group",
            contact_of = contact.replace("to_hex(n)", "to_hex(c)"),
        ),
        "analyze".to_owned(),
    ]
}

/// Launches a campaign in the first groups; the time runs from the request until every contact is
/// in a batch. Its window opens later, so that nothing is released or sent.
async fn through(rig: &Rig, admin: &Client, groups: usize, contacts: usize) -> anyhow::Result<Duration> {
    empty(rig).await?;
    let ids: Vec<_> = (0..groups).map(|n| format!("00000000-0000-7000-8001-{n:012x}")).collect();
    let now = DateTime::from_timestamp(rig.number("select extract(epoch from now())::bigint").await?, 0);
    let at = |hours| now.map(|now| (now + TimeDelta::hours(hours)).to_rfc3339());
    let date = now.map(|now| (now + TimeDelta::hours(48)).format("%Y-%m-%dT%H:%M:%S").to_string());
    let goal = json!({
        "name": "Rally",
        "goal_type": "turnout",
        "date": date,
        "script": "Hi {{first_name|there}}! Reply STOP to opt out",
        "opens": at(24),
        "closes": at(48),
    });
    let campaign = json!({ "name": "Rallies", "group_ids": ids, "goal": goal });
    let path = format!("/v1/organizations/{ID}/campaigns");
    let began = Instant::now();
    let made = admin.post(&path, &format!("campaign-{groups}-{contacts}"), campaign).await?;
    let campaign = text(&made, "id")?;
    let left = format!("select count(*) from goal where campaign_id = '{campaign}' and partitioned_at is null");
    while rig.number(&left).await? > 0 {
        anyhow::ensure!(began.elapsed() < PATIENCE, "goals are left to be cut after {PATIENCE:?}");
        tokio::time::sleep(POLL).await;
    }
    let took = began.elapsed();
    complete(rig, groups, contacts).await?;
    rig.until("select count(*) from job where state in ('pending', 'published', 'running')", 0).await?;
    Ok(took)
}

/// Cuts the same contacts into as many batches, by one statement. Foreign keys and indexes are
/// those of the same tables.
async fn reference(rig: &Rig, groups: usize, contacts: usize) -> anyhow::Result<Duration> {
    empty(rig).await?;
    let goals = format!(
        "insert into goal (id, organization_id, group_id, name, goal_type, date_local, strategy, script, zone, opens_local,
             closes_local, opens_at, closes_at, release_plan, created_by)
         select uuid_v7(), '{ID}', id, 'Bare', 'turnout', now(), 'anyone', 'Hi', 'America/New_York', now(), now(), now(),
             now() + interval '1 day', '{{}}', '{ID}'
         from contact_group order by id limit {groups}"
    );
    rig.execute(&goals).await?;
    let began = Instant::now();
    rig.execute(&format!(
        "with placed as (
             select g.id as goal_id, m.contact_id, row_number() over (partition by g.id order by m.contact_id) as position
             from goal g join membership m on m.group_id = g.group_id join contact c on c.id = m.contact_id
             where g.name = 'Bare' and m.deactivated_at is null and c.opted_out_at is null and c.redacted_at is null
                 and c.line_type not in ('landline', 'invalid')
         ), cut as (
             insert into batch (id, goal_id, kind, number, state, estimated_segments)
             select uuid_v7(), goal_id, 'initial', (position - 1) / {BATCH} + 1, 'held', count(*)
             from placed group by goal_id, (position - 1) / {BATCH}
             returning id, goal_id, number
         )
         insert into target (goal_id, contact_id, position, batch_id)
         select p.goal_id, p.contact_id, p.position, b.id
         from placed p join cut b on b.goal_id = p.goal_id and b.number = (p.position - 1) / {BATCH} + 1"
    ))
    .await?;
    let took = began.elapsed();
    complete(rig, groups, contacts).await?;
    Ok(took)
}

/// Fails unless every contact is a target in one of as many batches as there must be.
async fn complete(rig: &Rig, groups: usize, contacts: usize) -> anyhow::Result<()> {
    let batches = rig.number("select count(*) from batch").await?;
    let targets = rig.number("select count(*) from target where batch_id is not null").await?;
    let wanted = (groups * contacts.div_ceil(BATCH), groups * contacts);
    anyhow::ensure!(
        (usize::try_from(batches)?, usize::try_from(targets)?) == wanted,
        "there are {batches} batches of {targets} contacts, and not {wanted:?}"
    );
    eprintln!("{groups} groups of {contacts}: {batches} batches");
    Ok(())
}

/// Takes the goals of the run before away, with all that belongs to them.
async fn empty(rig: &Rig) -> anyhow::Result<()> {
    rig.empty("target, batch, goal_estimate, goal, campaign, timer cascade").await?;
    rig.execute("delete from idempotency").await?;
    rig.execute("checkpoint").await?;
    Ok(())
}
