//! The registry of personal data (rules R3 and R5).

pub mod personal;
