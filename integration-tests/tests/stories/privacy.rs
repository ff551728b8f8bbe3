//! Rule R5 over a whole run: jobs, queues, logs, traces and dead letters carry ids, never names,
//! phones or texts.
//!
//! The run takes the paths on which somebody may slip: rejected rows, files that are refused, texts
//! that contacts write, a carrier that is away, opt-outs, a redaction, and a message in the broker
//! that cannot be decoded.

use std::fmt::Write as _;

use muster_integration_tests::{eventually, seconds};
use muster_jobs::{JobKind, names};
use muster_rehearsal::agent::Batch;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    campaign::Agent,
    otlp::Collector,
    rig::{Rig, RigOptions, text},
};

const PEOPLE: usize = 30;
/// In everything that a contact writes.
const WRITTEN: &str = "Frumenty";
/// In an agent's answer.
const ANSWERED: &str = "Gallimaufry";

/// Words that identify a person: parts of names, phones, notes and texts that appear nowhere else.
fn secrets() -> Vec<String> {
    let words =
        ["Quorvella", "Xanthibrook", "quorv.example", "Kerfuffle-Note", WRITTEN, ANSWERED, "Hi there-and-hello"];
    // Rejected cells too: all numbers begin with the same digits.
    words.into_iter().map(ToOwned::to_owned).chain(["9175550".to_owned(), "917-555-0".to_owned()]).collect()
}

fn csv() -> String {
    let mut csv = "first name,last name,phone,email,notes\n".to_owned();
    for n in 0..PEOPLE {
        writeln!(csv, "Quorvella{n},Xanthibrook{n},9175550{n:03},p{n}@quorv.example,Kerfuffle-Note {n}").unwrap();
    }
    // Rows that are rejected, each for another reason.
    csv + "Quorvella,Xanthibrook,917-555-0999 ext 4,,\nQuorvella,Xanthibrook,9175550.0,,\n\
           Quorvella,Xanthibrook,9175550999,,,too,many,Kerfuffle-Note\n"
}

fn watched(collector: &Collector) -> RigOptions {
    let mut env = collector.env();
    env.extend([
        ("MUSTER_LOG", "info,muster=debug".to_owned()),
        ("MUSTER_CARRIER_TIMEOUT_MS", "2500".to_owned()),
        ("MUSTER_RECONCILE_AFTER_SECONDS", "10".to_owned()),
        ("MUSTER_RETRY_BASE_MS", "200".to_owned()),
        ("MUSTER_RETRY_MAX_MS", "500".to_owned()),
    ]);
    RigOptions { schedulers: 1, workers: 1, env, behaviour: json!({}), ..RigOptions::default() }
}

