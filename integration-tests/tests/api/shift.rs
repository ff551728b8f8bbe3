//! A shift of agents while admins change everything about it.
//!
//! Agents claim, send one or all, skip, return, reply and answer. Meanwhile members are suspended,
//! removed and come back, contacts get other agents, goals pause, close and open again, leases end,
//! automations run, and people opt out. The workers are under way meanwhile.

use std::{collections::BTreeMap, sync::Mutex};

use chrono::{DateTime, Utc};
use futures::future::join_all;
use muster_integration_tests::{
    Answer, Call, Client, Dice, Organization, Person, World, eventually, open_goal, seconds, text,
};
use muster_rehearsal::agent::Request;
use muster_service::clock;
use reqwest::Method;
use serde_json::{Value, json};

pub(crate) const AGENTS: usize = 50;
pub(crate) const GROUPS: usize = 3;
pub(crate) const CONTACTS: usize = 60;
/// Acts of each agent.
const ACTS: usize = 8;

/// A time in which texts to somebody, or of somebody, must not go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// The answer to the request that forbids them.
    from: DateTime<Utc>,
    /// The request that allows them again.
    until: Option<DateTime<Utc>>,
}

impl Span {
    pub(crate) fn holds(self, at: DateTime<Utc>) -> bool {
        at > self.from && self.until.is_none_or(|until| at < until)
    }
}

pub(crate) struct Shift {
    pub(crate) world: World,
    ours: Organization,
    groups: Vec<String>,
    goals: Vec<(String, String)>,
    agents: Vec<(Person, String, String)>,
    /// When people had opted out, by number.
    pub(crate) out: Mutex<BTreeMap<String, DateTime<Utc>>>,
    /// When agents did not text, by member.
    pub(crate) away: Mutex<BTreeMap<String, Vec<Span>>>,
    /// One change of an agent at a time, so that it is known when they were away.
    changing: Vec<tokio::sync::Mutex<()>>,
    /// Answers of 500 and above.
    pub(crate) broken: Mutex<Vec<String>>,
}

impl Shift {
    pub(crate) async fn begin(world: World) -> Self {
        let ours = world.organization("Ours").await;
        ours.set(json!({ "batch_size": 5, "lease_minutes": 1, "replies_per_hour": 1_000 })).await;
        let actions = json!([{ "kind": "add_tag", "tag": "called" }, { "kind": "opt_out" }]);
        for (name, keyword, actions) in [
            ("Out", "genug", actions),
            (
                "Tag",
                "runner",
                json!([{ "kind": "add_tag", "tag": "runner" }, { "kind": "answer", "text": "Welcome!" }]),
            ),
        ] {
            let body = json!({ "name": name, "keywords": [keyword], "matching": "exact", "actions": actions });
            ours.admin.post(&ours.at("automations"), body).await.ok();
        }
        let (mut groups, mut goals, mut agents) = (Vec::new(), Vec::new(), Vec::new());
        for nth in 0..GROUPS {
            groups.push(ours.group(&format!("Group {nth}")).await);
        }
        for nth in 0..AGENTS {
            let group = groups[nth % GROUPS].clone();
            let (agent, number) = ours.agent(&group).await;
            agents.push((agent, group, number));
        }
        for (nth, group) in groups.iter().enumerate() {
            let rows: Vec<String> = (0..CONTACTS).map(|row| format!("Ada{row},Lovelace,{}", phone(nth, row))).collect();
            let file = format!("first,last,phone\n{}\n", rows.join("\n"));
            ours.import(&format!("file_name=c.csv&group_id={group}"), file).await;
        }
        // Every contact has an agent: one goal of each group is assigned.
        for (nth, group) in groups.iter().enumerate() {
            let members: Vec<&str> =
                agents.iter().filter(|(_, of, _)| of == group).map(|(agent, ..)| agent.id.as_str()).collect();
            let spread = format!(
                "update membership m set assigned_agent_id = (array['{}']::uuid[])[1 + abs(hashtext(m.contact_id::text)) % {}]
                 where m.group_id = '{group}'",
                members.join("','"),
                members.len()
            );
            world.execute(&[&spread]).await;
            for strategy in ["anyone", "assigned"] {
                let plan = json!({ "strategy": strategy, "name": format!("{nth} {strategy}") });
                goals.push((ours.open_goal(&world, group, plan).await, group.clone()));
            }
        }
        Self {
            world,
            ours,
            groups,
            goals,
            agents,
            out: Mutex::default(),
            away: Mutex::default(),
            changing: (0..AGENTS).map(|_| tokio::sync::Mutex::default()).collect(),
            broken: Mutex::default(),
        }
    }

