//! `job-act`: its payload and its policy.

use muster_domain::ids::JobActId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Go on with an operator's act on all jobs that match a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobAct {
    /// The act.
    pub job_act_id: JobActId,
}

impl Job for JobAct {
    const NAME: &'static str = "job-act";
    type Mode = Leased;
    const POLICY: Policy = Policy::LONG;

    fn unique_key(&self) -> Option<String> {
        Some(format!("job-act:{}", self.job_act_id))
    }
}
