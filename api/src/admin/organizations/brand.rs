//! A brand that organizations share: its caps, rates and holds are all of theirs (rules S3 and
//! S10).

use muster_domain::{
    ids::{BrandId, OrganizationId},
    sending::cap::CarrierCalendar,
    tenancy::role::Role,
};
use muster_service::trace;
use muster_storage::{
    Tx,
    engine::enqueue::Origin,
    sending::{
        Concerned, caps,
        waiting::{SettingsChange, rearm},
    },
    tenancy::{brands, organizations},
};

use crate::{auth::Admin, problem::Problem, state::Api};

/// A brand, locked to change its terms.
pub(crate) struct LockedBrand {
    pub(crate) id: BrandId,
    /// The organizations that send under it.
    organizations: Vec<OrganizationId>,
}

impl LockedBrand {
    /// Locks the terms of all organizations of the brand. An account admin decides about a brand of
    /// several.
    pub(crate) async fn of(tx: &mut Tx, admin: &Admin) -> Result<Self, Problem> {
        admin.at_least(Role::OrganizationAdmin)?;
        let id = admin.organization(tx).await?.brand_id;
        let organizations = brands::sharing(tx, admin.organization_id).await?;
        if organizations.len() > 1 && admin.member.role != Role::AccountAdmin {
            return Err(Problem::forbidden("several organizations share the brand: an account admin decides"));
        }
        for organization in &organizations {
            organizations::lock_terms(tx, *organization).await?;
        }
        Ok(Self { id, organizations })
    }

    /// Sets the daily cap at a carrier; the texts of today count under it.
    pub(crate) async fn cap(&self, tx: &mut Tx, carrier: &str, daily_segments: Option<i64>) -> Result<(), Problem> {
        organizations::set_cap(tx, self.id, carrier, daily_segments).await?;
        let now = tx.clock().await?;
        let calendar = CarrierCalendar::load().map_err(|error| Problem::conflict(error.to_string()))?;
        caps::count_today(tx, self.id, carrier, calendar.day(now), calendar.day_starts(now)).await?;
        Ok(())
    }

    /// Moves everything of the brand that waits for the changed terms (rule S9).
    pub(crate) async fn rearm(&self, tx: &mut Tx, changed: SettingsChange) -> Result<(), Problem> {
        for organization in &self.organizations {
            let origin = Origin { organization_id: Some(*organization), traceparent: trace::current() };
            rearm(tx, *organization, changed, &origin).await?;
        }
        Ok(())
    }

    /// Waits until the change that was committed holds for all texts of the brand.
    pub(crate) async fn until_it_holds(&self, api: &Api) {
        for organization in &self.organizations {
            api.until_it_holds(Concerned::Organization(*organization)).await;
        }
    }
}