    /// Notes an answer of a server that is broken, and returns the answer.
    fn heard(&self, answer: Answer) -> Answer {
        if answer.status >= 500 {
            self.broken.lock().unwrap().push(format!("{}: {} {}", answer.request, answer.status, answer.text));
        }
        answer
    }

    /// Asks again as long as more of the organization's requests wait than may.
    async fn turn(&self, ask: impl AsyncFn() -> Answer) -> Answer {
        eventually(seconds(60), async || {
            let answer = self.heard(ask().await);
            if answer.status == 429 { Err(answer.text) } else { Ok(answer) }
        })
        .await
    }

    async fn ask(&self, client: &Client, request: Request) -> Answer {
        self.turn(async || client.ask(request.clone()).await).await
    }

    async fn admin(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let path = self.ours.at(path);
        let call = || body.as_ref().map_or_else(Call::empty, Call::json);
        self.turn(async || self.ours.admin.call(method.clone(), &path, call()).await).await
    }

    /// A shift of one agent.
    pub(crate) async fn work(&self, nth: usize) {
        let mut dice = Dice::new(1_700 + nth as u64);
        let (agent, group, _) = &self.agents[nth];
        let mut own: Vec<&String> = self.goals.iter().filter(|(_, of)| of == group).map(|(goal, _)| goal).collect();
        for _ in 0..ACTS {
            let goal = *dice.one_of(&mut own);
            if dice.between(0, 4) == 0 {
                self.answer_replies(&mut dice, agent, group).await;
                continue;
            }
            let claimed = self.ask(&agent.client, Request::claim(goal, "initial")).await;
            if !claimed.is_success() {
                continue;
            }
            let batch = claimed.ok()["batch"].clone();
            let Some(id) = batch["id"].as_str() else { continue };
            let token = &batch["lease_token"];
            let contacts = batch["contacts"].as_array().cloned().unwrap_or_default();
            match dice.between(0, 6) {
                0 => drop(
                    self.ask(&agent.client, Request::of_batch(id, "return", &json!({ "lease_token": token }))).await,
                ),
                1 => {
                    for contact in contacts.iter().take(1) {
                        self.ask(&agent.client, Request::skip(id, token, &contact["id"], "moved")).await;
                    }
                }
                2 => {
                    for contact in contacts.iter().take(2) {
                        let path = format!("{}/send", text(&contact["id"]));
                        let request =
                            Request::of_batch(id, &format!("contacts/{path}"), &json!({ "lease_token": token }));
                        self.ask(&agent.client, request).await;
                    }
                }
                // They keep it, and come back to it, or their lease ends.
                3 => {}
                _ => drop(self.ask(&agent.client, Request::send(id, token, None)).await),
            }
        }
    }

    async fn answer_replies(&self, dice: &mut Dice, agent: &Person, group: &str) {
        let claimed = self.ask(&agent.client, Request::claim_replies(group)).await;
        if !claimed.is_success() {
            return;
        }
        for claimed in claimed.ok().as_array().into_iter().flatten().take(3) {
            let thread = text(&claimed["thread"]["id"]);
            let request = match dice.between(0, 3) {
                0 => Request::record_answer(&thread, dice.one_of(&mut ["yes", "no", "maybe"])),
                _ => Request::reply(&thread, "See you there"),
            };
            self.ask(&agent.client, request).await;
        }
    }

