//! The zeros: events that must not have happened, read from the simulator's log and the database.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use muster_integration_tests::{eventually, seconds};
use muster_simulator::{AcceptedMessage, InboundText, Stats};
use serde::Deserialize;

use crate::rig::Rig;

/// Time that a text may have been on the wire when an opt-out was answered.
const ON_THE_WIRE: TimeDelta = TimeDelta::seconds(1);
/// The organization's default answer to an opt-out.
const CONFIRMATION: &str = "You are unsubscribed and will get no more texts from us.";

/// Work that is not over: each line is a number and its subject.
const UNSETTLED: &str = "
    select count(*), 'goals without targets' from goal where partitioned_at is null
    union all select count(*), 'batches not finished' from batch where state <> 'finished'
    union all select count(*), 'jobs not over' from job where state in ('pending', 'published', 'running')
    union all select count(*), 'parked jobs' from job where state = 'parked'
    union all select count(*), 'dead letters' from dead_letter
    union all select count(*), 'messages under way' from message where state in ('queued', 'sending', 'unknown')
    union all select count(*), 'messages held for a moment' from message where state = 'held' and reason <> 'cap'
    union all select count(*), 'inbound texts not handled' from webhook where processed_at is null
    union all select count(*), 'receipts not applied' from receipt";

impl Rig {
    /// Waits until nothing is under way any more, in Muster and at the carrier.
    pub(crate) async fn until_settled(&self) {
        eventually(seconds(90), async || {
            let counts = self.rows(UNSETTLED).await?;
            let left: Vec<_> = counts.into_iter().filter(|line| !line.starts_with("0|")).collect();
            let stats: Stats = self.simulator("stats").await?;
            let pending = stats.receipts.pending + stats.replies.pending;
            if left.is_empty() && pending == 0 {
                Ok(())
            } else {
                Err(format!("{left:?}, {pending} webhooks to come; jobs that failed: {:?}", self.failures().await))
            }
        })
        .await;
    }

    async fn failures(&self) -> Result<Vec<String>, String> {
        self.rows("select kind, state, attempt, errors from job where errors <> '[]' order by id desc limit 5").await
    }

    /// Everything that the carrier accepted, oldest first.
    pub(crate) async fn accepted(&self) -> Vec<AcceptedMessage> {
        #[derive(Deserialize)]
        struct Page {
            messages: Vec<AcceptedMessage>,
        }
        let page: Page = self.simulator("messages?limit=10000").await.unwrap();
        assert!(page.messages.len() < 10_000, "a story of this size needs more than one page");
        page.messages
    }

    /// No contact was texted twice, after an opt-out or over the cap; all are accounted for, and
    /// Muster and the carrier agree.
    pub(crate) async fn audit(&self, groups: &[&str], cap: i64) {
        let accepted = self.accepted().await;
        let inbound: Vec<InboundText> = self.simulator("inbound").await.unwrap();
        let stats: Stats = self.simulator("stats").await.unwrap();
        assert_eq!((stats.receipts.given_up, stats.replies.given_up), (0, 0), "a webhook was never answered");
        nobody_is_texted_twice(&accepted, groups);
        nothing_follows_an_opt_out(&accepted, &inbound);
        self.the_cap_holds(&accepted, cap).await;
        self.every_target_is_accounted_for().await;
        self.muster_and_the_carrier_agree(&accepted, &inbound).await;
    }

    async fn the_cap_holds(&self, accepted: &[AcceptedMessage], cap: i64) {
        let billed: i64 = accepted.iter().map(|message| i64::from(message.segments)).sum();
        assert_eq!(self.number("select coalesce(sum(settled), 0)::bigint from cap_ledger").await, billed);
        assert_eq!(self.number("select coalesce(sum(reserved), 0)::bigint from cap_ledger").await, 0);
        // A story that is told over the carrier's midnight has two days.
        let days = self.number("select count(*) from cap_ledger").await;
        assert!(billed <= cap * days, "{billed} segments in {days} carrier days under a cap of {cap}");
        assert_eq!(self.number(&format!("select count(*) from cap_ledger where settled > {cap}")).await, 0);
    }

