//! One module per command, and their shared parts.

pub(crate) mod foreground;
pub(crate) mod local;
pub(crate) mod prepare;
pub(crate) mod run;
