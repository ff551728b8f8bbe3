//! Claims of conversations (rules W2 to W5), and how much an agent may reply.

use chrono::{DateTime, Utc};
use muster_integration_tests::{Answer, Client, Organization, Person, World, minutes, now, text};
use serde_json::{Value, json};

use crate::rates::send_all;

const IN_TRANSACTIONS: &str = "pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%'";

/// A group with two agents.
pub(crate) struct Desk {
    pub(crate) world: World,
    pub(crate) ours: Organization,
    pub(crate) group: String,
    pub(crate) first: Person,
    pub(crate) second: Person,
    pub(crate) number: String,
}

impl Desk {
    pub(crate) async fn open(world: World) -> Self {
        let ours = world.organization("Ours").await;
        let group = ours.group("One").await;
        let ((first, number), (second, _)) = (ours.agent(&group).await, ours.agent(&group).await);
        Self { world, ours, group, first, second, number }
    }

    /// So many people write, one after the other.
    pub(crate) async fn written_to_by(&self, people: usize) -> Vec<String> {
        let phones: Vec<String> = (0..people).map(|nth| format!("+1646555{nth:04}")).collect();
        for phone in &phones {
            self.world.text(phone, &self.number, "Hello").await;
        }
        self.unread(people).await;
        phones
    }

    pub(crate) async fn unread(&self, threads: usize) {
        self.world.threads().has("unread_since").until(i64::try_from(threads).unwrap()).await;
        self.world.settled().await;
    }

    /// Claims once nobody has a thread locked: a claim passes over those, and a refused request
    /// undoes its transaction when it is answered already.
    pub(crate) async fn claim(&self, agent: &Person) -> Vec<Value> {
        self.world.until(IN_TRANSACTIONS, 0).await;
        self.claim_now(agent).await
    }

    async fn claim_now(&self, agent: &Person) -> Vec<Value> {
        let claimed = agent.client.act(&format!("/v1/agent/groups/{}/replies/claim", self.group)).await.ok();
        claimed.as_array().unwrap().clone()
    }

    pub(crate) async fn assign(&self, phone: &str, agent: Value) {
        let id = text(&self.ours.contact(phone).await["id"]);
        let path = self.ours.at(&format!("groups/{}/contacts/{id}", self.group));
        self.ours.admin.patch(&path, json!({ "assigned_agent_id": agent })).await.ok();
    }
}

pub(crate) fn ids(claimed: &[Value]) -> Vec<String> {
    claimed.iter().map(|one| text(&one["thread"]["id"])).collect()
}

pub(crate) fn until(claimed: &Value) -> DateTime<Utc> {
    claimed["thread"]["held_until"].as_str().unwrap().parse().unwrap()
}

pub(crate) async fn reply(agent: &Client, thread: &str) -> Answer {
    agent.post(&format!("/v1/agent/threads/{thread}/reply"), json!({ "text": "Hello!" })).await
}

#[tokio::test]
async fn w3_replies_come_oldest_first_and_ten_at_a_time() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            desk.written_to_by(14).await;
            // Some of the same instant, and in no order of their rows.
            desk.world
                .execute(&["update thread set unread_since = timestamptz '2026-01-01' + interval '1 s' * \
             (abs(hashtext(id::text)) % 7)"])
                .await;
            let oldest_first: Vec<String> = desk.world.threads().list("id", "unread_since, id").await;
            let first = ids(&desk.claim(&desk.first).await);
            assert_eq!(first, oldest_first[..10]);
            assert_eq!(ids(&desk.claim(&desk.second).await), oldest_first[10..]);
            // Asked again, each has the threads in hand, and no more than ten.
            assert_eq!(ids(&desk.claim(&desk.first).await), first);
            // One is dealt with, and no other waits.
            reply(&desk.first.client, &first[3]).await.ok();
            assert_eq!(ids(&desk.claim(&desk.first).await), [&first[..3], &first[4..]].concat());
            // Older threads than the ones in hand come first.
            desk.world.text("+16465559000", &desk.number, "Hello").await;
            desk.unread(14).await;
            desk.world
                .execute(&["update thread set unread_since = timestamptz '2025-01-01' where contact_id = (select id \
             from contact where e164 = '+16465559000')"])
                .await;
            let now = ids(&desk.claim(&desk.first).await);
            assert_eq!(now.len(), 10);
            assert_eq!(now[1..], [&first[..3], &first[4..]].concat());
        })
        .await;
}

