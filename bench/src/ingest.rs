//! `ingest`: files of contacts through the whole import, against COPY of the same clean rows into
//! the same tables.

use std::{
    fmt::Write as _,
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use muster_local::{http, programs::Binary};
use muster_storage::testing;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{process, report::Report, rig::Rig, scaled};

const ROWS: usize = 1_000_000;
/// One row in so many cannot be read.
const BAD: usize = 100;
/// One row in so many has the phone of the one before it.
const REPEATED: usize = 20;
/// One person in so many is known before.
const KNOWN: usize = 5;
const TAGS: [&str; 3] = ["2027", "turnout", "north"];

pub(crate) async fn run(scale: f64) -> anyhow::Result<Report> {
    let mut report = Report::new("ingest");
    let (whole, tenth, tenfold) = (scaled(ROWS, scale), scaled(ROWS / 10, scale), scaled(ROWS * 10, scale));

    let rig = Rig::start(1, 1).await?;
    let small = import(&rig, 1, tenth, Known::AFifth).await?;
    let one = import(&rig, 1, whole, Known::AFifth).await?;
    let copied = copy(&rig, whole).await?;
    let copied_tenth = copy(&rig, tenth).await?;
    rig.stop().await?;
    let rig = Rig::start(1, 4).await?;
    let four = import(&rig, 4, whole, Known::AFifth).await?;
    let copied_again = copy(&rig, whole).await?;
    rig.stop().await?;
    // Only its memory and its rate are asked for, so that it goes into an empty organization, and
    // once.
    let rig = Rig::start(1, 1).await?;
    let huge = import(&rig, 1, tenfold, Known::Nobody).await?;
    rig.stop().await?;

    report.figure(format!("{whole} rows, 1 worker, from upload to report"), rate(whole, one.took), "rows/s");
    report.figure(format!("{whole} rows, 4 workers, from upload to report"), rate(whole, four.took), "rows/s");
    report.figure("of that, uploading, 1 worker", one.uploaded.as_secs_f64(), "s");
    report.figure("COPY of the clean rows into the same tables", rate(clean(whole), copied), "rows/s");
    report.aimed("ratio, 1 worker (the same clean rows)", ratio(copied, one.took), "×", "≥ 0.5");
    report.aimed("ratio, 4 workers (the same clean rows)", ratio(copied_again, four.took), "×", "≥ 0.5");
    report.figure(format!("ratio at {tenth} rows, 1 worker"), ratio(copied_tenth, small.took), "×");
    report.figure(format!("{tenfold} rows, 1 worker, from upload to report"), rate(tenfold, huge.took), "rows/s");
    for (rows, run) in [(tenth, &small), (whole, &one), (tenfold, &huge)] {
        let grown = run.memory.0 - run.idle.0;
        report.aimed(format!("memory above idle, {rows} rows, 1 worker"), grown, "MiB", "≤ 64 MiB");
    }
    report.figure(format!("memory above idle, {whole} rows, of each of 4 workers"), four.memory.0 - four.idle.0, "MiB");
    report.figure("the same file again, 1 worker", rate(whole, one.again), "rows/s");
    report.figure("write-ahead log of the first time", one.wal, "bytes a row");
    report.figure("write-ahead log of the same file again", one.wal_again, "bytes a row");
    Ok(report)
}

/// Rows of the large file, each of about a thousand bytes.
const LARGE_ROWS: usize = 10_000_000;
/// People in it: each of them comes ten times.
const LARGE_PEOPLE: usize = LARGE_ROWS / 10;

/// Returns a file as large as an upload may be, about 10 GB: whether it comes through, its counts,
/// and the memory that it takes.
pub(crate) async fn large(scale: f64) -> anyhow::Result<Report> {
    let mut report = Report::new("ingest-large");
    let (rows, people) = (scaled(LARGE_ROWS, scale), scaled(LARGE_PEOPLE, scale));
    let rig = Rig::start(1, 2).await?;
    let place = Place::new(&rig).await?;
    let file = rig.stack.folder().join("large.csv");
    write_file(&file, (0..rows).map(|nth| long_row(nth, nth % people)))?;
    #[expect(clippy::cast_precision_loss, reason = "a number of bytes")]
    let gigabytes = std::fs::metadata(&file)?.len() as f64 / 1e9;
    let daemons = ["worker-1", "worker-2", "api"];
    let peaks =
        || daemons.into_iter().map(|name| process::peak_mebibytes(rig.pid(name)?)).collect::<anyhow::Result<Vec<_>>>();
    let idle = peaks()?;
    let started = Instant::now();
    let imported = place.import(&file).await?;
    let took = started.elapsed();
    let bad = (0..rows).filter(|nth| nth % BAD == BAD - 1).count();
    let created = (0..people).filter(|person| person % BAD != BAD - 1).count();
    ensure!(imported["rows_read"] == rows && imported["created"] == created, "{imported}");
    ensure!(
        imported["merged"] == rows - bad - created && imported["updated"] == 0 && imported["unchanged"] == 0,
        "{imported}"
    );
    report.figure("the file", gigabytes, "GB");
    report.figure(format!("{rows} rows, 2 workers, from upload to report"), rate(rows, took), "rows/s");
    report.figure("the same", gigabytes * 1e3 / took.as_secs_f64(), "MB/s");
    for ((name, idle), peak) in daemons.into_iter().zip(idle).zip(peaks()?) {
        report.aimed(format!("memory above idle, {name}"), peak - idle, "MiB", "≤ 64 MiB");
    }
    rig.stop().await?;
    Ok(report)
}

/// Returns a row with much to say.
fn long_row(nth: usize, person: usize) -> String {
    let mut row = row(nth, person);
    let notes = format!("\"{}\"", format!("{nth}: called, \"\"later\"\" they said; ").repeat(25));
    row = row.replacen("\"Spoke in spring; call again\"", &notes, 1);
    row
}

/// People of a file that are known before it comes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    AFifth,
    /// And it comes once.
    Nobody,
}

