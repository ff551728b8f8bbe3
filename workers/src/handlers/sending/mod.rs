//! Sending: hand-overs, holds, lanes, receipts and reconciling.

mod delivery_receipt;
mod hold_release;
mod message_reconcile;
mod pace;
mod rate_release;
mod send;
