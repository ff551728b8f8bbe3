//! Imports: the steps from a file to contacts, and the way back.

mod csv_ingestion;
mod import_admit;
mod import_apply;
mod import_cut;
mod import_end;
mod import_fetch;
mod import_undo;
pub(crate) mod object;
mod shard;
pub(crate) mod steps;
