//! Large files through real processes: counted exactly, in flat memory, and two at once. Workers
//! die in [`super::import_crashes`].

use std::{collections::BTreeMap, fmt::Write as _, ops::Range, path::PathBuf};

use serde_json::{Value, json};

use crate::rig::{Rig, RigOptions};

/// Every so many rows, one repeats the phone of the row before it, and one is rejected.
const REPEAT_EVERY: usize = 40;
const REJECT_EVERY: usize = 25;
/// Cells that hold no textable number, and the reasons for it.
const BAD_PHONES: [(&str, &str); 5] = [
    ("", "phone_missing"),
    ("2125551234.0", "phone_damaged"),
    ("2125551234 ext 5", "phone_extension"),
    ("212-555-1234 / 212-555-1235", "phone_several"),
    ("12345", "phone_invalid"),
];
const MIB: i64 = 1024 * 1024;

/// A file, and the report of an import of it into an empty organization.
pub(crate) struct Generated {
    pub(crate) csv: String,
    rows: i64,
    pub(crate) people: i64,
    merged: i64,
    pub(crate) rejected: i64,
    reasons: BTreeMap<&'static str, i64>,
}

/// Returns a file with a row for each number.
pub(crate) fn generate(numbers: Range<usize>) -> Generated {
    let mut file = Generated {
        csv: "First Name,Last Name,Cell Phone,Email,Zip,Ward,Notes\r\n".to_owned(),
        rows: i64::try_from(numbers.len()).unwrap(),
        people: 0,
        merged: 0,
        rejected: 0,
        reasons: BTreeMap::new(),
    };
    for n in numbers {
        let phone = if n % REJECT_EVERY == REJECT_EVERY - 1 {
            let (cell, reason) = BAD_PHONES[n / REJECT_EVERY % BAD_PHONES.len()];
            *file.reasons.entry(reason).or_default() += 1;
            file.rejected += 1;
            cell.to_owned()
        } else if n % REPEAT_EVERY == 1 {
            file.merged += 1;
            phone(n - 1)
        } else {
            file.people += 1;
            phone(n)
        };
        let note = "They said \"\"later\"\", and gave no reason for it; try again in spring";
        write!(
            file.csv,
            "Given{n},\"Family, {n}\",{phone},p{n}@example.org,10001,Ward \
             {},\"{note}\"\r\n",
            n % 50
        )
        .unwrap();
    }
    file
}

/// Returns a number for each n, in different spellings.
fn phone(n: usize) -> String {
    let (exchange, line) = (200 + n / 10_000, n % 10_000);
    match n % 3 {
        0 => format!("(917) {exchange}-{line:04}"),
        1 => format!("917.{exchange}.{line:04}"),
        _ => format!("+1917{exchange}{line:04}"),
    }
}

pub(crate) fn expected(file: &Generated, created: i64, unchanged: i64) -> Value {
    json!({
        "state": "succeeded", "rows_read": file.rows, "created": created, "updated": 0, "unchanged": unchanged,
        "merged": file.merged, "rejected": file.rejected, "reject_reasons": file.reasons,
    })
}

/// Returns the part of a report that is expected.
pub(crate) fn counters(report: &Value) -> Value {
    let wanted = ["state", "rows_read", "created", "updated", "unchanged", "merged", "rejected", "reject_reasons"];
    wanted.into_iter().map(|key| (key.to_owned(), report[key].clone())).collect::<serde_json::Map<_, _>>().into()
}

fn workers(workers: usize) -> RigOptions {
    let env = vec![("MUSTER_JOB_LEASE_SECONDS", "60".to_owned()), ("MUSTER_RETRY_BASE_MS", "200".to_owned())];
    RigOptions { schedulers: 1, workers, env, behaviour: json!({}), ..RigOptions::default() }
}

#[tokio::test]
async fn every_row_is_counted_once_and_a_second_time_nothing_changes() {
    Rig::run(workers(1), async |rig| {
        let group = rig.group("North", "212", 0).await;
        let file = generate(0..20_000);

        let report = rig.import(&group, file.csv.clone()).await;
        assert_eq!(counters(&report), expected(&file, file.people, 0));
        assert_eq!(rig.number("select count(*) from contact").await, file.people);
        assert_eq!(rig.number("select count(*) from membership").await, file.people);

        let report = rig.import(&group, file.csv.clone()).await;
        assert_eq!(counters(&report), expected(&file, 0, file.people));
        assert_eq!(rig.number("select count(*) from contact").await, file.people);
    })
    .await;
}

#[tokio::test]
async fn a_file_ten_times_as_large_takes_no_more_memory() {
    Rig::run(workers(1), async |rig| {
        let group = rig.group("North", "212", 0).await;
        let mut growth = Vec::new();
        for numbers in [0..20_000, 1_000_000..1_200_000] {
            // A fresh process each, or the second would only show by how much it exceeds the first.
            rig.cluster.restart("worker-1").await.unwrap();
            let file = generate(numbers);
            let before = peak_memory(rig);
            let report = rig.import(&group, file.csv.clone()).await;
            assert_eq!(counters(&report), expected(&file, file.people, 0));
            growth.push(peak_memory(rig) - before);
        }
        let [small, large] = growth[..] else { unreachable!("two files") };
        assert!((large - small).abs() < 48 * MIB, "20,000 rows took {small} bytes more, 200,000 rows {large}");
    })
    .await;
}