impl Known {
    fn has(self, nth: usize) -> bool {
        self == Self::AFifth && nth.is_multiple_of(KNOWN)
    }
}

/// Memory in MiB.
#[derive(Clone, Copy)]
struct Memory(f64);

struct Run {
    took: Duration,
    uploaded: Duration,
    again: Duration,
    idle: Memory,
    memory: Memory,
    wal: f64,
    wal_again: f64,
}

/// Sends a file through, after the people of it that are known before, and then once more.
async fn import(rig: &Rig, workers: usize, rows: usize, before: Known) -> anyhow::Result<Run> {
    rig.empty("contact, membership, contact_tag, import, import_part, import_shard, import_reject, import_change, job cascade")
        .await?;
    let place = Place::new(rig).await?;
    let folder = rig.stack.folder().join("files");
    std::fs::create_dir_all(&folder)?;
    let (known, all) = (folder.join("known.csv"), folder.join("all.csv"));
    write_file(&known, (0..rows).filter(|nth| before.has(*nth) && is_clean(*nth)).map(|nth| row(nth, nth)))?;
    write_file(&all, (0..rows).map(|nth| row(nth, person(nth))))?;
    if before == Known::AFifth {
        place.import(&known).await?;
    }
    rig.execute("vacuum analyze").await?;
    rig.execute("checkpoint").await?;
    for nth in 1..=workers {
        rig.cluster.restart(&format!("worker-{nth}")).await?;
    }
    let peak = || {
        let each = (1..=workers).map(|nth| process::peak_mebibytes(rig.pid(&format!("worker-{nth}"))?));
        let each: Vec<f64> = each.collect::<anyhow::Result<_>>()?;
        anyhow::Ok(Memory(each.into_iter().fold(0.0, f64::max)))
    };
    let (idle, wal) = (peak()?, rig.wal_bytes().await?);
    let started = Instant::now();
    let imported = place.import(&all).await?;
    let took = started.elapsed();
    let (memory, wal_after) = (peak()?, rig.wal_bytes().await?);
    ensure!(imported["rows_read"] == rows, "{imported}");
    ensure!(imported["created"] == (0..rows).filter(|nth| !before.has(*nth) && is_clean(*nth)).count(), "{imported}");
    let waited = rig
        .number(&format!(
            "select (extract(epoch from started_at - created_at) * 1000)::bigint from import where id = '{}'",
            imported["id"].as_str().context("an import")?
        ))
        .await?;
    let whole = Duration::from_secs_f64(imported_seconds(rig, &imported).await?);
    let uploaded = took.saturating_sub(whole).saturating_sub(Duration::from_millis(waited.unsigned_abs()));
    eprintln!("{rows} rows, {workers} workers: {:.1} s, {:.1} MiB above idle", took.as_secs_f64(), memory.0 - idle.0);
    let wal_before_again = rig.wal_bytes().await?;
    let started = Instant::now();
    if before == Known::AFifth {
        let same = place.import(&all).await?;
        ensure!(same["created"] == 0 && same["updated"] == 0, "{same}");
    }
    let again = started.elapsed();
    let wal_again = rig.wal_bytes().await? - wal_before_again;
    #[expect(clippy::cast_precision_loss, reason = "bytes a row")]
    Ok(Run {
        took,
        uploaded,
        again,
        idle,
        memory,
        wal: (wal_after - wal) as f64 / rows as f64,
        wal_again: wal_again as f64 / rows as f64,
    })
}

