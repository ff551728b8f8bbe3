//! Rows of a table, narrowed, counted, waited for, read and changed in words.

use std::{fmt::Display, time::Duration};

use muster_storage::testing::execute;
use serde::de::DeserializeOwned;

use crate::{World, eventually_or, holds, seconds};

/// The longest wait of [`Rows::until`].
const PATIENCE: Duration = seconds(30);

/// Rows of one table that fulfil every condition named so far.
///
/// `world.messages().kind("initial").state("held").count().await` is a number,
/// `.until(3).await` waits, `.the("id").await` reads, `.set("reason", "carrier").await` changes.
#[derive(Debug, Clone)]
#[must_use]
pub struct Rows {
    world: World,
    table: String,
    conditions: Vec<String>,
}

/// A time by the database's clock, from [`now`], [`ago`] or [`ahead`].
#[derive(Debug, Clone, Copy)]
pub struct Moment(f64);

/// Returns the database's time.
pub const fn now() -> Moment {
    Moment(0.0)
}

/// Returns a time that has passed.
pub const fn ago(duration: Duration) -> Moment {
    Moment(-duration.as_secs_f64())
}

/// Returns a time that is to come.
pub const fn ahead(duration: Duration) -> Moment {
    Moment(duration.as_secs_f64())
}

/// So many minutes.
pub const fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

/// So many days of 24 hours.
pub const fn days(days: u64) -> Duration {
    Duration::from_hours(24 * days)
}

/// A value of a column.
pub trait Value {
    /// As SQL has it.
    fn sql(&self) -> String;
}

impl Value for Moment {
    fn sql(&self) -> String {
        format!("clock_timestamp() + interval '{} s'", self.0)
    }
}

impl<T: Display> Value for T {
    fn sql(&self) -> String {
        format!("'{}'", self.to_string().replace('\'', "''"))
    }
}

impl World {
    /// Returns all rows of a table. For most tables there is a word: see `tables.rs`.
    pub fn rows(&self, table: &str) -> Rows {
        Rows { world: self.clone(), table: table.to_owned(), conditions: Vec::new() }
    }
}

/// Narrowing.
impl Rows {
    /// Rows with this value in the column.
    pub fn is(self, column: &str, value: impl Value) -> Self {
        let value = value.sql();
        self.and(&format!("{column} = {value}"))
    }

    /// Rows with another value in the column.
    pub fn not(self, column: &str, value: impl Value) -> Self {
        let value = value.sql();
        self.and(&format!("{column} <> {value}"))
    }

    /// Rows with one of these values in the column.
    pub fn any_of(self, column: &str, values: &[impl Value]) -> Self {
        let values: Vec<_> = values.iter().map(Value::sql).collect();
        self.and(&format!("{column} in ({})", values.join(", ")))
    }

    /// Rows with a value in the column.
    pub fn has(self, column: &str) -> Self {
        self.and(&format!("{column} is not null"))
    }

    /// Rows without a value in the column.
    pub fn lacks(self, column: &str) -> Self {
        self.and(&format!("{column} is null"))
    }

    /// Rows with a greater or later value in the column.
    pub fn above(self, column: &str, value: impl Value) -> Self {
        let value = value.sql();
        self.and(&format!("{column} > {value}"))
    }

    /// Rows with a smaller or earlier value in the column.
    pub fn below(self, column: &str, value: impl Value) -> Self {
        let value = value.sql();
        self.and(&format!("{column} < {value}"))
    }

    /// Rows with a value that is like a pattern of SQL in the column.
    pub fn like(self, column: &str, pattern: &str) -> Self {
        let pattern = pattern.sql();
        self.and(&format!("{column} like {pattern}"))
    }

    /// Rows of this id.
    pub fn id(self, id: impl Display) -> Self {
        self.is("id", id)
    }

    /// Rows of this kind.
    pub fn kind(self, kind: impl Display) -> Self {
        self.is("kind", kind)
    }

    /// Rows in this state.
    pub fn state(self, state: &str) -> Self {
        self.is("state", state)
    }

    /// Rows with this reason.
    pub fn reason(self, reason: &str) -> Self {
        self.is("reason", reason)
    }

    /// Rows of this goal.
    pub fn goal(self, goal: impl Display) -> Self {
        self.is("goal_id", goal)
    }

    /// Rows that fulfil a condition without a word of its own.
    pub fn and(mut self, condition: &str) -> Self {
        self.conditions.push(condition.to_owned());
        self
    }
}

/// Looking.
impl Rows {
    /// Returns how many there are.
    pub async fn count(&self) -> i64 {
        self.world.count(&self.source()).await
    }

    /// The same where the database may be away.
    pub async fn try_count(&self) -> muster_storage::Result<i64> {
        self.world.try_count(&self.source()).await
    }

    /// Waits until there are exactly so many.
    pub async fn until(&self, rows: i64) {
        let look = async || {
            let seen = self.count().await;
            holds(seen == rows, format!("{seen} of {rows} {}", self.source()))
        };
        eventually_or(PATIENCE, look, async || self.world.story().await).await;
    }

    /// Waits until there are at least so many; the database may be away meanwhile.
    pub async fn at_least(&self, rows: i64, within: Duration) {
        let look = async || {
            let seen = self.try_count().await.map_err(|error| error.to_string())?;
            holds(seen >= rows, format!("{seen} of {rows} {}", self.source()))
        };
        eventually_or(within, look, async || self.world.story().await).await;
    }

    /// Returns a column of the one row that there is, or of one of them where it is the same for
    /// all.
    pub async fn the<T: DeserializeOwned>(&self, column: &str) -> T {
        self.world.row(&format!("select to_jsonb({column}) from {} limit 1", self.source())).await
    }

    /// Returns a column of all of them as a list, in the order of another, or of itself.
    pub async fn list<T: DeserializeOwned>(&self, column: &str, order: &str) -> T {
        let from = self.source();
        self.world.row(&format!("select coalesce(json_agg({column} order by {order}), '[]') from {from}")).await
    }

    fn source(&self) -> String {
        format!("{}{}", self.table, self.condition())
    }

    fn condition(&self) -> String {
        if self.conditions.is_empty() { String::new() } else { format!(" where {}", self.conditions.join(" and ")) }
    }
}

/// Changing, as no production code does.
impl Rows {
    /// Gives a column of each this value.
    pub async fn set(&self, column: &str, value: impl Value) {
        self.change(&format!("update {} set {column} = {}", self.table, value.sql())).await;
    }

    /// Takes the value of a column away.
    pub async fn clear(&self, column: &str) {
        self.change(&format!("update {} set {column} = null", self.table)).await;
    }

    /// Makes a time of each so much earlier than it was.
    pub async fn backdate(&self, column: &str, by: Duration) {
        let seconds = by.as_secs_f64();
        self.change(&format!("update {} set {column} = {column} - interval '{seconds} s'", self.table)).await;
    }

    /// Makes a day of each so many days earlier than it was.
    pub async fn backdate_day(&self, column: &str, days: u32) {
        self.change(&format!("update {} set {column} = {column} - {days}", self.table)).await;
    }

    /// Deletes them.
    pub async fn delete(&self) {
        self.change(&format!("delete from {}", self.table)).await;
    }

    async fn change(&self, statement: &str) {
        let statement = format!("{statement}{}", self.condition());
        execute(self.world.pool(), &statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}
