//! Errors of the configuration.

/// The configuration cannot be used. Each problem names its key and where it was set, and shows no
/// text that may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("configuration: {}", .0.join("; "))]
pub struct ConfigError(pub(super) Vec<String>);

impl ConfigError {
    /// Returns an error with one problem.
    pub(super) fn of(problem: impl Into<String>) -> Self {
        Self(vec![problem.into()])
    }
}
