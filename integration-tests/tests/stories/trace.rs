//! One trace leads from an agent's request through relay, broker and worker to the carrier; a retry
//! is a trace of its own.

use muster_integration_tests::seconds;
use muster_rehearsal::agent::Batch;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use reqwest::Method;
use serde_json::json;

use crate::{
    campaign::{Agent, SCRIPT},
    otlp::{Collector, Exported},
    rig::{Rig, RigOptions},
};

pub(crate) const PEOPLE: [(&str, &str, &str); 3] = [
    ("Quorvella", "Xanthibrook", "9175550101"),
    ("Zephyrine", "Yttermoss", "9175550102"),
    ("Wolframia", "Vexlington", "9175550103"),
];

/// Spans go to the collector, and failed work is tried again soon.
pub(crate) fn watched(collector: &Collector) -> RigOptions {
    let mut env = collector.env();
    env.extend([
        ("MUSTER_CARRIER_TIMEOUT_MS", "2500".to_owned()),
        ("MUSTER_RECONCILE_AFTER_SECONDS", "10".to_owned()),
        ("MUSTER_RETRY_BASE_MS", "200".to_owned()),
        ("MUSTER_RETRY_MAX_MS", "500".to_owned()),
    ]);
    RigOptions { schedulers: 1, workers: 1, env, behaviour: json!({}), ..RigOptions::default() }
}

/// Returns an agent with a batch of everybody.
pub(crate) async fn campaign(rig: &Rig) -> (Agent, Batch) {
    let group = rig.group("North", "212", 1).await;
    let rows = PEOPLE.map(|(first, last, phone)| format!("{first},{last},{phone}\n"));
    rig.import(&group, format!("first name,last name,phone\n{}", rows.concat())).await;
    let agent = rig.agent("Ann", &[&group]).await;
    let goal = rig.campaign(&[&group], SCRIPT).await.remove(0);
    let batch = agent.claim_when_there(&goal).await;
    (agent, batch)
}

/// Names and phones are in no span: attributes, events, links and status are all in its debug text.
fn name_nobody(spans: &[Exported]) {
    assert!(!spans.is_empty());
    for exported in spans {
        let shown = format!("{exported:?}");
        for (first, last, phone) in PEOPLE {
            assert!(![first, last, phone].iter().any(|secret| shown.contains(secret)), "{shown}");
        }
    }
}

fn kind(span: &Exported) -> SpanKind {
    SpanKind::try_from(span.span.kind).unwrap()
}

#[tokio::test]
async fn one_trace_leads_from_the_agents_request_to_the_carrier() {
    let collector = Collector::start().await;
    Rig::run(watched(&collector), async |rig| {
        let (agent, batch) = campaign(rig).await;

        let (trace_id, caller) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
        let traceparent = format!("00-{trace_id}-{caller}-01");
        agent.send(&batch, &batch.contacts, &[("traceparent", traceparent)]).await;
        rig.until_none("message where kind = 'initial' and state <> 'delivered'", seconds(20)).await;

        let in_trace = |span: &Exported| hex(&span.span.trace_id) == trace_id;
        let calls = collector
            .until("calls to the carrier", PEOPLE.len(), |span| in_trace(span) && span.span.name == "POST Messages");
        let calls = calls.await;
        let one = async |name: &'static str| {
            let mut found = collector.until(name, 1, |span| in_trace(span) && span.span.name == name).await;
            assert_eq!(found.len(), 1, "{name}");
            found.remove(0)
        };
        let request = one("POST /v1/agent/batches/{batch_id}/send").await;
        let publish = one("publish send").await;
        let run = one("run send").await;

        assert_eq!((kind(&request), request.service.as_str()), (SpanKind::Server, "muster-api"));
        assert_eq!(hex(&request.span.parent_span_id), caller, "the request continues the caller's trace");
        assert_eq!((kind(&publish), publish.service.as_str()), (SpanKind::Producer, "muster-scheduler"));
        assert_eq!(
            publish.span.parent_span_id, request.span.span_id,
            "the relay publishes within the \
             request's trace"
        );
        assert_eq!((kind(&run), run.service.as_str()), (SpanKind::Consumer, "muster-worker"));
        assert_eq!(run.span.parent_span_id, publish.span.span_id, "the worker runs what was published");
        assert_eq!(run.attribute("job.id"), publish.attribute("job.id"));
        assert_eq!(calls.len(), PEOPLE.len(), "one call for each text");
        for call in calls {
            assert_eq!((kind(&call), call.service.as_str()), (SpanKind::Client, "muster-worker"));
            assert_eq!(call.span.parent_span_id, run.span.span_id, "the carrier is called by the job");
            assert_eq!(call.attribute("outcome").as_deref(), Some("accepted"));
            assert_eq!(call.attribute("http.request.method").as_deref(), Some("POST"));
            assert_eq!(call.number("http.response.status_code"), Some(201));
            assert!(call.number("server.port") > Some(0) && call.attribute("server.address").is_some(), "{call:?}");
            let url = call.attribute("url.full").unwrap();
            assert!(url.ends_with("/Messages.json") && !url.contains(['?', '@']), "{url}");
            assert!(call.span.start_time_unix_nano >= run.span.start_time_unix_nano, "{call:?}");
            assert!(links_to(&call, &request), "each text is linked to the request that made it: {call:?}");
        }
        assert_eq!(request.number("http.response.status_code"), Some(202));
        assert_eq!(request.attribute("http.route").as_deref(), Some("/v1/agent/batches/{batch_id}/send"));
        assert_eq!(publish.attribute("messaging.operation.type").as_deref(), Some("send"));
        assert_eq!(publish.attribute("messaging.destination.name").as_deref(), Some("muster.jobs:send"));
        assert!(publish.number("messaging.batch.message_count") >= Some(1), "{publish:?}");
        assert_eq!(run.attribute("messaging.operation.type").as_deref(), Some("process"));
        assert_eq!(run.attribute("messaging.destination.name").as_deref(), Some("muster.jobs:send:muster.send"));
        let wait = one("wait send").await;
        assert_eq!(wait.span.parent_span_id, publish.span.span_id, "the wait follows the publish");
        assert_eq!(wait.attribute("job.id"), run.attribute("job.id"));
        let commit =
            collector.until("the job's commit", 1, |span| in_trace(span) && span.span.name == "COMMIT").await.remove(0);
        assert_eq!(kind(&commit), SpanKind::Client);
        assert_eq!(commit.attribute("db.system.name").as_deref(), Some("postgresql"));
        // A job can be claimed once its publish has committed, and that is after the broker's
        // confirmation.
        assert!(publish.span.start_time_unix_nano < publish.span.end_time_unix_nano, "{publish:?}");
        assert!(publish.span.end_time_unix_nano <= run.span.start_time_unix_nano, "{publish:?} {run:?}");
        name_nobody(&collector.spans());
        follow_the_conventions(&collector.spans());
    })
    .await;
}

