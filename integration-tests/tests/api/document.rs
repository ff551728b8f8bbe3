//! `/openapi.json` describes the whole API.

use muster_integration_tests::{DOCUMENT, World};
use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::samples::{Who, document, operations};

/// Every route with its operation's id, which stays as it is. A new one is added here.
const ROUTES: &str = "
DELETE /v1/agent/threads/{thread_id}/tags/{tag_id} delete_agent_thread_tag
DELETE /v1/organizations/{organization_id}/automations/{automation_id} delete_automation
DELETE /v1/organizations/{organization_id}/fields/{field_id} delete_field
DELETE /v1/organizations/{organization_id}/groups/{group_id}/contacts/{contact_id} delete_group_contact
DELETE /v1/organizations/{organization_id}/groups/{group_id}/members/{member_id} delete_group_member
DELETE /v1/organizations/{organization_id}/hold delete_hold
DELETE /v1/organizations/{organization_id}/import-sources/{source_id} delete_import_source
DELETE /v1/organizations/{organization_id}/members/{member_id} delete_member
DELETE /v1/organizations/{organization_id}/members/{member_id}/tokens delete_member_token
DELETE /v1/organizations/{organization_id}/tags/{tag_id} delete_tag
DELETE /v1/organizations/{organization_id}/tokens/{token_id} delete_token
DELETE /v1/agent/scripts/{script_id} delete_agent_script
GET /v1/account get_account
GET /v1/agent/goals list_agent_goals
GET /v1/agent/groups/{group_id}/agents list_agent_group_agents
GET /v1/agent/reasons list_agent_reasons
GET /v1/agent/tags list_agent_tags
GET /v1/agent/threads list_agent_threads
GET /v1/agent/threads/{thread_id} get_agent_thread
GET /v1/agent/events get_agent_events
GET /v1/agent/goals/{goal_id}/scripts get_agent_goal_scripts
GET /v1/agent/home get_agent_home
GET /v1/agent/scripts list_agent_scripts
GET /v1/agent/scripts/{script_id} get_agent_script
GET /v1/agent/threads/{thread_id}/scripts get_agent_thread_scripts
GET /v1/organizations list_organizations
GET /v1/organizations/{organization_id} get_organization
GET /v1/organizations/{organization_id}/automations list_automations
GET /v1/organizations/{organization_id}/automations/{automation_id} get_automation
GET /v1/organizations/{organization_id}/bulk-changes list_bulk_changes
GET /v1/organizations/{organization_id}/bulk-changes/{bulk_change_id} get_bulk_change
GET /v1/organizations/{organization_id}/calendar get_calendar
GET /v1/organizations/{organization_id}/campaigns list_campaigns
GET /v1/organizations/{organization_id}/campaigns/{campaign_id} get_campaign
GET /v1/organizations/{organization_id}/campaigns/{campaign_id}/forecast get_campaign_forecast
GET /v1/organizations/{organization_id}/campaigns/{campaign_id}/preview list_campaign_preview
GET /v1/organizations/{organization_id}/cap-tier get_cap_tier
GET /v1/organizations/{organization_id}/cap-tiers list_cap_tiers
GET /v1/organizations/{organization_id}/caps get_caps
GET /v1/organizations/{organization_id}/contacts list_contacts
GET /v1/organizations/{organization_id}/contacts/{contact_id} get_contact
GET /v1/organizations/{organization_id}/contacts/{contact_id}/consents list_contact_consents
GET /v1/organizations/{organization_id}/contacts/{contact_id}/why get_contact_why
GET /v1/organizations/{organization_id}/conversations list_conversations
GET /v1/organizations/{organization_id}/conversations/{thread_id} get_conversation
GET /v1/organizations/{organization_id}/fields list_fields
GET /v1/organizations/{organization_id}/fields/{field_id} get_field
GET /v1/organizations/{organization_id}/forms list_forms
GET /v1/organizations/{organization_id}/forms/{form_id} get_form
GET /v1/organizations/{organization_id}/goals list_goals
GET /v1/organizations/{organization_id}/goals/{goal_id} get_goal
GET /v1/organizations/{organization_id}/goals/{goal_id}/forecast get_goal_forecast
GET /v1/organizations/{organization_id}/goals/{goal_id}/preview get_goal_preview
GET /v1/organizations/{organization_id}/goals/{goal_id}/preview/contacts list_goal_preview_contacts
GET /v1/organizations/{organization_id}/goals/{goal_id}/preview/texts get_goal_preview_texts
GET /v1/organizations/{organization_id}/goals/{goal_id}/stats get_goal_stats
GET /v1/organizations/{organization_id}/groups list_groups
GET /v1/organizations/{organization_id}/groups/{group_id} get_group
GET /v1/organizations/{organization_id}/import-sources list_import_sources
GET /v1/organizations/{organization_id}/import-sources/{source_id} get_import_source
GET /v1/organizations/{organization_id}/imports list_imports
GET /v1/organizations/{organization_id}/imports/{import_id} get_import
GET /v1/organizations/{organization_id}/imports/{import_id}/changes list_import_changes
GET /v1/organizations/{organization_id}/imports/{import_id}/events get_import_events
GET /v1/organizations/{organization_id}/imports/{import_id}/rejects.csv get_import_rejects_csv
GET /v1/organizations/{organization_id}/laws get_laws
GET /v1/organizations/{organization_id}/members list_members
GET /v1/organizations/{organization_id}/members/{member_id} get_member
GET /v1/organizations/{organization_id}/members/{member_id}/tokens list_member_tokens
GET /v1/organizations/{organization_id}/merges/{merge_id} get_merge
GET /v1/organizations/{organization_id}/numbers list_numbers
GET /v1/organizations/{organization_id}/opt-outs list_opt_outs
GET /v1/organizations/{organization_id}/opt-outs.csv get_opt_outs_csv
GET /v1/organizations/{organization_id}/rates get_rates
GET /v1/organizations/{organization_id}/registered-campaigns list_registered_campaigns
GET /v1/organizations/{organization_id}/tags list_tags
GET /v1/organizations/{organization_id}/tags/{tag_id} get_tag
GET /v1/organizations/{organization_id}/test-phone get_test_phone
GET /v1/organizations/{organization_id}/scripts list_scripts
GET /v1/organizations/{organization_id}/scripts/{script_id} get_script
GET /v1/redactions/{redaction_id} get_redaction
GET /v1/sign-ups/{form_key} get_sign_up
PATCH /v1/agent/threads/{thread_id}/contact patch_agent_thread_contact
PATCH /v1/organizations/{organization_id} patch_organization
PATCH /v1/organizations/{organization_id}/contacts/{contact_id} patch_contact
PATCH /v1/organizations/{organization_id}/fields/{field_id} patch_field
PATCH /v1/organizations/{organization_id}/groups/{group_id} patch_group
PATCH /v1/organizations/{organization_id}/groups/{group_id}/contacts/{contact_id} patch_group_contact
PATCH /v1/organizations/{organization_id}/members/{member_id} patch_member
PATCH /v1/organizations/{organization_id}/tags/{tag_id} patch_tag
PATCH /v1/organizations/{organization_id}/scripts/{script_id} patch_script
PATCH /v1/agent/scripts/{script_id} patch_agent_script
POST /v1/agent/batches/{batch_id}/return return_agent_batch
POST /v1/agent/batches/{batch_id}/contacts/{contact_id}/send send_agent_batch_contact
POST /v1/agent/batches/{batch_id}/preview preview_agent_batch
POST /v1/agent/scripts create_agent_script
POST /v1/agent/batches/{batch_id}/send send_agent_batch
POST /v1/agent/batches/{batch_id}/skip skip_agent_batch
POST /v1/agent/goals/{goal_id}/claim claim_agent_goal
POST /v1/agent/groups/{group_id}/replies/claim claim_agent_group_reply
POST /v1/agent/threads/{thread_id}/done done_agent_thread
POST /v1/agent/threads/{thread_id}/extend extend_agent_thread
POST /v1/agent/threads/{thread_id}/hand-on hand_on_agent_thread
POST /v1/agent/threads/{thread_id}/opt-out opt_out_agent_thread
POST /v1/agent/threads/{thread_id}/opt-out/undo undo_agent_thread_opt_out
POST /v1/agent/threads/{thread_id}/release release_agent_thread
POST /v1/agent/threads/{thread_id}/reply reply_agent_thread
POST /v1/organizations create_organization
POST /v1/organizations/{organization_id}/automations create_automation
POST /v1/organizations/{organization_id}/automations/dry-run dry_run_automation
POST /v1/organizations/{organization_id}/bulk-changes create_bulk_change
POST /v1/organizations/{organization_id}/bulk-changes/{bulk_change_id}/cancel cancel_bulk_change
POST /v1/organizations/{organization_id}/campaigns create_campaign
POST /v1/organizations/{organization_id}/campaigns/{campaign_id}/follow-up follow_up_campaign
POST /v1/organizations/{organization_id}/campaigns/{campaign_id}/groups create_campaign_group
POST /v1/organizations/{organization_id}/campaigns/{campaign_id}/launch launch_campaign
POST /v1/organizations/{organization_id}/campaigns/{campaign_id}/{action} act_on_campaign
POST /v1/organizations/{organization_id}/contacts post_contacts
POST /v1/organizations/{organization_id}/contacts/{contact_id}/opt-in opt_in_contact
POST /v1/organizations/{organization_id}/contacts/{contact_id}/opt-out opt_out_contact
POST /v1/organizations/{organization_id}/conversations/assign assign_conversation
POST /v1/organizations/{organization_id}/fields create_field
POST /v1/organizations/{organization_id}/fields/{field_id}/merge merge_field
POST /v1/organizations/{organization_id}/fields/{field_id}/rename rename_field
POST /v1/organizations/{organization_id}/forms create_form
POST /v1/organizations/{organization_id}/goals create_goal
POST /v1/organizations/{organization_id}/goals/{goal_id}/close close_goal
POST /v1/organizations/{organization_id}/goals/{goal_id}/duplicate duplicate_goal
POST /v1/organizations/{organization_id}/goals/{goal_id}/follow-up follow_up_goal
POST /v1/organizations/{organization_id}/goals/{goal_id}/launch launch_goal
POST /v1/organizations/{organization_id}/goals/{goal_id}/pause pause_goal
POST /v1/organizations/{organization_id}/goals/{goal_id}/resume resume_goal
POST /v1/organizations/{organization_id}/goals/{goal_id}/test-text test_text_goal
POST /v1/organizations/{organization_id}/groups create_group
POST /v1/organizations/{organization_id}/groups/{group_id}/archive archive_group
POST /v1/organizations/{organization_id}/groups/{group_id}/unarchive unarchive_group
POST /v1/organizations/{organization_id}/import-sources create_import_source
POST /v1/organizations/{organization_id}/import-sources/{source_id}/fetch fetch_import_source
POST /v1/organizations/{organization_id}/imports create_import
POST /v1/organizations/{organization_id}/imports/preview preview_import
POST /v1/organizations/{organization_id}/imports/{import_id}/cancel cancel_import
POST /v1/organizations/{organization_id}/imports/{import_id}/undo undo_import
POST /v1/organizations/{organization_id}/members create_member
POST /v1/organizations/{organization_id}/members/invite invite_member
POST /v1/organizations/{organization_id}/members/{member_id}/restore restore_member
POST /v1/organizations/{organization_id}/members/{member_id}/suspend suspend_member
POST /v1/organizations/{organization_id}/members/{member_id}/tokens create_member_token
POST /v1/organizations/{organization_id}/numbers create_number
POST /v1/organizations/{organization_id}/opt-outs/lookup lookup_opt_out
POST /v1/organizations/{organization_id}/registered-campaigns create_registered_campaign
POST /v1/organizations/{organization_id}/tags create_tag
POST /v1/organizations/{organization_id}/tags/{tag_id}/merge merge_tag
POST /v1/organizations/{organization_id}/scripts create_script
POST /v1/organizations/{organization_id}/scripts/{script_id}/archive archive_script
POST /v1/organizations/{organization_id}/scripts/{script_id}/unarchive unarchive_script
POST /v1/organizations/{organization_id}/texts/segments post_text_segments
POST /v1/redactions create_redaction
POST /v1/sign-ups/{form_key}/submit submit_sign_up
POST /v1/webhooks/twilio/inbound receive_twilio_inbound
POST /v1/webhooks/twilio/status/{message_id} receive_twilio_status
PUT /v1/agent/threads/{thread_id}/answer put_agent_thread_answer
PUT /v1/agent/threads/{thread_id}/tags/{tag_id} put_agent_thread_tag
PUT /v1/organizations/{organization_id}/automations/{automation_id} put_automation
PUT /v1/organizations/{organization_id}/campaigns/{campaign_id} put_campaign
PUT /v1/organizations/{organization_id}/cap-tier put_cap_tier
PUT /v1/organizations/{organization_id}/caps put_caps
PUT /v1/organizations/{organization_id}/forms/{form_id} put_form
PUT /v1/organizations/{organization_id}/goals/{goal_id} put_goal
PUT /v1/organizations/{organization_id}/groups/{group_id}/contacts/{contact_id} put_group_contact
PUT /v1/organizations/{organization_id}/groups/{group_id}/members/{member_id} put_group_member
PUT /v1/organizations/{organization_id}/import-sources/{source_id} put_import_source
PUT /v1/organizations/{organization_id}/laws put_laws
PUT /v1/organizations/{organization_id}/rates put_rates
PUT /v1/organizations/{organization_id}/registered-campaigns/{registered_campaign_id} put_registered_campaign
PUT /v1/organizations/{organization_id}/registered-campaigns/{registered_campaign_id}/numbers put_registered_campaign_numbers
";

