//! The message in the broker.

use muster_domain::ids::JobId;
use serde::{Deserialize, Serialize};

use crate::JobKind;

/// The content of a message in a queue: which jobs to run. Everything else is in their rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// The version of this shape; [`Envelope::VERSION`].
    pub v: u8,
    /// The kind of all of these jobs.
    pub kind: JobKind,
    /// At least one job.
    pub jobs: Vec<JobRef>,
}

/// One job of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobRef {
    /// The row.
    pub id: JobId,
    /// W3C trace context of the relay's publish span.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// A suspect of poison: an earlier attempt of the job ended with its worker. It travels alone,
    /// and a worker runs one suspect at a time, so that poison takes no innocent job along twice
    /// (engine promise J7).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspect: bool,
}

impl JobRef {
    /// Returns a job without a trace and above suspicion.
    pub const fn new(id: JobId) -> Self {
        Self { id, traceparent: None, suspect: false }
    }
}

/// A message that cannot be decoded. It is parked at once, never retried, unless a newer version
/// has written it.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// Not JSON of this shape.
    #[error("not an envelope: {0}")]
    Shape(#[from] serde_json::Error),
    /// Of a version that there is not.
    #[error("envelope version {0} is not known")]
    Version(u8),
    /// Written by a newer version, which still names its jobs: these wait for a worker of that
    /// version.
    #[error("envelope version {version} is newer than this worker's")]
    Newer {
        /// The version of its shape.
        version: u8,
        /// Its jobs.
        jobs: Vec<JobId>,
    },
    /// Names no job.
    #[error("the envelope names no job")]
    Empty,
}

impl Envelope {
    /// The version that this build writes and reads.
    pub const VERSION: u8 = 1;

    /// Returns an envelope of jobs of one kind.
    pub const fn new(kind: JobKind, jobs: Vec<JobRef>) -> Self {
        Self { v: Self::VERSION, kind, jobs }
    }

    /// Reads a message's body. Every version has `v`, and the `id` of each of `jobs`.
    pub fn decode(body: &[u8]) -> Result<Self, EnvelopeError> {
        let envelope: Self =
            serde_json::from_slice(body).map_err(|error| newer(body).unwrap_or_else(|| error.into()))?;
        if envelope.v != Self::VERSION {
            return Err(newer(body).unwrap_or(EnvelopeError::Version(envelope.v)));
        }
        if envelope.jobs.is_empty() {
            return Err(EnvelopeError::Empty);
        }
        Ok(envelope)
    }

    /// Writes a message's body.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

/// The part of an envelope that no version changes.
#[derive(Deserialize)]
struct Head {
    v: u8,
    jobs: Vec<Named>,
}

/// The part of a job's entry that no version changes.
#[derive(Deserialize)]
struct Named {
    id: JobId,
}

/// Returns the error of a newer version's envelope that names jobs; none if it is no such one.
fn newer(body: &[u8]) -> Option<EnvelopeError> {
    let Head { v: version, jobs } = serde_json::from_slice(body).ok()?;
    let jobs: Vec<_> = jobs.into_iter().map(|job| job.id).collect();
    (version > Envelope::VERSION && !jobs.is_empty()).then_some(EnvelopeError::Newer { version, jobs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let envelope = Envelope::new(JobKind::Send, vec![JobRef::new(JobId::new())]);
        assert_eq!(Envelope::decode(&envelope.encode().unwrap()).unwrap(), envelope);
    }

    #[test]
    fn a_newer_version_still_names_its_jobs() {
        let id = JobId::new();
        let body = format!(r#"{{"v":2,"kind":"from-the-future","lane":7,"jobs":[{{"id":"{id}","hint":"x"}}]}}"#);
        match Envelope::decode(body.as_bytes()) {
            Err(EnvelopeError::Newer { version: 2, jobs }) => assert_eq!(jobs, [id]),
            other => panic!("{other:?}"),
        }
        let none = Envelope::decode(br#"{"v":2,"kind":"send","jobs":[]}"#);
        assert!(matches!(none, Err(EnvelopeError::Version(2))), "{none:?}");
    }

    #[test]
    fn anything_else_is_an_error() {
        for body in ["", "{}", "garbage", r#"{"v":2,"kind":"send","jobs":[]}"#, r#"{"v":1,"kind":"send","jobs":[]}"#] {
            assert!(Envelope::decode(body.as_bytes()).is_err(), "{body}");
        }
    }
}
