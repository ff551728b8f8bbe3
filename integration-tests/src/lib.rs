//! The words of the integration tests: real Postgres, real `RabbitMQ`, and Muster's daemons inside
//! the test or beside it.
//!
//! ```ignore
//! World::with_engine()
//!     .run(async |world| {
//!         let ours = world.organization("Ours").await;
//!         // …
//!         world.messages().kind("initial").state("delivered").until(3).await;
//!     })
//!     .await;
//! ```
//!
//! A [`World`] is a database and a vhost of a test's own, and the daemons on them. [`Setup::run`]
//! makes it, hands it to the test, and takes it away again, whether the test ends well or panics.
//! Nothing here sleeps in order to be right: every wait is for a condition, with a deadline
//! ([`eventually`]). Rows are asked for in words ([`Rows`]); SQL is for rows that no other test
//! looks at.
//!
//! Servers are those of the environment (`MUSTER_TEST_POSTGRES_URL`, `MUSTER_TEST_AMQP_URL`,
//! `MUSTER_TEST_RABBITMQ_MANAGEMENT_URL`), or a stack that the tests of this process share. A test
//! that kills servers has its own: [`Setup::own_servers`]. `MUSTER_TEST_LOG` filters the daemons'
//! logs, and `MUSTER_TEST_SEED` repeats the random choices of a run that failed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::needless_pass_by_value,
    reason = "the world is part of the tests: it panics when something is not as it should be, and takes values as a sentence has them"
)]

mod world;

pub use world::*;
