//! Trust: the record of acts with its proofs (rule R9), exports (rule E1), access requests (rule
//! R8), retention (rule R7), and the ledger of redactions and opt-outs that is kept apart from the
//! database (rule R6).

pub mod access;
pub mod audit;
pub mod export;
pub mod ledger;
pub mod retention;
