//! The wire contract of the job engine: job kinds, their payloads and the envelope that travels through the broker.
//!
//! A job's payload is stored in its row in Postgres; the message in the broker carries only the envelope: ids and trace
//! context, never personal data (rule R5). Names of exchanges and queues are said once, in [`names`].

pub mod envelope;
pub mod fair;
pub mod kind;
pub mod names;
pub mod payloads;
pub mod timer;

pub use envelope::{Envelope, JobRef};
pub use kind::{Execution, JobKind};
pub use payloads::JobPayload;
