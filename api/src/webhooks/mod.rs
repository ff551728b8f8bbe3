//! Webhooks of carriers: one file each. Authenticated by signature, recorded once, answered fast,
//! processed as jobs (rule I1).

pub(crate) mod inbound;
pub(crate) mod signed;
pub(crate) mod status;