#[tokio::test]
async fn the_document_is_openapi_3_1_and_has_every_route() {
    World::with_api()
        .run(async |world| {
            let document = document(&world.nobody()).await;
            assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
            assert_eq!(document["info"]["title"], "Muster");
            let told = |operation: &super::samples::Operation| {
                format!("{} {}", operation.name(), operation.spec["operationId"].as_str().unwrap_or_default())
            };
            let seen: BTreeSet<String> = operations(&document).iter().map(told).collect();
            let wanted: BTreeSet<String> =
                ROUTES.lines().filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect();
            assert_eq!(seen, wanted);
        })
        .await;
}

#[tokio::test]
async fn every_operation_documents_its_parameters_a_success_and_the_default_problem() {
    World::with_api()
        .run(async |world| {
            let document = document(&world.nobody()).await;
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
        })
        .await;
}

/// RFC 9457: problems have a media type of their own, and the answers have it.
#[tokio::test]
async fn problems_are_documented_with_the_media_type_that_they_are_answered_with() {
    World::with_api()
        .run(async |world| {
            let document = document(&world.nobody()).await;
            let wrong: Vec<String> = operations(&document)
                .iter()
                .filter(|operation| {
                    !operation.spec["responses"]["default"]["content"]["application/problem+json"].is_object()
                })
                .map(super::samples::Operation::name)
                .collect();
            assert!(wrong.is_empty(), "{} operations document another: {wrong:?}", wrong.len());
        })
        .await;
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
    World::with_api()
        .run(async |world| {
            let document = document(&world.nobody()).await;
            let mut found = Vec::new();
            references(&document, &mut found);
            assert!(found.len() > 40);
            for reference in found {
                assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
            }
        })
        .await;
}

