//! SQL, for rows that one test alone deliberately looks at behind the scenes.

use std::time::Duration;

use muster_storage::testing::{execute, json, number};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::World;

impl World {
    /// Reads the one value of the one row that a query answers.
    pub async fn row<T: DeserializeOwned>(&self, query: &str) -> T {
        let value = json(self.pool(), query).await.unwrap_or_else(|error| panic!("{query}: {error}"));
        serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{query} answers {value}: {error}"))
    }

    /// Counts the rows of `from`, which may go on with a `where`.
    pub async fn count(&self, from: &str) -> i64 {
        self.try_count(from).await.unwrap_or_else(|error| panic!("counting {from}: {error}"))
    }

    /// The same where the database may be away.
    pub async fn try_count(&self, from: &str) -> muster_storage::Result<i64> {
        number(self.pool(), &format!("select count(*) from {from}")).await
    }

    /// Waits until there are exactly so many rows of `from`.
    pub async fn until(&self, from: &str, rows: i64) {
        self.rows(from).until(rows).await;
    }

    /// Waits until there are at least so many rows of `from`; the database may be away meanwhile.
    pub async fn until_count(&self, from: &str, at_least: i64, within: Duration) {
        self.rows(from).at_least(at_least, within).await;
    }

    /// Runs statements that no production code does.
    pub async fn execute(&self, statements: &[&str]) {
        for statement in statements {
            execute(self.pool(), statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
    }

    /// Reads one value for a message, and never fails.
    pub(super) async fn told(&self, query: &str) -> String {
        match json(self.pool(), query).await {
            Ok(Value::String(text)) => text,
            Ok(other) => other.to_string(),
            Err(error) => format!("unknown: {error}"),
        }
    }
}
