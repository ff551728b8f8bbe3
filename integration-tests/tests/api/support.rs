//! An api inside the test's process, people who call it, and the engine and a carrier behind it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use muster_domain::{
    ids::{AccountId, MemberId},
    tenancy::role::Role,
};
use muster_integration_tests::{CARRIER_ACCOUNT, CARRIER_SECRET, Daemon, Harness, eventually, seconds};
use muster_simulator::{Behaviour, Config, Millis, Receipts, Simulator};
use muster_storage::tenancy::{
    members::{self, NewMember},
    organizations,
};
use reqwest::{Method, StatusCode, header::HeaderMap};
use secrecy::SecretString;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::conform::DOCUMENT;

/// Bytes that may be uploaded.
pub(crate) const UPLOAD_LIMIT: usize = 1024 * 1024;

/// What must be typed to redact.
pub(crate) const CONFIRMATION: &str = "I understand this cannot be undone";

/// A script that may be saved.
pub(crate) const SCRIPT: &str = "Hi {{first_name|there}}! Reply STOP to opt out";

/// A JSON or other body, and headers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call {
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Call {
    pub(crate) fn empty() -> Self {
        Self::default()
    }

    pub(crate) fn json(body: &Value) -> Self {
        Self::raw("application/json", body.to_string())
    }

    pub(crate) fn raw(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into()), headers: vec![("content-type", content_type.to_owned())] }
    }

    #[must_use]
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    #[must_use]
    pub(crate) fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) what: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body of a 2xx; null when it is empty.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{} answered {}: {}", self.what, self.status, self.text);
        if self.text.is_empty() { Value::Null } else { serde_json::from_str(&self.text).unwrap() }
    }

    /// What is not a problem+json with this status and type, if anything.
    pub(crate) fn wrong_problem(&self, wanted: &[(u16, &str)]) -> Option<String> {
        let seen = || format!("{} answered {} {:?}, wanted {wanted:?}", self.what, self.status, self.text);
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        let kind = body["type"].as_str().unwrap_or_default();
        let kind = kind.strip_prefix("urn:muster:problem:").unwrap_or("not ours");
        let fits = wanted.contains(&(self.status, kind))
            && self.header("content-type") == "application/problem+json"
            && body["status"] == self.status
            && body["title"].is_string()
            && body["detail"].is_string();
        (!fits).then(seen)
    }

    /// A problem+json with this status and type.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, kind: &str) -> Value {
        if let Some(wrong) = self.wrong_problem(&[(status, kind)]) {
            panic!("{wrong}");
        }
        serde_json::from_str(&self.text).unwrap()
    }
}

/// Somebody who calls the api.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    pub(crate) token: Option<String>,
}

impl Client {
    pub(crate) fn with_token(&self, token: Option<&str>) -> Self {
        Self { token: token.map(ToOwned::to_owned), ..self.clone() }
    }

    pub(crate) async fn call(&self, method: Method, path: &str, call: Call) -> Answer {
        self.send(method, path, call.headers, call.body.map(Into::into)).await
    }

    /// A POST of a file that comes as it comes.
    pub(crate) async fn pour(&self, path: &str, file: reqwest::Body) -> Answer {
        self.send(Method::POST, path, vec![("content-type", "text/csv".to_owned())], Some(file)).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: Vec<(&'static str, String)>,
        body: Option<reqwest::Body>,
    ) -> Answer {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let answer = Answer {
            what: format!("{method} {path}"),
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        };
        let media_type = answer.header("content-type");
        let wrong = DOCUMENT.wrong(method.as_str(), path, answer.status, media_type, &answer.text);
        assert!(wrong.is_empty(), "{} answered {} otherwise than documented: {wrong:#?}", answer.what, answer.status);
        answer
    }

    /// Begins to follow server-sent events.
    pub(crate) async fn events(&self, path: &str) -> Events {
        let mut request = self.http.get(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        Events { response, buffer: String::new() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, Call::empty()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Call::json(&body)).await
    }

    /// A POST without a body.
    pub(crate) async fn act(&self, path: &str) -> Answer {
        self.call(Method::POST, path, Call::empty()).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Call::json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Call::json(&body)).await
    }
}

/// Server-sent events as they come.
#[derive(Debug)]
pub(crate) struct Events {
    response: reqwest::Response,
    buffer: String,
}

impl Events {
    /// The next event and its data; none at the end.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            while let Some((event, rest)) = self.buffer.split_once("\n\n") {
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim_start);
                let found = field("event:").zip(field("data:"));
                let found = found.map(|(kind, data)| (kind.to_owned(), serde_json::from_str(data).unwrap()));
                self.buffer = String::from(rest);
                if found.is_some() {
                    return found;
                }
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.buffer.push_str(&String::from_utf8_lossy(&chunk));
        }
    }
}

