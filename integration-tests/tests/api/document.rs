//! `/openapi.json` says what there is.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    samples::{document, operations},
    support::World,
};

/// Every route. One that is added is added here, and so is thought of by the tests that go through the document.
const ROUTES: &str = "
DELETE /v1/organizations/{organization_id}/import-sources/{source_id}
DELETE /v1/organizations/{organization_id}/hold
DELETE /v1/organizations/{organization_id}/tokens/{token_id}
GET /v1/account
GET /v1/agent/goals
GET /v1/organizations
GET /v1/organizations/{organization_id}
GET /v1/organizations/{organization_id}/campaigns/{campaign_id}
GET /v1/organizations/{organization_id}/caps
GET /v1/organizations/{organization_id}/contacts
GET /v1/organizations/{organization_id}/contacts/{contact_id}
GET /v1/organizations/{organization_id}/contacts/{contact_id}/why
GET /v1/organizations/{organization_id}/conversations
GET /v1/organizations/{organization_id}/conversations/{thread_id}
GET /v1/organizations/{organization_id}/goals
GET /v1/organizations/{organization_id}/goals/{goal_id}
GET /v1/organizations/{organization_id}/goals/{goal_id}/forecast
GET /v1/organizations/{organization_id}/goals/{goal_id}/preview
GET /v1/organizations/{organization_id}/goals/{goal_id}/stats
GET /v1/organizations/{organization_id}/groups
GET /v1/organizations/{organization_id}/groups/{group_id}
GET /v1/organizations/{organization_id}/import-sources
GET /v1/organizations/{organization_id}/import-sources/{source_id}
GET /v1/organizations/{organization_id}/imports
GET /v1/organizations/{organization_id}/imports/{import_id}
GET /v1/organizations/{organization_id}/imports/{import_id}/changes
GET /v1/organizations/{organization_id}/imports/{import_id}/events
GET /v1/organizations/{organization_id}/imports/{import_id}/rejects.csv
GET /v1/organizations/{organization_id}/laws
GET /v1/organizations/{organization_id}/rates
GET /v1/redactions/{redaction_id}
PATCH /v1/organizations/{organization_id}
PATCH /v1/organizations/{organization_id}/groups/{group_id}/contacts/{contact_id}
POST /v1/agent/batches/{batch_id}/return
POST /v1/agent/batches/{batch_id}/send
POST /v1/agent/batches/{batch_id}/skip
POST /v1/agent/goals/{goal_id}/claim
POST /v1/agent/groups/{group_id}/replies/claim
POST /v1/agent/threads/{thread_id}/reply
POST /v1/organizations
POST /v1/organizations/{organization_id}/campaigns
POST /v1/organizations/{organization_id}/campaigns/{campaign_id}/{action}
POST /v1/organizations/{organization_id}/contacts/{contact_id}/opt-in
POST /v1/organizations/{organization_id}/contacts/{contact_id}/opt-out
POST /v1/organizations/{organization_id}/goals
POST /v1/organizations/{organization_id}/goals/{goal_id}/close
POST /v1/organizations/{organization_id}/goals/{goal_id}/duplicate
POST /v1/organizations/{organization_id}/goals/{goal_id}/launch
POST /v1/organizations/{organization_id}/goals/{goal_id}/pause
POST /v1/organizations/{organization_id}/goals/{goal_id}/resume
POST /v1/organizations/{organization_id}/groups
POST /v1/organizations/{organization_id}/groups/{group_id}/archive
POST /v1/organizations/{organization_id}/import-sources
POST /v1/organizations/{organization_id}/import-sources/{source_id}/fetch
POST /v1/organizations/{organization_id}/imports
POST /v1/organizations/{organization_id}/imports/preview
POST /v1/organizations/{organization_id}/imports/{import_id}/cancel
POST /v1/organizations/{organization_id}/imports/{import_id}/undo
POST /v1/organizations/{organization_id}/members
POST /v1/organizations/{organization_id}/members/{member_id}/tokens
POST /v1/organizations/{organization_id}/numbers
POST /v1/organizations/{organization_id}/texts/segments
POST /v1/redactions
POST /v1/webhooks/twilio/inbound
POST /v1/webhooks/twilio/status/{message_id}
PUT /v1/agent/threads/{thread_id}/answer
PUT /v1/organizations/{organization_id}/caps
PUT /v1/organizations/{organization_id}/goals/{goal_id}
PUT /v1/organizations/{organization_id}/groups/{group_id}/members/{member_id}
PUT /v1/organizations/{organization_id}/import-sources/{source_id}
PUT /v1/organizations/{organization_id}/laws
PUT /v1/organizations/{organization_id}/rates
";

#[tokio::test]
async fn the_document_is_openapi_3_1_and_has_every_route() {
    let world = World::start().await;
    let document = document(&world.nobody).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
    assert_eq!(document["info"]["title"], "Muster");
    let seen: BTreeSet<String> = operations(&document).iter().map(super::samples::Operation::name).collect();
    let wanted: BTreeSet<String> = ROUTES.lines().filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect();
    assert_eq!(seen, wanted);
    world.finish().await;
}

#[tokio::test]
async fn every_operation_documents_its_parameters_a_success_and_the_default_problem() {
    let world = World::start().await;
    let document = document(&world.nobody).await;
    for operation in operations(&document) {
        let name = operation.name();
        let responses = operation.spec["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name} has no success");
        let schemas: Vec<&str> = responses["default"]["content"]
            .as_object()
            .unwrap_or_else(|| panic!("{name} has no default problem"))
            .values()
            .filter_map(|content| content["schema"]["$ref"].as_str())
            .collect();
        assert_eq!(schemas, ["#/components/schemas/Problem"], "{name}");
        let parameters: BTreeSet<&str> = operation.spec["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        let in_path = operation.parameters();
        assert_eq!(parameters, in_path.iter().map(String::as_str).collect(), "{name}");
    }
    world.finish().await;
}

/// RFC 9457: problems have a media type of their own, and that is what is answered.
#[tokio::test]
async fn problems_are_documented_with_the_media_type_that_they_are_answered_with() {
    let world = World::start().await;
    let document = document(&world.nobody).await;
    let wrong: Vec<String> = operations(&document)
        .iter()
        .filter(|operation| !operation.spec["responses"]["default"]["content"]["application/problem+json"].is_object())
        .map(super::samples::Operation::name)
        .collect();
    assert!(wrong.is_empty(), "{} operations document another: {wrong:?}", wrong.len());
    world.finish().await;
}

/// Every reference of the document leads somewhere.
#[tokio::test]
async fn every_reference_of_the_document_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let world = World::start().await;
    let document = document(&world.nobody).await;
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 40);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    world.finish().await;
}
