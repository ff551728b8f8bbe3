//! Rules B6 and S9: a setting that something waits for moves it when it changes.
//!
//! There is one way to this: a transaction that changes the terms on which texts go and batches are
//! released says here which terms have changed ([`SettingsChange`]). Texts that wait for it are
//! decided again, batches are looked at again, and contacts with a text that was cancelled because
//! it could not have gone in time are given back. A claim or a lease is no such thing: it lasts as
//! long as the agent was told.

use muster_domain::{
    ids::{GoalId, OrganizationId},
    sending::HoldReason,
    tenancy::settings::OrganizationSettings,
};
use muster_jobs::{
    kinds::{BatchRelease, GoalTransition, HoldRelease, RateRelease},
    timer::TimerKind,
};

use crate::{
    Result, Tx,
    engine::{
        enqueue::{Origin, enqueue},
        timers,
    },
    sending::{recheck_behind_hold, recheck_held},
};

/// Changed terms of an organization.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each may change without the others")]
pub struct SettingsChange {
    /// When texts may go: sending hours, zones, laws.
    pub hours: bool,
    /// How many segments may go in a day.
    pub caps: bool,
    /// Which cap and rate a text counts against.
    pub carriers: bool,
    /// How fast texts go.
    pub rates: bool,
    /// How many initials a contact may have in a day.
    pub frequency: bool,
    /// A carrier's hold of the brand has ended.
    pub hold: bool,
    /// How many segments a script's texts count.
    pub segments: bool,
}

impl SettingsChange {
    /// Compares settings. Each setting is named here: a new one does not compile before it says
    /// which waiting things it moves.
    pub fn between(before: &OrganizationSettings, after: &OrganizationSettings) -> Self {
        let OrganizationSettings {
            recipient_safe,
            sending_hours,
            law_strictness,
            own_laws,
            replies_at_any_hour,
            number_segments_per_minute,
            unknown_carriers,
            carrier_lookups: _,
            lookup_max_age_days,
            initials_per_day,
            smart_encoding,
            // Batches are cut, and leases and claims given, by the values of that moment.
            batch_size: _,
            lease_minutes: _,
            response_window_minutes: _,
            // These are asked once, when a contact comes, a script is saved or a text is made or
            // answered.
            group_contact_limit: _,
            agent_contact_limit: _,
            require_opt_out_language: _,
            max_segments: _,
            opt_out_keywords: _,
            opt_in_keywords: _,
            opt_out_text: _,
            help_text: _,
            replies_per_hour: _,
            agents_edit_initials: _,
            one_request_one_contact: _,
            lock_custom_fields: _,
            // Files and links keep the end that they were given.
            export_file_days: _,
            export_link_hours: _,
            // A run asks for these at each of its slices.
            retention_contact_days: _,
            retention_text_days: _,
            retention_import_days: _,
            retention_address_days: _,
        } = before;
        Self {
            hours: *recipient_safe != after.recipient_safe
                || *sending_hours != after.sending_hours
                || *law_strictness != after.law_strictness
                || *own_laws != after.own_laws
                || *replies_at_any_hour != after.replies_at_any_hour,
            carriers: *unknown_carriers != after.unknown_carriers || *lookup_max_age_days != after.lookup_max_age_days,
            rates: *number_segments_per_minute != after.number_segments_per_minute,
            frequency: *initials_per_day != after.initials_per_day,
            segments: *smart_encoding != after.smart_encoding,
            caps: false,
            hold: false,
        }
    }

    /// Returns whether texts that are held for this reason are decided again. An instant that was
    /// found with the sending hours follows these as well.
    pub const fn moves(self, reason: HoldReason) -> bool {
        match reason {
            HoldReason::Hours | HoldReason::NotOpen => self.hours,
            HoldReason::Cap => self.caps || self.carriers || self.hold || self.hours,
            HoldReason::Frequency => self.frequency || self.hours,
            HoldReason::Carrier => self.hold,
            // Resuming moves the texts that a pause holds, and lanes the texts that wait for them.
            HoldReason::Paused | HoldReason::Rate => false,
        }
    }

    const fn moves_lanes(self) -> bool {
        self.rates || self.carriers
    }

    const fn moves_batches(self) -> bool {
        self.hours || self.caps || self.segments
    }

