//! The latest word of a contact stands, in any order of handling (rules I2a, I3 and I3a).

use muster_integration_tests::{Daemon, Organization, World, ahead, seconds, text};
use serde_json::json;

/// An api with jobs that wait until [`Waiting::handle`], and a group with two numbers.
struct Waiting {
    world: World,
    ours: Organization,
    group: String,
    numbers: [String; 2],
}

impl Waiting {
    async fn begin(world: World) -> Self {
        let ours = world.organization("Ours").await;
        let group = ours.group("One").await;
        let numbers = [ours.agent(&group).await.1, ours.agent(&group).await.1];
        Self { world, ours, group, numbers }
    }

    /// Returns a contact of the group.
    async fn contact(&self, nth: usize) -> String {
        let phone = format!("+1646555{nth:04}");
        self.world.plant_contact_in(&self.ours.id, &self.group, &phone).await;
        phone
    }

    /// Has everything handled that waits.
    async fn handle(&self) -> (Daemon, Daemon) {
        let daemons = (self.world.scheduler("scheduler-1"), self.world.worker("worker-1"));
        self.world.webhooks().lacks("processed_at").until(0).await;
        daemons
    }

    async fn out(&self, phone: &str) -> bool {
        self.ours.contact(phone).await["opted_out_at"].is_string()
    }

    /// Returns a contact's history, in order, and the number of confirmations.
    async fn history(&self, phone: &str) -> (Vec<String>, i64) {
        let of = format!("contact_id = (select id from contact where e164 = '{phone}')");
        let events = format!("select coalesce(json_agg(what order by id), '[]') from contact_event where {of}");
        let confirmations = self.world.messages().kind("opt_out_confirmation").and(&of);
        (self.world.row(&events).await, confirmations.count().await)
    }

    async fn act(&self, phone: &str, action: &str) {
        let id = text(&self.ours.contact(phone).await["id"]);
        let path = self.ours.at(&format!("contacts/{id}/{action}"));
        match action {
            "opt-out" => self.ours.admin.post(&path, json!({ "reason": "by phone" })).await.ok(),
            _ => self.ours.admin.act(&path).await.ok(),
        };
    }
}