#[tokio::test]
async fn w3_polls_at_the_same_time_claim_ten_in_all() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            desk.written_to_by(14).await;
            let polls = futures::future::join_all((0..6).map(|_| desk.claim_now(&desk.first))).await;
            for claimed in polls {
                assert_eq!(ids(&claimed), ids(&desk.claim(&desk.first).await));
            }
            let held = desk.world.threads().is("held_by", &desk.first.id);
            assert_eq!(held.count().await, 10);
        })
        .await;
}

#[tokio::test]
async fn w3_a_claim_ends_at_its_time_however_often_its_agent_asks() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            desk.written_to_by(2).await;
            let first = desk.claim(&desk.second).await;
            for _ in 0..3 {
                let again = desk.claim(&desk.second).await;
                assert_eq!(again.iter().map(until).collect::<Vec<_>>(), first.iter().map(until).collect::<Vec<_>>());
            }
            // Another text of the contact does not lengthen it either.
            desk.world.text("+16465550000", &desk.number, "Are you there?").await;
            desk.world.messages().kind("inbound").until(3).await;
            desk.world.settled().await;
            assert_eq!(until(&desk.claim(&desk.second).await[0]), until(&first[0]));
            assert!(desk.claim(&desk.first).await.is_empty());

            desk.world.threads().set("held_until", now()).await;
            let threads = ids(&first);
            reply(&desk.second.client, &threads[0]).await.problem(409, "conflict");
            assert_eq!(ids(&desk.claim(&desk.first).await), threads);
            let held = reply(&desk.second.client, &threads[0]).await.problem(409, "thread-held");
            assert_eq!(held["held_by"], desk.first.id.as_str());
            reply(&desk.first.client, &threads[0]).await.ok();
        })
        .await;
}

#[tokio::test]
async fn w4_a_conversation_in_hand_goes_with_the_contact() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.written_to_by(2).await;
            let threads = ids(&desk.claim(&desk.first).await);
            // Anyone's contact, and then nobody's, and back.
            desk.assign(&phones[0], json!(desk.second.id)).await;
            let held = reply(&desk.first.client, &threads[0]).await.problem(409, "thread-held");
            assert_eq!(held["held_by"], desk.second.id.as_str());
            let answer = format!("/v1/agent/threads/{}/answer", threads[0]);
            desk.first.client.put(&answer, json!({ "answer": "yes" })).await.problem(409, "thread-held");
            assert_eq!(ids(&desk.claim(&desk.first).await), threads[1..]);
            assert_eq!(ids(&desk.claim(&desk.second).await), threads[..1]);
            reply(&desk.second.client, &threads[0]).await.ok();
            // Dealt with and still in hand: it goes all the same.
            desk.assign(&phones[0], json!(desk.first.id)).await;
            reply(&desk.second.client, &threads[0]).await.problem(409, "thread-held");
            reply(&desk.first.client, &threads[0]).await.ok();
            desk.assign(&phones[0], Value::Null).await;
            reply(&desk.first.client, &threads[0]).await.problem(409, "conflict");
            // The other one was in nobody's way.
            reply(&desk.first.client, &threads[1]).await.ok();
        })
        .await;
}

#[tokio::test]
async fn w4_in_a_goal_with_assigned_agents_nobodys_reply_is_anybodys() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.ours.contacts(&desk.group, 1).await;
            desk.assign(&phones[0], json!(desk.first.id)).await;
            let goal = desk.ours.open_goal(&desk.world, &desk.group, json!({ "strategy": "assigned" })).await;
            send_all(&desk.first.client, &goal).await;
            desk.world.messages().state("delivered").until(1).await;
            desk.world.text(&phones[0], &desk.number, "Who is this?").await;
            desk.unread(1).await;
            assert!(desk.claim(&desk.second).await.is_empty(), "it is the first agent's");
            let threads = ids(&desk.claim(&desk.first).await);
            desk.assign(&phones[0], Value::Null).await;
            reply(&desk.first.client, &threads[0]).await.problem(409, "conflict");
            assert_eq!(ids(&desk.claim(&desk.second).await), threads);
            reply(&desk.second.client, &threads[0]).await.ok();
            // Given to somebody, it is theirs again, in the middle of the other's claim.
            desk.world.text(&phones[0], &desk.number, "And?").await;
            desk.unread(1).await;
            desk.assign(&phones[0], json!(desk.first.id)).await;
            assert!(desk.claim(&desk.second).await.is_empty());
            assert_eq!(ids(&desk.claim(&desk.first).await), threads);
        })
        .await;
}

