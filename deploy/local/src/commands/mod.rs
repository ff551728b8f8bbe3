//! One module per command, and what they share.

pub(crate) mod foreground;
pub(crate) mod local;
pub(crate) mod prepare;
pub(crate) mod run;
