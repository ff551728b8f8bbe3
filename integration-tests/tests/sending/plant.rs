//! A carrier, a scheduler, and an organization with queued messages.

use std::{collections::BTreeSet, ops::Deref};

use muster_integration_tests::{Setup, World, eventually_or, holds, seconds};
use muster_simulator::{AcceptedMessage, Behaviour, Receipts};
use muster_storage::testing::plant::{self, Planted};

/// A world where texts wait to be handed over, and a carrier that takes them.
pub(crate) struct Plant {
    world: World,
}

/// Rows that are planted before a test begins.
#[must_use]
pub(crate) struct Planting {
    planted: Planted,
    at_noon: bool,
}

/// Returns a carrier that posts no receipts: the worker's records are all that there is.
pub(crate) fn silent(behaviour: Behaviour) -> Behaviour {
    Behaviour { receipts: Receipts { enabled: false, ..Receipts::default() }, ..behaviour }
}

impl Planting {
    /// Moves the clock to the carriers' noon first: no day of a cap ends during the test. Not for
    /// tests with unknown outcomes: the carrier's own clock stays, so that it would not find texts
    /// by their time.
    pub(crate) fn at_noon(self) -> Self {
        Self { at_noon: true, ..self }
    }

    /// Runs a test where this is planted, and a scheduler runs.
    pub(crate) async fn run<T>(self, test: impl AsyncFnOnce(Plant) -> T) -> T {
        let setup = if self.at_noon { Setup::default().moved_clock() } else { Setup::default() };
        setup
            .run(async |world| {
                if self.at_noon {
                    world.at_the_carriers_noon().await;
                }
                world.start_carrier(silent(Behaviour::default())).await;
                world.execute(&self.planted.statements().iter().map(String::as_str).collect::<Vec<_>>()).await;
                world.execute(&[plant::QUEUE_JOBS]).await;
                let scheduler = world.scheduler("scheduler");
                scheduler.ready().await;
                let answer = test(Plant { world }).await;
                scheduler.stop().await;
                answer
            })
            .await
    }
}

impl Plant {
    /// So many queued messages, in jobs of a hundred, every third of two segments; a daily cap.
    pub(crate) fn start(messages: u32, cap: i64) -> Planting {
        Planting { planted: Planted { messages, cap: Some(cap), ..Planted::default() }, at_noon: false }
    }

    /// The same, in jobs of one.
    pub(crate) fn singles(messages: u32, cap: i64) -> Planting {
        Planting { planted: Planted { messages, job: 1, cap: Some(cap), ..Planted::default() }, at_noon: false }
    }

    /// Returns the log; nobody is in it twice.
    #[track_caller]
    pub(crate) fn accepted(&self) -> Vec<AcceptedMessage> {
        let accepted = self.carrier().accepted();
        let different: BTreeSet<_> = accepted.iter().map(|message| (&message.to, &message.body)).collect();
        assert_eq!(different.len(), accepted.len(), "rule S2: somebody was texted twice");
        accepted
    }

    /// Returns the segments that the carrier bills.
    pub(crate) fn segments(&self) -> i64 {
        self.accepted().iter().map(|message| i64::from(message.segments)).sum()
    }

    /// Waits until nothing is on its way, one way or the other.
    pub(crate) async fn until_settled(&self, within: u64) {
        let under_way = self
            .messages()
            .and("(state in ('queued', 'sending', 'unknown') or (state = 'held' and held_until <= clock_timestamp()))");
        let look = async || {
            let left = under_way.count().await;
            holds(left == 0, format!("{left} messages are under way"))
        };
        eventually_or(seconds(within), look, async || self.story().await).await;
    }

    /// Asserts that the carrier's segments are settled, in one day's ledger, and none reserved.
    pub(crate) async fn settles(&self) {
        let segments = self.segments();
        assert_eq!(self.ledgers().is("reserved", 0).is("settled", segments).count().await, 1, "{segments} segments");
    }
}

impl Deref for Plant {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}
