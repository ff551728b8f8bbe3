//! Operations of operators' pages.

use super::operations;

operations! {
    ME = GET "/v1/operator/me";
    OVERVIEW = GET "/v1/operator/overview";
}