    /// People write: words, keywords and opt-outs. None says yes, which would opt them in again.
    pub(crate) async fn people(&self) {
        let mut dice = Dice::new(1_717);
        for _ in 0..90 {
            let from = phone(
                usize::try_from(dice.between(0, GROUPS as u64)).unwrap(),
                usize::try_from(dice.between(0, CONTACTS as u64)).unwrap(),
            );
            let to = self.agents[usize::try_from(dice.between(0, AGENTS as u64)).unwrap()].2.clone();
            let body = *dice.one_of(&mut ["Hello", "Sounds good", "runner", "genug", "STOP", "Who is this?"]);
            let sid = format!("SM{}", uuid::Uuid::now_v7().simple());
            let answer = self.heard(self.world.text_as(&sid, &from, &to, body).await);
            assert!(answer.is_success() || answer.status >= 500, "{}", answer.text);
            if body == "STOP" {
                self.out.lock().unwrap().entry(from).or_insert_with(clock::machine_now);
            }
        }
    }

    /// An admin does this and that.
    pub(crate) async fn administer(&self, seed: u64) {
        let mut dice = Dice::new(seed);
        for _ in 0..30 {
            let nth = usize::try_from(dice.between(0, AGENTS as u64)).unwrap();
            let (agent, group, _) = &self.agents[nth];
            let (goal, _) = &self.goals[usize::try_from(dice.between(0, self.goals.len() as u64)).unwrap()];
            match dice.between(0, 8) {
                0 => self.away(nth, &format!("members/{}/suspend", agent.id), Method::POST).await,
                1 => self.away(nth, &format!("groups/{group}/members/{}", agent.id), Method::DELETE).await,
                2 | 3 => self.back(nth).await,
                4 => {
                    for action in ["pause", "resume"] {
                        self.admin(Method::POST, &format!("goals/{goal}/{action}"), None).await;
                    }
                }
                5 => {
                    self.admin(Method::POST, &format!("goals/{goal}/close"), None).await;
                    self.reopen(goal).await;
                }
                6 => self.reassign(&mut dice).await,
                _ => self.opt_out_or_expire(&mut dice).await,
            }
        }
    }

    /// Suspends an agent, or takes them out of their group.
    async fn away(&self, nth: usize, path: &str, method: Method) {
        let _changing = self.changing[nth].lock().await;
        let answer = self.admin(method, path, None).await;
        if answer.is_success() {
            let span = Span { from: clock::machine_now(), until: None };
            self.away.lock().unwrap().entry(self.agents[nth].0.id.clone()).or_default().push(span);
        }
    }

    /// Restores an agent and puts them into their group again.
    async fn back(&self, nth: usize) {
        let _changing = self.changing[nth].lock().await;
        let (agent, group, _) = &self.agents[nth];
        let now = clock::machine_now();
        if let Some(spans) = self.away.lock().unwrap().get_mut(&agent.id) {
            for span in spans.iter_mut() {
                span.until.get_or_insert(now);
            }
        }
        self.admin(Method::POST, &format!("members/{}/restore", agent.id), None).await;
        self.admin(Method::PUT, &format!("groups/{group}/members/{}", agent.id), None).await;
    }

    async fn reopen(&self, goal: &str) {
        let (name, strategy) = {
            let row = self.world.goals().id(goal);
            (row.the::<String>("name").await, row.the::<String>("strategy").await)
        };
        let body = open_goal(&self.world, json!({ "strategy": strategy, "name": name })).await;
        let answer = self.admin(Method::PUT, &format!("goals/{goal}"), Some(body)).await;
        assert!(answer.is_success() || answer.status >= 500, "{}", answer.text);
    }

