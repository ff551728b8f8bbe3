//! Reminders: contacts with the answer yes, for as long as it is (rules W5, W6 and S9).

use chrono::TimeDelta;
use muster_integration_tests::{Client, Organization, Rows, World, text};
use serde_json::{Value, json};

use crate::rates::send_all;

/// A goal in its reminder window, with contacts that have replied to the agent of their threads.
struct Replied {
    world: World,
    ours: Organization,
    agent: Client,
    goal: String,
    /// Threads, by the contact's number.
    threads: Vec<(String, String)>,
}

impl Replied {
    async fn begin(world: World, contacts: usize) -> Self {
        let ours = world.organization("Ours").await;
        let group = ours.group("One").await;
        let (agent, number) = ours.agent(&group).await;
        let phones = ours.contacts(&group, contacts).await;
        let now = world.now().await;
        let at = |minutes| (now + TimeDelta::minutes(minutes)).to_rfc3339();
        let reminder = json!({ "script": "See you, {{first_name}}! Reply STOP", "opens": at(0), "closes": at(90) });
        let goal = ours.open_goal(&world, &group, json!({ "reminder": reminder })).await;
        send_all(&agent.client, &goal).await;
        world.messages().kind("initial").state("delivered").until(i64::try_from(contacts).unwrap()).await;
        let mut threads = Vec::new();
        for phone in phones {
            world.text(&phone, &number, "Perhaps").await;
            world.threads().has("unread_since").lacks("held_by").until(1).await;
            world.settled().await;
            let claimed = agent.client.act(&format!("/v1/agent/groups/{group}/replies/claim")).await.ok();
            let contact = ours.contact(&phone).await["id"].clone();
            let of_contact = claimed.as_array().unwrap().iter().find(|one| one["thread"]["contact_id"] == contact);
            threads.push((phone, text(&of_contact.unwrap()["thread"]["id"])));
        }
        Self { world, ours, agent: agent.client, goal, threads }
    }

    async fn answer(&self, nth: usize, word: &str) {
        let path = format!("/v1/agent/threads/{}/answer", self.threads[nth].1);
        self.agent.put(&path, json!({ "answer": word })).await.ok();
    }

    /// Everybody says yes, and has a released batch.
    async fn all_say_yes(&self) {
        for nth in 0..self.threads.len() {
            self.answer(nth, "yes").await;
        }
        self.world.targets().lacks("reminder_batch_id").until(0).await;
        // A claim passes by a batch that a job has locked.
        self.world.settled().await;
    }

    async fn claim(&self) -> Value {
        self.agent.claim(&self.goal, "reminder").await
    }

    /// Sends a claimed batch; returns how many reminders were queued.
    async fn send(&self, batch: &Value) -> Value {
        self.agent.send(batch).await.ok()["queued"].clone()
    }

    /// The contact gets a reminder that they had not.
    async fn gets_one(&self, nth: usize) {
        let before = self.reminded();
        self.answer(nth, "yes").await;
        self.world.batches().kind("reminder").state("released").until(1).await;
        self.world.settled().await;
        assert_eq!(self.send(&self.claim().await).await, 1);
        let delivered = i64::try_from(before.len() + 1).unwrap();
        self.world.messages().kind("reminder").state("delivered").until(delivered).await;
        let mut wanted = before;
        wanted.push(self.threads[nth].0.clone());
        wanted.sort();
        assert_eq!(self.reminded(), wanted);
    }

    /// Returns the numbers to which the carrier has a reminder, in order.
    fn reminded(&self) -> Vec<String> {
        let accepted = self.world.carrier().accepted().into_iter();
        let mut numbers: Vec<_> =
            accepted.filter(|text| text.body.starts_with("See you")).map(|text| text.to).collect();
        numbers.sort();
        numbers
    }

    fn phones(&self, nths: &[usize]) -> Vec<String> {
        nths.iter().map(|nth| self.threads[*nth].0.clone()).collect()
    }
}

/// Reminders to contacts that are not coming any more.
fn cancelled(world: &World) -> Rows {
    world.messages().kind("reminder").state("cancelled").reason("no_longer_yes")
}

