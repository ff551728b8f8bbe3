//! The wire contract of the job engine: job kinds, their payloads and the envelope that travels
//! through the broker.
//!
//! [`mod@kinds`] is the table of contents. A job's payload is stored in its row in Postgres. The
//! message in the broker carries only the envelope: ids and trace context, never personal data
//! (rule R5). Names of exchanges and queues are said once, in [`names`].

pub mod envelope;
pub mod fair;
mod job;
pub mod kinds;
pub mod names;
pub mod payload;
pub mod timer;

pub use envelope::{Envelope, JobRef};
pub use job::{Execution, InTransaction, Job, Leased, Mode, Policy, Together};
pub use kinds::JobKind;
