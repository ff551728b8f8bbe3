//! Trust: exports, retention, the audit's proofs, and the ledger of redactions and opt-outs.

mod audit_heads;
mod export;
mod ledger_publish;
mod retention;
