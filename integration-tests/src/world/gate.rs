//! Work that stands still at a chosen point: locks that a test holds.

use muster_storage::{Pool, PoolOptions, testing::execute};

use crate::World;

/// A lock that stops somebody in the middle of something, until it is opened or dropped.
#[derive(Debug)]
pub struct Gate(Pool);

impl World {
    /// Stops every `lease-expiry` job in the middle of its handler, with its lease alive and its
    /// row unlocked.
    pub async fn close_gate(&self) -> Gate {
        self.hold_table("batch").await
    }

    /// Stops every relay before the commit that marks jobs published; the broker gets them
    /// meanwhile. Other gates may be used beside.
    pub async fn close_publish_gate(&self) -> Gate {
        self.execute(&[
            "create or replace function wait_at_gate() returns trigger language plpgsql as $$
             begin perform pg_advisory_xact_lock_shared(1); return new; end $$",
            "create or replace trigger wait_at_gate before update on job for each row
             when (new.state = 'published') execute function wait_at_gate()",
        ])
        .await;
        self.hold("select pg_advisory_xact_lock(1)").await
    }

    /// Stops every process that is about to change a message in this way, a condition on `old` and
    /// `new`.
    pub async fn close_message_gate(&self, condition: &str) -> Gate {
        self.execute(&[
            "create or replace function wait_at_message_gate() returns trigger language plpgsql as $$
             begin perform pg_advisory_xact_lock_shared(2); return new; end $$",
            &format!(
                "create or replace trigger wait_at_message_gate before update on message for each row
                 when ({condition}) execute function wait_at_message_gate()"
            ),
        ])
        .await;
        self.hold("select pg_advisory_xact_lock(2)").await
    }

    /// Stops every writer of a table; readers go on.
    pub async fn hold_writes(&self, table: &str) -> Gate {
        self.hold(&format!("lock table {table} in share row exclusive mode")).await
    }

    /// Stops every writer and reader of a table.
    pub async fn hold_table(&self, table: &str) -> Gate {
        self.hold(&format!("lock table {table} in access exclusive mode")).await
    }

    /// Waits until somebody stands before a lock with a statement that has these words.
    pub async fn until_locked(&self, words: &str) {
        let stands = format!(
            "(select distinct 1 from pg_stat_activity
              where datname = current_database() and wait_event_type = 'Lock' and query like '%{words}%') stands"
        );
        self.until(&stands, 1).await;
    }

    /// Runs a statement in a transaction that stays open.
    pub async fn hold(&self, statement: &str) -> Gate {
        // One connection, so that all statements are one transaction's.
        let options = PoolOptions { max_connections: 1, ..PoolOptions::default() };
        let pool = Pool::connect_lazily(&self.database_url().into(), &options).expect("a pool for a gate");
        for statement in ["begin", statement] {
            execute(&pool, statement).await.expect("closing a gate");
        }
        Gate(pool)
    }
}

impl Gate {
    /// Lets all go on.
    pub async fn open(self) {
        execute(&self.0, "rollback").await.expect("opening a gate");
        self.0.close().await;
    }
}
