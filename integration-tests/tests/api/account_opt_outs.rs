//! Opt-outs that the organizations of an account hear from each other (rules I3, I3a, S9, C9, R2
//! and A5).

use muster_domain::ids::MessageId;
use muster_integration_tests::{CONFIRMATION, Organization, Person, World, eventually, seconds, text};
use muster_storage::sending;
use serde_json::{Value, json};

use crate::bulk_changes::done;

/// An organization of the account, with a group and its agent.
pub(crate) struct House {
    pub(crate) ours: Organization,
    pub(crate) group: String,
    pub(crate) agent: Person,
    pub(crate) number: String,
}

impl House {
    pub(crate) async fn of(ours: Organization) -> Self {
        let group = ours.group("One").await;
        let (agent, number) = ours.agent(&group).await;
        Self { ours, group, agent, number }
    }

    pub(crate) async fn opt_out(&self, phone: &str) {
        let id = text(&self.ours.contact(phone).await["id"]);
        let path = self.ours.at(&format!("contacts/{id}/opt-out"));
        assert_eq!(self.ours.admin.post(&path, json!({ "reason": "by phone" })).await.status, 204);
    }

    async fn import(&self, file: &str) {
        let query = format!("file_name=a.csv&group_id={}", self.group);
        let report = self.ours.import(&query, file).await;
        assert_eq!(report["state"], "succeeded", "{report}");
    }

    pub(crate) async fn look_up(&self, phone: &str) -> Value {
        self.ours.admin.post(&self.ours.at("opt-outs/lookup"), json!({ "phone": phone })).await.ok()
    }
}

/// Two organizations of an account.
pub(crate) struct Sisters {
    pub(crate) world: World,
    pub(crate) one: House,
    pub(crate) two: House,
}

impl Sisters {
    pub(crate) async fn open(world: World) -> Self {
        let one = world.organization("One").await;
        let two = Organization::create(&one.admin, "Two").await;
        let (one, two) = (House::of(one).await, House::of(two).await);
        Self { world, one, two }
    }

    /// Turns the setting on or off, and waits until opt-outs from before are everywhere.
    pub(crate) async fn share(&self, on: bool) {
        self.one.ours.admin.patch("/v1/account", json!({ "opt_outs_account_wide": on })).await.ok();
        eventually(seconds(20), async || {
            let account = self.one.ours.admin.get("/v1/account").await.ok();
            if account["opt_outs_catching_up"] == false { Ok(()) } else { Err("catching up".to_owned()) }
        })
        .await;
    }

    /// Returns a number with a contact in both.
    pub(crate) async fn both(&self, nth: usize) -> String {
        let phone = format!("+1646555{nth:04}");
        for house in [&self.one, &self.two] {
            self.world.plant_contact_in(&house.ours.id, &house.group, &phone).await;
        }
        phone
    }

    /// Returns which of the organizations' contacts of a number have opted out, and their origins.
    pub(crate) async fn out(&self, phone: &str) -> Vec<(bool, Option<String>)> {
        self.world
            .row(&format!(
                "select json_agg(json_build_array(c.opted_out_at is not null, c.opt_out_origin) order by o.created_at)
                 from contact c join organization o on o.id = c.organization_id where c.e164 = '{phone}'"
            ))
            .await
    }