async fn imported_seconds(rig: &Rig, import: &Value) -> anyhow::Result<f64> {
    let query = format!(
        "select (extract(epoch from finished_at - started_at) * 1000)::bigint from import where id = '{}'",
        import["id"].as_str().context("an import")?
    );
    #[expect(clippy::cast_precision_loss, reason = "milliseconds")]
    Ok(rig.number(&query).await? as f64 / 1_000.0)
}

/// An organization with a group, of which nothing is known.
struct Place {
    organization: String,
    group: String,
    api: String,
    token: String,
}

impl Place {
    async fn new(rig: &Rig) -> anyhow::Result<Self> {
        let (api, token) = (rig.cluster.api_url.clone(), rig.cluster.bootstrap_token.clone());
        let client = http::client(Duration::from_secs(20))?;
        let post = async |path: String, body: Value| {
            let request = client.post(format!("{api}{path}")).bearer_auth(&token).json(&body);
            let answer: Value = request.send().await?.error_for_status()?.json().await?;
            anyhow::Ok(answer["id"].as_str().context("an id")?.to_owned())
        };
        let organization = post("/v1/organizations".to_owned(), json!({ "name": "Bench" })).await?;
        let path = format!("/v1/organizations/{organization}");
        let settings = json!({ "group_contact_limit": i32::MAX });
        client.patch(format!("{api}{path}")).bearer_auth(&token).json(&settings).send().await?.error_for_status()?;
        let group = json!({ "name": Uuid::now_v7(), "zone": "America/New_York", "area_code": "212" });
        let group = post(format!("{path}/groups"), group).await?;
        Ok(Self { organization, group, api, token })
    }

