//! Rule G5, cell by cell: the work that a goal's status allows, asked of the API and of the
//! database's functions, and held against the domain's one table.

use chrono::{DateTime, TimeDelta, Utc};
use muster_domain::goals::{
    availability::{GoalMoment, Work},
    goal::{GoalClock, GoalStatus},
};
use muster_integration_tests::{Answer, Client, Organization, World, text};
use serde_json::{Value, json};

/// A goal that has texted one contact: they have said yes and have written once more. One batch of
/// initials and one of reminders can be claimed.
struct Texted {
    world: World,
    ours: Organization,
    group: String,
    agent: Client,
    agent_id: String,
    goal: String,
    thread: String,
}

impl Texted {
    async fn begin(world: World) -> Self {
        let ours = world.organization("Ours").await;
        ours.set(json!({ "batch_size": 1 })).await;
        let group = ours.group("One").await;
        let (agent, number) = ours.agent(&group).await;
        let phones = ours.contacts(&group, 2).await;
        let now = world.now().await;
        let at = |minutes| (now + TimeDelta::minutes(minutes)).to_rfc3339();
        let reminder = json!({ "script": "See you, {{first_name}}! Reply STOP", "opens": at(0), "closes": at(90) });
        let goal = ours
            .open_goal(
                &world,
                &group,
                json!({ "reminder": reminder, "responses": [{ "name": "Yes", "script": "Great!" }] }),
            )
            .await;
        let library = json!({ "kind": "response", "name": "Thanks", "script": "Thank you!" });
        ours.admin.post(&ours.at("scripts"), library).await.ok();
        let own = json!({ "name": "Mine", "script": "Yours, {{agent.first_name}}" });
        agent.client.post("/v1/agent/scripts", own).await.ok();
        let thread = String::new();
        let mut texted = Self { world, ours, group, agent: agent.client, agent_id: agent.id, goal, thread };

        let batch = texted.claim("initial").await.ok()["batch"].clone();
        let send = format!("/v1/agent/batches/{}/send", text(&batch["id"]));
        texted.agent.post(&send, json!({ "lease_token": batch["lease_token"] })).await.ok();
        texted.world.messages().kind("initial").state("delivered").until(1).await;
        let contact = text(&batch["contacts"][0]["id"]);
        let mut phone = String::new();
        for one in phones {
            if texted.ours.contact(&one).await["id"] == contact.as_str() {
                phone = one;
            }
        }
        texted.world.text(&phone, &number, "Perhaps").await;
        texted.world.threads().has("unread_since").until(1).await;
        texted.thread = text(&texted.unread().await[0]["thread"]["id"]);
        texted.answer().await.ok();
        texted.world.batches().kind("reminder").state("released").until(1).await;
        texted.world.settled().await;
        texted
    }

    /// Gives the goal this status.
    async fn becomes(&self, status: GoalStatus, reminders_open: bool) {
        let (opens, closes) = match status {
            GoalStatus::Draft | GoalStatus::Active | GoalStatus::Paused => {
                ("- interval '1 hour'", "+ interval '1 hour'")
            }
            GoalStatus::Scheduled => ("+ interval '1 hour'", "+ interval '2 hours'"),
            GoalStatus::Completed => ("- interval '2 hours'", "- interval '1 hour'"),
        };
        let launched = if status == GoalStatus::Draft { "null" } else { "now()" };
        let paused = if status == GoalStatus::Paused { "now()" } else { "null" };
        let reminders = if reminders_open { "+ interval '1 hour'" } else { "- interval '1 second'" };
        let goal = &self.goal;
        self.world
            .execute(&[&format!(
                "update goal set launched_at = {launched}, paused_at = {paused}, opens_at = now() {opens},
                     closes_at = now() {closes}, reminder_opens_at = now() - interval '1 day',
                     reminder_closes_at = now() {reminders} where id = '{goal}'"
            )])
            .await;
    }

