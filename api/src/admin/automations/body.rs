//! Automations as answers tell them.

use chrono::{DateTime, Utc};
use muster_domain::ids::AutomationId;
use muster_storage::{
    Page,
    conversations::automations::{self, Filter, StoredAutomation},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    admin::automations::input::{Automation, told},
    auth::Admin,
    list::Item,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct AutomationBody {
    #[schema(value_type = uuid::Uuid)]
    id: AutomationId,
    /// Its definition.
    automation: Automation,
    created_at: DateTime<Utc>,
    version: i32,
}

impl Item for AutomationBody {
    type Id = AutomationId;

    const PAGE: &'static str = "AutomationPage";
}

pub(crate) fn body(stored: StoredAutomation) -> AutomationBody {
    let StoredAutomation { id, definition, version, created_at } = stored;
    AutomationBody { id, automation: told(definition), created_at, version }
}

/// Finds an automation of the organization.
pub(crate) async fn find(api: &Api, admin: &Admin, id: AutomationId) -> Result<StoredAutomation, Problem> {
    let filter = Filter { id: Some(id) };
    let found = automations::page(&api.pool, admin.organization_id, &filter, Page::first(1)).await?;
    found.into_iter().next().ok_or_else(|| Problem::no("automation"))
}