#[tokio::test]
async fn c7_a_hundred_times_the_rows_need_the_same_statements() {
    let env = vec![("MUSTER_LOG", "info,sqlx::query=debug".to_owned())];
    Rig::run(
        RigOptions { schedulers: 1, workers: 1, env, behaviour: json!({}), ..RigOptions::default() },
        async |rig| {
            let group = rig.group("North", "212", 0).await;
            let said = Said(rig.cluster.process("worker-1").unwrap().log().to_owned());
            let statements = async |csv: String| {
                let before = said.lines();
                let report = rig.import(&group, csv).await;
                assert_eq!((&report["parts"], &report["shards"]), (&json!(1), &json!(1)), "{report}");
                said.statements(before)
            };
            let (few, many) = (generate(100..200).csv, generate(100_000..110_000).csv);
            let new = (statements(few.clone()).await, statements(many.clone()).await);
            let changed = [few, many].map(|file| file.replace("Given", "Other"));
            let known = (statements(changed[0].clone()).await, statements(changed[1].clone()).await);
            for (what, (few, many)) in [("new", new), ("known", known)] {
                assert!(few.values().sum::<usize>() > 10, "{few:#?}");
                assert_eq!(few, many, "of {what} people");
            }
        },
    )
    .await;
}

/// The log of a process.
struct Said(PathBuf);

impl Said {
    fn lines(&self) -> usize {
        std::fs::read_to_string(&self.0).unwrap().lines().count()
    }

    /// Returns the statements of imports about people and about parts, that were made after so many
    /// lines, and how often each. An attempt that was lost does not count.
    fn statements(&self, after: usize) -> BTreeMap<String, usize> {
        let said = std::fs::read_to_string(&self.0).unwrap();
        let made: Vec<Value> = said
            .lines()
            .skip(after)
            .filter_map(|line| serde_json::from_str(line).ok())
            .filter(|line: &Value| line["target"] == "sqlx::query" && is_of_an_import(line))
            .collect();
        let last_attempt = |job: &Value| {
            let attempts = made.iter().filter(|line| line["span"]["job.id"] == *job);
            attempts.filter_map(|line| line["span"]["job.attempt"].as_i64()).max()
        };
        let mut statements = BTreeMap::new();
        for line in &made {
            let statement = format!("{} {}", line["summary"], line["db.statement"]);
            let tables = ["import_", "contact", "membership", "tag"];
            // Each connection makes its temporary table once.
            let is_first = statement.contains("create temporary table");
            let is_last = line["span"]["job.attempt"].as_i64() == last_attempt(&line["span"]["job.id"]);
            if is_last && !is_first && tables.into_iter().any(|table| statement.contains(table)) {
                *statements.entry(statement).or_default() += 1;
            }
        }
        statements
    }
}

/// Returns whether a job of an import said a line of the log; scheduled work asks about people too.
fn is_of_an_import(line: &Value) -> bool {
    let kind = line["span"]["job.kind"].as_str().unwrap_or_default();
    kind.starts_with("import-") || kind == "csv-ingestion"
}

/// Returns the most memory that the worker has ever had resident, in bytes.
fn peak_memory(rig: &Rig) -> i64 {
    let pid = rig.cluster.process("worker-1").unwrap().pid();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    1024 * line.trim().trim_end_matches(" kB").parse::<i64>().unwrap()
}

#[tokio::test]
async fn two_imports_of_the_same_people_at_once_neither_deadlock_nor_lose_a_row() {
    Rig::run(workers(2), async |rig| {
        let north = rig.group("North", "212", 0).await;
        let south = rig.group("South", "646", 0).await;
        let (one, other, all) = (generate(0..20_000), generate(10_000..30_000), generate(0..30_000));
        // One file has the people in the other's order backwards: locks that are taken in the order
        // of a file would meet.
        let (header, rows) = other.csv.split_once("\r\n").unwrap();
        let backwards: Vec<&str> = std::iter::once(header).chain(rows.lines().rev()).collect();

        let uploads = tokio::join!(rig.upload_to(&north, one.csv.clone()), rig.upload_to(&south, backwards.join("\r\n")));
        let (first, second) = tokio::join!(rig.report(&uploads.0), rig.report(&uploads.1));

        for (report, file) in [(&first, &one), (&second, &other)] {
            assert_eq!(report["state"], "succeeded", "{report}");
            let number = |key: &str| report[key].as_i64().unwrap();
            assert_eq!(number("created") + number("updated") + number("unchanged"), file.people, "{report}");
            assert_eq!((number("merged"), number("rejected")), (file.merged, file.rejected), "{report}");
            assert_eq!(number("rows_read"), file.rows);
        }
        assert_eq!(first["created"].as_i64().unwrap() + second["created"].as_i64().unwrap(), all.people);
        assert_eq!(rig.number("select count(*) from contact").await, all.people);
        assert_eq!(rig.number("select count(*) from membership").await, one.people + other.people);
        let at_once = "select count(*) from job a join job b on a.payload ->> 'import_id' < b.payload ->> \
             'import_id'
        where a.kind = 'import-apply' and b.kind = a.kind and a.claimed_at < b.finished_at and b.claimed_at < a.finished_at";
        assert!(rig.number(at_once).await > 0, "they were applied at once");
        let again = "select count(*) from job where kind like 'import-%' and attempt > 1";
        assert_eq!(rig.number(again).await, 0, "and nothing had to be tried again");
    })
    .await;
}
