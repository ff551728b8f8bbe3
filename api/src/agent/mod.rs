//! `/v1/agent`: endpoints for agents. An agent reaches their own groups, batches and conversations
//! only.

pub(crate) mod answer;
pub(crate) mod claim_batch;
pub(crate) mod claim_replies;
pub(crate) mod give_back;
pub(crate) mod lease;
pub(crate) mod list_goals;
pub(crate) mod reply;
pub(crate) mod send;
pub(crate) mod skip;
pub(crate) mod thread;
pub(crate) mod work;
