//! Drills: the servers of one service go one after the other, in an order that is always the same,
//! so that the time without service can be told for each.

use clap::ValueEnum;
use muster_local::StackOptions;

use super::plan::{Deed, Fault, Service, Target};

/// A drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Drill {
    /// Each node of the broker is killed, the leader stands still, all are restarted in turn, and
    /// the leader is cut off from the others.
    Broker,
    /// The primary is killed and its standby promoted; then the other way round, by a primary that
    /// wakes up later.
    Database,
}

/// A fault of a drill: when, for how long, and its kind.
type Step = (u64, u64, Deed);

const BROKER: [Step; 6] = [
    (2_000, 1_000, Deed::KillNode(0)),
    (10_000, 1_000, Deed::KillNode(1)),
    (18_000, 1_000, Deed::KillNode(2)),
    (26_000, 10_000, Deed::StopLeader),
    (38_000, 0, Deed::Roll),
    (54_000, 20_000, Deed::CutLeader),
];
const DATABASE: [Step; 2] = [(2_000, 1_000, Deed::FailOver), (10_000, 1_000, Deed::Usurp)];

impl Drill {
    /// Returns its faults, in the order of time. A server that takes longer to come back keeps the
    /// next one waiting.
    pub(crate) fn schedule(self) -> Vec<Fault> {
        let (service, steps) = match self {
            Self::Broker => (Service::Broker, BROKER.as_slice()),
            Self::Database => (Service::Database, DATABASE.as_slice()),
        };
        let fault = |&(at_ms, lasts_ms, deed): &Step| Fault { at_ms, lasts_ms, target: Target::Service(service), deed };
        steps.iter().map(fault).collect()
    }

    /// Returns the time for which there is work.
    pub(crate) fn time_ms(self) -> u64 {
        match self {
            Self::Broker => 90_000,
            Self::Database => 20_000,
        }
    }

    /// Returns the servers of the drill: several of those that go, and one of the other kind.
    pub(crate) fn servers(self, options: StackOptions) -> StackOptions {
        let all = options.highly_available();
        match self {
            Self::Broker => StackOptions { standby: false, ..all },
            Self::Database => StackOptions { nodes: 1, ..all },
        }
    }
}
