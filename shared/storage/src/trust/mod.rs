//! The registry of personal data (rules R3, R5 and R5a), the statements of a redaction and the file
//! of an access request (rule R8) that are made of it, exports (rule E1), retention (rule R7), the
//! audit (rule R9), and the ledger that is replayed after a restore (rule R6).

pub mod access;
pub mod audit;
pub mod exported;
pub mod exports;
pub mod ledger;
pub mod map;
pub mod objects;
pub mod personal;
pub mod retention;
pub mod tables;
pub mod treatment;
