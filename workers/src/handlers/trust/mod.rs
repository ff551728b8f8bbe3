//! Trust: exports, access requests, retention, the audit's proofs, and the ledger of redactions and
//! opt-outs.

mod access_file;
mod audit_heads;
mod export;
mod file_rows;
mod ledger_publish;
mod retention;
mod written;