#[tokio::test]
async fn w6_a_yes_that_becomes_another_answer_leaves_the_batch_before_and_after_it_is_claimed() {
    World::with_engine()
        .run(async |world| {
            let replied = Replied::begin(world, 4).await;
            replied.all_say_yes().await;
            replied.answer(0, "no").await;
            let batch = replied.claim().await;
            assert_eq!(batch["contacts"].as_array().unwrap().len(), 3, "{batch}");
            replied.answer(1, "maybe").await;
            assert_eq!(replied.claim().await["contacts"].as_array().unwrap().len(), 2, "also out of a batch in hand");
            assert_eq!(replied.send(&batch).await, 2);
            replied.world.messages().kind("reminder").state("delivered").until(2).await;
            replied.world.settled().await;
            assert_eq!(replied.reminded(), replied.phones(&[2, 3]));

            // A reminded contact may change their mind: no contact is reminded twice.
            replied.answer(2, "no").await;
            replied.answer(2, "yes").await;
            replied.gets_one(0).await;
            replied.gets_one(1).await;
            assert_eq!(replied.world.messages().kind("reminder").count().await, 4);
        })
        .await;
}

#[tokio::test]
async fn w6_a_late_yes_tops_up_a_released_batch() {
    World::with_engine()
        .run(async |world| {
            let replied = Replied::begin(world, 3).await;
            replied.ours.set(json!({ "batch_size": 2 })).await;
            for (nth, batches) in [(0, 1), (1, 1), (2, 2)] {
                replied.answer(nth, "yes").await;
                let placed = i64::try_from(nth + 1).unwrap();
                replied.world.targets().has("reminder_batch_id").until(placed).await;
                let made = replied.world.batches().kind("reminder").state("released").count().await;
                assert_eq!(made, batches, "after {placed}");
            }
        })
        .await;
}

#[tokio::test]
async fn w6_a_queued_or_held_reminder_to_somebody_who_is_not_yes_any_more_is_cancelled() {
    World::with_engine()
        .run(async |world| {
            let replied = Replied::begin(world, 4).await;
            let world = &replied.world;
            replied.all_say_yes().await;
            let gate = world.close_publish_gate().await;
            assert_eq!(replied.send(&replied.claim().await).await, 4);
            replied.answer(0, "no").await;
            cancelled(world).until(1).await;
            // The state at the hand-over decides, also where nothing was cancelled before.
            let of = |nth: usize| format!("(select contact_id from thread where id = '{}')", replied.threads[nth].1);
            let blank = format!("update target set answer = null where contact_id = {}", of(1));
            world.execute(&[&blank]).await;
            replied.ours.admin.put(&replied.ours.at("caps"), json!({ "daily_segments": 0 })).await.ok();
            // The end of the window must not cancel texts that are held to the next day.
            let later = "update goal set closes_at = clock_timestamp() + interval '3 days', reminder_closes_at = \
         clock_timestamp() + interval '3 days'";
            world.execute(&[later]).await;
            gate.open().await;
            cancelled(world).until(2).await;
            world.messages().kind("reminder").state("held").reason("cap").until(2).await;
            replied.answer(2, "maybe").await;
            cancelled(world).until(3).await;
            replied.ours.admin.put(&replied.ours.at("caps"), json!({ "daily_segments": null })).await.ok();
            world.messages().kind("reminder").state("delivered").until(1).await;
            world.settled().await;
            assert_eq!(replied.reminded(), replied.phones(&[3]));
            let stats = replied.ours.admin.get(&replied.ours.at(&format!("goals/{}/stats", replied.goal))).await.ok();
            assert_eq!((&stats["reminded"], &stats["reasons"]["no_longer_yes"]), (&json!(1), &json!(3)), "{stats}");
            for nth in [0, 1, 2] {
                replied.gets_one(nth).await;
            }
        })
        .await;
}

/// A text that is marked for the carrier and not called for yet is kept back by an answer that
/// changes.
#[tokio::test]
async fn s9_an_answer_that_changes_says_so_to_workers() {
    World::with_engine()
        .run(async |world| {
            let replied = Replied::begin(world, 1).await;
            replied.all_say_yes().await;
            let gate = replied.world.close_publish_gate().await;
            assert_eq!(replied.send(&replied.claim().await).await, 1);
            let mut said = replied.world.pool().hear(muster_jobs::names::NOTIFY_STOPS).await.unwrap();
            replied.answer(0, "no").await;
            let contact: String = replied.world.targets().the("contact_id").await;
            assert_eq!(said.next().await.unwrap(), Some(contact));
            gate.open().await;
            replied.world.settled().await;
            assert!(replied.reminded().is_empty());
        })
        .await;
}