    /// Has a contact say, or be said, that they want no texts of the first organization. All that
    /// is answered holds when this returns.
    async fn say(&self, door: Door, phone: &str) {
        let Self { world, one, .. } = self;
        match door {
            Door::Keyword => world.text(phone, &one.number, "STOP").await,
            Door::PlainLanguage => world.text(phone, &one.number, "Please take me off this list").await,
            Door::CarriersWord => {
                let sid = format!("SM{phone}");
                let form = [
                    ("MessageSid", &*sid),
                    ("From", phone),
                    ("To", &one.number),
                    ("Body", "Basta"),
                    ("OptOutType", "STOP"),
                ];
                assert_eq!(world.webhook("/v1/webhooks/twilio/inbound", &form).await.status, 204);
            }
            Door::Refused => {
                let message = self.hello(phone).await;
                let mut tx = world.pool().begin().await.unwrap();
                sending::mark_opted_out(&mut tx, &[MessageId(message.parse().unwrap())]).await.unwrap();
                tx.commit().await.unwrap();
            }
            Door::Agent => {
                self.hello(phone).await;
                world.settled().await;
                let claim = format!("/v1/agent/groups/{}/replies/claim", one.group);
                let claimed = one.agent.client.act(&claim).await.ok();
                let thread = text(&claimed[0]["thread"]["id"]);
                one.agent.client.act(&format!("/v1/agent/threads/{thread}/opt-out")).await.ok();
            }
            Door::Admin => one.opt_out(phone).await,
            Door::Bulk => {
                let body = json!({ "filter": { "phone": phone }, "action": "opt_out", "reason": "by phone" });
                assert_eq!(done(&one.ours, body).await["outcomes"]["changed"], 1);
            }
            Door::File => one.import(&format!("first,last,phone,opt_out\nA,L,{phone},yes\n")).await,
            Door::FileOverTheLimit => {
                one.ours.set(json!({ "group_contact_limit": 1 })).await;
                let query = format!("file_name=b.csv&group_id={}", one.ours.group("Full").await);
                let file = format!("first,last,phone,opt_out\nB,L,6465559999,\nA,L,{phone},yes\n");
                assert_eq!(one.ours.import(&query, file).await["rejected"], 1);
                one.ours.set(json!({ "group_contact_limit": 10_000 })).await;
            }
            Door::Automation => {
                world.text(phone, &one.number, "genug").await;
                let done = world.contacts().is("e164", phone).is("organization_id", &one.ours.id).has("opted_out_at");
                done.until(1).await;
            }
        }
    }

    /// Has the contact write to the first organization; returns the text's id.
    async fn hello(&self, phone: &str) -> String {
        self.world.text(phone, &self.one.number, "Hello").await;
        let of = format!("contact_id in (select id from contact where e164 = '{phone}')");
        let texts = self.world.messages().kind("inbound").is("organization_id", &self.one.ours.id).and(&of);
        texts.until(1).await;
        texts.the("id").await
    }
}

/// A way by which an opt-out becomes known.
#[derive(Debug, Clone, Copy)]
enum Door {
    Keyword,
    PlainLanguage,
    CarriersWord,
    Refused,
    Agent,
    Admin,
    Bulk,
    File,
    FileOverTheLimit,
    Automation,
}

const DOORS: [(Door, &str); 10] = [
    (Door::Keyword, "text"),
    (Door::PlainLanguage, "text"),
    (Door::CarriersWord, "text"),
    (Door::Refused, "carrier"),
    (Door::Agent, "agent"),
    (Door::Admin, "admin"),
    (Door::Bulk, "admin"),
    (Door::File, "file"),
    (Door::FileOverTheLimit, "file"),
    (Door::Automation, "text"),
];

async fn with_an_automation(world: World) -> Sisters {
    let sisters = Sisters::open(world).await;
    let ours = &sisters.one.ours;
    let body = json!({ "name": "Out", "keywords": ["genug"], "matching": "exact", "actions": [{ "kind": "opt_out" }] });
    ours.admin.post(&ours.at("automations"), body).await.ok();
    sisters
}

#[tokio::test]
async fn i3_an_opt_out_by_any_door_is_the_organizations_alone_until_the_account_shares_them() {
    World::with_engine()
        .run(async |world| {
            let sisters = with_an_automation(world).await;
            let mut phones = Vec::new();
            for (nth, (door, origin)) in DOORS.into_iter().enumerate() {
                let phone = sisters.both(nth).await;
                sisters.say(door, &phone).await;
                let wanted = vec![(true, Some(origin.to_owned())), (false, None)];
                assert_eq!(sisters.out(&phone).await, wanted, "{door:?}");
                phones.push((door, origin, phone));
            }
            // Opt-outs from before count from the answer on, in both.
            sisters.share(true).await;
            for (door, origin, phone) in &phones {
                let wanted = vec![(true, Some((*origin).to_owned())), (true, Some("account".to_owned()))];
                assert_eq!(sisters.out(phone).await, wanted, "{door:?}");
            }
            sisters.share(false).await;
            for (door, _, phone) in &phones {
                assert!(sisters.out(phone).await.iter().all(|(out, _)| *out), "{door:?}: nobody is opted in");
            }
        })
        .await;
}