    async fn reassign(&self, dice: &mut Dice) {
        let nth = usize::try_from(dice.between(0, GROUPS as u64)).unwrap();
        let group = &self.groups[nth];
        let contact = phone(nth, usize::try_from(dice.between(0, CONTACTS as u64)).unwrap());
        let contact: String = self.world.contacts().is("e164", contact).the("id").await;
        let mut there: Vec<&Person> =
            self.agents.iter().filter(|(_, of, _)| of == group).map(|(agent, ..)| agent).collect();
        let agent = &dice.one_of(&mut there).id;
        let body = json!({ "assigned_agent_id": agent });
        self.admin(Method::PATCH, &format!("groups/{group}/contacts/{contact}"), Some(body)).await;
    }

    /// Ends some leases.
    async fn expire(&self) {
        self.world
            .execute(&[
                    "with late as (
                         update batch set lease_expires_at = clock_timestamp()
                         where id in (select id from batch where state = 'leased' order by id limit 3 for update skip locked) returning id
                     )
                     update timer set fire_at = clock_timestamp() from late where kind = 'lease-expires' and subject = late.id",
            ])
            .await;
    }

    async fn opt_out_or_expire(&self, dice: &mut Dice) {
        if dice.between(0, 2) == 0 {
            return self.expire().await;
        }
        let phone = phone(
            usize::try_from(dice.between(0, GROUPS as u64)).unwrap(),
            usize::try_from(dice.between(0, CONTACTS as u64)).unwrap(),
        );
        let id: String = self.world.contacts().is("e164", &phone).the("id").await;
        let body = json!({ "reason": "by phone" });
        let answer = self.admin(Method::POST, &format!("contacts/{id}/opt-out"), Some(body)).await;
        if answer.is_success() {
            self.out.lock().unwrap().entry(phone).or_insert_with(clock::machine_now);
        }
    }

    /// The shift's end: everybody is back, every goal is open, and agents take all that is left.
    pub(crate) async fn finish(&self) {
        for nth in 0..AGENTS {
            self.back(nth).await;
        }
        for (goal, _) in &self.goals {
            self.admin(Method::POST, &format!("goals/{goal}/resume"), None).await;
            self.reopen(goal).await;
        }
        // A removal frees the member's contacts (rule A6): without an agent they are in no batch
        // (rule W1).
        for (nth, group) in self.groups.iter().enumerate() {
            let filter = json!({ "group_id": group, "assigned": false });
            let agent = &self.agents[nth].0.id;
            let body = json!({ "filter": filter, "action": "assign", "group_id": group, "agent_id": agent });
            let asked = self.admin(Method::POST, "bulk-changes", Some(body)).await;
            assert_eq!(asked.status, 202, "{}", asked.text);
        }
        self.world.settled().await;
        for _ in 0..4 {
            join_all(self.agents.iter().map(async |(agent, group, _)| {
                for (goal, _) in self.goals.iter().filter(|(_, of)| of == group) {
                    loop {
                        let claimed = self.ask(&agent.client, Request::claim(goal, "initial")).await;
                        if !claimed.is_success() {
                            break;
                        }
                        let batch = claimed.ok()["batch"].clone();
                        let Some(id) = batch["id"].as_str() else { break };
                        let sent = self.ask(&agent.client, Request::send(id, &batch["lease_token"], None)).await;
                        if !sent.is_success() {
                            break;
                        }
                    }
                }
            }))
            .await;
            // Leases that nobody uses any more end.
            self.expire().await;
            self.world.settled().await;
            if self.world.count(STRANDED).await == 0 {
                break;
            }
        }
        self.world.messages().any_of("state", &["queued", "held", "sending"]).until(0).await;
    }
}

/// Targets with neither a text nor a reason for which they have none.
pub(crate) const STRANDED: &str = "target t join goal g on g.id = t.goal_id join contact c on c.id = t.contact_id
    left join message m on m.id = t.initial_message_id
    where t.skipped_at is null and c.opted_out_at is null
      and (m.id is null or m.state = 'queued' or (m.state = 'cancelled' and m.reason in ('reassigned', 'window_closed')))";

fn phone(group: usize, nth: usize) -> String {
    format!("+1646{}", 5_550_000 + group * 1_000 + nth)
}
