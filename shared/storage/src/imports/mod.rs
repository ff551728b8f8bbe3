//! The write side of an import (rules C1 to C15), in steps that each are the transaction of a job:
//!
//! 1. `parts`: the kind of the file, and where it is cut; then, for each part, its findings. Rows
//!    wait in the object store, sorted into shards (`rows`), and rejects are written (`rejects`).
//! 2. `admit`: once all parts are read, how many new members the group has room for.
//! 3. `apply`: each shard's rows become contacts, memberships and tags. The last one ends the
//!    import.
//!
//! `undo` takes all that back.

pub mod admit;
pub mod agents;
pub mod apply;
mod copy_text;
mod create;
mod knowledge;
mod list;
mod names;
pub mod parts;
pub mod rejects;
mod report;
pub mod rows;
pub mod sources;
mod stated;
mod told;
pub mod undo;

pub use create::*;
pub use list::{Abandoned, Filter, ImportSummary, abandoned, page};
pub use report::*;
pub use told::{ContactChange, Reject, changes, reject_reasons, rejects, warning_reasons};

use muster_domain::ids::AccountId;

use crate::{Result, Tx};

/// Returns whether this account has redacted people, or one being redacted, so that phones must be
/// compared by their keyed hash.
pub async fn knows_redacted_people(tx: &mut Tx, account_id: AccountId) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from suppression where account_id = $1) or exists (select from redaction where account_id = $1) as "any!""#, account_id.0)
        .fetch_one(tx.conn())
        .await?)
}
