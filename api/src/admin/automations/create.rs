//! `POST /v1/organizations/{organization_id}/automations` (rule I4).

use axum::extract::State;
use muster_domain::{conversations::automation::MOST_AUTOMATIONS, ids::AutomationId};
use muster_storage::conversations::automations::{self, Written};

use crate::{
    admin::automations::input::{Automation, check, taken},
    auth::OrganizationAdmin,
    document::{Created, Made, Once},
    extract::Json,
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

/// Makes an automation. It acts on texts that are handled from now on.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/automations", tag = "automations")]
pub(crate) async fn create(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    keyed: Keyed,
    Json(body): Json<Automation>,
) -> Result<Once<Created<Made>>, Problem> {
    let definition = check(&api, &admin, &body).await?;
    keyed
        .run(&api, admin.member.id, &body, async |tx| {
            let id = AutomationId::new();
            match automations::create(tx, id, admin.organization_id, admin.member.id, &definition).await? {
                Written::Done => Ok(Created(Made { id: id.0 })),
                Written::NameTaken => Err(taken()),
                Written::Full => {
                    Err(Problem::conflict(format!("an organization has at most {MOST_AUTOMATIONS} automations")))
                }
            }
        })
        .await
}
