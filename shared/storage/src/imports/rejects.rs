//! Rejected rows on their way to the database, in the text format of COPY (rule C7). All of them
//! are counted; how many are kept is bounded, so that a small file cannot fill a disk, nor a
//! worker's memory.

use std::io::Write as _;

use muster_domain::{ids::ImportId, imports::RejectReason};
use uuid::Uuid;

use crate::{Result, Tx, imports::copy_text::put};

/// How much more of an import's rejects may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RejectBudget {
    /// Rows.
    pub rows: u64,
    /// Bytes, as [`Rejects`] counts them.
    pub bytes: u64,
}

/// Bytes of a row in the database beside its text, with its index.
const ROW_OVERHEAD: u64 = 64;

/// Rejected rows, as many as there may be room for.
#[derive(Debug)]
pub struct Rejects {
    bytes: Vec<u8>,
    /// Where each row ends.
    ends: Vec<usize>,
    room: RejectBudget,
    full: bool,
}

impl Rejects {
    /// Keeps no more than there is room for.
    pub fn within(room: RejectBudget) -> Self {
        Self { bytes: Vec::new(), ends: Vec::new(), room, full: false }
    }

    /// Adds a row that cannot be read, unless there is no room for it any more. The first that
    /// finds none ends it: the beginning is kept.
    pub fn push(&mut self, import_id: Uuid, line: i64, reason: RejectReason, column: Option<&str>, raw: &str) {
        if self.full {
            return;
        }
        let out = &mut self.bytes;
        let start = out.len();
        let _ = write!(out, "{import_id}\t{line}");
        put(out, Some(reason.as_str()));
        put(out, column);
        put(out, Some(raw));
        out.push(b'\n');
        self.ends.push(out.len());
        if self.fitting(self.room).0 < self.ends.len() {
            self.bytes.truncate(start);
            self.ends.pop();
            self.full = true;
        }
    }

    /// Returns how many rows there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns how many of the first rows fit, the length of their text, and their bytes.
    fn fitting(&self, room: RejectBudget) -> (usize, usize, u64) {
        let taken = |rows: usize, end: usize| (end as u64).saturating_add(ROW_OVERHEAD.saturating_mul(rows as u64));
        let last = self.ends.last().copied().unwrap_or_default();
        // Mostly, all do.
        if self.ends.len() as u64 <= room.rows && taken(self.ends.len(), last) <= room.bytes {
            return (self.ends.len(), last, taken(self.ends.len(), last));
        }
        let fits = |(nth, end): &(usize, usize)| *nth as u64 <= room.rows && taken(*nth, *end) <= room.bytes;
        let (rows, end) = (1..).zip(self.ends.iter().copied()).take_while(fits).last().unwrap_or_default();
        (rows, end, taken(rows, end))
    }
}

/// Bytes of rejects that are sent at a time: the connection holds them once more.
const CHUNK_BYTES: usize = 256 * 1024;

/// Writes the first rejects for which there is room beside those that other parts of the import
/// have kept. The import's row is locked from here on, so that parts which are read at once do not
/// keep more together.
pub async fn write(tx: &mut Tx, id: ImportId, rejects: &Rejects, room: RejectBudget) -> Result<()> {
    if rejects.is_empty() {
        return Ok(());
    }
    let kept =
        sqlx::query!("select rejects_kept, rejects_kept_bytes from import where id = $1 for no key update", id.0)
            .fetch_one(tx.conn())
            .await?;
    let left = RejectBudget {
        rows: room.rows.saturating_sub(kept.rejects_kept.unsigned_abs()),
        bytes: room.bytes.saturating_sub(kept.rejects_kept_bytes.unsigned_abs()),
    };
    let (rows, end, bytes) = rejects.fitting(left);
    if rows == 0 {
        return Ok(());
    }
    tx.copy(
        "copy import_reject (import_id, line, reason, column_name, raw) from stdin",
        rejects.bytes[..end].chunks(CHUNK_BYTES),
    )
    .await?;
    sqlx::query!(
        "update import set rejects_kept = rejects_kept + $2, rejects_kept_bytes = rejects_kept_bytes + $3 where id = $1",
        id.0,
        i64::try_from(rows).unwrap_or(i64::MAX),
        i64::try_from(bytes).unwrap_or(i64::MAX),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Rejects that are forgotten in one step, and imports that are looked at.
pub const STEP: u64 = 10_000;
const IMPORTS_AT_ONCE: i64 = 100;

/// The work of one call of [`forget`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForgottenRejects {
    /// Rejects that were forgotten.
    pub forgotten: u64,
    /// There may be more.
    pub more: bool,
}

/// Forgets a step of the rejects of imports that were over longer ago.
pub async fn forget(tx: &mut Tx, age: std::time::Duration) -> Result<ForgottenRejects> {
    let imports = sqlx::query_scalar!(
        "select id from import where finished_at < now() - make_interval(secs => $1) and rejects_forgotten_at is null
         order by finished_at limit $2 for no key update skip locked",
        age.as_secs_f64(),
        IMPORTS_AT_ONCE,
    )
    .fetch_all(tx.conn())
    .await?;
    let forgotten = sqlx::query!(
        "delete from import_reject where (import_id, line) in (
             select import_id, line from import_reject where import_id = any($1) limit $2)",
        &imports,
        i64::try_from(STEP).unwrap_or(i64::MAX),
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    if forgotten < STEP {
        sqlx::query!("update import set rejects_forgotten_at = now() where id = any($1)", &imports)
            .execute(tx.conn())
            .await?;
    }
    let more = forgotten == STEP || i64::try_from(imports.len()) == Ok(IMPORTS_AT_ONCE);
    Ok(ForgottenRejects { forgotten, more })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejects(room: RejectBudget, rows: usize) -> Rejects {
        let mut rejects = Rejects::within(room);
        for line in 0..rows {
            rejects.push(
                Uuid::nil(),
                i64::try_from(line).unwrap(),
                RejectReason::PhoneMissing,
                Some("phone"),
                "Ann,Lee,",
            );
        }
        rejects
    }

    #[test]
    fn c7_no_more_rejects_are_held_than_there_is_room_for() {
        let all = RejectBudget { rows: u64::MAX, bytes: u64::MAX };
        assert_eq!(rejects(all, 1_000).len(), 1_000);
        assert_eq!(rejects(RejectBudget { rows: 7, ..all }, 1_000).len(), 7);
        assert_eq!(rejects(RejectBudget { rows: 0, ..all }, 1_000).len(), 0);
        for bytes in [0, 100, 1_000, 12_345] {
            let some = rejects(RejectBudget { bytes, ..all }, 1_000);
            let (rows, end, taken) = some.fitting(all);
            assert_eq!((rows, end), (some.len(), some.bytes.len()));
            assert!(taken <= bytes && bytes - taken < 200, "{taken} of {bytes}");
        }
    }

    #[test]
    fn c7_what_others_have_kept_leaves_the_first_of_a_part() {
        let all = RejectBudget { rows: u64::MAX, bytes: u64::MAX };
        let some = rejects(all, 100);
        let (rows, end, taken) = some.fitting(RejectBudget { rows: 10, ..all });
        assert_eq!((rows, end), (10, some.ends[9]));
        assert_eq!(some.fitting(RejectBudget { bytes: taken, ..all }), (rows, end, taken));
        assert_eq!(some.fitting(RejectBudget { bytes: taken - 1, ..all }).0, 9);
        assert_eq!(some.fitting(RejectBudget { rows: 0, bytes: 0 }), (0, 0, 0));
    }
}
