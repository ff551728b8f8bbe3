//! What each kind of job carries: ids and instants, one file each.

mod batch_partition;
mod batch_release;
mod carrier_lookup;
mod csv_ingestion;
mod delivery_receipt;
mod goal_transition;
mod hold_release;
mod import_admit;
mod import_apply;
mod import_cut;
mod import_end;
mod import_fetch;
mod import_undo;
mod inbound_message;
mod lease_expiry;
mod message_reconcile;
mod probe;
mod rate_release;
mod redaction;
mod reminder_open;
mod send;
mod upkeep;

pub use batch_partition::BatchPartition;
pub use batch_release::BatchRelease;
pub use carrier_lookup::CarrierLookup;
pub use csv_ingestion::CsvIngestion;
pub use delivery_receipt::DeliveryReceipt;
pub use goal_transition::GoalTransition;
pub use hold_release::HoldRelease;
pub use import_admit::ImportAdmit;
pub use import_apply::ImportApply;
pub use import_cut::ImportCut;
pub use import_end::ImportEnd;
pub use import_fetch::ImportFetch;
pub use import_undo::ImportUndo;
pub use inbound_message::InboundMessage;
pub use lease_expiry::LeaseExpiry;
pub use message_reconcile::MessageReconcile;
pub use probe::Probe;
pub use rate_release::RateRelease;
pub use redaction::Redaction;
pub use reminder_open::ReminderOpen;
pub use send::Send;
pub use upkeep::{Task, Upkeep};

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use crate::JobKind;

/// A payload knows the kind of job that carries it.
pub trait JobPayload: Serialize + DeserializeOwned + std::marker::Send + Sync + 'static {
    /// The kind.
    const KIND: JobKind;

    /// How long a new job waits, so that more work can gather for it. For kinds with a unique key.
    const GATHERS: Duration = Duration::ZERO;

    /// While a job with this key waits to be claimed, enqueuing another does nothing (engine promise J4).
    fn unique_key(&self) -> Option<String> {
        None
    }
}