#[tokio::test]
async fn i3_an_opt_out_by_any_door_holds_in_a_sister_organization_with_its_answer() {
    World::with_engine()
        .run(async |world| {
            let sisters = with_an_automation(world).await;
            sisters.share(true).await;
            for (nth, (door, origin)) in DOORS.into_iter().enumerate() {
                let phone = sisters.both(nth).await;
                // A conversation there waits for an answer.
                sisters.world.text(&phone, &sisters.two.number, "Hello?").await;
                let of = format!("contact_id in (select id from contact where e164 = '{phone}')");
                let unread = sisters.world.threads().has("unread_since").is("group_id", &sisters.two.group).and(&of);
                unread.until(1).await;
                sisters.say(door, &phone).await;
                let wanted = vec![(true, Some(origin.to_owned())), (true, Some("account".to_owned()))];
                assert_eq!(sisters.out(&phone).await, wanted, "{door:?}");
                assert_eq!(unread.count().await, 0, "{door:?}: it is hidden");
            }
            assert_eq!(sisters.world.rows("account_word").lacks("last_word").count().await, 0);
        })
        .await;
}

/// Contacts that another organization gets later, by each door, also of a redacted person.
#[tokio::test]
async fn i3_a_contact_that_a_sister_organization_gets_later_is_opted_out_from_the_beginning() {
    World::with_engine()
        .run(async |world| {
            let sisters = Sisters::open(world).await;
            let Sisters { world, one, two } = &sisters;
            let phone = |nth: usize| format!("+1646555{nth:04}");
            for nth in 0..16 {
                world.plant_contact_in(&one.ours.id, &one.group, &phone(nth)).await;
            }
            // One from before it is shared, one from after, one of a redacted person; of each four.
            for nth in 0..4 {
                one.opt_out(&phone(nth)).await;
            }
            sisters.share(true).await;
            for nth in 4..12 {
                one.opt_out(&phone(nth)).await;
            }
            for nth in 8..12 {
                let body = json!({ "phone": phone(nth), "confirmation": CONFIRMATION });
                one.ours.admin.post("/v1/redactions", body).await.ok();
            }
            world.redactions().has("finished_at").until(4).await;
            let form = json!({ "group_id": two.group, "title": "Run", "consent_text": "I agree" });
            let form = text(&two.ours.admin.post(&two.ours.at("forms"), form).await.ok()["id"]);
            let form = text(&two.ours.admin.get(&two.ours.at(&format!("forms/{form}"))).await.ok()["url"]);
            let form = format!("{}/submit", &form[form.find("/v1/").unwrap()..]);
            for first in [0, 4, 8, 12] {
                let [file, api, signed_up, wrote] = [first, first + 1, first + 2, first + 3].map(phone);
                two.import(&format!("first,last,phone\nA,L,{file}\nB,L,{}\n", phone(first + 100))).await;
                let body = json!({ "phone": api, "group_id": two.group, "first_name": "Ada" });
                two.ours.admin.post(&two.ours.at("contacts"), body).await.ok();
                let body = json!({ "phone": signed_up, "answers": {}, "agrees": true });
                assert_eq!(world.nobody().post(&form, body).await.status, 204);
                world.text(&wrote, &two.number, "Hello").await;
                let theirs = |phone: &str| world.contacts().is("e164", phone).is("organization_id", &two.ours.id);
                theirs(&wrote).until(1).await;
                for phone in [file, api, signed_up, wrote] {
                    let origin: Option<String> = theirs(&phone).the("opt_out_origin").await;
                    let wanted = (first < 12).then(|| "account".to_owned());
                    assert_eq!(origin, wanted, "{phone}");
                    assert_eq!(theirs(&phone).has("opted_out_at").count().await, i64::from(first < 12), "{phone}");
                }
                assert_eq!(theirs(&phone(first + 100)).lacks("opted_out_at").count().await, 1);
            }
            // No more than is said is kept of numbers, and nothing of the redacted.
            world.settled().await;
            let kept: Vec<String> = world.rows("account_word").list("e164", "e164").await;
            let wanted: Vec<_> = (0..8).map(phone).collect();
            assert_eq!(kept.iter().filter(|one| wanted.contains(one)).count(), 8, "{kept:?}");
            assert!(!kept.iter().any(|one| (8..12).map(phone).any(|gone| gone == *one)), "{kept:?}");
        })
        .await;
}
