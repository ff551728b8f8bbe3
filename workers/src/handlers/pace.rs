//! What `send` and `rate-release` have in common: the lanes of a message, and waking what is held (rules S4, S6 and S10).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use muster_domain::ids::GroupId;
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

/// The lanes that a message goes through, with the pace of each.
pub(crate) fn lanes_of(message: &Queued, organization: &Organization, limits: &Limits) -> BTreeMap<String, i64> {
    let settings = &organization.settings;
    let mut lanes =
        BTreeMap::from([(rates::number_lane(&message.from), i64::from(settings.number_segments_per_minute))]);
    let carrier = settings.unknown_carriers.limit_of(&limits.rates, message.carrier.as_deref());
    if let Some((carrier, pace)) = carrier.and_then(|carrier| limits.rates.get_key_value(carrier)) {
        lanes.insert(rates::carrier_lane(organization.brand_id, carrier), *pace);
    }
    lanes
}

/// Sets each group's timer for the first of these holds to end. What waits for a lane has its turn by the lane's timer.
pub(crate) async fn wake_when_held_ends(
    tx: &mut Tx,
    organization: &Organization,
    held: &[(GroupId, Held)],
) -> Result<(), JobError> {
    let mut first = BTreeMap::<GroupId, DateTime<Utc>>::new();
    for (group_id, held) in held {
        if let (Some(until), None) = (held.until, &held.lane) {
            let first = first.entry(*group_id).or_insert(until);
            *first = until.min(*first);
        }
    }
    for (group_id, at) in first {
        timers::set_earliest(tx, TimerKind::HoldEnds, group_id.0, at, organization.id).await?;
    }
    Ok(())
}
