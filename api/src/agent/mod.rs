//! Endpoints for agents: one file each. An agent reaches their own groups, batches and
//! conversations only.

pub(crate) mod answer;
pub(crate) mod batch;
pub(crate) mod claim;
pub(crate) mod goals;
pub(crate) mod replies;
pub(crate) mod reply;
pub(crate) mod send;