/// A person with a token.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) client: Client,
    pub(crate) token_id: String,
}

/// The api on a database of its own, and what works behind it if it was asked for.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) harness: Harness,
    pub(crate) api: Daemon,
    /// Without a token.
    pub(crate) nobody: Client,
    engine: Option<(Daemon, Daemon, Simulator)>,
}

impl World {
    /// The api alone: jobs stay pending.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with other settings, in TOML's syntax.
    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::on(Harness::start().await, settings).await
    }

    /// The same on servers that the test may freeze and kill.
    pub(crate) async fn on_own_servers(settings: &[(&str, &str)]) -> Self {
        Self::on(Harness::start_with_own_servers().await, settings).await
    }

    async fn on(mut harness: Harness, settings: &[(&str, &str)]) -> Self {
        for (key, value) in settings {
            harness = harness.with(key, *value);
        }
        let api = harness.daemon("api", |mut settings, stop| {
            // Webhooks are signed for the URL that the carrier knows.
            settings.carrier.public_url = format!("http://{}", settings.process.listen);
            settings.imports.upload_limit_bytes = UPLOAD_LIMIT as u64;
            muster_api::run(settings, stop)
        });
        api.ready().await;
        let base = api.url().to_owned();
        let nobody = Client { http: reqwest::Client::new(), base: base.clone(), token: None };
        let harness = harness.with("public_url", format!("{base:?}"));
        Self { harness, api, nobody, engine: None }
    }

    /// The api with a scheduler, a worker and a carrier that delivers at once and whose contacts say nothing by themselves.
    pub(crate) async fn with_engine() -> Self {
        Self::with_engine_and(&[]).await
    }

    /// The same with other settings, in TOML's syntax.
    pub(crate) async fn with_engine_and(settings: &[(&str, &str)]) -> Self {
        Self::engine(settings, false).await
    }

    /// [`Self::with_engine`] where numbers are looked up at the carrier.
    pub(crate) async fn with_lookups() -> Self {
        Self::engine(&[], true).await
    }

    async fn engine(settings: &[(&str, &str)], looks_up: bool) -> Self {
        let mut world = Self::start_with(settings).await;
        let receipts = Receipts { delay_ms: Millis { min: 20, max: 80 }, ..Receipts::default() };
        let simulator = muster_simulator::start(Config {
            account_sid: CARRIER_ACCOUNT.to_owned(),
            auth_token: CARRIER_SECRET.to_owned(),
            behaviour: Behaviour { receipts, ..Behaviour::default() },
            ..Config::default()
        })
        .await
        .unwrap();
        world.harness = world.harness.with("carrier_url", format!("{:?}", simulator.url));
        if looks_up {
            world.harness = world.harness.with("lookup_url", format!("{:?}", simulator.url));
        }
        let (scheduler, worker) = (world.harness.scheduler("scheduler"), world.harness.worker("worker"));
        tokio::join!(scheduler.ready(), worker.ready());
        world.engine = Some((scheduler, worker, simulator));
        world
    }

    /// Starts the scheduler and the worker anew, and beside the api one with other settings, in TOML's syntax, which takes its place.
    pub(crate) async fn restart_with(&mut self, settings: &[(&str, &str)]) {
        for (key, value) in settings {
            self.harness.set(key, *value);
        }
        let (scheduler, worker, simulator) = self.engine.take().expect("the world has an engine");
        tokio::join!(scheduler.stop(), worker.stop());
        let api = self.harness.daemon("api", |mut settings, stop| {
            settings.carrier.public_url = format!("http://{}", settings.process.listen);
            settings.imports.upload_limit_bytes = UPLOAD_LIMIT as u64;
            muster_api::run(settings, stop)
        });
        api.ready().await;
        std::mem::replace(&mut self.api, api).stop().await;
        self.api.url().clone_into(&mut self.nobody.base);
        let (scheduler, worker) = (self.harness.scheduler("scheduler-2"), self.harness.worker("worker-2"));
        tokio::join!(scheduler.ready(), worker.ready());
        self.engine = Some((scheduler, worker, simulator));
    }

    pub(crate) async fn finish(self) {
        if let Some((scheduler, worker, simulator)) = self.engine {
            tokio::join!(scheduler.stop(), worker.stop());
            simulator.shutdown().await;
        }
        self.api.stop().await;
        self.harness.finish().await;
    }

    pub(crate) fn carrier(&self) -> &Simulator {
        &self.engine.as_ref().expect("the world has an engine").2
    }

    /// The database's time.
    pub(crate) async fn now(&self) -> DateTime<Utc> {
        let mut tx = self.harness.pool().begin().await.unwrap();
        tx.clock().await.unwrap()
    }

    /// A new customer's first admin, made as `muster account create` makes them.
    pub(crate) async fn account(&self, name: &str) -> Client {
        let (account_id, member_id) = (AccountId::new(), MemberId::new());
        let token = format!("token-of-{}", Uuid::now_v7());
        let mut tx = self.harness.pool().begin().await.unwrap();
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
        self.harness.execute(&[&insert]).await;
        self.nobody.with_token(Some(&token))
    }

    /// A new account with one organization, for which the hours never end.
    pub(crate) async fn organization(&self, name: &str) -> Organization {
        let admin = self.account(name).await;
        Organization::create(&admin, name).await
    }

    /// Every table's rows, counted and hashed; not what daemons write about themselves.
    pub(crate) async fn contents(&self) -> BTreeMap<String, String> {
        self.harness
            .execute(&["create or replace function contents() returns json language plpgsql as $$
                 declare name text; line text; found json[] := '{}'; answer jsonb := '{}';
                 begin
                     for name in select c.relname from pg_class c
                         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
                             and c.relname not in ('process', '_sqlx_migrations')
                     loop
                         execute format(
                             'select count(*) || '' rows '' || md5(coalesce(string_agg(t::text, '','' order by t::text), '''')) from %I t',
                             name) into line;
                         answer := answer || jsonb_build_object(name, line);
                     end loop;
                     return answer;
                 end $$"])
            .await;
        self.harness.row("select contents()").await
    }

    /// Uploaded files that are kept.
    pub(crate) fn objects(&self) -> Vec<PathBuf> {
        fn files(folder: &Path, found: &mut Vec<PathBuf>) {
            let Ok(entries) = std::fs::read_dir(folder) else { return };
            for entry in entries {
                let path = entry.unwrap().path();
                if path.is_dir() { files(&path, found) } else { found.push(path) }
            }
        }
        let mut found = Vec::new();
        files(&self.harness.folder().join("imports"), &mut found);
        found
    }

    /// Posts a form as the carrier does.
    pub(crate) async fn webhook(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let form: Vec<(String, String)> =
            form.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let url = format!("{}{path}", self.api.url());
        let signature = muster_carrier::twilio::sign(&SecretString::from(CARRIER_SECRET), &url, &form);
        let call = Call::raw("application/x-www-form-urlencoded", urlencoded(&form));
        self.nobody.call(Method::POST, path, call.header("x-twilio-signature", signature)).await
    }

    /// A contact texts one of our numbers; the carrier's id is as given.
    pub(crate) async fn text_as(&self, sid: &str, from: &str, to: &str, body: &str) -> Answer {
        let form = [("MessageSid", sid), ("From", from), ("To", to), ("Body", body)];
        self.webhook("/v1/webhooks/twilio/inbound", &form).await
    }

    /// A contact texts one of our numbers.
    #[track_caller]
    pub(crate) fn text(&self, from: &str, to: &str, body: &str) -> impl Future<Output = ()> {
        let sid = format!("SM{}", Uuid::now_v7().simple());
        let (from, to, body) = (from.to_owned(), to.to_owned(), body.to_owned());
        async move {
            let answer = self.text_as(&sid, &from, &to, &body).await;
            assert_eq!(answer.status, 204, "{}", answer.text);
        }
    }

    /// Waits until there are exactly so many rows.
    pub(crate) async fn until(&self, from: &str, rows: i64) {
        eventually(seconds(30), async || {
            let seen = self.harness.count(from).await;
            if seen == rows {
                return Ok(());
            }
            let messages: Value = self
                .harness
                .row("select coalesce(json_agg(concat_ws(' ', kind, state, reason, error_code)), '[]') from message")
                .await;
            Err(format!("{seen} of {rows} {from}; messages {messages}; jobs {}", self.harness.census().await))
        })
        .await;
    }

    /// Waits until the engine has nothing left to do now.
    pub(crate) async fn settled(&self) {
        self.until("job where state in ('pending', 'published', 'running') and run_at <= clock_timestamp()", 0).await;
    }
}

/// A form as the wire has it.
pub(crate) fn urlencoded(form: &[(String, String)]) -> String {
    serde_urlencoded::to_string(form).unwrap()
}

/// Numbers that no test has had before.
static NUMBERS: AtomicU32 = AtomicU32::new(0);

/// A tenant, seen by its account's admin.
#[derive(Debug, Clone)]
pub(crate) struct Organization {
    pub(crate) id: String,
    /// `/v1/organizations/…`
    pub(crate) path: String,
    /// The account admin.
    pub(crate) admin: Client,
}

impl Organization {
    pub(crate) async fn create(admin: &Client, name: &str) -> Self {
        let made = admin.post("/v1/organizations", json!({ "name": name })).await.ok();
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
    pub(crate) fn at_new_address(&self, world: &World) -> Self {
        Self { admin: world.nobody.with_token(self.admin.token.as_deref()), ..self.clone() }
    }

    pub(crate) async fn set(&self, settings: Value) {
        self.admin.patch(&self.path, settings).await.ok();
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}/{path}", self.path)
    }

    pub(crate) async fn group(&self, name: &str) -> String {
        self.group_in(name, "America/New_York").await
    }

    pub(crate) async fn group_in(&self, name: &str, zone: &str) -> String {
        let body = json!({ "name": name, "zone": zone, "area_code": "212" });
        text(&self.admin.post(&self.at("groups"), body).await.ok()["id"])
    }

    /// A member with a token, in no group.
    pub(crate) async fn member(&self, role: &str) -> Person {
        let body = json!({ "role": role, "first_name": "Ada", "last_name": role });
        let id = text(&self.admin.post(&self.at("members"), body).await.ok()["id"]);
        let token = self.admin.act(&self.at(&format!("members/{id}/tokens"))).await.ok();
        let client = self.admin.with_token(token["token"].as_str());
        Person { id, client, token_id: text(&token["id"]) }
    }

    /// A member in these groups; an agent has a number there, the last of which is answered.
    pub(crate) async fn member_of(&self, role: &str, groups: &[&str]) -> (Person, String) {
        let person = self.member(role).await;
        let mut number = String::new();
        for group in groups {
            number = self.join(group, role, &person.id).await;
        }
        (person, number)
    }

    /// Puts a member into a group; an agent has a number there, which is answered.
    pub(crate) async fn join(&self, group: &str, role: &str, member: &str) -> String {
        if role == "agent" {
            let free = NUMBERS.fetch_add(1, Ordering::Relaxed);
            let new = json!({ "numbers": [format!("+1212555{free:04}")] });
            self.admin.post(&self.at("numbers"), new).await.ok();
        }
        let path = self.at(&format!("groups/{group}/members/{member}"));
        let added = self.admin.call(Method::PUT, &path, Call::empty()).await.ok();
        added["sender_number"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) async fn agent(&self, group: &str) -> (Person, String) {
        self.member_of("agent", &[group]).await
    }

    /// Uploads a file; `query` begins with `file_name`.
    pub(crate) async fn upload(&self, query: &str, file: impl Into<Vec<u8>>) -> Answer {
        let call = Call::raw("text/csv", file);
        self.admin.call(Method::POST, &self.at(&format!("imports?{query}")), call).await
    }

    /// Uploads a file and waits until its import is over; answers the report.
    pub(crate) async fn import(&self, query: &str, file: impl Into<Vec<u8>>) -> Value {
        let id = text(&self.upload(query, file).await.ok()["id"]);
        self.report(&id).await
    }

    /// Waits until an import is over; answers the report. One that is not over in time has a job that says why, in the log.
    pub(crate) async fn report(&self, id: &str) -> Value {
        let path = self.at(&format!("imports/{id}"));
        eventually(seconds(40), async || {
            let report = self.admin.get(&path).await.ok();
            let over = !matches!(report["state"].as_str(), Some("waiting" | "running"));
            if over { Ok(report) } else { Err(report.to_string()) }
        })
        .await
    }

    /// Imports so many contacts into a group: `Ada0`, `Ada1`, … with the numbers that are answered.
    pub(crate) async fn contacts(&self, group: &str, count: usize) -> Vec<String> {
        let phones: Vec<String> = (0..count).map(|nth| format!("+1646555{nth:04}")).collect();
        let rows: Vec<String> =
            phones.iter().enumerate().map(|(nth, phone)| format!("Ada{nth},Lovelace,{phone}")).collect();
        let file = format!("first,last,phone\n{}\n", rows.join("\n"));
        let report = self.import(&format!("file_name=c.csv&group_id={group}"), file).await;
        assert_eq!(report["state"], "succeeded", "{report}");
        phones
    }

    /// A contact by number.
    pub(crate) async fn contact(&self, phone: &str) -> Value {
        let page = self.admin.get(&self.at("contacts?limit=500")).await.ok();
        let items = page["items"].as_array().unwrap();
        items.iter().find(|contact| contact["phone"] == phone).cloned().unwrap_or_default()
    }

    pub(crate) async fn draft(&self, group: &str, goal: Value) -> String {
        let answer = self.admin.post(&self.at("goals"), json!({ "group_id": group, "goal": goal })).await;
        text(&answer.ok()["id"])
    }

    pub(crate) async fn goal(&self, id: &str) -> Value {
        self.admin.get(&self.at(&format!("goals/{id}"))).await.ok()
    }

    /// `launch`, `pause`, `resume` or `close`.
    pub(crate) async fn goal_act(&self, id: &str, action: &str) -> Value {
        self.admin.act(&self.at(&format!("goals/{id}/{action}"))).await.ok()
    }

    /// A launched goal that is open, when its batches are released.
    pub(crate) async fn open_goal(&self, world: &World, group: &str, more: Value) -> String {
        let id = self.draft(group, open_goal(world, more).await).await;
        self.goal_act(&id, "launch").await;
        world.until(&format!("goal where id = '{id}' and partitioned_at is not null"), 1).await;
        world.until(&format!("batch where goal_id = '{id}' and state = 'held'"), 0).await;
        id
    }
}

/// A text in an answer.
#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned()
}

/// A goal's content with these local times, and with what `more` sets or, by null, takes away.
pub(crate) fn goal_at(opens: &str, closes: &str, more: Value) -> Value {
    let mut goal = json!({
        "name": "Rally",
        "goal_type": "event",
        "date": "2027-06-01T18:00:00",
        "script": SCRIPT,
        "opens": opens,
        "closes": closes,
    });
    set(&mut goal, more);
    goal
}

/// Sets members of an object; null takes away.
pub(crate) fn set(object: &mut Value, more: Value) {
    let Value::Object(more) = more else { return };
    for (name, value) in more {
        if value.is_null() {
            object.as_object_mut().unwrap().remove(&name);
        } else {
            object[name] = value;
        }
    }
}

/// A goal's content that has opened a minute ago and closes in two hours.
pub(crate) async fn open_goal(world: &World, more: Value) -> Value {
    let now = world.now().await;
    let at = |minutes| (now + TimeDelta::minutes(minutes)).to_rfc3339();
    goal_at(&at(-1), &at(120), more)
}

/// Everything ended with this status.
#[track_caller]
pub(crate) fn all_are(answers: &[Answer], status: StatusCode) {
    for answer in answers {
        assert_eq!(answer.status, status, "{}: {}", answer.what, answer.text);
    }
}