    /// Returns whether a text that could not have gone before its goal closes may go after all.
    const fn opens_ways(self) -> bool {
        self.hours || self.caps || self.carriers || self.frequency || self.hold
    }
}

/// Moves everything that waits for the changed terms.
pub async fn rearm(
    tx: &mut Tx,
    organization_id: OrganizationId,
    changed: SettingsChange,
    origin: &Origin,
) -> Result<()> {
    let reasons: Vec<_> = HoldReason::ALL.iter().copied().filter(|reason| changed.moves(*reason)).collect();
    for group_id in recheck_held(tx, organization_id, &reasons).await? {
        enqueue(tx, &HoldRelease { group_id }, origin).await?;
    }
    if changed.hours && !changed.hold {
        for (group_id, until) in recheck_behind_hold(tx, organization_id).await? {
            timers::set_earliest(tx, TimerKind::HoldEnds, group_id.0, until, organization_id).await?;
        }
    }
    if changed.moves_lanes() {
        enqueue(tx, &RateRelease { organization_id }, origin).await?;
    }
    if changed.moves_batches() {
        look_at_batches(tx, organization_id, changed, origin).await?;
    }
    if changed.opens_ways() {
        give_back(tx, organization_id, origin).await?;
    }
    Ok(())
}

/// Has releases that wait for anything but their plan's interval looked at now. If the count of
/// segments has changed, every open goal that has initials to come is estimated anew; those that
/// wait for the interval go on waiting for it.
async fn look_at_batches(
    tx: &mut Tx,
    organization_id: OrganizationId,
    changed: SettingsChange,
    origin: &Origin,
) -> Result<()> {
    let goals = sqlx::query!(
        r#"select g.id as "id!", coalesce(t.subject is not null and e.release_waits_for = 'pace', false) as "paces!"
           from goal g
           left join goal_estimate e on e.goal_id = g.id
           left join timer t on t.kind = $2 and t.subject = g.id
           where g.organization_id = $1 and g.partitioned_at is not null
             and goal_allows(goal_status(g.launched_at, g.paused_at, g.opens_at, g.closes_at, statement_timestamp()), 'initials')
             and (t.subject is not null or ($3 and exists (
                 select from batch b where b.goal_id = g.id and b.kind = 'initial' and b.state <> 'finished')))"#,
        organization_id.0,
        TimerKind::BatchRelease.as_str(),
        changed.segments,
    )
    .fetch_all(tx.conn())
    .await?;
    let waiting: Vec<_> = goals.iter().filter(|goal| !goal.paces).map(|goal| goal.id).collect();
    let now = tx.clock().await?;
    timers::set_all(tx, TimerKind::BatchRelease, &waiting, now, organization_id).await?;
    for goal in goals.iter().filter(|goal| goal.paces && changed.segments) {
        enqueue(tx, &BatchRelease { goal_id: GoalId(goal.id) }, origin).await?;
    }
    Ok(())
}

/// Has the open goals looked at in which a text was cancelled because it could not have gone before
/// the goal closes (rule S6).
async fn give_back(tx: &mut Tx, organization_id: OrganizationId, origin: &Origin) -> Result<()> {
    let goals = sqlx::query_scalar!(
        "select g.id from goal g
           where g.organization_id = $1 and g.partitioned_at is not null
             and goal_allows(goal_status(g.launched_at, g.paused_at, g.opens_at, g.closes_at, statement_timestamp()), 'initials')
             and exists (
                 select from message m join target t on t.goal_id = m.goal_id and t.contact_id = m.contact_id
                 where m.goal_id = g.id and m.state = 'cancelled' and m.reason = 'window_closed'
                   and m.id in (t.initial_message_id, t.reminder_message_id))",
        organization_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    for goal_id in goals {
        enqueue(tx, &GoalTransition { goal_id: GoalId(goal_id) }, origin).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b6_every_reason_but_a_pause_and_a_lane_is_moved_by_something() {
        let all = SettingsChange {
            hours: true,
            caps: true,
            carriers: true,
            rates: true,
            frequency: true,
            hold: true,
            segments: true,
        };
        for reason in HoldReason::ALL.iter().copied() {
            let waits = matches!(reason, HoldReason::Paused | HoldReason::Rate);
            assert_eq!(all.moves(reason), !waits, "{reason:?}");
            assert!(!SettingsChange::default().moves(reason), "{reason:?}");
        }
    }
}
