//! Places of the matrix: a group with a record of each kind that paths name, and its people.

use std::collections::BTreeMap;

use muster_integration_tests::{CONFIRMATION, Call, Organization, Person, World, goal_at, text};
use serde_json::{Value, json};

use crate::samples::{Operation, Who, body};

/// A group with one record of each kind.
pub(crate) struct Place {
    organization: Organization,
    pub(crate) agent: Person,
    /// A group admin with a bulk change and an export: others of their role do not see these.
    pub(crate) group_admin: Person,
    /// By the names that paths use.
    pub(crate) ids: BTreeMap<&'static str, String>,
    agent_script: String,
}

/// Records that are a group's: a group admin and an agent of another group do not see them.
pub(crate) const OF_A_GROUP: [&str; 14] = [
    "group_id",
    "member_id",
    "token_id",
    "session_id",
    "import_id",
    "contact_id",
    "goal_id",
    "campaign_id",
    "thread_id",
    "bulk_change_id",
    "export_id",
    "batch_id",
    "form_id",
    "source_id",
];

impl Place {
    /// Makes a group in an organization. `nth` tells places apart.
    pub(crate) async fn create(world: &World, organization: Organization, nth: usize) -> Self {
        let (admin, at) = (&organization.admin, |path: &str| organization.at(path));
        let made = async |path: &str, body: Value| text(&admin.post(&at(path), body).await.ok()["id"]);
        let phone = format!("+1646555{nth:04}");
        let group = organization.group(&format!("Group {nth}")).await;
        let (agent, number) = organization.agent(&group).await;
        let (_, session) = world.session(&agent.id, "full").await;
        let member = at(&format!("members/{}", agent.id));
        admin.patch(&member, json!({ "email": format!("agent{nth}@example.org") })).await.ok();
        admin.put(&format!("{member}/invite"), json!({})).await.ok();
        let file = format!("first,last,phone,Ward\nAda,L,{},7\nBad,L,1,7\n", &phone[2..]);
        let report = organization.import(&format!("file_name=c{nth}.csv&group_id={group}"), file).await;
        let goal = organization.open_goal(world, &group, json!({})).await;
        let claimed = agent.client.claim(&goal, "initial").await;
        world.text(&phone, &number, "Who is this?").await;
        let of_group = |table: &str| world.rows(table).is("group_id", &group);
        of_group("thread").until(1).await;
        let campaign = json!({
            "name": format!("Everywhere {nth}"), "group_ids": [group],
            "goal": goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", json!({})),
        });
        let campaign = made("campaigns", campaign).await;
        let redaction = json!({ "phone": format!("+1646556{nth:04}"), "confirmation": CONFIRMATION });
        let redaction = text(&admin.post("/v1/redactions", redaction).await.ok()["id"]);
        let (group_admin, _) = organization.member_of("group_admin", &[&group]).await;
        let theirs = async |path: &str, body: Value| text(&group_admin.client.post(&at(path), body).await.ok()["id"]);
        let change = json!({ "filter": { "group_id": group }, "action": "tag", "tag": "vip" });
        let change = theirs("bulk-changes", change).await;
        let export = theirs("exports", json!({ "kind": "contacts" })).await;
        let unknown = unknown_text(world, &organization, &group, &agent).await;
        world.settled().await;
        let listed = async |path: &str, name: &str, value: &str| {
            let items = admin.get(&at(path)).await.ok()["items"].as_array().cloned().unwrap_or_default();
            text(&items.into_iter().find(|item| item[name] == value).unwrap_or_default()["id"])
        };
        let form = json!({ "group_id": group, "title": format!("Join {nth}"), "consent_text": "I agree to get texts" });
        let script = json!({ "name": "Thanks", "script": "Thank you!" });
        let agent_script = text(&agent.client.post("/v1/agent/scripts", script).await.ok()["id"]);
        let merged = made("tags", json!({ "name": format!("Merged {nth}") })).await;
        let vip = listed("tags", "name", "vip").await;
        let ids = BTreeMap::from([
            ("organization_id", organization.id.clone()),
            ("member_id", agent.id.clone()),
            ("token_id", agent.token_id.clone()),
            ("session_id", session),
            ("import_id", text(&report["id"])),
            ("source_id", made("import-sources", source(&group, nth)).await),
            ("contact_id", text(&organization.contact(&phone).await["id"])),
            ("goal_id", goal),
            ("campaign_id", campaign),
            ("thread_id", of_group("thread").the("id").await),
            ("bulk_change_id", change),
            ("export_id", export),
            ("batch_id", text(&claimed["id"])),
            ("redaction_id", redaction),
            ("access_request_id", made("access-requests", access_request(&organization.contact(&phone).await)).await),
            ("form_id", made("forms", form).await),
            ("merge_id", made(&format!("tags/{merged}/merge"), json!({ "into": vip })).await),
            ("tag_id", vip),
            ("field_id", listed("fields", "name", "Ward").await),
            ("automation_id", made("automations", automation(nth)).await),
            ("script_id", made("scripts", library_script(nth)).await),
            ("registered_campaign_id", made("registered-campaigns", json!({ "name": format!("Vote {nth}") })).await),
            ("job_act_id", job_act(world).await),
            ("schedule_name", "engine-sweep".to_owned()),
            ("daemon_name", world.row("select to_json(name) from process where role = 'worker' limit 1").await),
            ("dead_letter_id", dead_letter(world).await),
            ("message_id", unknown),
            ("job_id", world.row("select to_json(id::text) from job order by id limit 1").await),
            ("group_id", group),
        ]);
        world.settled().await;
        Self { organization, agent, group_admin, ids, agent_script }
    }