/// Every span seen has attributes of the right types, and those that its kind must have.
fn follow_the_conventions(spans: &[Exported]) {
    let wrong: std::collections::BTreeSet<String> = spans.iter().flat_map(Exported::wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_retry_is_a_trace_of_its_own_linked_to_the_first_attempt() {
    let collector = Collector::start().await;
    Rig::run(watched(&collector), async |rig| {
        let (agent, batch) = campaign(rig).await;

        // The carrier takes the texts without a word and then is away, so that asking it about them
        // fails at first.
        let silent = json!({ "drop_after_accept": 1.0, "receipts": { "enabled": false } });
        rig.tell_simulator(Method::PUT, "behaviour", &silent).await;
        agent.send(&batch, &batch.contacts, &[]).await;
        rig.until_none("message where kind = 'initial' and state <> 'unknown'", seconds(20)).await;
        rig.cluster.kill("simulator").await.unwrap();
        rig.until_some(
            "job where kind = 'message-reconcile' and jsonb_array_length(errors) > \
             0",
            seconds(20),
        )
        .await;
        rig.cluster.restart("simulator").await.unwrap();
        rig.until_none("message where kind = 'initial' and state <> 'sent'", seconds(20)).await;

        let of = |attempt: &'static str| {
            move |span: &Exported| {
                span.span.name == "run message-reconcile" && span.attribute("job.attempt").as_deref() == Some(attempt)
            }
        };
        let firsts = collector.until("first attempts", 1, of("1")).await;
        let again = collector.until("second attempts", 1, of("2")).await;
        for retry in again {
            let job = retry.attribute("job.id");
            let first = firsts.iter().find(|first| first.attribute("job.id") == job).expect(
                "the first attempt has a \
                     span",
            );
            assert_eq!(hex(&retry.span.parent_span_id), "", "a retry is a root");
            assert_ne!(retry.span.trace_id, first.span.trace_id, "a retry has a trace of its own");
            assert!(links_to(&retry, first), "a retry is linked to the first attempt: {retry:?}");
            assert_eq!(first.attribute("error.type").as_deref(), Some("retry"), "{first:?}");
        }
        // The list of the carrier's texts is asked for by a number in the query.
        let lists = collector.until("lists of texts", 2, |span| span.span.name == "GET Messages").await;
        for list in &lists {
            let url = list.attribute("url.full").unwrap();
            assert!(url.ends_with("/Messages.json") && !url.contains(['?', '@']), "{url}");
        }
        assert!(lists.iter().any(|list| list.number("http.response.status_code") == Some(200)), "{lists:?}");
        assert!(
            lists.iter().any(|list| list.attribute("error.type").is_some()),
            "the carrier was away: \
             {lists:?}"
        );
        name_nobody(&collector.spans());
        follow_the_conventions(&collector.spans());
    })
    .await;
}

fn links_to(span: &Exported, target: &Exported) -> bool {
    let target = &target.span;
    span.span.links.iter().any(|link| link.trace_id == target.trace_id && link.span_id == target.span_id)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
