//! A carrier, a scheduler, and an organization whose messages are queued.

use std::collections::BTreeSet;

use muster_integration_tests::{CARRIER_ACCOUNT, CARRIER_SECRET, Daemon, Harness, eventually, seconds};
use muster_simulator::{AcceptedMessage, Behaviour, Config, Receipts, Simulator};
use muster_storage::testing::plant::{self, Planted};

pub(crate) struct Plant {
    pub(crate) harness: Harness,
    pub(crate) carrier: Simulator,
    scheduler: Daemon,
}

/// A carrier that posts no receipts: what the worker records is all that there is.
pub(crate) fn silent(behaviour: Behaviour) -> Behaviour {
    Behaviour { receipts: Receipts { enabled: false, ..Receipts::default() }, ..behaviour }
}

impl Plant {
    /// So many queued messages, in jobs of a hundred, every third of two segments; a daily cap.
    pub(crate) async fn start(messages: u32, cap: i64) -> Self {
        Self::planted(Planted { messages, cap: Some(cap), ..Planted::default() }).await
    }

    /// The same, in jobs of one.
    pub(crate) async fn singles(messages: u32, cap: i64) -> Self {
        Self::planted(Planted { messages, job: 1, cap: Some(cap), ..Planted::default() }).await
    }

    async fn planted(planted: Planted) -> Self {
        let carrier = muster_simulator::start(Config {
            account_sid: CARRIER_ACCOUNT.to_owned(),
            auth_token: CARRIER_SECRET.to_owned(),
            behaviour: silent(Behaviour::default()),
            ..Config::default()
        })
        .await
        .unwrap();
        let harness = Harness::start().await.with("carrier_url", format!("{:?}", carrier.url));
        harness.execute(&planted.statements().iter().map(String::as_str).collect::<Vec<_>>()).await;
        harness.execute(&[plant::QUEUE_JOBS]).await;
        let scheduler = harness.scheduler("scheduler");
        scheduler.ready().await;
        Self { harness, carrier, scheduler }
    }

    /// The log; nobody is in it twice.
    #[track_caller]
    pub(crate) fn accepted(&self) -> Vec<AcceptedMessage> {
        let accepted = self.carrier.accepted();
        let different: BTreeSet<_> = accepted.iter().map(|message| (&message.to, &message.body)).collect();
        assert_eq!(different.len(), accepted.len(), "rule S2: somebody was texted twice");
        accepted
    }

    /// What the carrier bills.
    pub(crate) fn segments(&self) -> i64 {
        self.accepted().iter().map(|message| i64::from(message.segments)).sum()
    }

    /// Waits until nothing is on its way, one way or the other.
    pub(crate) async fn until_settled(&self, within: u64) {
        let under_way = "message where state in ('queued', 'sending', 'unknown')
            or (state = 'held' and held_until <= clock_timestamp())";
        eventually(seconds(within), async || {
            let (left, jobs) = (self.harness.count(under_way).await, self.harness.census().await);
            if left == 0 { Ok(()) } else { Err(format!("{left} messages are under way; {jobs}")) }
        })
        .await;
    }

    pub(crate) async fn finish(self) {
        self.scheduler.stop().await;
        self.carrier.shutdown().await;
        self.harness.finish().await;
    }
}
