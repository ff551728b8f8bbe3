//! Which operation a request is, for the audit (rule R9).
//!
//! The entry of a request is made here and by the extractors, and written by the transaction that
//! the request's handler commits (`storage::trust::audit`). A new operation is in the audit by
//! itself: each that is no GET, and each GET that answers with a file.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use axum::{
    extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State},
    http::{HeaderMap, Method},
    middleware::Next,
    response::{IntoResponse, Response},
};
use muster_domain::trust::audit::{Record, Via};
use muster_service::{serve::Peer, trace};
use muster_storage::{
    Pool,
    trust::audit::{self, Acting, Draft, Writes},
};
use utoipa::openapi::{OpenApi, RefOr};
use uuid::Uuid;

use crate::{document::operations_of, problem::Problem, state::Api};

/// Operations of agents with records of their own: texts, batches and claims say by which agent and
/// when. They are a campaign's hot path, and the accounts' chains would be as long as their texts.
const RECORDED_ELSEWHERE: [&str; 9] = [
    "claim_agent_goal",
    "claim_agent_group_reply",
    "extend_agent_thread",
    "preview_agent_batch",
    "release_agent_thread",
    "reply_agent_thread",
    "return_agent_batch",
    "send_agent_batch",
    "send_agent_batch_contact",
];

/// Answers that are pages, and not files.
const PAGES: [&str; 2] = ["application/json", "text/event-stream"];

/// The operations that the audit knows, by method and path.
#[derive(Debug)]
pub(crate) struct Operations(HashMap<(Method, String), Operation>);

#[derive(Debug, Clone)]
struct Operation {
    id: String,
    writes: Writes,
}

impl Operations {
    /// Reads the operations of the document.
    pub(crate) fn of(document: &OpenApi) -> Arc<Self> {
        let mut known = HashMap::new();
        for (path, item) in &document.paths.paths {
            for (method, operation) in operations_of(item) {
                let id = operation.operation_id.clone().unwrap_or_default();
                let file = operation.responses.responses.values().any(|response| match response {
                    RefOr::T(response) => response.content.keys().any(|media_type| {
                        !PAGES.contains(&media_type.as_str()) && media_type != "application/problem+json"
                    }),
                    RefOr::Ref(_) => false,
                });
                let writes = match (method == Method::GET, file) {
                    (true, false) => continue,
                    (true, true) => Writes::Asked,
                    (false, _) if RECORDED_ELSEWHERE.contains(&id.as_str()) => continue,
                    (false, _) => Writes::AtCommit,
                };
                known.insert((method, path.clone()), Operation { id, writes });
            }
        }
        Arc::new(Self(known))
    }
}

/// Runs a request as its operation. A file that reveals much is answered once its entry is written.
pub(crate) async fn act(
    State((api, operations)): State<(Api, Arc<Operations>)>,
    request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let operation = route.and_then(|route| operations.0.get(&(request.method().clone(), route)));
    let Some(operation) = operation else { return next.run(request).await };
    let (mut parts, body) = request.into_parts();
    let params = RawPathParams::from_request_parts(&mut parts, &()).await.ok();
    let mut draft = Draft::of(operation.id.clone(), Via::Api);
    draft.act.method = Some(parts.method.to_string());
    draft.act.trace_id = trace_id(&parts.headers);
    let told = api.settings.http.client_address_header.as_deref();
    let peer = parts.extensions.get::<Peer>().map(|peer| peer.0);
    draft.address = client_address(&parts.headers, told, peer).map(|address| address.to_string());
    for (name, value) in params.iter().flatten() {
        named(&mut draft, name, value);
    }
    let acting = Acting::new(draft, operation.writes);
    let response = audit::scope(Arc::clone(&acting), next.run(Request::from_parts(parts, body))).await;
    if operation.writes == Writes::Asked
        && response.status().is_success()
        && let Err(problem) = write_read(&api.pool, &acting).await
    {
        return problem.into_response();
    }
    response
}

async fn write_read(pool: &Pool, acting: &Acting) -> Result<(), Problem> {
    let mut tx = pool.begin().await?;
    audit::write_read(&mut tx, acting).await?;
    tx.commit_unrecorded().await?;
    Ok(())
}