/// An import reassigns as an admin does.
#[tokio::test]
async fn w4_an_import_moves_a_conversation_in_hand() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.written_to_by(1).await;
            let threads = ids(&desk.claim(&desk.first).await);
            let file = format!("first,last,phone,assigned agent\nAda,Lovelace,{},{}\n", phones[0], desk.second.id);
            let report = desk.ours.import(&format!("file_name=c.csv&group_id={}", desk.group), file).await;
            assert_eq!(report["state"], "succeeded", "{report}");
            reply(&desk.first.client, &threads[0]).await.problem(409, "thread-held");
            reply(&desk.second.client, &threads[0]).await.ok();
        })
        .await;
}

#[tokio::test]
async fn w3_another_goals_text_neither_takes_nor_changes_a_held_conversation() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.ours.contacts(&desk.group, 1).await;
            let rally = desk.ours.open_goal(&desk.world, &desk.group, json!({})).await;
            send_all(&desk.first.client, &rally).await;
            desk.world.messages().state("delivered").until(1).await;
            desk.world.text(&phones[0], &desk.number, "Tell me more").await;
            desk.unread(1).await;
            let threads = ids(&desk.claim(&desk.first).await);

            // The second agent's own contact by now; the goal that texts them is paused.
            let survey = desk.ours.open_goal(&desk.world, &desk.group, json!({ "name": "Survey" })).await;
            send_all(&desk.second.client, &survey).await;
            desk.world.messages().state("delivered").until(2).await;
            desk.ours.goal_act(&survey, "pause").await;
            let held = desk.claim(&desk.first).await;
            assert_eq!(held[0]["thread"]["goal_id"], rally.as_str());
            assert!(desk.claim(&desk.second).await.is_empty());
            desk.world.text(&phones[0], &desk.number, "Yes, I come").await;
            desk.world.messages().kind("inbound").until(2).await;
            desk.world.settled().await;
            let answer = format!("/v1/agent/threads/{}/answer", threads[0]);
            desk.first.client.put(&answer, json!({ "answer": "yes" })).await.ok();
            reply(&desk.first.client, &threads[0]).await.ok();
            let answers: Vec<(String, Option<String>)> =
                desk.world.row("select json_agg(json_build_array(goal_id, answer) order by goal_id) from target").await;
            assert_eq!(answers, [(rally.clone(), Some("yes".to_owned())), (survey.clone(), None)]);

            // From the end of the claim on the conversation belongs to the goal that texted last.
            desk.ours.goal_act(&survey, "resume").await;
            desk.world.threads().set("held_until", now()).await;
            desk.world.text(&phones[0], &desk.number, "And the survey?").await;
            desk.unread(1).await;
            let claimed = desk.claim(&desk.second).await;
            assert_eq!((ids(&claimed), &claimed[0]["thread"]["goal_id"]), (threads, &json!(survey)));
        })
        .await;
}

#[tokio::test]
async fn w9_replies_in_a_conversation_have_a_bound() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            assert_eq!(desk.ours.admin.get(&desk.ours.path).await.ok()["settings"]["replies_per_hour"], 30);
            desk.ours.set(json!({ "replies_per_hour": 2 })).await;
            desk.written_to_by(2).await;
            let threads = ids(&desk.claim(&desk.first).await);
            for _ in 0..2 {
                reply(&desk.first.client, &threads[0]).await.ok();
            }
            let at_once = futures::future::join_all((0..4).map(|_| reply(&desk.first.client, &threads[0]))).await;
            for answer in at_once {
                let problem = answer.problem(429, "reply-limit");
                let at: DateTime<Utc> = problem["retry_at"].as_str().unwrap().parse().unwrap();
                assert!(at > desk.world.now().await);
                let seconds: i64 = answer.header("retry-after").parse().unwrap();
                assert!((3_000..=3_601).contains(&seconds), "{seconds}");
            }
            // The next agent of the conversation does not begin anew; another conversation does.
            desk.world.execute(&["update thread set held_until = clock_timestamp(), unread_since = now()"]).await;
            assert_eq!(desk.claim(&desk.second).await.len(), 2);
            reply(&desk.second.client, &threads[0]).await.problem(429, "reply-limit");
            reply(&desk.second.client, &threads[1]).await.ok();
            desk.world.messages().backdate("created_at", minutes(61)).await;
            reply(&desk.second.client, &threads[0]).await.ok();
        })
        .await;
}
