//! Where servers come from when the environment names none: programs of this machine, containers, or the first of them that there is.

use anyhow::bail;

use crate::container::Engine;

/// `programs` or `containers`; without it programs go first, and containers stand in where there are none.
pub(crate) const SERVERS_VAR: &str = "MUSTER_LOCAL_SERVERS";

/// Which kinds of servers may be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Either,
    Programs,
    Containers,
}

impl Source {
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        Self::parse(std::env::var(SERVERS_VAR).ok().as_deref())
    }

    fn parse(value: Option<&str>) -> anyhow::Result<Self> {
        Ok(match value {
            None | Some("") => Self::Either,
            Some("programs") => Self::Programs,
            Some("containers") => Self::Containers,
            Some(other) => bail!("{SERVERS_VAR} is {other:?}, and has to be programs or containers"),
        })
    }

    pub(crate) fn allows_programs(self) -> bool {
        self != Self::Containers
    }

    /// The engine to start a container with, where that is allowed and one answers.
    pub(crate) async fn engine(self) -> Option<Engine> {
        if self == Self::Programs { None } else { Engine::find().await }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_means_nothing_is_refused() {
        assert_eq!(Source::parse(None).unwrap(), Source::Either);
        assert_eq!(Source::parse(Some("containers")).unwrap(), Source::Containers);
        assert!(Source::parse(Some("docker")).unwrap_err().to_string().contains(SERVERS_VAR));
    }
}
