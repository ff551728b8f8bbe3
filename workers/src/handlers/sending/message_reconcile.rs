//! `message-reconcile`: settles hand-overs without an outcome by asking the carrier (rule S2).
//!
//! A message that the carrier has is sent. One that it says it never had is queued again; nothing
//! else ever is. While the carrier cannot be asked, nothing changes; after 24 hours the messages
//! stay `unknown` for good and are reported. Settled messages are committed a few messages at a
//! time, so that a slow carrier delays and loses nothing.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::TimeDelta;
use futures::{FutureExt, future::join_all};
use muster_carrier::CarrierCopy;
use muster_jobs::{kinds::MessageReconcile, timer::TimerKind};
use muster_service::clock;
use muster_storage::{
    Tx,
    engine::{
        claim::{self, ClaimedJob},
        timers,
    },
    sending::{self, Outcomes, Unsettled},
    tenancy::organizations::Organization,
};

use crate::{Context, Leased, error::JobError};

/// How far the carrier's clock may be behind the database's.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(5);
/// Messages that the carrier is asked about at once, and that are settled together.
const AT_ONCE: usize = 8;
/// After this time the rest is left to another job.
const LONG_ENOUGH: Duration = Duration::from_mins(2);

impl Leased for MessageReconcile {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        let age = ctx.settings.engine.reconcile_after();
        let mut tx = ctx.pool.begin().await?;
        let organization = ctx.organization(&mut tx, job).await?;
        let unsettled = sending::unsettled(&mut tx, self.send_job_id, age.as_secs_f64()).await?;
        tx.rollback().await?;

        let started = clock::start();
        let mut unreachable = None;
        for few in unsettled.chunks(AT_ONCE) {
            if started.elapsed() >= LONG_ENOUGH {
                break;
            }
            let calls = few.iter().map(|message| {
                let (gateway, message) = (Arc::clone(&ctx.gateway), message.clone());
                async move {
                    let answer = gateway.sent_to(&message.to, message.handed_over_at - CLOCKS_DIFFER).await;
                    (message, answer)
                }
                .boxed()
            });
            let calls: Vec<_> = calls.collect();
            let mut told = Vec::with_capacity(few.len());
            for (message, answer) in join_all(calls).await {
                match answer {
                    Ok(copies) => told.push((message, copies)),
                    Err(error) => unreachable = Some(error),
                }
            }
            if !told.is_empty() {
                settle(ctx, job, &organization, &self, told).await?;
            }
        }

        let mut tx = ctx.pool.begin().await?;
        if let Some(error) = unreachable {
            // Messages that could be settled are; the rest is asked about again.
            tx.rollback().await?;
            return Err(JobError::retry(error));
        }
        if !sending::jobs_unsettled(&mut tx, &[self.send_job_id]).await?.is_empty() {
            let again = tx.clock().await? + age;
            timers::set(&mut tx, TimerKind::ReconcileDue, self.send_job_id.0, again, organization.id).await?;
        }
        Ok(tx)
    }
}

/// Settles messages by the carrier's answers, in a transaction of its own that another attempt's
/// would exclude.
async fn settle(
    ctx: &Context,
    job: &ClaimedJob,
    organization: &Organization,
    payload: &MessageReconcile,
    told: Vec<(Unsettled, Vec<CarrierCopy>)>,
) -> Result<(), JobError> {
    let mut tx = ctx.pool.begin().await?;
    claim::fence(&mut tx, job).await?;
    let ids: Vec<_> = told.iter().map(|(message, _)| message.id).collect();
    // Another job may be settling messages of the same contacts: a copy is one message's.
    let known = sending::lock_known_sids(&mut tx, &ids).await?;
    let (mut outcomes, mut never_had, mut open) = (Outcomes::default(), Vec::new(), 0);
    let mut used = Vec::new();
    for (message, copies) in told {
        let unclaimed = copies.into_iter().filter(|copy| {
            copy.from == message.from.as_str() && !known.contains(&copy.sid) && !used.contains(&copy.sid)
        });
        match verdict(&message, &unclaimed.collect::<Vec<_>>()) {
            Verdict::Has(sid) => {
                used.push(sid.clone());
                outcomes.accepted.push((message.id, sid));
            }
            Verdict::NeverHad => never_had.push(message.id),
            Verdict::CannotTell => open += 1,
        }
    }
    let settled = sending::settle(&mut tx, &[payload.send_job_id], &outcomes).await?;
    // At once, or those that come last would be locked out of their order.
    sending::lock_ledgers(&mut tx, organization.brand_id, &ids).await?;
    sending::settle_ledger(&mut tx, organization.brand_id, &outcomes, &settled).await?;
    sending::send_again(&mut tx, organization.brand_id, payload.send_job_id, &never_had, &ctx.origin(job)).await?;
    tracing::info!(
        job.send_id = %payload.send_job_id,
        accepted = outcomes.accepted.len(),
        never_had = never_had.len(),
        open,
        "reconciled with the carrier"
    );
    tx.commit().await?;
    Ok(())
}

/// The answer of the carrier's list of one message.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It has it, under this id.
    Has(String),
    /// It never had it.
    NeverHad,
    /// It has something from that time between the same two numbers that is no other message of
    /// ours: it may have changed the text.
    CannotTell,
}

/// Which of the copies between the same numbers, that are no known message's, is this one.
fn verdict(message: &Unsettled, unclaimed: &[CarrierCopy]) -> Verdict {
    let mut others: BTreeMap<&str, usize> = BTreeMap::new();
    for body in &message.beside {
        *others.entry(body).or_default() += 1;
    }
    let mut strangers = 0;
    for copy in unclaimed {
        if copy.body == message.body {
            return Verdict::Has(copy.sid.clone());
        }
        match others.get_mut(copy.body.as_str()) {
            Some(left) if *left > 0 => *left -= 1,
            _ => strangers += 1,
        }
    }
    if strangers > 0 { Verdict::CannotTell } else { Verdict::NeverHad }
}

#[cfg(test)]
mod tests {
    use muster_domain::{ids::MessageId, people::e164::E164};

    use super::*;

    fn verdict_of(beside: &[&str], copies: &[&str]) -> Verdict {
        let number = |text| E164::parse(text).unwrap();
        let at = "2026-11-22T12:00:00Z".parse().unwrap();
        let message = Unsettled {
            id: MessageId::new(),
            to: number("+12125550100"),
            from: number("+12125550199"),
            body: "ours".to_owned(),
            handed_over_at: at,
            beside: beside.iter().map(|body| (*body).to_owned()).collect(),
        };
        let copies = copies.iter().enumerate().map(|(nth, body)| CarrierCopy {
            sid: format!("SM{nth}"),
            from: message.from.as_str().to_owned(),
            body: (*body).to_owned(),
            created_at: at,
        });
        verdict(&message, &copies.collect::<Vec<_>>())
    }

    #[test]
    fn s2_only_what_the_carrier_certainly_never_had_goes_again() {
        assert_eq!(verdict_of(&[], &[]), Verdict::NeverHad);
        assert_eq!(verdict_of(&[], &["theirs", "ours"]), Verdict::Has("SM1".to_owned()));
        assert_eq!(verdict_of(&["theirs"], &["theirs"]), Verdict::NeverHad, "another of ours that is open too");
        assert_eq!(verdict_of(&[], &["[redacted]"]), Verdict::CannotTell);
        assert_eq!(verdict_of(&["theirs"], &["theirs", "theirs"]), Verdict::CannotTell);
    }
}
