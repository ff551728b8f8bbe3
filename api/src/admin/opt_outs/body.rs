//! Opt-outs as answers tell them.

use chrono::{DateTime, Utc};
use muster_domain::{ids::ContactId, people::contact::OptOutOrigin};
use muster_storage::people::opt_outs::{OptOut, Place};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{bounds, problem::Problem, shapes};

#[derive(Serialize, ToSchema)]
pub(crate) struct OptOutItem {
    #[schema(value_type = uuid::Uuid)]
    contact_id: ContactId,
    #[schema(value_type = bounds::PhoneNumber)]
    phone: String,
    opted_out_at: DateTime<Utc>,
    /// How it was recorded; null where that is not known. `account`: another organization of the
    /// account heard it; null for a group admin.
    #[schema(value_type = Option<shapes::OptOutOrigin>)]
    origin: Option<OptOutOrigin>,
    /// Null for a group admin, if other groups have the contact too.
    reason: Option<String>,
}

/// Returns an opt-out of a list, which has all of these.
pub(crate) fn item(found: OptOut) -> Option<OptOutItem> {
    Some(OptOutItem {
        contact_id: found.contact_id?,
        phone: found.e164?,
        opted_out_at: found.since?,
        origin: found.origin,
        reason: found.reason,
    })
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OptOutPage {
    items: Vec<OptOutItem>,
    /// The cursor of the next page; null on the last.
    next: Option<String>,
}

/// Returns a page of as many items at most.
pub(crate) fn page(found: Vec<OptOut>, limit: i64) -> OptOutPage {
    let full = i64::try_from(found.len()) == Ok(limit);
    let next = found.last().filter(|_| full).and_then(place).map(cursor);
    OptOutPage { items: found.into_iter().filter_map(item).collect(), next }
}

/// Returns the place of an opt-out in the list.
pub(crate) fn place(found: &OptOut) -> Option<Place> {
    Some(Place { since: found.since?, contact_id: found.contact_id? })
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OptOutQuery {
    /// Only those that were recorded like this.
    #[param(inline, value_type = Option<shapes::OptOutOrigin>)]
    pub(crate) origin: Option<OptOutOrigin>,
    /// The `next` of the page before.
    #[param(inline, value_type = Option<bounds::OptOutCursor>)]
    pub(crate) cursor: Option<String>,
    /// Items at most; 100 unless told.
    #[param(inline, value_type = Option<bounds::PageLimit>)]
    pub(crate) limit: Option<i64>,
}

fn cursor(place: Place) -> String {
    format!("{}-{}", place.since.timestamp_micros(), place.contact_id.0.simple())
}

/// Reads a cursor: microseconds since 1970, and the contact.
pub(crate) fn read_cursor(cursor: &str) -> Result<Place, Problem> {
    let wrong = || Problem::invalid_parameter("cursor must be the next of the page before");
    let (micros, contact) = cursor.split_once('-').ok_or_else(wrong)?;
    let micros = micros.parse().ok().filter(|_| micros.len() <= 16).ok_or_else(wrong)?;
    let since = DateTime::from_timestamp_micros(micros).ok_or_else(wrong)?;
    let contact = contact.parse().ok().filter(|_| contact.len() == 32).ok_or_else(wrong)?;
    Ok(Place { since, contact_id: ContactId(contact) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let since = DateTime::from_timestamp_micros(1_795_000_000_123_456).unwrap_or_default();
        let place = Place { since, contact_id: ContactId::new() };
        assert_eq!(read_cursor(&cursor(place)).ok(), Some(place));
        for wrong in
            ["", "1", "-", "1-1", "x-0195f0000000700080000000000000a1", "1-0195f000-0000-7000-8000-0000000000a1"]
        {
            assert!(read_cursor(wrong).is_err(), "{wrong}");
        }
    }
}
