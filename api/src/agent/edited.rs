//! An initial that an agent has edited (rules W9, B6 and M1 to M3).

use muster_domain::{
    goals::estimate::estimate,
    sending::{
        admission::strictest,
        batch_send::BatchContact,
        cap::CarrierCalendar,
        compose::{Composer, Text},
        edited::{self, EditRefusal},
        template::{Checks, RENDERED_LIMIT},
    },
};
use muster_storage::{
    Tx,
    goals::{Goal, batches::Lease},
    people::contacts,
    sending::{caps, rates},
    tenancy::organizations::Organization,
};

use crate::problem::Problem;

impl From<EditRefusal> for Problem {
    fn from(refusal: EditRefusal) -> Self {
        let told = refusal.to_string();
        match refusal {
            EditRefusal::NotAllowed | EditRefusal::Reminder => Self::edit_not_allowed(told),
            EditRefusal::Text(_) | EditRefusal::Missing(_) | EditRefusal::TooLong => Self::invalid_body(told),
            EditRefusal::OverCap { .. } => Self::conflict(told),
        }
    }
}

/// A text as it goes to one contact.
#[derive(Debug)]
pub(crate) struct Edited {
    pub(crate) text: Text,
    /// It is not the script's.
    pub(crate) edited: bool,
}

/// Returns the text that an agent has made of a goal's initial for a contact, if it may go.
/// `scripted` is the composer of the goal's own.
pub(crate) async fn compose(
    tx: &mut Tx,
    organization: &Organization,
    goal: &Goal,
    lease: &Lease,
    contact: &BatchContact,
    scripted: &Composer,
    words: &str,
) -> Result<Edited, Problem> {
    let settings = &organization.settings;
    let fields = contacts::custom_fields(tx, organization.id).await?;
    let opt_out_words = settings.require_opt_out_language.then_some(settings.opt_out_keywords.as_slice());
    let checks = Checks { fields: &fields, limit: RENDERED_LIMIT, opt_out_words };
    let template = edited::check(words, lease.kind, settings.agents_edit_initials, checks)?;
    let text = Composer { template, ..scripted.clone() }.compose(&contact.values).map_err(EditRefusal::from)?;
    let unedited = scripted.compose(&contact.values).ok();
    if unedited.as_ref() == Some(&text) {
        return Ok(Edited { text, edited: false });
    }
    // The batch was released by the estimate of one text.
    let estimated = i64::from(estimate(&goal.content.script, settings.smart_encoding).segments)
        .max(unedited.map_or(0, |text| text.segments.segments.into()));
    let segments = text.segments.segments;
    if goal.content.release_plan.paced_to_caps && i64::from(segments) > estimated {
        edited::fits(segments, estimated, room(tx, organization).await?)?;
    }
    Ok(Edited { text, edited: true })
}

/// Returns the segments of today's strictest cap that nothing waiting needs.
async fn room(tx: &mut Tx, organization: &Organization) -> Result<Option<i64>, Problem> {
    let limits = rates::limits(tx, organization.brand_id).await?;
    let Some(carrier) = strictest(&limits.caps) else { return Ok(None) };
    let calendar = CarrierCalendar::load().map_err(|error| Problem::conflict(error.to_string()))?;
    let now = tx.clock().await?;
    Ok(caps::room(tx, organization.brand_id, carrier, calendar.day(now)).await?)
}
