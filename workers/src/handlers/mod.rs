//! What each kind of job does: one file each, named as the kind.
//!
//! Handlers are level-triggered: they read the state and do what is now right, whatever it was when the job was enqueued, so that
//! running one twice does nothing the second time. They answer the open transaction that holds their effects, or write into the
//! one that holds their whole bundle's.

pub(crate) mod batch_partition;
pub(crate) mod batch_release;
pub(crate) mod carrier_lookup;
pub(crate) mod csv_ingestion;
pub(crate) mod delivery_receipt;
pub(crate) mod goal_transition;
pub(crate) mod hold_release;
pub(crate) mod import_admit;
pub(crate) mod import_apply;
pub(crate) mod import_cut;
pub(crate) mod import_end;
pub(crate) mod import_fetch;
pub(crate) mod import_undo;
pub(crate) mod inbound_message;
pub(crate) mod lease_expiry;
pub(crate) mod message_reconcile;
pub(crate) mod pace;
pub(crate) mod probe;
pub(crate) mod rate_release;
pub(crate) mod redaction;
pub(crate) mod reminder_open;
pub(crate) mod send;
pub(crate) mod upkeep;
