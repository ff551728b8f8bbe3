//! `probe`: does nothing, all the way through.

use muster_jobs::payloads::Probe;

use crate::error::JobError;

#[expect(clippy::unnecessary_wraps, reason = "the same shape as every handler's")]
pub(crate) fn run(_payload: &Probe) -> Result<(), JobError> {
    Ok(())
}
