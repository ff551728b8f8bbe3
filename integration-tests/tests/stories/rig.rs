//! A running Muster with an organization, and the ways to talk to it.

use std::{ops::Deref, path::PathBuf, time::Duration};

use muster_integration_tests::{eventually, seconds};
use muster_local::{Cluster, ClusterOptions, Stack, StackOptions, Wiring};
use muster_rehearsal::client::{Answer, Call, Client};
use muster_storage::{Pool, PoolOptions, testing};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

/// The processes of a rig.
#[derive(Default)]
pub(crate) struct RigOptions {
    /// Servers of the rig's own, which it may kill.
    pub(crate) own_servers: bool,
    pub(crate) schedulers: usize,
    pub(crate) workers: usize,
    /// The simulator's behaviour.
    pub(crate) behaviour: Value,
    /// More environment for Muster's processes.
    pub(crate) env: Vec<(&'static str, String)>,
    /// The folder of another build's programs, with which the rig begins.
    pub(crate) first_programs: Option<PathBuf>,
}

/// Muster, one organization, and its admin. The cluster goes before its servers do.
pub(crate) struct Rig {
    pub(crate) cluster: Cluster,
    pub(crate) pool: Pool,
    pub(crate) database: String,
    pub(crate) vhost: String,
    pub(crate) stack: Stack,
    /// For the simulator and the broker.
    http: reqwest::Client,
    pub(crate) api: Api,
    /// The path of the organization.
    pub(crate) organization: String,
}

impl Rig {
    pub(crate) async fn start(options: RigOptions) -> Self {
        let stack = StackOptions { always_own: options.own_servers, ..StackOptions::default() };
        let stack = Stack::start(stack).await.expect("starting Postgres and RabbitMQ");
        let id = Uuid::now_v7().simple().to_string();
        let (database, vhost) = (format!("muster_story_{id}"), format!("muster-story-{id}"));
        let env = options.env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let cluster = ClusterOptions {
            schedulers: options.schedulers,
            workers: options.workers,
            database: database.clone(),
            vhost: vhost.clone(),
            simulator: json!({ "seed": 7, "behaviour": options.behaviour }),
            extra_env: env,
            folder: stack.folder().join("cluster"),
        };
        let wiring = Wiring { first_programs: options.first_programs, ..Wiring::default() };
        let cluster = Cluster::start_wired(&stack, cluster, wiring).await.expect("starting Muster");
        let pool = PoolOptions { max_connections: 4, ..PoolOptions::default() };
        let pool = Pool::connect_lazily(&stack.postgres.url(&database).as_str().into(), &pool).unwrap();
        let http = reqwest::Client::builder().timeout(seconds(60)).no_proxy().build().unwrap();
        let api = Client::over(http.clone(), &cluster.api_url).with_token(Some(&cluster.bootstrap_token));
        let api = Api(api.once());
        let made = api.post("/v1/organizations", json!({ "name": "Story" })).await;
        let organization = format!("/v1/organizations/{}", text(&made["id"]));
        // A new brand has the strictest tier (rule S3).
        api.call(Method::PUT, &format!("{organization}/caps"), Some(json!({ "daily_segments": null }))).await;
        // Stories are told at any hour of the day.
        let settings = json!({
            "sending_hours": { "opens_minute": 0, "closes_minute": 1440 },
            "law_strictness": "off",
            "number_segments_per_minute": 60_000,
            "batch_size": 50,
            "group_contact_limit": 1_000_000,
        });
        api.call(Method::PATCH, &organization, Some(settings)).await;
        Self { cluster, pool, database, vhost, stack, http, api, organization }
    }

    /// Returns the path of something of the organization.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("{}/{rest}", self.organization)
    }

    /// Returns a number out of the database.
    pub(crate) async fn number(&self, query: &str) -> i64 {
        testing::number(&self.pool, query).await.unwrap_or_else(|error| panic!("{error}: {query}"))
    }

