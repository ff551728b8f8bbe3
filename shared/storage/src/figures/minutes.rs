//! Work that waited, minute by minute for a day, so that operators see how it drains. The first
//! look of a minute keeps a row, and takes away those of the day before.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::{DONE, DUE, Figure, Gauge};
use crate::{Pool, Result, Tx};

/// Minutes that are kept.
pub const KEPT: i32 = 24 * 60;

/// Numbers of jobs by kind; a kind without one is left out.
pub type ByKind = BTreeMap<String, i64>;

/// A minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minute {
    /// Its beginning.
    pub at: DateTime<Utc>,
    /// Jobs that were due at its first look.
    pub due: ByKind,
    /// Jobs that succeeded in the minute before that look.
    pub done: ByKind,
}

fn by_kind(figures: &[Figure], gauge: Gauge) -> ByKind {
    let of_gauge = figures.iter().filter(|figure| figure.name == gauge.name && figure.value > 0.0);
    #[expect(clippy::cast_possible_truncation, reason = "counts are whole and stay far below 2^53")]
    of_gauge.filter_map(|figure| Some((figure.labels.get("kind")?.clone(), figure.value as i64))).collect()
}

/// Keeps the figures of a look if they are the first of their minute.
pub(super) async fn keep(tx: &mut Tx, figures: &[Figure]) -> Result<()> {
    let kept = sqlx::query!(
        "insert into figure_minute (at, due, done) values (date_trunc('minute', clock_timestamp()), $1, $2)
         on conflict do nothing",
        Json(by_kind(figures, DUE)) as _,
        Json(by_kind(figures, DONE)) as _,
    )
    .execute(tx.conn())
    .await?;
    if kept.rows_affected() > 0 {
        sqlx::query!("delete from figure_minute where at <= clock_timestamp() - make_interval(mins => $1)", KEPT)
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}

/// Returns the latest minutes that were kept, the earliest first.
pub async fn latest(pool: &Pool, minutes: i32) -> Result<Vec<Minute>> {
    let rows = sqlx::query!(
        r#"select at, due as "due: Json<ByKind>", done as "done: Json<ByKind>" from figure_minute
           where at > clock_timestamp() - make_interval(mins => $1) order by at"#,
        minutes.min(KEPT),
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    Ok(rows.into_iter().map(|row| Minute { at: row.at, due: row.due.0, done: row.done.0 }).collect())
}
