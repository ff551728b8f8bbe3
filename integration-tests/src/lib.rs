//! The harness of the integration tests: real Postgres, real `RabbitMQ`, and Muster's daemons inside the test or beside it.
//!
//! A test starts a [`Harness`], which gives it a database and a vhost of its own, starts daemons, does something, and waits with
//! [`eventually`] for what must become true. Nothing here sleeps in order to be right: every wait is for a condition, with a deadline.
//!
//! Servers are those of the environment (`MUSTER_TEST_POSTGRES_URL`, `MUSTER_TEST_AMQP_URL`, `MUSTER_TEST_RABBITMQ_MANAGEMENT_URL`), or
//! a stack that the tests of this process share. A test that kills servers has its own: [`Harness::start_with_own_servers`].
//! `MUSTER_TEST_LOG` filters what the daemons log, and `MUSTER_TEST_SEED` repeats the random choices of a run that failed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "the harness is part of the tests: it panics when something is not as it should be"
)]

mod broker;
mod daemon;
mod dice;
mod eventually;
mod gate;
mod harness;
mod jobs;
mod s3;
mod services;
mod settings;

pub use broker::QueueCounts;
pub use daemon::Daemon;
pub use dice::Dice;
pub use eventually::{eventually, holds, seconds};
pub use gate::Gate;
pub use harness::Harness;
pub use jobs::{Job, JobError, no_op};
pub use s3::{S3, S3_SECRET};
pub use settings::{CARRIER_ACCOUNT, CARRIER_SECRET, TestSettings};