    /// Returns the lines that a query answers; columns are parted by `|`.
    pub(crate) async fn rows(&self, query: &str) -> Result<Vec<String>, String> {
        let printed = self.stack.postgres.run_sql(&self.database, query).await.map_err(|error| format!("{error:#}"))?;
        Ok(printed.lines().filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect())
    }

    /// Waits until a count is 0.
    pub(crate) async fn until_none(&self, from: &str, within: Duration) {
        eventually(within, async || {
            let query = format!("select count(*) from {from}");
            let left = testing::number(&self.pool, &query).await.map_err(|error| error.to_string())?;
            if left == 0 { Ok(()) } else { Err(format!("{left} of {from}")) }
        })
        .await;
    }

    /// Waits until a count is not 0.
    pub(crate) async fn until_some(&self, from: &str, within: Duration) {
        eventually(within, async || {
            let query = format!("select count(*) from {from}");
            let found = testing::number(&self.pool, &query).await.map_err(|error| error.to_string())?;
            if found > 0 { Ok(()) } else { Err(format!("none of {from}")) }
        })
        .await;
    }

    /// Asks the simulator's operator side.
    pub(crate) async fn simulator<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, String> {
        let url = format!("{}/_sim/{path}", self.cluster.simulator_url);
        let answer = self.http.get(url).send().await.map_err(|error| error.to_string())?;
        answer.json().await.map_err(|error| error.to_string())
    }

    /// Tells the simulator to do something.
    pub(crate) async fn tell_simulator(&self, method: Method, path: &str, body: &Value) {
        let url = format!("{}/_sim/{path}", self.cluster.simulator_url);
        let answer = self.http.request(method, url).json(body).send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{status}: {}", answer.text().await.unwrap_or_default());
    }

    /// Calls the broker's management API.
    pub(crate) async fn broker(&self, method: Method, path: &str, body: &Value) -> Value {
        let url = format!("{}/api/{path}", self.stack.rabbitmq.management_url());
        let answer = self.http.request(method, url).json(body).send().await.unwrap();
        let status = answer.status();
        let said = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status}: {said}");
        serde_json::from_str(&said).unwrap_or(Value::Null)
    }

    /// Ends everything in order.
    pub(crate) async fn finish(self) {
        self.pool.close().await;
        self.cluster.stop().await.expect("stopping Muster");
        let (database, vhost) = tokio::join!(
            self.stack.postgres.drop_database(&self.database),
            self.stack.rabbitmq.delete_vhost(&self.vhost)
        );
        database.expect("dropping the story's database");
        vhost.expect("deleting the story's vhost");
        self.stack.stop().await.expect("stopping Postgres and RabbitMQ");
    }
}

/// The HTTP API as one member uses it in a story: a request is made again while too many wait, and
/// anything else but a success is the test's end.
#[derive(Clone)]
pub(crate) struct Api(pub(crate) Client);

impl Api {
    pub(crate) async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let call = body.map_or_else(Call::empty, |body| Call::json(&body));
        let answer = eventually(seconds(20), async || {
            let answer = self.0.call(method.clone(), path, &call).await;
            let is_put_off = answer.as_ref().is_ok_and(|answer| {
                matches!(answer.status, 429 | 503) && answer.text.contains("requests wait than may")
            });
            if is_put_off { Err(format!("{path} is put off")) } else { Ok(answer) }
        })
        .await;
        answer.and_then(|answer| answer.success()).unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// Uploads a file; returns the import's id.
    pub(crate) async fn upload(&self, path: &str, file: impl Into<reqwest::Body>) -> String {
        let answer = self.try_upload(path, file).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        text(&answer.ok()["id"]).to_owned()
    }

    /// The same, with any answer.
    pub(crate) async fn try_upload(&self, path: &str, file: impl Into<reqwest::Body>) -> Answer {
        self.0.upload_once(path, file).await.unwrap_or_else(|error| panic!("{path}: {error:#}"))
    }
}

impl Deref for Rig {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

/// Returns a member of an answer that is a string.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
