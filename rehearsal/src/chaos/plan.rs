//! The schedule of faults: drawn from the seed alone, so that a seed that failed does the same
//! again.
//!
//! Faults are dealt like cards: each deck holds every fault, in another order for each seed. A deck
//! takes about a minute, so that a minute meets most of them and a few minutes meet all. Two faults
//! may be there at a time, but never on the same target, and all are over when the time is.

use std::fmt;

use fastrand::Rng;
use muster_local::{stack::CLUSTER, wire::Passage};

/// The daemons that are killed, stopped and cut off, by their names in the cluster.
pub(crate) const DAEMONS: [&str; 5] = ["api", "scheduler-1", "scheduler-2", "worker-1", "worker-2"];
const SCHEDULERS: [&str; 2] = ["scheduler-1", "scheduler-2"];
const WORKERS: [&str; 2] = ["worker-1", "worker-2"];

/// Until the first fault, so that there is something to disturb.
const QUIET_MS: u64 = 1_500;
/// From the beginning of a fault to that of the next.
const GAP_MS: (u64, u64) = (1_800, 4_200);
/// Shorter and longer than the job lease of five seconds.
const SHORT_STOP_MS: (u64, u64) = (500, 4_000);
const LONG_STOP_MS: (u64, u64) = (6_500, 14_000);

/// A service that daemons reach over the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Service {
    Database,
    Broker,
    Carrier,
}

/// The place of a fault. No two faults have one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Daemon(&'static str),
    Service(Service),
    Wire(&'static str, Service),
}

/// The kind of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// `SIGKILL`, and a start when the time is over.
    Kill,
    /// `SIGSTOP`, and `SIGCONT` when the time is over.
    Stop,
    /// The wire is cut in one of its ways.
    Cut(Passage),
    /// Every queue is emptied.
    Purge,
    /// The vhost is deleted with everything in it, and made again when the time is over.
    LoseEverything,
    /// `SIGKILL` of one of the broker's nodes, and a start when the time is over.
    KillNode(usize),
    /// `SIGSTOP` of the node that leads most queues, and `SIGCONT` when the time is over.
    StopLeader,
    /// The node that leads most queues is cut off from the other nodes, without a word, and reached
    /// by clients as before; mended when the time is over.
    CutLeader,
    /// Each of the broker's nodes is ended in an orderly way and started again, in turn.
    Roll,
    /// `SIGKILL` of the primary; the standby is promoted when the time is over, and followed by the
    /// former primary.
    FailOver,
    /// `SIGSTOP` of the primary; the standby is promoted when the time is over. The former primary
    /// wakes up beside it and takes itself for the primary until it is made to follow.
    Usurp,
    /// `SIGSTOP` of the standby, without which no commit is answered.
    StopStandby,
}

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    /// From the start of the campaign, in milliseconds.
    pub(crate) at_ms: u64,
    /// How long it lasts at least; services take their own time to come back.
    pub(crate) lasts_ms: u64,
    pub(crate) target: Target,
    pub(crate) deed: Deed,
}

/// Returns the whole schedule of a seed, in the order of time: for servers of which one of a kind
/// may go, or for one of each.
pub(crate) fn schedule(seed: u64, time_ms: u64, ha: bool) -> Vec<Fault> {
    let mut dice = Rng::with_seed(seed);
    let mut faults: Vec<Fault> = Vec::new();
    let mut deck = Vec::new();
    let mut at_ms = QUIET_MS;
    while at_ms < time_ms {
        if deck.is_empty() {
            deck = if ha { Card::HA_DECK.to_vec() } else { Card::DECK.to_vec() };
            dice.shuffle(&mut deck);
        }
        // A card with a target that is taken waits for its turn; without any that fits, nothing
        // begins now.
        let fit = (0..deck.len()).rev().find_map(|place| {
            let fault = deck[place].draw(&mut dice, at_ms);
            let ends_ms = fault.at_ms + fault.lasts_ms;
            let taken =
                faults.iter().any(|other| other.target == fault.target && other.at_ms + other.lasts_ms >= at_ms);
            (!taken && ends_ms <= time_ms).then_some((place, fault))
        });
        if let Some((place, fault)) = fit {
            deck.remove(place);
            faults.push(fault);
        }
        at_ms += dice.u64(GAP_MS.0..GAP_MS.1);
    }
    faults
}

