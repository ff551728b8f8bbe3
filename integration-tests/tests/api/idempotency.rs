//! `Idempotency-Key`: the same POST again gets the same answer and does nothing.

use muster_integration_tests::{Answer, CONFIRMATION, Call, Client, Organization, World, goal_at, text};
use reqwest::Method;
use serde_json::{Value, json};

const FILE: &str = "first,last,phone\nAda,Lovelace,6465550001\n";

/// Returns a request twice with one key: the second answer is the first one's replay, and only one
/// row is there. Then another request with it.
async fn twice(
    world: &World,
    client: &Client,
    (path, body, rows): (&str, Value, &str),
    other: Value,
) -> (Answer, Answer) {
    let before = world.count(rows).await;
    let call = || Call::json(&body).key("once");
    let first = client.call(Method::POST, path, call()).await;
    let second = client.call(Method::POST, path, call()).await;
    first.ok();
    assert_eq!((first.status, &first.text), (second.status, &second.text), "{}", first.request);
    assert_eq!((first.header("idempotency-replayed"), second.header("idempotency-replayed")), ("", "true"));
    assert_eq!(second.header("content-type"), "application/json");
    let made = world.count(rows).await;
    let third = client.call(Method::POST, path, Call::json(&other).key("once")).await;
    third.problem(422, "idempotency-key-reused");
    assert_eq!((made, world.count(rows).await), (before + 1, before + 1), "{rows}");
    (first, second)
}

fn window() -> Value {
    goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", json!({}))
}

#[tokio::test]
async fn the_same_key_and_body_answer_the_same_and_make_one_row() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let admin = &ours.admin;
            let named = |name: &str| json!({ "name": name, "zone": "America/New_York", "area_code": "212" });
            twice(&world, admin, (&ours.at("groups"), named("A"), "contact_group"), named("B")).await;

            // A key is one caller's: somebody else's is another.
            let second = ours.member("organization_admin").await.client;
            let goal = |name: &str| {
                let mut goal = window();
                goal["name"] = name.into();
                json!({ "group_id": group, "goal": goal })
            };
            twice(&world, &second, (&ours.at("goals"), goal("A"), "goal"), goal("B")).await;

            let third = ours.member("organization_admin").await.client;
            let campaign = |name: &str| json!({ "name": name, "group_ids": [group], "goal": window() });
            let jobs = world.jobs().count().await;
            twice(&world, &third, (&ours.at("campaigns"), campaign("A"), "campaign"), campaign("B")).await;
            assert_eq!(world.goals().has("campaign_id").count().await, 1);
            assert_eq!(world.jobs().count().await, jobs + 2, "one partition and one transition");

            let account_admin = ours.member("account_admin").await.client;
            let redact = |phone: &str| json!({ "phone": phone, "confirmation": CONFIRMATION });
            let path = "/v1/redactions";
            twice(&world, &account_admin, (path, redact("+16465550001"), "redaction"), redact("+16465550002")).await;
            // The number in another form is the same number.
            let again = account_admin.call(Method::POST, path, Call::json(&redact("(646) 555-0001")).key("once")).await;
            assert_eq!(again.header("idempotency-replayed"), "true", "{}", again.text);
        })
        .await;
}

#[tokio::test]
async fn a_key_belongs_to_its_request_and_its_caller() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let second = ours.member("organization_admin").await.client;
            let group = Call::json(&json!({ "name": "A", "zone": "America/New_York", "area_code": "212" })).key("k");
            let first = ours.admin.call(Method::POST, &ours.at("groups"), group.clone()).await.ok();
            let other = second.call(Method::POST, &ours.at("groups"), group.clone()).await;
            assert_ne!(other.ok()["id"], first["id"], "another caller's key is another key");
            // The same key and body at another path is another request.
            let sister = Organization::create(&ours.admin, "Sister").await;
            ours.admin.call(Method::POST, &sister.at("groups"), group).await.problem(422, "idempotency-key-reused");
            assert_eq!(world.rows("contact_group").count().await, 2);
        })
        .await;
}

/// A failed request did nothing and is not remembered: with the same key it can be put right.
#[tokio::test]
async fn a_refused_request_does_not_use_its_key_up() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let post = async |script: &str| {
                let mut goal = window();
                goal["script"] = script.into();
                let call = Call::json(&json!({ "group_id": group, "goal": goal })).key("k");
                ours.admin.call(Method::POST, &ours.at("goals"), call).await
            };
            post("No way out").await.problem(422, "invalid-body");
            assert_eq!(world.rows("idempotency").count().await, 0);
            assert_eq!(post("Reply STOP to opt out").await.status, 201);
        })
        .await;
}

/// The answer stays the same, also when the state has changed since.
#[tokio::test]
async fn a_replay_answers_the_same_after_the_state_has_changed() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let call = || Call::json(&json!({ "group_id": group, "goal": window() })).key("k");
            let first = ours.admin.call(Method::POST, &ours.at("goals"), call()).await;
            first.ok();
            ours.admin.act(&ours.at(&format!("groups/{group}/archive"))).await.ok();
            let again = ours.admin.call(Method::POST, &ours.at("goals"), call()).await;
            assert_eq!((again.status, &again.text), (first.status, &first.text));
            assert_eq!(world.goals().count().await, 1);
        })
        .await;
}