    async fn claim(&self, workflow: &str) -> Answer {
        self.agent.post(&format!("/v1/agent/goals/{}/claim", self.goal), json!({ "workflow": workflow })).await
    }

    /// Claims a batch of a workflow and hands it back; returns whether there was one. A refusal
    /// names the status.
    async fn may_claim(&self, workflow: &str, status: GoalStatus) -> bool {
        let answer = self.claim(workflow).await;
        if answer.status == 200 {
            let batch = answer.ok()["batch"].clone();
            let back = format!("/v1/agent/batches/{}/return", text(&batch["id"]));
            self.agent.post(&back, json!({ "lease_token": batch["lease_token"] })).await.ok();
            return true;
        }
        if status == GoalStatus::Draft {
            answer.problem(404, "not-found");
        } else {
            assert_eq!(answer.problem(409, "conflict")["goal_status"], status.as_str());
        }
        false
    }

    /// The contact has written, and the agent holds the thread or nobody does.
    async fn thread_is(&self, held: bool) {
        let held = if held {
            format!("held_by = '{}', held_until = now() + interval '1 hour'", self.agent_id)
        } else {
            "held_by = null, held_until = null".to_owned()
        };
        self.world
            .execute(&[&format!("update thread set unread_since = now(), {held} where id = '{}'", self.thread)])
            .await;
    }

    async fn unread(&self) -> Vec<Value> {
        let claimed = self.agent.act(&format!("/v1/agent/groups/{}/replies/claim", self.group)).await.ok();
        claimed.as_array().unwrap().clone()
    }

    /// Reads the scripts of the goal and those of the thread; returns whether they have the goal's
    /// and the library's, and the agent's own. A draft is not there for agents.
    async fn scripts(&self, status: GoalStatus) -> (bool, bool) {
        let told = self.agent.get(&format!("/v1/agent/threads/{}/scripts", self.thread)).await.ok();
        let some = |scripts: &Value| !scripts.as_array().unwrap().is_empty();
        let (scripts, own) = (told["scripts"] == true, told["own_scripts"] == true);
        assert_eq!((some(&told["responses"]), some(&told["library"]), some(&told["own"])), (scripts, scripts, own));
        let of_goal = self.agent.get(&format!("/v1/agent/goals/{}/scripts", self.goal)).await;
        if status == GoalStatus::Draft {
            of_goal.problem(404, "not-found");
            return (scripts, own);
        }
        let of_goal = of_goal.ok();
        assert_eq!((&of_goal["scripts"], &of_goal["own_scripts"]), (&told["scripts"], &told["own_scripts"]));
        let goals = [of_goal["initial"].is_string(), of_goal["reminder"].is_string(), some(&of_goal["responses"])];
        assert_eq!(goals, [scripts; 3], "{of_goal}");
        assert_eq!((some(&of_goal["library"]), some(&of_goal["own"])), (scripts, own), "{of_goal}");
        (scripts, own)
    }

    /// Returns the words for all that the goal allows, by the agent's home; none for a draft.
    async fn allowed_at_home(&self) -> Option<Value> {
        let home = self.agent.get("/v1/agent/home").await.ok();
        let goal = home["goals"].as_array().unwrap().iter().find(|goal| goal["id"] == self.goal.as_str())?;
        Some(goal["allows"].clone())
    }

    async fn reply(&self) -> Answer {
        self.agent.post(&format!("/v1/agent/threads/{}/reply", self.thread), json!({ "text": "Hello!" })).await
    }

    async fn answer(&self) -> Answer {
        self.agent.put(&format!("/v1/agent/threads/{}/answer", self.thread), json!({ "answer": "yes" })).await
    }
}

/// Returns whether a call was obeyed; otherwise it was refused as a conflict.
fn obeyed(answer: &Answer) -> bool {
    let obeyed = (200..300).contains(&answer.status);
    if !obeyed {
        answer.problem(409, "conflict");
    }
    obeyed
}

