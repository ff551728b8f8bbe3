//! Customers, their members, and the way to them through the api.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
};

use muster_domain::{
    ids::{AccountId, MemberId},
    people::e164::E164,
    tenancy::role::Role,
};
use muster_service::secret;
use muster_storage::tenancy::{
    members::{self, NewMember},
    numbers::{self, Assigned},
    organizations,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Answer, Call, Client, World, eventually, open_goal, seconds};

impl World {
    /// Returns a new customer's first admin, made as `muster account create` makes them.
    pub async fn account(&self, name: &str) -> Client {
        let (account_id, member_id) = (AccountId::new(), MemberId::new());
        let token = format!("token-of-{}", Uuid::now_v7());
        let mut tx = self.pool().begin().await.unwrap();
        organizations::create_account(&mut tx, account_id, name).await.unwrap();
        let new = NewMember {
            account_id,
            organization_id: None,
            role: Role::AccountAdmin,
            first_name: "First",
            last_name: "Admin",
            email: None,
        };
        members::create(&mut tx, member_id, &new).await.unwrap();
        tx.commit().await.unwrap();
        let insert = format!(
            "insert into token (id, member_id, secret_hash) values ('{}', '{member_id}', sha256('{token}'::bytea))",
            Uuid::now_v7()
        );
        self.execute(&[&insert]).await;
        self.nobody().with_token(Some(&token))
    }

    /// Returns an operator, made as `muster operators create` makes them.
    pub async fn operator(&self, rights: &str) -> Client {
        let token = secret::operator();
        let insert = format!(
            "insert into operator (id, name, rights, secret_hash, expires_at)
             values ('{0}', '{0}', '{rights}', sha256('{token}'::bytea), now() + interval '1 day')",
            Uuid::now_v7()
        );
        self.execute(&[&insert]).await;
        self.nobody().with_token(Some(&token))
    }

    /// Returns a session of a member, as a sign-in makes it, and its id.
    pub async fn session(&self, member_id: &str, scope: &str) -> (Client, String) {
        let (id, secret) = (Uuid::now_v7(), secret::session());
        let insert = format!(
            "insert into session (id, member_id, secret_hash, scope, method, client, address, idle_minutes, lifetime_hours)
             values ('{id}', '{member_id}', sha256('{secret}'::bytea), '{scope}', 'email_code', 'Firefox', '198.51.100.7', 720, 720)"
        );
        self.execute(&[&insert]).await;
        (self.nobody().with_token(Some(&secret)), id.to_string())
    }

    /// Returns a new account with one organization, for which the hours never end.
    pub async fn organization(&self, name: &str) -> Organization {
        let admin = self.account(name).await;
        Organization::create(&admin, name).await
    }

