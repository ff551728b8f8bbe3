//! Imports beside the faults: one file after the other into a group that no goal texts, each with
//! half of the people of the one before, so that a row that comes twice, too late or not at all
//! shows in a contact's name.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use serde_json::json;

use crate::{
    campaign::{
        csv::{ContactFile, Counters},
        imports::{self, Report},
        setup::Organization,
    },
    client::{Client, text},
    invariants::{evidence::Arrivals, tables::Reader},
};

/// The group's name.
pub(super) const GROUP: &str = "Newcomers";
/// Files at most; fewer when imports take longer than the faults.
const FILES: u32 = 8;
/// People that a file has and the one before has not. As many again are in both.
const STEP: i64 = 1_000;
/// Every so many people there is a row without a phone, and an earlier row for the same phone.
const BAD: i64 = 100;
const MERGED: i64 = 50;
/// How long an import may take while things break.
const LIMIT: Duration = Duration::from_mins(4);

/// The imports' reports.
#[derive(Debug, Clone, Default)]
pub(crate) struct Beside {
    pub(crate) reports: Vec<Report>,
}

impl Beside {
    /// Returns how many files there were.
    pub(crate) fn files(&self) -> i64 {
        i64::try_from(self.reports.len()).unwrap_or(i64::MAX)
    }

    /// Returns how many people there are in all of them.
    pub(crate) fn people(&self) -> i64 {
        if self.reports.is_empty() { 0 } else { (self.files() + 1) * STEP }
    }
}

/// Counts the people that the imports have brought.
pub(super) async fn arrivals(reader: Reader<'_>, beside: &Beside) -> anyhow::Result<Arrivals> {
    let last = beside.files() - 1;
    let query = format!(
        "select json_build_object('people', count(*), 'right', count(*) filter (
             where c.first_name = 'File' || least((substr(c.e164, 6)::int - 2000000) / {STEP}, {last})))
         from contact_group g join membership m on m.group_id = g.id join contact c on c.id = m.contact_id where g.name = '{GROUP}'"
    );
    reader.json(&query).await.context("counting the people that imports have brought")
}

/// Uploads a file and waits for its import, again and again, for as long as things break.
pub(crate) async fn run(admin: &Client, organization: &Organization, time_ms: u64) -> anyhow::Result<Beside> {
    let group = json!({ "name": GROUP, "location": GROUP, "zone": "America/New_York", "area_code": "646" });
    let group = text(&admin.post(&format!("{}/groups", organization.path), "group-beside", group).await?, "id")?;
    let (started, time) = (Instant::now(), Duration::from_millis(time_ms));
    let mut beside = Beside::default();
    for nth in 0..FILES {
        tokio::time::sleep((time * nth / FILES).saturating_sub(started.elapsed())).await;
        if started.elapsed() > time {
            break;
        }
        let file = file(i64::from(nth));
        beside.reports.push(imports::one(admin, organization, &group, &file, &nth.to_string(), LIMIT).await?);
    }
    Ok(beside)
}

/// Returns the file of this number: everybody in it has the number for a name.
fn file(nth: i64) -> ContactFile {
    let mut rows = vec!["First Name,Last Name,Cell Phone".to_owned()];
    for person in nth * STEP..(nth + 2) * STEP {
        let phone = format!("646{:07}", 2_000_000 + person);
        if person % BAD == 0 {
            rows.push("Nobody,Person,123".to_owned());
        }
        if person % MERGED == 0 {
            rows.push(format!("Nobody,Person,{phone}"));
        }
        rows.push(format!("File{nth},Person,{phone}"));
    }
    let (known, rejected) = (if nth == 0 { 0 } else { STEP }, 2 * STEP / BAD);
    let expected = Counters {
        rows_read: 2 * STEP + 2 * STEP / MERGED + rejected,
        created: 2 * STEP - known,
        updated: known,
        unchanged: 0,
        merged: 2 * STEP / MERGED,
        rejected,
        reject_reasons: BTreeMap::from([("phone_invalid".to_owned(), rejected)]),
    };
    ContactFile {
        name: "newcomers.csv",
        kind: "beside the faults",
        bytes: rows.join("\n").into_bytes(),
        expected,
        people: Vec::new(),
    }
}
