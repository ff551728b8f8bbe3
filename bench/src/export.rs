//! `export`: a million contacts with fields and tags become a file through the api, the scheduler
//! and one worker; the reference is `COPY (…) TO STDOUT` of the same rows to a client that drops
//! them.

use std::time::{Duration, Instant};

use muster_rehearsal::client::{Client, text};
use muster_storage::testing;
use serde_json::{Value, json};

use crate::{process, report::Report, rig::Rig, scaled};

const CONTACTS: usize = 1_000_000;
const FIELDS: [&str; 3] = ["ward", "precinct", "note"];
const POLL: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_mins(30);
/// The id of everything that there is one of.
const ID: &str = "00000000-0000-7000-8000-000000000001";
const TOKEN: &str = "bench-export";

pub(crate) async fn run(scale: f64) -> anyhow::Result<Report> {
    let mut report = Report::new("export");
    let rig = Rig::start(1, 1).await?;
    let contacts = scaled(CONTACTS, scale);
    for statement in planted(contacts) {
        rig.execute(&statement).await?;
    }
    let admin = Client::new(&rig.cluster.api_url, TOKEN)?;
    let worker = rig.pid("worker-1")?;
    // A first one, so that the whole's memory is held against a tenth's, and its caches are filled.
    let tenth = json!({ "tag": "tenth" });
    through(&rig, &admin, "csv", &tenth, contacts.div_ceil(10)).await?;
    let small = process::peak_mebibytes(worker)?;
    for format in ["csv", "json_lines"] {
        let before = reference(&rig, contacts).await?;
        let ours = through(&rig, &admin, format, &json!({}), contacts).await?;
        let after = reference(&rig, contacts).await?;
        let copied = (before + after) / 2;
        report.figure(format!("COPY of {contacts} contacts, before"), rate(contacts, before), "rows/s");
        report.figure(format!("COPY of {contacts} contacts, after"), rate(contacts, after), "rows/s");
        report.figure(format!("export as {format}"), rate(contacts, ours), "rows/s");
        report.aimed(format!("ratio, {format}"), copied.as_secs_f64() / ours.as_secs_f64(), "×", "≥ 0.5");
    }
    let whole = process::peak_mebibytes(worker)?;
    report.figure("peak memory of the worker, a tenth", small, "MiB");
    report.figure("peak memory of the worker, the whole", whole, "MiB");
    report.aimed("memory of the whole above a tenth's", whole - small, "MiB", "≤ 16 MiB");
    rig.stop().await?;
    Ok(report)
}

#[expect(clippy::cast_precision_loss, reason = "a number of rows")]
fn rate(contacts: usize, took: Duration) -> f64 {
    contacts as f64 / took.as_secs_f64()
}

/// Returns the statements that plant an organization with its contacts.
fn planted(contacts: usize) -> Vec<String> {
    let contact = "('00000000-0000-7000-8002-' || lpad(to_hex(n), 12, '0'))::uuid";
    let tag = "('00000000-0000-7000-8003-' || lpad(to_hex(n), 12, '0'))::uuid";
    vec![
        format!("insert into account (id, name) values ('{ID}', 'Bench')"),
        format!("insert into brand (id, account_id, name) values ('{ID}', '{ID}', 'Bench')"),
        format!("insert into organization (id, account_id, brand_id, name) values ('{ID}', '{ID}', '{ID}', 'Bench')"),
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
             values ('{ID}', '{ID}', 'Group', 'America/New_York', '212')"
        ),
        format!(
            "insert into tag (id, organization_id, name)
             select {tag}, '{ID}', case n when 0 then 'tenth' else 'tag ' || n end from generate_series(0, 19) n"
        ),
        format!(
            "insert into contact (id, organization_id, e164, first_name, last_name, email, postal_code, external_id, fields, line_type, source)
             select {contact}, '{ID}', '+1646' || (2000000 + n), 'Ada' || n, 'O''Neill', 'ada' || n || '@example.org', '10001', 'van-' || n,
                 jsonb_build_object('ward', (n % 50)::text, 'precinct', 'P' || n % 1000, 'note', 'met at the door, likes tea'), 'mobile', 'file'
             from generate_series(0, {contacts} - 1) n"
        ),
        format!("insert into membership (group_id, contact_id) select '{ID}', {contact} from generate_series(0, {contacts} - 1) n"),
        format!(
            "insert into contact_tag (contact_id, tag_id)
             select {contact}, {tag_of} from generate_series(0, {contacts} - 1) n
             union all select {contact}, {tenth} from generate_series(0, {contacts} - 1, 10) n",
            tag_of = tag.replace("to_hex(n)", "to_hex(1 + n % 19)"),
            tenth = tag.replace("to_hex(n)", "to_hex(0)"),
        ),
        "vacuum analyze".to_owned(),
    ]
}

/// Returns the columns of the file: all that there are.
fn columns() -> Vec<String> {
    use muster_domain::trust::export::{CUSTOM_FIELD, ExportKind};
    let fixed = ExportKind::Contacts.columns().iter().map(|column| column.name.to_owned());
    fixed.chain(FIELDS.iter().map(|field| format!("{CUSTOM_FIELD}{field}"))).collect()
}

/// Has a file written; the time runs from the request until it is whole.
async fn through(rig: &Rig, admin: &Client, format: &str, filter: &Value, contacts: usize) -> anyhow::Result<Duration> {
    rig.execute("checkpoint").await?;
    let body = json!({ "kind": "contacts", "format": format, "contacts": filter, "columns": columns() });
    let path = format!("/v1/organizations/{ID}/exports");
    let began = Instant::now();
    let made = admin.post(&path, &format!("export-{format}-{contacts}"), body).await?;
    let id = text(&made, "id")?;
    while rig.number(&format!("select count(*) from export where id = '{id}' and finished_at is null")).await? > 0 {
        anyhow::ensure!(began.elapsed() < PATIENCE, "the export is not over after {PATIENCE:?}");
        tokio::time::sleep(POLL).await;
    }
    let took = began.elapsed();
    let rows = rig.number(&format!("select rows from export where id = '{id}' and state = 'succeeded'")).await?;
    anyhow::ensure!(usize::try_from(rows)? == contacts, "{rows} records were written, and not {contacts}");
    eprintln!("{rows} records as {format} in {took:?}");
    Ok(took)
}

/// Copies the same rows to a client that drops them.
async fn reference(rig: &Rig, contacts: usize) -> anyhow::Result<Duration> {
    rig.execute("checkpoint").await?;
    let chosen: Vec<_> = columns()
        .iter()
        .map(|name| {
            name.strip_prefix("field:").map_or_else(|| format!("\"{name}\""), |field| format!("fields ->> '{field}'"))
        })
        .collect();
    let query = format!("copy (select {} from export_contacts('{ID}', null, '{{}}')) to stdout", chosen.join(", "));
    let began = Instant::now();
    let lines = testing::copied(&rig.pool, &query).await?;
    let took = began.elapsed();
    anyhow::ensure!(usize::try_from(lines)? == contacts, "{lines} rows were copied, and not {contacts}");
    Ok(took)
}
