//! The common part of `send` and `rate-release`: the lanes of a message, and waking texts that wait
//! (rules S4, S6 and S10).

use std::collections::BTreeMap;

use muster_domain::{
    ids::{GroupId, MessageId},
    sending::wait::{Wait, first_ends},
};
use muster_jobs::timer::TimerKind;
use muster_storage::{
    Tx,
    engine::timers,
    sending::{
        Held, Queued,
        rates::{self, Limits},
    },
    tenancy::organizations::Organization,
};

use crate::error::JobError;

/// Returns the lanes that a message goes through, with the pace of each.
pub(crate) fn lanes_of(message: &Queued, organization: &Organization, limits: &Limits) -> BTreeMap<String, i64> {
    let settings = &organization.settings;
    let mut lanes =
        BTreeMap::from([(rates::number_lane(&message.from), i64::from(settings.number_segments_per_minute))]);
    let campaign = message.registered_campaign.and_then(|id| limits.campaigns.get_key_value(&id));
    let paces = campaign.map_or(&limits.rates, |(_, paces)| paces);
    let carrier = settings.unknown_carriers.limit_of(paces, message.carrier.as_deref());
    if let Some((carrier, pace)) = carrier.and_then(|carrier| paces.get_key_value(carrier)) {
        let lane = match campaign {
            Some((id, _)) => rates::campaign_lane(*id, carrier),
            None => rates::carrier_lane(organization.brand_id, carrier),
        };
        lanes.insert(lane, *pace);
    }
    lanes
}

/// Returns a wait, as it is written to its message.
pub(crate) fn held(id: MessageId, wait: &Wait) -> Held {
    Held { id, reason: wait.reason, until: wait.until, lane: wait.lane.clone() }
}

/// Sets each group's timer for the first of its texts that can go.
pub(crate) async fn wake_when_waits_end(
    tx: &mut Tx,
    organization: &Organization,
    waits: impl IntoIterator<Item = (GroupId, &Wait)>,
) -> Result<(), JobError> {
    for (group_id, at) in first_ends(waits) {
        timers::set_earliest(tx, TimerKind::HoldEnds, group_id.0, at, organization.id).await?;
    }
    Ok(())
}