#[tokio::test]
async fn names_phones_and_texts_stay_out_of_queues_logs_job_rows_and_spans() {
    let collector = Collector::start().await;
    Rig::run(watched(&collector), async |rig| {
        rig.shadow_the_queues().await;

        rig.live_a_little().await;
        rig.park_a_dead_letter().await;
        rig.until_none("job where state in ('pending', 'published', 'running')", seconds(60)).await;
        collector.until("spans of runs", 10, |span| span.span.name.starts_with("run ")).await;

        let published = rig.shadowed().await;
        let kinds = [
            "import-cut",
            "csv-ingestion",
            "import-admit",
            "import-apply",
            "import-end",
            "send",
            "inbound-message",
            "delivery-receipt",
            "message-reconcile",
            "redaction",
        ];
        for kind in kinds {
            assert!(published.iter().any(|message| message.contains(kind)), "no message of {kind} was seen");
        }
        nothing_in("a message of the broker", &published);
        let jobs = rig.rows("select to_jsonb(job) from job").await.unwrap();
        assert!(jobs.iter().any(|job| job.contains(r#""error":"#)), "no job failed, so no error was looked at");
        nothing_in("a job's row", &jobs);
        nothing_in(
            "a dead letter",
            &rig.rows("select to_jsonb(d), convert_from(body, 'UTF8') from dead_letter d").await.unwrap(),
        );
        let spans = collector.spans().iter().map(|span| format!("{span:?}")).collect::<Vec<_>>();
        nothing_in("a span", &spans);
        for name in ["api", "scheduler-1", "worker-1"] {
            let member = rig.cluster.members().iter().find(|member| member.process.name() == name).unwrap();
            let metrics = reqwest::get(format!("{}/metrics", member.url)).await.unwrap().text().await.unwrap();
            nothing_in(&format!("{name}'s metrics"), &metrics.lines().map(ToOwned::to_owned).collect::<Vec<_>>());
            let log = std::fs::read_to_string(rig.cluster.process(name).unwrap().log()).unwrap();
            nothing_in(&format!("{name}'s log"), &log.lines().map(ToOwned::to_owned).collect::<Vec<_>>());
        }
    })
    .await;
}

/// Looks at every item, of which there has to be one.
fn nothing_in(what: &str, items: &[String]) {
    assert!(!items.is_empty(), "there is no {what} to look at");
    for item in items {
        for secret in secrets() {
            assert!(!item.contains(&secret), "{what} has {secret:?}: {item}");
        }
    }
}

impl Rig {
    /// Every published message goes to one more queue, without a consumer.
    async fn shadow_the_queues(&self) {
        let vhost = &self.vhost;
        let queue = json!({ "durable": true, "arguments": { "x-queue-type": "classic" } });
        self.broker(Method::PUT, &format!("queues/{vhost}/shadow"), &queue).await;
        for kind in JobKind::ALL {
            let path = format!("bindings/{vhost}/e/{}/q/shadow", names::EXCHANGE);
            self.broker(Method::POST, &path, &json!({ "routing_key": kind.as_str() })).await;
        }
    }

    /// Returns the messages of that queue: bodies with their properties and headers.
    async fn shadowed(&self) -> Vec<String> {
        let get = json!({ "count": 100_000, "ackmode": "ack_requeue_false", "encoding": "auto" });
        let messages = self.broker(Method::POST, &format!("queues/{}/shadow/get", self.vhost), &get).await;
        messages.as_array().unwrap().iter().map(ToString::to_string).collect()
    }

    async fn live_a_little(&self) {
        let group = self.group("North", "212", 1).await;
        let report = self.import(&group, csv()).await;
        assert_eq!(report["rejected"], 3, "{report}");
        // Without a header, the first person stands where the columns' names should be.
        let headless = csv().lines().skip(1).collect::<Vec<_>>().join("\n");
        let path = self.path(&format!("imports?file_name=people.csv&group_id={group}"));
        let refused = self.try_upload(&path, headless).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        nothing_in("a refusal", std::slice::from_ref(&refused.text));

        self.look_for_people(&group).await;
        let agent = self.agent("Ann", &[&group]).await;
        let script = "Hi there-and-hello {{first_name}} {{last_name}}, vote on {{goal.date}}! STOP to opt out";
        let goal = self.campaign(&[&group], script).await.remove(0);
        let batch = agent.claim_when_there(&goal).await;
        let (now, later) = batch.contacts.split_at(PEOPLE - 5);
        agent.send(&batch, now, &[]).await;
        self.until_none("message where kind = 'initial' and state <> 'delivered'", seconds(20)).await;
        self.converse(&agent, &group).await;
        self.through_other_doors(&group).await;
        self.by_files_and_by_agents(&agent, &group, &batch, &later[0]).await;
        let later = &later[1..];

        // The carrier takes the rest without a word, and then is away.
        let silent = json!({ "drop_after_accept": 1.0, "receipts": { "enabled": false } });
        self.tell_simulator(Method::PUT, "behaviour", &silent).await;
        agent.send(&batch, later, &[]).await;
        self.until_some("message where state = 'unknown'", seconds(20)).await;
        self.cluster.kill("simulator").await.unwrap();
        self.until_some("job where kind = 'message-reconcile' and errors <> '[]'", seconds(20)).await;
        self.cluster.restart("simulator").await.unwrap();
        self.until_none("message where state in ('queued', 'sending', 'unknown')", seconds(30)).await;

        let person = json!({ "phone": "+19175550003", "confirmation": "I understand this cannot be undone" });
        let redaction = self.post("/v1/redactions", person).await;
        let path = format!("/v1/redactions/{}", text(&redaction["id"]));
        eventually(seconds(20), async || {
            let status = self.get(&path).await;
            if status["done"] == true { Ok(()) } else { Err(status.to_string()) }
        })
        .await;
    }

    /// Admins search by name, phone and address, in URLs, and a client says a name of itself and of
    /// its request.
    async fn look_for_people(&self, group: &str) {
        for query in ["name=Quorvella1", "phone=%2B19175550001", "email=p1%40quorv.example"] {
            self.get(&self.path(&format!("contacts?{query}&group_id={group}"))).await;
        }
        self.get(&self.path("conversations?search=Quorvella1")).await;
        let request = reqwest::Client::new()
            .post(format!("{}{}", self.cluster.api_url, self.path("tags")))
            .bearer_auth(&self.cluster.bootstrap_token)
            .header("user-agent", "Quorvella1's phone")
            .header("idempotency-key", "for-Quorvella1-of-9175550001")
            .json(&json!({ "name": "Friends of Xanthibrook1" }));
        assert!(request.send().await.unwrap().status().is_success());
    }

    /// Contacts write, one of them an opt-out and one a cry for help, a stranger too; an agent
    /// answers.
    async fn converse(&self, agent: &Agent, group: &str) {
        for (n, body) in
            [(0, "STOP"), (1, "HELP"), (2, WRITTEN), (4, "please take me off this list, says Frumenty"), (999, WRITTEN)]
        {
            let text = json!({ "from": format!("+19175550{n:03}"), "to": agent.numbers[0], "body": body });
            self.tell_simulator(Method::POST, "inbound", &text).await;
        }
        self.until_none("webhook where processed_at is null", seconds(20)).await;
        let claimed = agent.api.post(&format!("/v1/agent/groups/{group}/replies/claim"), json!({})).await;
        let threads = claimed.as_array().unwrap();
        assert!(!threads.is_empty(), "{claimed}");
        for thread in threads {
            let path = format!("/v1/agent/threads/{}/reply", text(&thread["thread"]["id"]));
            agent.api.post(&path, json!({ "text": ANSWERED })).await;
        }
        self.until_none("message where state in ('queued', 'sending', 'unknown', 'sent')", seconds(20)).await;
    }

    /// The staff's words name a person: tags and fields that become others, a form at which the
    /// person signs up, a file of members, scripts, automations, exports and reasons.
    async fn through_other_doors(&self, group: &str) {
        let named = "Quorvella1 Xanthibrook1 of 917-555-0001";
        let made = async |path: &str, body: Value| text(&self.post(&self.path(path), body).await["id"]).to_owned();
        for noun in ["tags", "fields"] {
            let one = made(noun, json!({ "name": format!("{noun} of Quorvella1") })).await;
            let other = made(noun, json!({ "name": format!("{noun} of Xanthibrook1") })).await;
            self.post(&self.path(&format!("{noun}/{one}/merge")), json!({ "into": other })).await;
        }
        let questions = json!([{ "field": "first_name" }, { "field": "email" }]);
        let form = json!({ "group_id": group, "title": named, "consent_text": named, "questions": questions });
        let form = made("forms", form).await;
        let url = text(&self.get(&self.path(&format!("forms/{form}"))).await["url"]).to_owned();
        let path = &url[url.find("/v1/").unwrap()..];
        let answers = json!({ "first_name": "Quorvella1", "email": "p1@quorv.example" });
        let signed_up = reqwest::Client::new()
            .post(format!("{}{path}/submit", self.cluster.api_url))
            .header("user-agent", named)
            .json(&json!({ "phone": "917-555-0001", "answers": answers, "agrees": true }));
        assert!(signed_up.send().await.unwrap().status().is_success());
        let members = "First Name,Last Name,Email,Role,Groups\n\
             Quorvella1,Xanthibrook1,p1@quorv.example,agent,Friends of Xanthibrook1\n";
        let answer = self.try_upload(&self.path("members/invite"), members).await;
        assert!(answer.text.contains("refused"), "{}", answer.text);
        let action = json!([{ "kind": "answer", "text": named }]);
        let automation = json!({ "name": named, "keywords": ["quorvella1"], "matching": "exact", "actions": action });
        made("automations", automation).await;
        made("scripts", json!({ "kind": "response", "name": named, "script": named })).await;
        made("bulk-changes", json!({ "filter": { "name": "Quorvella1" }, "action": "tag", "tag": named })).await;
        let export = made("exports", json!({ "kind": "contacts", "contacts": { "name": "Quorvella1" } })).await;
        self.until_some(&format!("export where id = '{export}' and state = 'succeeded'"), seconds(20)).await;
        let found = self.get(&self.path("contacts?phone=%2B19175550001")).await;
        let contact = text(&found["items"][0]["id"]);
        let reason = json!({ "reason": format!("{named} called and said so") });
        self.post(&self.path(&format!("contacts/{contact}/opt-out")), reason).await;
        self.post("/v1/sign-in", json!({ "email": "p1@quorv.example" })).await;
    }

    /// A file's name, tags, consent and mapping name a person, and so do an agent's reason to skip
    /// somebody, an agent's edits of a profile, and an operator's reason.
    async fn by_files_and_by_agents(&self, agent: &Agent, group: &str, batch: &Batch, contact: &Value) {
        let file = "first,last,phone,Quorvella's size\nQuorvella1,Xanthibrook1,917-555-0001,XL\n";
        let query = format!(
            "file_name=quorvella1_Quorvella1.csv&group_id={group}&tags=From%20Quorvella1&consent_text=Xanthibrook1%20agreed\
             &mapping=%7B%22Quorvella's%20size%22%3A%22custom%3Asize%20of%20Quorvella1%22%7D"
        );
        self.upload(&self.path(&format!("imports?{query}")), file).await;
        self.until_none("import where state in ('waiting', 'running')", seconds(20)).await;
        let skip = json!({ "lease_token": batch.lease_token, "contact_id": contact, "reason": "Quorvella1 Xanthibrook1 is a friend" });
        agent.api.post(&format!("/v1/agent/batches/{}/skip", batch.id), skip).await;
        let threads = agent.api.get("/v1/agent/threads").await;
        let thread = format!("/v1/agent/threads/{}", text(&threads["items"][0]["id"]));
        let edit = json!({ "first_name": "Quorvella1", "last_name": "Xanthibrook1", "email": "p1@quorv.example" });
        agent.api.call(Method::PATCH, &format!("{thread}/contact"), Some(edit)).await;
        let reason = "Quorvella1 Xanthibrook1 of 917-555-0001 asked";
        self.cluster.muster(&["pause", "--kind", "audit-heads", "--reason", reason]).await.unwrap();
    }

    /// A message that is no envelope: the worker parks it, and says so.
    async fn park_a_dead_letter(&self) {
        let path = format!("exchanges/{}/{}/publish", self.vhost, names::EXCHANGE);
        let message = json!({
            "properties": {}, "routing_key": JobKind::Send.as_str(), "payload": "no envelope", "payload_encoding": "string",
        });
        let answer: Value = self.broker(Method::POST, &path, &message).await;
        assert_eq!(answer["routed"], true);
        self.until_some("dead_letter", seconds(20)).await;
    }
}
