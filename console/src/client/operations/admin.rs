//! Operations of admins' pages.

use super::operations;

operations! {
    ORGANIZATION = GET "/v1/organizations/{organization_id}";
    ORGANIZATIONS = GET "/v1/organizations";
}