/// Whether a contact has opted out, their history, and confirmations.
type Ends = (bool, Vec<&'static str>, i64);

#[tokio::test]
async fn i3a_the_latest_word_stands_when_all_are_handled_late() {
    World::with_api()
        .run(async |world| {
            let waiting = Waiting::begin(world).await;
            let out = |confirmations| (true, vec!["opted_out"], confirmations);
            let back = |confirmations| (false, vec!["opted_out", "opted_in"], confirmations);
            let stories: [(&[&str], Ends); 11] = [
                (&["Yes", "STOP"], out(1)),
                (&["START", "STOP"], out(1)),
                (&["unstop", "Hello", "stop"], out(1)),
                (&["Yes", "START", "Yes", "STOP", "Hello?"], out(1)),
                (&["STOP", "START", "STOP"], out(1)),
                (&["STOP", "Yes", "STOP", "STOP"], out(1)),
                (&["STOP", "help"], out(1)),
                (&["STOP", "START"], back(1)),
                (&["STOP", "Yes"], back(1)),
                (&["START", "STOP", "Yes", "Hello"], back(1)),
                (&["Yes", "START"], (false, vec![], 0)),
            ];
            let mut phones = Vec::new();
            for (nth, (said, _)) in stories.iter().enumerate() {
                let phone = waiting.contact(nth).await;
                for (which, body) in said.iter().enumerate() {
                    // A contact has more than one of our numbers to write to.
                    waiting.world.text(&phone, &waiting.numbers[which % 2], body).await;
                }
                phones.push(phone);
            }
            let daemons = waiting.handle().await;
            for (phone, (said, (out, events, confirmations))) in phones.iter().zip(stories) {
                let events: Vec<String> = events.into_iter().map(str::to_owned).collect();
                assert_eq!(
                    (waiting.out(phone).await, waiting.history(phone).await),
                    (out, (events, confirmations)),
                    "{said:?}"
                );
            }
            assert_eq!(waiting.world.jobs().state("parked").count().await, 0);
            tokio::join!(daemons.0.stop(), daemons.1.stop());
        })
        .await;
}

/// A contact that is unknown when the texts come.
#[tokio::test]
async fn i3a_the_latest_word_of_a_stranger_stands_too() {
    World::with_api()
        .run(async |world| {
            let waiting = Waiting::begin(world).await;
            for (phone, said) in [
                ("+16465559001", ["Yes", "STOP"]),
                ("+16465559002", ["STOP", "START"]),
                ("+16465559003", ["START", "STOP"]),
                ("+16465559004", ["STOP", "STOP"]),
            ] {
                for body in said {
                    waiting.world.text(phone, &waiting.numbers[0], body).await;
                }
            }
            let daemons = waiting.handle().await;
            for (phone, out) in
                [("+16465559001", true), ("+16465559002", false), ("+16465559003", true), ("+16465559004", true)]
            {
                assert_eq!(waiting.out(phone).await, out, "{phone}");
            }
            tokio::join!(daemons.0.stop(), daemons.1.stop());
        })
        .await;
}

#[tokio::test]
async fn i3a_an_admins_word_stands_against_texts_that_came_before_it() {
    World::with_api()
        .run(async |world| {
            let waiting = Waiting::begin(world).await;
            let mut phones = Vec::new();
            for nth in 0..4 {
                phones.push(waiting.contact(nth).await);
            }
            let number = &waiting.numbers[0];
            // Opted out, asked in by text, and out again by an admin: also where nothing changes by
            // that.
            waiting.act(&phones[0], "opt-out").await;
            waiting.world.text(&phones[0], number, "START").await;
            waiting.act(&phones[0], "opt-out").await;
            waiting.world.text(&phones[1], number, "START").await;
            waiting.act(&phones[1], "opt-out").await;
            // Out by text, and in by an admin.
            waiting.world.text(&phones[2], number, "STOP").await;
            waiting.act(&phones[2], "opt-in").await;
            // The admin first.
            waiting.act(&phones[3], "opt-out").await;
            waiting.world.text(&phones[3], number, "START").await;
            let daemons = waiting.handle().await;
            let mut out = Vec::new();
            for phone in &phones {
                out.push(waiting.out(phone).await);
            }
            assert_eq!(out, [true, true, false, false]);
            assert_eq!(waiting.history(&phones[0]).await.0, ["opted_out"]);
            assert_eq!(waiting.history(&phones[2]).await.0, ["opted_out", "opted_in"]);
            tokio::join!(daemons.0.stop(), daemons.1.stop());
        })
        .await;
}

/// An opt-out of any origin, a statement by hand too, is a word of its time.
#[tokio::test]
async fn i3a_an_opt_out_of_any_origin_stands_against_an_older_start() {
    World::with_api()
        .run(async |world| {
            let waiting = Waiting::begin(world).await;
            let (phone, number) = (waiting.contact(0).await, &waiting.numbers[0]);
            waiting.world.text(&phone, number, "START").await;
            waiting
                .world
                .execute(&["update contact set opted_out_at = now(), opt_out_reason = 'by the carrier'"])
                .await;
            // A text that is sent again by the carrier is the one that it was.
            waiting.world.text_as("SMagain", &phone, number, "unstop").await.ok();
            waiting.world.contacts().set("opted_out_at", ahead(seconds(1))).await;
            waiting.world.text_as("SMagain", &phone, number, "unstop").await.ok();
            let daemons = waiting.handle().await;
            assert!(waiting.out(&phone).await);
            tokio::join!(daemons.0.stop(), daemons.1.stop());
        })
        .await;
}

/// Rule I5, in the same order: a contact that is deactivated after they wrote stays so.
#[tokio::test]
async fn i5_a_text_from_before_the_deactivation_reactivates_nobody() {
    World::with_api()
        .run(async |world| {
            let waiting = Waiting::begin(world).await;
            let phones = [waiting.contact(0).await, waiting.contact(1).await];
            let deactivate = async |phone: &str| {
                let id = text(&waiting.ours.contact(phone).await["id"]);
                let path = waiting.ours.at(&format!("groups/{}/contacts/{id}", waiting.group));
                waiting.ours.admin.patch(&path, json!({ "active": false })).await.ok();
            };
            waiting.world.text(&phones[0], &waiting.numbers[0], "Hello").await;
            deactivate(&phones[0]).await;
            deactivate(&phones[1]).await;
            waiting.world.text(&phones[1], &waiting.numbers[0], "Hello").await;
            let daemons = waiting.handle().await;
            let active = "select json_agg(m.deactivated_at is null order by c.e164) from membership m join contact c \
         on c.id = m.contact_id";
            assert_eq!(waiting.world.row::<serde_json::Value>(active).await, json!([false, true]));
            tokio::join!(daemons.0.stop(), daemons.1.stop());
        })
        .await;
}

/// The api by itself, and the job for senders that were unknown.
#[tokio::test]
async fn i2a_what_the_carrier_says_of_an_opt_out_counts_whatever_the_body() {
    World::with_api()
        .run(async |world| {
            let waiting = Waiting::begin(world).await;
            let stories = [
                ("Arrête !", "STOP", true),
                ("", "STOP", true),
                ("START", "stop", true),
                ("Hello", "START", false),
                ("Hello", "HELP", false),
                ("STOP", "", true),
                ("Hello", "NEVER HEARD OF", false),
            ];
            let mut phones = Vec::new();
            for (nth, (body, word, out)) in stories.iter().enumerate() {
                for known in [true, false] {
                    let phone = if known { waiting.contact(nth).await } else { format!("+1646559{nth:04}") };
                    let sid = format!("SM{nth}{known}");
                    let to = waiting.numbers[0].as_str();
                    let form = [
                        ("MessageSid", sid.as_str()),
                        ("From", &phone),
                        ("To", to),
                        ("Body", body),
                        ("OptOutType", word),
                    ];
                    let answer = waiting.world.webhook("/v1/webhooks/twilio/inbound", &form).await;
                    assert_eq!(answer.status, 204, "{}", answer.text);
                    if known {
                        assert_eq!(waiting.out(&phone).await, *out, "{body:?} {word}, when the webhook has answered");
                    }
                    phones.push((phone, *out, *body, *word));
                }
            }
            let daemons = waiting.handle().await;
            for (phone, out, body, word) in &phones {
                assert_eq!(waiting.out(phone).await, *out, "{body:?} {word}");
            }
            assert_eq!(waiting.world.messages().kind("help").count().await, 2);
            // By the carrier's word they are back.
            let form = [
                ("MessageSid", "SMback"),
                ("From", &phones[0].0),
                ("To", &waiting.numbers[0]),
                ("OptOutType", "START"),
            ];
            waiting.world.webhook("/v1/webhooks/twilio/inbound", &form).await.ok();
            waiting.world.contacts().is("e164", &phones[0].0).lacks("opted_out_at").until(1).await;
            tokio::join!(daemons.0.stop(), daemons.1.stop());
        })
        .await;
}