/// Takes a parameter of the path into the entry. The path's last record comes first: the others are
/// those that it is in. An action is a part of the operation's name.
fn named(draft: &mut Draft, name: &str, value: &str) {
    if name == "action" {
        draft.act.operation = draft.act.operation.replace("act_on", value);
    }
    let (Some(kind), Ok(id)) = (name.strip_suffix("_id"), Uuid::parse_str(value)) else { return };
    if kind == "organization" {
        draft.act.organization_id = Some(id);
        if draft.act.operation != "patch_organization" {
            return;
        }
    }
    draft.act.records.insert(0, Record { kind: kind.to_owned(), id });
}

/// Returns the id of the request's trace: ours, or where none is exported the caller's.
fn trace_id(headers: &HeaderMap) -> Option<String> {
    let caller = headers.get("traceparent").and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
    let context = trace::current().or(caller)?;
    let id = context.split('-').nth(1)?;
    (id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit())).then(|| id.to_ascii_lowercase())
}

/// Returns the address in the last entry of a proxy's header, or the connection's.
pub(crate) fn client_address(headers: &HeaderMap, header: Option<&str>, peer: Option<IpAddr>) -> Option<IpAddr> {
    let last = header.and_then(|name| headers.get_all(name).iter().next_back());
    let told = last.and_then(|value| value.to_str().ok()).and_then(|value| value.rsplit(',').next());
    let address = told.and_then(|told| told.trim().parse().ok()).or(peer);
    address.map(|address: IpAddr| address.to_canonical())
}

/// The noun of a record that an operation makes, by the operation's name.
pub(crate) fn made_by(operation: &str) -> &str {
    match operation {
        "create_campaign_group" | "duplicate_goal" | "follow_up_goal" => "goal",
        "create_member_token" => "token",
        "fetch_import_source" => "import",
        "follow_up_campaign" => "campaign",
        "merge_field" | "merge_tag" | "rename_field" => "merge",
        "post_contacts" => "contact",
        "test_text_goal" => "message",
        other => other.strip_prefix("create_").unwrap_or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi;

    #[test]
    fn r9_every_change_and_every_file_is_in_the_audit_but_those_with_records_of_their_own() {
        let document = openapi::document();
        let operations = Operations::of(document);
        let mut ids: Vec<&str> = operations.0.values().map(|operation| operation.id.as_str()).collect();
        ids.sort_unstable();
        assert!(ids.len() > 100, "{}", ids.len());
        for id in ["patch_contact", "opt_out_agent_thread", "create_redaction", "skip_agent_batch", "submit_sign_up"] {
            assert!(ids.contains(&id), "{id}");
        }
        let files: Vec<&str> = operations
            .0
            .values()
            .filter(|operation| operation.writes == Writes::Asked)
            .map(|operation| operation.id.as_str())
            .collect();
        for id in ["get_opt_outs_csv", "get_import_rejects_csv"] {
            assert!(files.contains(&id), "{id}");
        }
        let all = document.paths.paths.values().flat_map(operations_of);
        let all: Vec<_> = all.filter_map(|(_, operation)| operation.operation_id.clone()).collect();
        for id in RECORDED_ELSEWHERE {
            assert!(all.iter().any(|known| known == id), "{id} is no operation");
            assert!(!ids.contains(&id), "{id}");
        }
    }

    #[test]
    fn r9_the_records_of_a_path_are_named_from_the_last() {
        let mut draft = Draft::of("act_on_campaign", Via::Api);
        let (organization, campaign) = (Uuid::from_u128(1), Uuid::from_u128(2));
        named(&mut draft, "organization_id", &organization.to_string());
        named(&mut draft, "campaign_id", &campaign.to_string());
        named(&mut draft, "action", "pause");
        named(&mut draft, "tier_id", "no id");
        assert_eq!(draft.act.organization_id, Some(organization));
        assert_eq!(draft.act.operation, "pause_campaign");
        assert_eq!(draft.act.records, [Record { kind: "campaign".to_owned(), id: campaign }]);
    }
}
