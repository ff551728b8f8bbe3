//! The reason of an operator's act, which the audit keeps.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{bounds, problem::Problem};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActReason {
    /// The reason, for later readers; no personal data.
    #[schema(value_type = bounds::Reason)]
    reason: String,
}

impl ActReason {
    /// Refuses a reason that is blank or too long.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        bounds::Reason::read("reason", &self.reason).map(|_| ())
    }
}