    /// Returns a request that ends a member or a token: of somebody else with each.
    pub(crate) async fn ending(&self, operation: &Operation) -> (String, Call) {
        let (somebody, _) = self.organization.agent(&self.ids["group_id"]).await;
        let mut ids = self.ids(operation);
        ids.extend([("member_id", somebody.id), ("token_id", somebody.token_id)]);
        (operation.url(&ids), operation.sample())
    }

    /// Returns the ids for an operation: an agent's scripts are their own.
    pub(crate) fn ids(&self, operation: &Operation) -> BTreeMap<&'static str, String> {
        let mut ids = self.ids.clone();
        if operation.who() == Who::Agents {
            ids.insert("script_id", self.agent_script.clone());
        }
        ids
    }

    /// Returns a request of this place with a body that names its records.
    pub(crate) fn call(&self, operation: &Operation) -> (String, Call) {
        let mut url = operation.url(&self.ids(operation));
        if operation.is_upload() {
            url = format!("{url}&group_id={}", self.ids["group_id"]);
        }
        let call = match operation.schema() {
            Some(schema) => Call::json(&self.named(body(schema))),
            None => operation.sample(),
        };
        (url, call)
    }

    fn named(&self, mut body: Value) -> Value {
        let id = |name: &str| json!(self.ids[name]);
        for (name, value) in [
            ("group_id", id("group_id")),
            ("group_ids", json!([self.ids["group_id"]])),
            ("contact_id", id("contact_id")),
            ("thread_ids", json!([self.ids["thread_id"]])),
            ("agent_id", id("member_id")),
            ("into", id("tag_id")),
        ] {
            if body.get(name).is_some() {
                body[name] = value;
            }
        }
        body
    }
}

/// Makes an act of an operator on many jobs.
async fn job_act(world: &World) -> String {
    let operator = world.operator("act").await;
    text(&operator.post("/v1/operator/job-acts", body("NewJobAct")).await.ok()["id"])
}

/// Makes a text of unknown outcome, for which the carrier is asked no more.
async fn unknown_text(world: &World, organization: &Organization, group: &str, agent: &Person) -> String {
    let goal = organization.open_goal(world, group, json!({})).await;
    let batch = agent.client.claim(&goal, "initial").await;
    agent.client.send(&batch).await.ok();
    let texts = world.messages().is("goal_id", &goal);
    texts.state("delivered").until(1).await;
    // The worker's own word may come after the receipt, and would settle the text.
    world.settled().await;
    let unknown = "update message set state = 'unknown', handed_over_at = now() - interval '25 hours', cap_state = null, \
                   cap_carrier = null, cap_day = null where goal_id";
    world.execute(&[&format!("{unknown} = '{goal}'")]).await;
    world.messages().is("goal_id", &goal).the("id").await
}

/// Makes a message that no worker could read.
async fn dead_letter(world: &World) -> String {
    let unread = "insert into dead_letter (queue, body, error) values ('muster.probe', '{', 'no envelope')";
    world.execute(&[unread]).await;
    world.row("select to_json(id::text) from dead_letter order by id desc limit 1").await
}

fn source(group: &str, nth: usize) -> Value {
    json!({ "group_id": group, "name": format!("Drop {nth}"), "url": format!("store:{nth}.csv") })
}

fn access_request(contact: &Value) -> Value {
    json!({ "contact_id": contact["id"], "reason": "asked by letter" })
}

fn library_script(nth: usize) -> Value {
    json!({ "kind": "response", "name": format!("Thanks {nth}"), "script": "Thank you!" })
}

fn automation(nth: usize) -> Value {
    json!({
        "name": format!("Join {nth}"), "keywords": [format!("join{nth}")], "matching": "exact",
        "actions": [{ "kind": "opt_in" }],
    })
}
