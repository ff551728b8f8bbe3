//! A simulator, a signed-in client, and a sink that webhooks are posted to.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Form, Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    routing::post,
};
use muster_simulator::{Behaviour, Config, Millis, Simulator};
use reqwest::{Client, Response};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinSet};

pub(crate) const US: &str = "+12125550199";
pub(crate) const ANN: &str = "+12125550100";
pub(crate) const BOB: &str = "+12125550101";

pub(crate) struct Rig {
    pub(crate) sim: Simulator,
    pub(crate) http: Client,
    config: Config,
}

impl Rig {
    pub(crate) async fn start(config: Config) -> Self {
        let sim = muster_simulator::start(config.clone()).await.unwrap();
        let http = Client::builder().no_proxy().build().unwrap();
        Self { sim, http, config }
    }

    pub(crate) async fn with(behaviour: Behaviour) -> Self {
        Self::start(Config { behaviour, ..Config::default() }).await
    }

    pub(crate) fn messages_url(&self) -> String {
        let account = &self.config.account_sid;
        format!("{}/2010-04-01/Accounts/{account}/Messages.json", self.sim.url)
    }

    pub(crate) async fn try_send(&self, form: &[(&str, &str)]) -> reqwest::Result<Response> {
        self.http
            .post(self.messages_url())
            .basic_auth(&self.config.account_sid, Some(&self.config.auth_token))
            .form(form)
            .send()
            .await
    }

    /// Sends a text without a callback, and returns the status and the JSON.
    pub(crate) async fn send(&self, to: &str, body: &str) -> (u16, Value) {
        let form = [("To", to), ("From", US), ("Body", body)];
        answer(self.try_send(&form).await.unwrap()).await
    }

    /// Sends a text with a callback, which must be accepted, and returns its id.
    pub(crate) async fn send_tracked(&self, to: &str, body: &str, callback: &str) -> String {
        let form = [("To", to), ("From", US), ("Body", body), ("StatusCallback", callback)];
        let (status, json) = answer(self.try_send(&form).await.unwrap()).await;
        assert_eq!(status, 201, "{json}");
        text(&json, "sid")
    }

    /// Asks the carrier's side for a URL, signed in.
    pub(crate) async fn ask(&self, url: &str) -> (u16, Value) {
        let request = self.http.get(url).basic_auth(&self.config.account_sid, Some(&self.config.auth_token));
        answer(request.send().await.unwrap()).await
    }

    /// Asks the operator's side for a path.
    pub(crate) async fn sim(&self, path: &str) -> (u16, Value) {
        let url = format!("{}/_sim/{path}", self.sim.url);
        answer(self.http.get(url).send().await.unwrap()).await
    }
}

pub(crate) async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or(Value::Null))
}

pub(crate) fn text(json: &Value, field: &str) -> String {
    json[field].as_str().unwrap().to_owned()
}

pub(crate) fn millis(min: u64, max: u64) -> Millis {
    Millis { min, max }
}

/// Polls until the condition gives a value, for at most 20 seconds.
pub(crate) async fn eventually<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < deadline, "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A log file of a test's own, in a directory that is gone when it is dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    pub(crate) fn log_file(&self) -> PathBuf {
        self.0.join("messages.ndjson")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// A webhook as it was received.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) path_and_query: String,
    pub(crate) signature: String,
    pub(crate) form: HashMap<String, String>,
}

impl Hook {
    pub(crate) fn field(&self, name: &str) -> &str {
        self.form.get(name).map_or("", String::as_str)
    }
}

#[derive(Default)]
struct Received {
    hooks: Vec<Hook>,
    /// How many of the next webhooks are answered 500.
    to_fail: usize,
}

/// A server that webhooks are posted to. It remembers those that it answered 2xx.
pub(crate) struct Sink {
    pub(crate) url: String,
    received: Arc<Mutex<Received>>,
    _server: JoinSet<()>,
}

impl Sink {
    pub(crate) async fn start() -> Self {
        Self::on("127.0.0.1:0").await
    }

    pub(crate) async fn on(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Received::default()));
        let app = Router::new().fallback(post(receive)).with_state(Arc::clone(&received));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, received, _server: server }
    }

    pub(crate) fn fail_next(&self, count: usize) {
        self.received.lock().unwrap().to_fail = count;
    }

    pub(crate) fn hooks(&self) -> Vec<Hook> {
        self.received.lock().unwrap().hooks.clone()
    }

    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Hook> {
        eventually(&format!("{count} webhooks"), || Some(self.hooks()).filter(|hooks| hooks.len() >= count)).await
    }
}

async fn receive(
    State(received): State<Arc<Mutex<Received>>>,
    uri: Uri,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> StatusCode {
    let mut received = received.lock().unwrap();
    if received.to_fail > 0 {
        received.to_fail -= 1;
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    received.hooks.push(Hook {
        path_and_query: uri.path_and_query().unwrap().to_string(),
        signature: headers["x-twilio-signature"].to_str().unwrap().to_owned(),
        form,
    });
    StatusCode::NO_CONTENT
}