#[tokio::test]
async fn g5_every_cell_that_has_an_endpoint_is_as_the_table_says() {
    World::with_engine()
        .run(async |world| {
            let texted = Texted::begin(world).await;
            for status in GoalStatus::ALL.iter().copied() {
                for reminders_open in [false, true] {
                    texted.becomes(status, reminders_open).await;
                    let moment = GoalMoment { status, was_active: true, reminders_open };
                    let cell = format!("{moment:?}");
                    let allows = |work| moment.allows(work);
                    assert_eq!(texted.may_claim("initial", status).await, allows(Work::Initials), "{cell}");
                    assert_eq!(texted.may_claim("reminder", status).await, allows(Work::Reminders), "{cell}");
                    let listed = texted.agent.get("/v1/agent/goals").await.ok();
                    let listed = listed.as_array().unwrap().iter().find(|goal| goal["id"] == texted.goal.as_str());
                    let flags = listed.map(|goal| (goal["initials"].clone(), goal["reminders"].clone()));
                    let wanted = (json!(allows(Work::Initials)), json!(allows(Work::Reminders)));
                    assert_eq!(flags, (status != GoalStatus::Draft).then_some(wanted), "{cell}");

                    texted.thread_is(false).await;
                    assert_eq!(texted.unread().await.len(), usize::from(allows(Work::Unread)), "{cell}");
                    texted.thread_is(true).await;
                    assert_eq!(texted.unread().await.len(), usize::from(allows(Work::Unread)), "in hand: {cell}");
                    assert_eq!(obeyed(&texted.answer().await), allows(Work::Answers), "{cell}");
                    texted.thread_is(true).await;
                    let wanted = (allows(Work::Scripts), allows(Work::OwnScripts));
                    assert_eq!(texted.scripts(status).await, wanted, "{cell}");
                    let allowed: Vec<_> =
                        Work::ALL.iter().filter(|work| allows(**work)).map(|work| work.as_str()).collect();
                    let wanted = (status != GoalStatus::Draft).then_some(json!(allowed));
                    assert_eq!(texted.allowed_at_home().await, wanted, "{cell}");
                    assert_eq!(obeyed(&texted.reply().await), allows(Work::Unread), "{cell}");
                    texted.world.settled().await;
                    // Admins read a conversation at any status.
                    let review = texted.ours.at(&format!("conversations/{}", texted.thread));
                    texted.ours.admin.get(&review).await.ok();
                }
            }
        })
        .await;
}

#[tokio::test]
async fn g4_and_g5_the_database_tells_a_goals_status_and_its_work_as_the_domain_does() {
    World::with_api()
        .run(async |world| {
            let now = world.now().await;
            let at = |minutes| now + TimeDelta::minutes(minutes);
            for launched in [None, Some(-9)] {
                for paused in [None, Some(-1)] {
                    for (opens, closes) in [(-2, -1), (-1, 0), (-1, 1), (0, 1), (1, 2)] {
                        let (launched_at, paused_at) = (launched.map(at), paused.map(at));
                        let clock = GoalClock { launched_at, paused_at, opens_at: at(opens), closes_at: at(closes) };
                        let sql = |at: Option<DateTime<Utc>>| {
                            at.map_or("null".to_owned(), |at| format!("'{}'::timestamptz", at.to_rfc3339()))
                        };
                        let times = [launched_at, paused_at, Some(clock.opens_at), Some(clock.closes_at), Some(now)];
                        let status = format!("goal_status({})", times.map(sql).join(", "));
                        let moment = GoalMoment::at(&clock, None, now).texted();
                        let told: String = world.row(&format!("select {status}")).await;
                        assert_eq!(told, moment.status.as_str(), "{clock:?}");
                        for work in [Work::Initials, Work::Unread] {
                            let allows = format!("select goal_allows({status}, '{work}')");
                            let told: bool = world.row(&allows).await;
                            assert_eq!(told, moment.allows(work), "{work:?} {clock:?}");
                        }
                    }
                }
            }
        })
        .await;
}
