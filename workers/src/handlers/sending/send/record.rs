//! Step 3 of a hand-over: the carrier's answers to the texts. `domain::refusal` decides about those
//! that it did not take.

use chrono::{DateTime, Utc};
use muster_carrier::{Outcome, codes};
use muster_domain::{
    ids::MessageId,
    people::line::LineType,
    sending::{
        brand_hold::BrandHoldReason,
        hand_over::BrandStop,
        refusal::{Refusal, Refused, kept_back},
        wait::Wait,
    },
};
use muster_jobs::timer::TimerKind;
use muster_service::clock;
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, timers},
    sending::{self, Outcomes, Queued, rates},
    tenancy::organizations::Organization,
};

use super::super::pace;
use crate::{Context, error::JobError};

/// The HTTP status for a carrier that was not reached: nothing was sent.
const NOT_REACHED: i32 = 503;

/// Step 3: records the outcomes, and the meaning of the carrier's codes for the contacts.
pub(super) async fn record(
    ctx: &Context,
    tx: &mut Tx,
    jobs: &[&ClaimedJob],
    organization: &Organization,
    messages: &[Queued],
    answers: Vec<Option<Outcome>>,
) -> Result<(), JobError> {
    let now = tx.clock().await?;
    let answers = Answers::of(messages, answers, now, ctx.calendar.next_day_starts(now));
    let jobs: Vec<_> = jobs.iter().map(|job| job.id).collect();
    let settled = sending::settle(tx, &jobs, &answers.outcomes).await?;
    sending::mark_opted_out(tx, &answers.opted_out).await?;
    sending::mark_not_textable(tx, &answers.not_textable).await?;
    let open = sending::jobs_unsettled(tx, &jobs).await?;
    let over: Vec<_> = jobs.iter().filter(|id| !open.contains(id)).map(|id| id.0).collect();
    timers::cancel_all(tx, TimerKind::ReconcileDue, &over).await?;
    // Others wait for the ledger's row: after it come only the brand's hold and timers, as
    // elsewhere.
    let refunds = sending::settle_ledger(tx, organization.brand_id, &answers.outcomes, &settled).await?;
    for (stop, code) in &answers.stops {
        rates::hold_brand(tx, organization.brand_id, stop.reason, stop.until, *code).await?;
    }
    let refund = refunds.get(&ctx.calendar.day(now)).filter(|segments| **segments > 0);
    if let Some(segments) = refund.filter(|_| answers.stops.is_empty()) {
        // Segments that came back today are for others that wait at the cap.
        for (organization_id, group_id) in sending::recheck_capped(tx, organization.brand_id, *segments).await? {
            timers::set_earliest(tx, TimerKind::HoldEnds, group_id.0, now, organization_id).await?;
        }
    }
    let waits = answers.waits.iter().map(|(message, wait)| (message.group_id, wait));
    pace::wake_when_waits_end(tx, organization, waits).await
}

/// The carrier's answers about the texts of a hand-over, sorted by the rows to write.
#[derive(Default)]
struct Answers<'a> {
    outcomes: Outcomes,
    waits: Vec<(&'a Queued, Wait)>,
    not_textable: Vec<(MessageId, LineType)>,
    opted_out: Vec<MessageId>,
    /// Stops of the brand, with the code that asks for each.
    stops: Vec<(BrandStop, i32)>,
}

impl<'a> Answers<'a> {
    fn of(messages: &'a [Queued], answers: Vec<Option<Outcome>>, now: DateTime<Utc>, tomorrow: DateTime<Utc>) -> Self {
        let mut sorted = Self::default();
        for (message, answer) in messages.iter().zip(answers) {
            match answer {
                None | Some(Outcome::Withheld) => sorted.wait(message, kept_back(now)),
                Some(Outcome::Accepted { sid }) => sorted.outcomes.accepted.push((message.id, sid)),
                Some(Outcome::Unknown) => sorted.outcomes.unknown.push(message.id),
                Some(Outcome::NotSent) => sorted.refused(message, NOT_REACHED, None, now, tomorrow),
                Some(Outcome::Refused { code, retry_after_seconds }) => {
                    sorted.refused(message, code, retry_after_seconds, now, tomorrow);
                }
            }
        }
        sorted
    }

    fn wait(&mut self, message: &'a Queued, wait: Wait) {
        self.outcomes.postponed.push(pace::held(message.id, &wait));
        self.waits.push((message, wait));
    }

    fn refused(
        &mut self,
        message: &'a Queued,
        code: i32,
        asked_seconds: Option<u32>,
        now: DateTime<Utc>,
        tomorrow: DateTime<Utc>,
    ) {
        if !codes::is_known(code) {
            tracing::warn!(message.id = %message.id, carrier.code = code, "a carrier code that is not in the table");
        }
        let (candidate, hand_overs) = (&message.candidate, message.send_attempts);
        let refused = Refused { candidate, hand_overs, action: codes::action(code), asked_seconds };
        match refused.decide(now, tomorrow, clock::jitter()) {
            Refusal::Wait(wait, stop) => {
                if let Some(stop) = stop {
                    if stop.reason == BrandHoldReason::Carrier {
                        tracing::error!(message.id = %message.id, carrier.code = code, "the carrier takes nothing from this account");
                    }
                    self.stops.push((stop, code));
                }
                self.wait(message, wait);
                return;
            }
            Refusal::Failed => {}
            Refusal::NotTextable(line) => self.not_textable.push((message.id, line)),
            Refusal::OptedOut => self.opted_out.push(message.id),
        }
        self.outcomes.refused.push((message.id, code));
    }
}