    async fn every_target_is_accounted_for(&self) {
        let none = [
            (
                "targets that were left out",
                "target t join contact c on c.id = t.contact_id
                 where t.initial_message_id is null and t.skipped_at is null and c.opted_out_at is null",
            ),
            ("targets that were skipped and messaged", "target where initial_message_id is not null and skipped_at is not null"),
            (
                "contacts with two initials of a goal",
                "(select from message where kind = 'initial' group by goal_id, contact_id having count(*) > 1) twice",
            ),
            (
                "targets whose initial does not exist, or the other way round",
                "(select goal_id, contact_id, initial_message_id as id from target where initial_message_id is not null) t
                 full join (select goal_id, contact_id, id from message where kind = 'initial') m using (goal_id, contact_id, id)
                 where t.goal_id is null or m.goal_id is null",
            ),
            (
                "initials in a state that nothing here leads to",
                "message where kind = 'initial' and not (state = 'delivered' or (state = 'held' and reason = 'cap')
                     or (state = 'cancelled' and reason = 'opted_out'))",
            ),
            ("texts without their receipt", "message where state = 'sent'"),
        ];
        for (what, from) in none {
            assert_eq!(self.number(&format!("select count(*) from {from}")).await, 0, "{what}");
        }
    }

    async fn muster_and_the_carrier_agree(&self, accepted: &[AcceptedMessage], inbound: &[InboundText]) {
        let sent = self
            .rows(
                "select c.e164, m.carrier_sid from message m join contact c on c.id = m.contact_id
                 where m.state in ('sent', 'delivered', 'undelivered')",
            )
            .await
            .unwrap();
        let sent = set(sent);
        let carriers = set(accepted.iter().map(|message| format!("{}|{}", message.to, message.sid)).collect());
        assert_eq!(sent.difference(&carriers).collect::<Vec<_>>(), Vec::<&String>::new(), "Muster alone says sent");
        assert_eq!(
            carriers.difference(&sent).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "the carrier alone has these"
        );
        let received = set(self.rows("select carrier_sid from message where kind = 'inbound'").await.unwrap());
        assert_eq!(received, set(inbound.iter().map(|text| text.sid.clone()).collect()), "texts from contacts");
    }
}

fn set(lines: Vec<String>) -> BTreeSet<String> {
    let count = lines.len();
    let set: BTreeSet<String> = lines.into_iter().collect();
    assert_eq!(set.len(), count, "something is there twice");
    set
}

fn nobody_is_texted_twice(accepted: &[AcceptedMessage], groups: &[&str]) {
    let mut bodies = BTreeSet::new();
    let mut initials = BTreeMap::new();
    for message in accepted {
        let (to, body) = (message.to.as_str(), message.body.as_str());
        assert!(bodies.insert((to, body)), "{to} has twice: {body}");
        if let Some(group) = groups.iter().find(|group| body.contains(&format!(" of {group} here."))) {
            let before = initials.insert((to, *group), body);
            assert_eq!(before, None, "{to} has two initials of {group}");
        }
    }
    assert!(!initials.is_empty(), "nobody was texted at all");
}

fn nothing_follows_an_opt_out(accepted: &[AcceptedMessage], inbound: &[InboundText]) {
    let stops: Vec<_> = inbound.iter().filter(|text| text.body == "STOP").collect();
    assert!(!stops.is_empty(), "nobody opted out");
    for stop in stops {
        let answered = stop.first_delivered_at.expect("every webhook was answered");
        let texts = accepted.iter().filter(|message| message.to == stop.from);
        let (confirmations, others): (Vec<_>, Vec<_>) = texts.partition(|message| message.body == CONFIRMATION);
        assert!(confirmations.len() <= 1, "{} has {} confirmations", stop.from, confirmations.len());
        let late: Vec<_> = others
            .iter()
            .filter(|message| message.accepted_at > answered + ON_THE_WIRE)
            .map(|message| message.accepted_at)
            .collect();
        assert!(late.is_empty(), "{} opted out at {answered} and was texted at {late:?}", stop.from);
    }
}