    /// Imports a file as an admin does; returns the report.
    async fn import(&self, file: &Path) -> anyhow::Result<Value> {
        let mut muster = tokio::process::Command::new(Binary::Cli.path()?);
        muster.args(["import", "upload"]).arg(file).args([
            "--organization",
            &self.organization,
            "--group",
            &self.group,
            "--json",
        ]);
        for tag in TAGS {
            muster.args(["--tag", tag]);
        }
        let output = muster.env("MUSTER_API_URL", &self.api).env("MUSTER_TOKEN", &self.token).output().await?;
        ensure!(
            output.status.success(),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// COPY of the clean rows into the tables of contacts, with all their indexes and checks.
async fn copy(rig: &Rig, rows: usize) -> anyhow::Result<Duration> {
    rig.empty("contact, membership, contact_tag, import, import_part, import_shard, import_reject, import_change, job cascade")
        .await?;
    let Place { organization, group, .. } = Place::new(rig).await?;
    let mut tags = Vec::new();
    for name in TAGS {
        let id = Uuid::now_v7();
        rig.execute(&format!(
            "insert into tag (id, organization_id, name) values ('{id}', '{organization}', '{name}')"
        ))
        .await?;
        tags.push(id);
    }
    rig.execute("vacuum analyze").await?;
    rig.execute("checkpoint").await?;
    let people: Vec<(Uuid, usize)> = (0..rows).filter(|nth| is_clean(*nth)).map(|nth| (Uuid::now_v7(), nth)).collect();
    let started = Instant::now();
    let mut tx = rig.pool.begin().await?;
    testing::copy(
        &mut tx,
        "copy contact (id, organization_id, e164, first_name, last_name, email, postal_code, notes, external_id, fields, source) from stdin",
        chunks(&people, |out, id, nth| {
            let _ = writeln!(
                out,
                "{id}\t{organization}\t+1{}\tGiven{nth}\tFamily{nth}\tperson{nth}@example.org\t{:05}\tSpoke in spring; call again\tVAN{nth}\t\
                 {{\"Ward\":\"{}\",\"Precinct\":\"{}\",\"County\":\"Kings\",\"Party\":\"None\",\"Age\":\"{}\"}}\tfile",
                phone(nth),
                10_000 + nth % 80_000,
                nth % 50,
                nth % 700,
                18 + nth % 80,
            );
        }),
    )
    .await?;
    testing::copy(
        &mut tx,
        "copy membership (group_id, contact_id) from stdin",
        chunks(&people, |out, id, _| {
            let _ = writeln!(out, "{group}\t{id}");
        }),
    )
    .await?;
    testing::copy(
        &mut tx,
        "copy contact_tag (contact_id, tag_id) from stdin",
        chunks(&people, |out, id, _| {
            for tag in &tags {
                let _ = writeln!(out, "{id}\t{tag}");
            }
        }),
    )
    .await?;
    tx.commit().await?;
    let took = started.elapsed();
    eprintln!("COPY of {} rows: {:.1} s", people.len(), took.as_secs_f64());
    Ok(took)
}

/// Rows of COPY's text, some thousand at a time.
fn chunks<'a>(
    people: &'a [(Uuid, usize)],
    line: impl Fn(&mut String, Uuid, usize) + 'a,
) -> impl Iterator<Item = Vec<u8>> + 'a {
    people.chunks(2_000).map(move |people| {
        let mut out = String::with_capacity(512 * 1024);
        for (id, nth) in people {
            line(&mut out, *id, *nth);
        }
        out.into_bytes()
    })
}

fn write_file(path: &Path, rows: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    file.write_all(b"First Name,Last Name,Cell Phone,Email,Zip,Notes,External ID,Ward,Precinct,County,Party,Age\r\n")?;
    for row in rows {
        file.write_all(row.as_bytes())?;
    }
    file.flush()?;
    Ok(())
}

/// Returns the row of this number about this person.
fn row(nth: usize, person: usize) -> String {
    let phone = if nth % BAD == BAD - 1 { "12345".to_owned() } else { phone(person) };
    format!(
        "Given{person},Family{person},{phone},person{person}@example.org,{:05},\"Spoke in spring; call again\",VAN{person},{},{},Kings,None,{}\r\n",
        10_000 + person % 80_000,
        person % 50,
        person % 700,
        18 + person % 80,
    )
}

/// Returns the person of a row: now and then that of the row before.
fn person(nth: usize) -> usize {
    if nth % REPEATED == 1 { nth - 1 } else { nth }
}

/// Rows that bring somebody of their own.
fn is_clean(nth: usize) -> bool {
    nth % BAD != BAD - 1 && nth % REPEATED != 1
}

fn clean(rows: usize) -> usize {
    (0..rows).filter(|nth| is_clean(*nth)).count()
}

/// Ten digits of a person.
fn phone(person: usize) -> String {
    format!("{}{}{:04}", 212 + person / 8_000_000, 200 + person / 10_000 % 800, person % 10_000)
}

#[expect(clippy::cast_precision_loss, reason = "a number of rows")]
fn rate(rows: usize, took: Duration) -> f64 {
    rows as f64 / took.as_secs_f64()
}

fn ratio(reference: Duration, ours: Duration) -> f64 {
    reference.as_secs_f64() / ours.as_secs_f64()
}