    /// Returns every table's rows, counted and hashed; without the daemons' rows about themselves
    /// and the last uses and rates of tokens and sessions, which reading writes.
    pub async fn contents(&self) -> BTreeMap<String, String> {
        self.execute(&["create or replace function contents() returns json language plpgsql as $$
                 declare name text; line text; found json[] := '{}'; answer jsonb := '{}';
                 begin
                     for name in select c.relname from pg_class c
                         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
                             and c.relname not in ('process', 'token_use', 'session_use', 'operator_use', 'rate_bucket', 'figures', 'figure_minute', '_sqlx_migrations')
                     loop
                         execute format(
                             'select count(*) || '' rows '' || md5(coalesce(string_agg(t::text, '','' order by t::text), '''')) from %I t',
                             name) into line;
                         answer := answer || jsonb_build_object(name, line);
                     end loop;
                     return answer;
                 end $$"])
            .await;
        self.row("select contents()").await
    }

    /// Waits until the engine has nothing left to do now: no job is due or under way, none that has
    /// failed waits for its next attempt, and no timer is due.
    pub async fn settled(&self) {
        // One statement, so that work which goes from a timer to a job is seen in one of them.
        let under_way = "(
            select kind from job where state in ('pending', 'published', 'running')
                and (run_at <= clock_timestamp() or (attempt > 0 and run_at <= clock_timestamp() + interval '2 s'))
            union all select kind from timer where fire_at <= clock_timestamp()) under_way";
        self.until(under_way, 0).await;
    }
}

/// A person with a token.
#[derive(Debug, Clone)]
pub struct Person {
    /// The member's id.
    pub id: String,
    /// The api as the member calls it.
    pub client: Client,
    /// The token's id.
    pub token_id: String,
}

/// Numbers that no test has had before.
static NUMBERS: AtomicU32 = AtomicU32::new(0);

/// A tenant, seen by its account's admin.
#[derive(Debug, Clone)]
pub struct Organization {
    /// Its id.
    pub id: String,
    /// `/v1/organizations/…`
    pub path: String,
    /// The account admin.
    pub admin: Client,
}

impl Organization {
    /// Makes one for which the hours never end, and without the cap of a new brand.
    pub async fn create(admin: &Client, name: &str) -> Self {
        let made = admin.post("/v1/organizations", json!({ "name": name })).await.ok();
        let caps = format!("/v1/organizations/{}/caps", text(&made["id"]));
        admin.put(&caps, json!({ "daily_segments": null })).await.ok();
        let id = text(&made["id"]);
        let this = Self { path: format!("/v1/organizations/{id}"), id, admin: admin.clone() };
        let always = json!({
            "recipient_safe": false,
            "law_strictness": "off",
            "number_segments_per_minute": 60_000,
            "sending_hours": { "opens_minute": 0, "closes_minute": 1440 },
        });
        this.set(always).await;
        this
    }

    /// The same tenant at the address of an api that was started anew.
    #[must_use]
    pub fn at_new_address(&self, world: &World) -> Self {
        Self { admin: world.nobody().with_token(self.admin.token()), ..self.clone() }
    }

    /// Changes its settings.
    pub async fn set(&self, settings: Value) {
        self.admin.patch(&self.path, settings).await.ok();
    }

    /// Returns the path of something of it.
    pub fn at(&self, path: &str) -> String {
        format!("{}/{path}", self.path)
    }

    /// Returns a new group in New York.
    pub async fn group(&self, name: &str) -> String {
        self.group_in(name, "America/New_York").await
    }

    /// Returns a new group in this zone.
    pub async fn group_in(&self, name: &str, zone: &str) -> String {
        let body = json!({ "name": name, "zone": zone, "area_code": "212" });
        text(&self.admin.post(&self.at("groups"), body).await.ok()["id"])
    }

    /// Returns a member with a token, in no group.
    pub async fn member(&self, role: &str) -> Person {
        let body = json!({ "role": role, "first_name": "Ada", "last_name": role });
        let id = text(&self.admin.post(&self.at("members"), body).await.ok()["id"]);
        let token = self.admin.act(&self.at(&format!("members/{id}/tokens"))).await.ok();
        let client = self.admin.with_token(token["token"].as_str());
        Person { id, client, token_id: text(&token["id"]) }
    }

    /// Returns a member in these groups; an agent has a number there, the last of which is
    /// answered.
    pub async fn member_of(&self, role: &str, groups: &[&str]) -> (Person, String) {
        let person = self.member(role).await;
        let mut number = String::new();
        for group in groups {
            number = self.join(group, role, &person.id).await;
        }
        (person, number)
    }

    /// Puts a member into a group; an agent has a number there, which is answered.
    pub async fn join(&self, group: &str, role: &str, member: &str) -> String {
        if role == "agent" {
            let free = NUMBERS.fetch_add(1, Ordering::Relaxed);
            self.add_numbers(&[&format!("+1212555{free:04}")]).await;
        }
        let path = self.at(&format!("groups/{group}/members/{member}"));
        let added = self.admin.call(Method::PUT, &path, Call::empty()).await.ok();
        added["sender_number"].as_str().unwrap_or_default().to_owned()
    }

    /// Adds numbers to text from, which the operator arranges first where the account is not alone
    /// (rule A3).
    pub async fn add_numbers(&self, numbers_to_add: &[&str]) {
        let add = async || self.admin.post(&self.at("numbers"), json!({ "numbers": numbers_to_add })).await.ok();
        if add().await["refused"] == json!([]) {
            return;
        }
        let account = text(&self.admin.get("/v1/account").await.ok()["account_id"]).parse().unwrap();
        let arranged: Vec<_> = numbers_to_add.iter().map(|number| E164::parse(number).unwrap()).collect();
        let mut tx = self.admin.pool.begin().await.unwrap();
        let assigned = numbers::assign(&mut tx, AccountId(account), &arranged, false).await.unwrap();
        assert_eq!(assigned, Assigned::Done);
        tx.commit().await.unwrap();
        assert_eq!(add().await["refused"], json!([]));
    }

    /// Returns an agent in a group, and the agent's number.
    pub async fn agent(&self, group: &str) -> (Person, String) {
        self.member_of("agent", &[group]).await
    }

    /// Uploads a file; `query` begins with `file_name`.
    pub async fn upload(&self, query: &str, file: impl Into<Vec<u8>>) -> Answer {
        let call = Call::raw("text/csv", file);
        self.admin.call(Method::POST, &self.at(&format!("imports?{query}")), call).await
    }

    /// Uploads a file and waits until its import is over; returns the report.
    pub async fn import(&self, query: &str, file: impl Into<Vec<u8>>) -> Value {
        let id = text(&self.upload(query, file).await.ok()["id"]);
        self.report(&id).await
    }

    /// Waits until an import is over; returns the report. One that is not over in time has a job
    /// that says why, in the log.
    pub async fn report(&self, id: &str) -> Value {
        let path = self.at(&format!("imports/{id}"));
        eventually(seconds(40), async || {
            let report = self.admin.get(&path).await.ok();
            let over = !matches!(report["state"].as_str(), Some("waiting" | "running"));
            if over { Ok(report) } else { Err(report.to_string()) }
        })
        .await
    }

    /// Imports so many contacts into a group: `Ada0`, `Ada1`, … with the numbers that are answered.
    pub async fn contacts(&self, group: &str, count: usize) -> Vec<String> {
        let phones: Vec<String> = (0..count).map(|nth| format!("+1646555{nth:04}")).collect();
        let rows: Vec<String> =
            phones.iter().enumerate().map(|(nth, phone)| format!("Ada{nth},Lovelace,{phone}")).collect();
        let file = format!("first,last,phone\n{}\n", rows.join("\n"));
        let report = self.import(&format!("file_name=c.csv&group_id={group}"), file).await;
        assert_eq!(report["state"], "succeeded", "{report}");
        phones
    }

    /// Returns a contact by number.
    pub async fn contact(&self, phone: &str) -> Value {
        let page = self.admin.get(&self.at("contacts?limit=500")).await.ok();
        let items = page["items"].as_array().unwrap();
        items.iter().find(|contact| contact["phone"] == phone).cloned().unwrap_or_default()
    }

    /// Returns a goal that is not launched; returns its id.
    pub async fn draft(&self, group: &str, goal: Value) -> String {
        let answer = self.admin.post(&self.at("goals"), json!({ "group_id": group, "goal": goal })).await;
        text(&answer.ok()["id"])
    }

    /// Returns a goal as the api answers it.
    pub async fn goal(&self, id: &str) -> Value {
        self.admin.get(&self.at(&format!("goals/{id}"))).await.ok()
    }

    /// `launch`, `pause`, `resume` or `close`.
    pub async fn goal_act(&self, id: &str, action: &str) -> Value {
        self.admin.act(&self.at(&format!("goals/{id}/{action}"))).await.ok()
    }

    /// Returns a launched goal that is open, when its batches are released.
    pub async fn open_goal(&self, world: &World, group: &str, more: Value) -> String {
        let id = self.draft(group, open_goal(world, more).await).await;
        self.goal_act(&id, "launch").await;
        world.goals().id(&id).has("partitioned_at").until(1).await;
        world.batches().goal(&id).state("held").until(0).await;
        id
    }
}

/// Returns a text in an answer.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned()
}

/// Everything ended with this status.
#[track_caller]
pub fn all_are(answers: &[Answer], status: StatusCode) {
    for answer in answers {
        assert_eq!(answer.status, status, "{}: {}", answer.request, answer.text);
    }
}