/// Ids are the names of functions in generated clients: each is one operation's alone.
#[test]
fn every_operation_has_an_id_of_its_own_a_tag_and_says_who_may_ask() {
    let mut ids = BTreeSet::new();
    for operation in operations(&DOCUMENT.0) {
        let (name, spec) = (operation.name(), &operation.spec);
        let id = spec["operationId"].as_str().unwrap_or_default();
        assert!(id.contains('_') && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}: {id:?}");
        assert!(ids.insert(id.to_owned()), "{name}: {id} is another's too");
        assert!(spec["tags"].as_array().is_some_and(|tags| !tags.is_empty()), "{name}");
        let without_token = matches!(operation.who(), Who::Carrier | Who::Public);
        let wanted = if without_token { json!([]) } else { json!([{ "bearer": [] }]) };
        assert_eq!(spec["security"], wanted, "{name}");
    }
    assert!(DOCUMENT.0["components"]["securitySchemes"]["bearer"].is_object());
}

/// Every answer has a description, and every body a schema that says something.
#[test]
fn every_answer_is_described_and_every_body_has_a_schema() {
    let mut wrong = Vec::new();
    for operation in operations(&DOCUMENT.0) {
        for (status, response) in operation.spec["responses"].as_object().unwrap() {
            let name = format!("{} {status}", operation.name());
            if response["description"].as_str().unwrap_or_default().is_empty() {
                wrong.push(format!("{name} has no description"));
            }
            let content = response["content"].as_object();
            if content.is_none() && !matches!(status.as_str(), "202" | "204") {
                wrong.push(format!("{name} has no content"));
            }
            for (media_type, content) in content.into_iter().flatten() {
                if content["schema"].as_object().is_none_or(serde_json::Map::is_empty) {
                    wrong.push(format!("{name} {media_type} has no schema"));
                }
            }
        }
        let errors: Vec<&str> = operation.spec["responses"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .filter(|status| status.starts_with('4') || status.starts_with('5'))
            .collect();
        let needed: &[&str] = match operation.who() {
            Who::Carrier => &["403", "413", "422", "500", "503"],
            Who::Public => &["403", "404", "429", "500", "503"],
            _ => &["401", "403", "500", "503"],
        };
        if let Some(missing) = needed.iter().find(|status| !errors.contains(status)) {
            wrong.push(format!("{} does not say {missing}", operation.name()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Schemas, at any depth, with the path to each.
fn schemas<'a>(value: &'a Value, at: &str, found: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let at = format!("{at}/{name}");
                let is_schema = ["schema", "items", "additionalProperties", "propertyNames"].contains(&name.as_str())
                    || at.rsplit('/').nth(1).is_some_and(|above| ["schemas", "properties"].contains(&above));
                if is_schema && value.is_object() {
                    found.push((at.clone(), value));
                }
                schemas(value, &at, found);
            }
        }
        Value::Array(items) => {
            for (nth, item) in items.iter().enumerate() {
                let at = format!("{at}/{nth}");
                if at.rsplit('/').nth(1).is_some_and(|above| ["oneOf", "anyOf", "allOf"].contains(&above)) {
                    found.push((at.clone(), item));
                }
                schemas(item, &at, found);
            }
        }
        _ => {}
    }
}

/// No schema is a bare object, lists declare their items, patterns can be compiled, and examples
/// fit.
#[test]
fn every_schema_says_what_it_is() {
    let mut found = Vec::new();
    schemas(&DOCUMENT.0, "", &mut found);
    assert!(found.len() > 300, "{}", found.len());
    let mut wrong = Vec::new();
    for (at, schema) in found {
        let kinds = schema["type"].to_string();
        let says = |keyword: &str| schema.get(keyword).is_some();
        if ["$ref", "oneOf", "anyOf", "allOf", "enum"].iter().any(|keyword| says(keyword)) {
            continue;
        }
        if !says("type") {
            wrong.push(format!("{at}: {schema} says no type"));
        }
        if kinds.contains("object") && !says("properties") && !schema["additionalProperties"].is_object() {
            wrong.push(format!("{at} is a bare object"));
        }
        if kinds.contains("array") && !schema["items"].is_object() {
            wrong.push(format!("{at} is a list of anything"));
        }
        if let Some(pattern) = schema["pattern"].as_str()
            && regex_lite::Regex::new(pattern).is_err()
        {
            wrong.push(format!("{at}: {pattern:?} cannot be compiled"));
        }
        for example in schema.get("example").into_iter().chain(schema["examples"].as_array().into_iter().flatten()) {
            wrong.extend(
                DOCUMENT.misfits(schema, example).into_iter().map(|misfit| format!("{at}: an example: {misfit}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Rule of the contract: a POST that creates or sends can be repeated without harm.
#[test]
fn every_post_that_creates_or_sends_takes_an_idempotency_key() {
    // An answer with a secret is not kept, and asking for these again does nothing more.
    let without = ["create_member_token", "cancel_import"];
    for operation in operations(&DOCUMENT.0) {
        let id = operation.spec["operationId"].as_str().unwrap();
        let creates = ["201", "202"].iter().any(|status| operation.spec["responses"].get(status).is_some());
        let parameters = operation.spec["parameters"].as_array().cloned().unwrap_or_default();
        let keyed =
            parameters.iter().any(|parameter| parameter["in"] == "header" && parameter["name"] == "Idempotency-Key");
        let sends = ["skip_agent_batch", "put_group_member"].contains(&id);
        let wanted = (operation.method == reqwest::Method::POST && creates && !without.contains(&id)) || sends;
        assert_eq!(keyed, wanted, "{id}");
        let edits = [
            "put_automation",
            "put_campaign",
            "put_form",
            "put_goal",
            "patch_contact",
            "patch_field",
            "patch_group",
            "patch_member",
            "patch_tag",
            "patch_script",
            "patch_agent_script",
        ]
        .contains(&id);
        assert_eq!(parameters.iter().any(|parameter| parameter["name"] == "If-Match"), edits, "{id}");
    }
}

/// Every type of problem is one of those that the document lists, each under the status that it
/// comes with.
#[test]
fn every_type_of_problem_is_listed() {
    let problem = &DOCUMENT.0["components"]["schemas"]["Problem"];
    let types: Vec<&str> =
        problem["properties"]["type"]["enum"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(types.len() > 15 && types.iter().all(|kind| kind.starts_with("urn:muster:problem:")), "{types:?}");
    let described = DOCUMENT.0["paths"].to_string();
    for kind in types {
        let elsewhere = kind.ends_with("method-not-allowed");
        assert!(elsewhere || described.contains(kind), "no operation says {kind}");
    }
}

/// A wall-clock time has no offset, so that it is no `date-time`.
#[test]
fn g11_local_times_are_not_said_to_be_instants() {
    let goal = &DOCUMENT.0["components"]["schemas"]["GoalBody"]["properties"];
    for name in ["date", "opens", "closes"] {
        let says = DOCUMENT.resolve(&goal[name]);
        assert!(says["format"].is_null() && says["pattern"].is_string(), "{name}: {says}");
        assert!(DOCUMENT.misfits(&goal[name], &json!("2026-11-03T10:00:00")).is_empty());
        assert!(!DOCUMENT.misfits(&goal[name], &json!("2026-11-03T10:00:00Z")).is_empty());
    }
    for name in ["opens_at", "closes_at"] {
        assert_eq!(goal[name]["format"], "date-time", "{name}");
    }
    let input = &DOCUMENT.0["components"]["schemas"]["GoalInput"]["properties"];
    for time in [
        "2026-11-03T10:00",
        "2026-11-03T10:00:00",
        "2026-11-03T10:00:00.5",
        "2026-11-03T15:00:00Z",
        "2026-11-03T10:00:00-05:00",
    ] {
        assert_eq!(DOCUMENT.misfits(&input["opens"], &json!(time)), Vec::<String>::new(), "{time}");
    }
}