/// A fault before its details are drawn.
#[derive(Debug, Clone, Copy)]
enum Card {
    KillWorker,
    KillScheduler,
    KillApi,
    StopWorkerBriefly,
    StopWorkerPastItsLease,
    StopScheduler,
    StopApi,
    KillDatabase,
    StopDatabase,
    KillBroker,
    StopBroker,
    PurgeBroker,
    WipeBroker,
    CutDatabase,
    CutBroker,
    CutCarrier,
    KillNode,
    StopLeader,
    CutLeader,
    RollNodes,
    FailOver,
    Usurp,
    StopStandby,
}

impl Card {
    /// Workers are hit most: they are between everything.
    const DECK: [Self; 19] = [
        Self::KillWorker,
        Self::KillWorker,
        Self::KillScheduler,
        Self::KillApi,
        Self::StopWorkerBriefly,
        Self::StopWorkerPastItsLease,
        Self::StopScheduler,
        Self::StopApi,
        Self::KillDatabase,
        Self::StopDatabase,
        Self::KillBroker,
        Self::StopBroker,
        Self::PurgeBroker,
        Self::WipeBroker,
        Self::CutDatabase,
        Self::CutDatabase,
        Self::CutBroker,
        Self::CutCarrier,
        Self::CutCarrier,
    ];

    /// Faults of servers that others stand in for.
    const HA_DECK: [Self; 20] = [
        Self::KillWorker,
        Self::KillScheduler,
        Self::KillApi,
        Self::StopWorkerPastItsLease,
        Self::StopScheduler,
        Self::StopApi,
        Self::KillDatabase,
        Self::StopDatabase,
        Self::FailOver,
        Self::Usurp,
        Self::StopStandby,
        Self::KillNode,
        Self::KillNode,
        Self::StopLeader,
        Self::CutLeader,
        Self::RollNodes,
        Self::WipeBroker,
        Self::CutDatabase,
        Self::CutBroker,
        Self::CutCarrier,
    ];

    fn draw(self, dice: &mut Rng, at_ms: u64) -> Fault {
        let (target, deed, (least, most)) = match self {
            Self::KillWorker => (Target::Daemon(pick(dice, &WORKERS)), Deed::Kill, (500, 8_000)),
            Self::KillScheduler => (Target::Daemon(pick(dice, &SCHEDULERS)), Deed::Kill, (500, 8_000)),
            Self::KillApi => (Target::Daemon("api"), Deed::Kill, (500, 4_000)),
            Self::StopWorkerBriefly => (Target::Daemon(pick(dice, &WORKERS)), Deed::Stop, SHORT_STOP_MS),
            Self::StopWorkerPastItsLease => (Target::Daemon(pick(dice, &WORKERS)), Deed::Stop, LONG_STOP_MS),
            Self::StopScheduler => (Target::Daemon(pick(dice, &SCHEDULERS)), Deed::Stop, LONG_STOP_MS),
            Self::StopApi => (Target::Daemon("api"), Deed::Stop, (1_000, 6_000)),
            Self::KillDatabase => (Target::Service(Service::Database), Deed::Kill, (200, 3_000)),
            Self::StopDatabase => (Target::Service(Service::Database), Deed::Stop, (1_000, 6_000)),
            Self::KillBroker => (Target::Service(Service::Broker), Deed::Kill, (200, 2_000)),
            Self::StopBroker => (Target::Service(Service::Broker), Deed::Stop, (1_000, 7_000)),
            Self::PurgeBroker => (Target::Service(Service::Broker), Deed::Purge, (0, 1)),
            Self::WipeBroker => (Target::Service(Service::Broker), Deed::LoseEverything, (100, 3_000)),
            Self::KillNode => (Target::Service(Service::Broker), Deed::KillNode(dice.usize(..CLUSTER)), (200, 4_000)),
            Self::StopLeader => (Target::Service(Service::Broker), Deed::StopLeader, (2_000, 12_000)),
            Self::CutLeader => (Target::Service(Service::Broker), Deed::CutLeader, (2_000, 20_000)),
            Self::RollNodes => (Target::Service(Service::Broker), Deed::Roll, (0, 1)),
            Self::FailOver => (Target::Service(Service::Database), Deed::FailOver, (200, 3_000)),
            Self::Usurp => (Target::Service(Service::Database), Deed::Usurp, (200, 3_000)),
            Self::StopStandby => (Target::Service(Service::Database), Deed::StopStandby, (1_000, 6_000)),
            Self::CutDatabase => {
                let how = pick(dice, &[Passage::Silent, Passage::Lossy, Passage::Refusing]);
                (Target::Wire(pick(dice, &DAEMONS), Service::Database), Deed::Cut(how), (1_000, 9_000))
            }
            Self::CutBroker => {
                let how = pick(dice, &[Passage::Silent, Passage::Lossy, Passage::Refusing]);
                let daemons = [SCHEDULERS, WORKERS].concat();
                (Target::Wire(pick(dice, &daemons), Service::Broker), Deed::Cut(how), (1_000, 9_000))
            }
            Self::CutCarrier => {
                // Not silent: a request that arrives after the carrier was asked about it is sent,
                // and nobody can know. How late the network may be is bounded by
                // `MUSTER_RECONCILE_AFTER_SECONDS`.
                let how = pick(dice, &[Passage::Lossy, Passage::Refusing]);
                (Target::Wire(pick(dice, &WORKERS), Service::Carrier), Deed::Cut(how), (1_000, 9_000))
            }
        };
        Fault { at_ms, lasts_ms: dice.u64(least..most), target, deed }
    }
}