#[tokio::test]
async fn concurrent_requests_with_one_key_have_one_effect() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let path = ours.at("goals");
            let call = || Call::json(&json!({ "group_id": group, "goal": window() })).key("k");
            let asks: Vec<_> = (0..12).map(|_| ours.admin.call(Method::POST, &path, call())).collect();
            let answers = futures::future::join_all(asks).await;
            for answer in &answers {
                assert_eq!((answer.status, &answer.text), (201, &answers[0].text), "{answer:?}");
            }
            let fresh = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).count();
            assert_eq!((fresh, world.goals().count().await), (1, 1));

            let path = ours.at(&format!("imports?file_name=c.csv&group_id={group}"));
            let call = || Call::raw("text/csv", FILE).key("file");
            let asks: Vec<_> = (0..8).map(|_| ours.admin.call(Method::POST, &path, call())).collect();
            for answer in futures::future::join_all(asks).await {
                assert_eq!(answer.status, 202, "{answer:?}");
            }
            assert_eq!((world.imports().count().await, world.objects().len()), (1, 1), "{:?}", world.objects());
            assert_eq!(world.jobs().kind("import-cut").count().await, 1);
        })
        .await;
}

#[tokio::test]
async fn an_upload_that_is_repeated_or_refused_leaves_no_file_behind() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let path = ours.at(&format!("imports?file_name=c.csv&group_id={group}"));
            let upload = async |file: &str, key: &str| {
                ours.admin.call(Method::POST, &path, Call::raw("text/csv", file).key(key)).await
            };
            let first = upload(FILE, "k").await;
            let again = upload(FILE, "k").await;
            assert_eq!((first.status, &first.text), (202, &again.text));
            assert_eq!(again.header("idempotency-replayed"), "true");
            assert_eq!(world.objects().len(), 1);
            upload("first,last,phone\n", "k").await.problem(422, "idempotency-key-reused");
            let kept = world.objects();
            assert_eq!((kept.len(), world.imports().count().await), (1, 1));
            // It is the file that the import will read.
            let import = text(&first.ok()["id"]);
            assert!(kept[0].ends_with(&import), "{kept:?}");
            assert_eq!(std::fs::read_to_string(&kept[0]).unwrap(), FILE);

            let nowhere = ours.at("imports?file_name=nowhere.csv");
            let refused = ours.admin.call(Method::POST, &nowhere, Call::raw("text/csv", FILE)).await;
            refused.problem(400, "invalid-parameter");
            assert_eq!(world.objects(), kept);
        })
        .await;
}

/// Another file of the same size is another file.
#[tokio::test]
async fn an_upload_of_other_contents_with_the_same_key_answers_422() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let path = ours.at(&format!("imports?file_name=c.csv&group_id={group}"));
            let upload =
                async |file: &str| ours.admin.call(Method::POST, &path, Call::raw("text/csv", file).key("k")).await;
            upload(FILE).await.ok();
            upload(&FILE.replace("6465550001", "6465550002")).await.problem(422, "idempotency-key-reused");
        })
        .await;
}

#[tokio::test]
async fn what_agents_send_is_sent_once_under_a_key() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, number) = ours.agent(&group).await;
            let phones = ours.contacts(&group, 3).await;
            let goal = ours.open_goal(&world, &group, json!({})).await;
            let batch = agent.client.claim(&goal, "initial").await;
            let path = format!("/v1/agent/batches/{}/send", text(&batch["id"]));
            let body = json!({ "lease_token": batch["lease_token"], "contact_ids": [batch["contacts"][0]["id"]] });
            let other = json!({ "lease_token": batch["lease_token"] });
            twice(&world, &agent.client, (&path, body, "message where kind = 'initial'"), other).await;

            world.text(&phones[0], &number, "Where?").await;
            world.threads().has("unread_since").until(1).await;
            world.settled().await;
            let claimed = agent.client.act(&format!("/v1/agent/groups/{group}/replies/claim")).await.ok();
            let path = format!("/v1/agent/threads/{}/reply", text(&claimed[0]["thread"]["id"]));
            // The key of the send is used up for this agent.
            let reply = Call::json(&json!({ "text": "Here" }));
            agent
                .client
                .call(Method::POST, &path, reply.clone().key("once"))
                .await
                .problem(422, "idempotency-key-reused");
            let first = agent.client.call(Method::POST, &path, reply.clone().key("reply")).await;
            let again = agent.client.call(Method::POST, &path, reply.key("reply")).await;
            assert_eq!((first.status, &first.text), (202, &again.text));
            world.messages().any_of("kind", &["initial", "reply"]).state("delivered").until(2).await;
            assert_eq!(world.carrier().accepted().len(), 2);
        })
        .await;
}
