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

/// The database's time.
pub const fn now() -> Moment {
    Moment(0.0)
}

/// A time that has passed.
pub const fn ago(duration: Duration) -> Moment {
    Moment(-duration.as_secs_f64())
}

/// A time that is to come.
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
    /// All rows of a table. For most tables there is a word: see `tables.rs`.
    pub fn rows(&self, table: &str) -> Rows {
        Rows { world: self.clone(), table: table.to_owned(), conditions: Vec::new() }
    }
}

/// Narrowing.
impl Rows {
    /// Those whose column has this value.
    pub fn is(self, column: &str, value: impl Value) -> Self {
        let value = value.sql();
        self.and(&format!("{column} = {value}"))
    }

    /// Those whose column has another value.
    pub fn not(self, column: &str, value: impl Value) -> Self {
        let value = value.sql();
        self.and(&format!("{column} <> {value}"))
    }

    /// Those whose column has one of these values.
    pub fn any_of(self, column: &str, values: &[impl Value]) -> Self {
        let values: Vec<_> = values.iter().map(Value::sql).collect();
        self.and(&format!("{column} in ({})", values.join(", ")))
    }

    /// Those whose column has a value.
    pub fn has(self, column: &str) -> Self {
        self.and(&format!("{column} is not null"))
    }

    /// Those whose column has none.
    pub fn lacks(self, column: &str) -> Self {
        self.and(&format!("{column} is null"))
    }

    /// Those whose column is greater, or later.
    pub fn above(self, column: &str, value: impl Value) -> Self {
        let value = value.sql();
        self.and(&format!("{column} > {value}"))
    }

    /// Those whose column is less, or earlier.
    pub fn below(self, column: &str, value: impl Value) -> Self {
        let value = value.sql();
        self.and(&format!("{column} < {value}"))
    }

    /// Those whose column is like a pattern of SQL.
    pub fn like(self, column: &str, pattern: &str) -> Self {
        let pattern = pattern.sql();
        self.and(&format!("{column} like {pattern}"))
    }

    /// Those of this id.
    pub fn id(self, id: impl Display) -> Self {
        self.is("id", id)
    }

    /// Those of this kind.
    pub fn kind(self, kind: impl Display) -> Self {
        self.is("kind", kind)
    }

    /// Those in this state.
    pub fn state(self, state: &str) -> Self {
        self.is("state", state)
    }

    /// Those for this reason.
    pub fn reason(self, reason: &str) -> Self {
        self.is("reason", reason)
    }

    /// Those of this goal.
    pub fn goal(self, goal: impl Display) -> Self {
        self.is("goal_id", goal)
    }

    /// Those that fulfil a condition that there is no word for.
    pub fn and(mut self, condition: &str) -> Self {
        self.conditions.push(condition.to_owned());
        self
    }
}

/// Looking.
impl Rows {
    /// How many there are.
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

    /// A column of the one row that there is, or of one of them where it is the same for all.
    pub async fn the<T: DeserializeOwned>(&self, column: &str) -> T {
        self.world.row(&format!("select to_jsonb({column}) from {} limit 1", self.source())).await
    }

    /// A column of all of them as a list, in the order of another, or of itself.
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