/// Returns one of the items, of which there must be some.
fn pick<T: Copy>(dice: &mut Rng, items: &[T]) -> T {
    items[dice.usize(..items.len())]
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at_ms, lasts_ms, target, deed } = self;
        let (seconds, millis) = (at_ms / 1_000, at_ms % 1_000);
        write!(f, "{seconds:>4}.{millis:03} s  {deed} {target} for {lasts_ms} ms")
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kill => "kill -9",
            Self::Stop => "SIGSTOP",
            Self::Cut(Passage::Open) => "open",
            Self::Cut(Passage::Silent) => "cut, silent,",
            Self::Cut(Passage::Lossy) => "cut, lossy,",
            Self::Cut(Passage::Refusing) => "cut, refusing,",
            Self::Purge => "purge every queue of",
            Self::LoseEverything => "delete the vhost of",
            Self::KillNode(node) => return write!(f, "kill -9 node {} of", node + 1),
            Self::StopLeader => "SIGSTOP the leader of",
            Self::CutLeader => "cut off from the other nodes: the leader of",
            Self::Roll => "restart node after node of",
            Self::FailOver => "kill -9 the primary, and promote the standby, of",
            Self::Usurp => "SIGSTOP the primary, and promote the standby, of",
            Self::StopStandby => "SIGSTOP the standby of",
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Daemon(name) => f.write_str(name),
            Self::Service(service) => service.fmt(f),
            Self::Wire(daemon, service) => write!(f, "{daemon} from {service}"),
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Database => "Postgres",
            Self::Broker => "RabbitMQ",
            Self::Carrier => "the carrier",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_schedule_and_another_seed_another() {
        for ha in [false, true] {
            assert_eq!(schedule(7, 60_000, ha), schedule(7, 60_000, ha));
            assert_ne!(schedule(7, 60_000, ha), schedule(8, 60_000, ha));
        }
    }

    #[test]
    fn faults_are_over_in_time_and_never_two_on_a_target() {
        for seed in 0..200 {
            let faults = schedule(seed, 60_000, seed % 2 == 1);
            assert!(faults.len() > 12, "{} faults of seed {seed}", faults.len());
            for (index, fault) in faults.iter().enumerate() {
                assert!(fault.at_ms + fault.lasts_ms <= 60_000, "{fault}");
                let before = faults[..index].iter().rfind(|other| other.target == fault.target);
                if let Some(before) = before {
                    assert!(before.at_ms + before.lasts_ms < fault.at_ms, "{before} and {fault}");
                }
            }
        }
    }

    #[test]
    fn minutes_of_many_seeds_hit_every_target() {
        let seen = |wanted: Target| {
            (0..50).any(|seed| schedule(seed, 60_000, false).iter().any(|fault| fault.target == wanted))
        };
        for daemon in DAEMONS {
            assert!(seen(Target::Daemon(daemon)), "{daemon}");
        }
        for service in [Service::Database, Service::Broker] {
            assert!(seen(Target::Service(service)), "{service}");
        }
    }
}
