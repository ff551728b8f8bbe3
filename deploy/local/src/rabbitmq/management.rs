//! The few calls of `RabbitMQ`'s management API that the stack needs.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use reqwest::{Client, Method, StatusCode, Url};
use serde_json::{Value, json};

use crate::http;

const LIMIT: Duration = Duration::from_secs(15);
/// How long a call that changes something is repeated while none is answered: nodes of a cluster
/// that has just begun take their time on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// A client for one broker. The URL carries user and password.
#[derive(Debug)]
pub(super) struct Management {
    url: Url,
    client: Client,
}

impl Management {
    pub(super) fn new(url: Url) -> anyhow::Result<Self> {
        Ok(Self { url, client: http::client(LIMIT)? })
    }

    pub(super) fn url(&self) -> String {
        self.url.as_str().trim_end_matches('/').to_owned()
    }

    pub(super) async fn overview(&self) -> anyhow::Result<()> {
        self.call(Method::GET, &["overview"], None).await.map(|_| ())
    }

    pub(super) async fn create_vhost(&self, name: &str, user: &str) -> anyhow::Result<()> {
        let all = json!({"configure": ".*", "write": ".*", "read": ".*"});
        self.insist(Method::PUT, &["vhosts", name], Some(json!({}))).await?;
        self.insist(Method::PUT, &["permissions", name, user], Some(all)).await
    }

    pub(super) async fn delete_vhost(&self, name: &str) -> anyhow::Result<()> {
        self.insist(Method::DELETE, &["vhosts", name], None).await
    }

    /// Calls until there is an answer; each call may be repeated.
    async fn insist(&self, method: Method, path: &[&str], body: Option<Value>) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            match self.call(method.clone(), path, body.clone()).await {
                Err(error) if error.is::<reqwest::Error>() && began.elapsed() < PATIENCE => {
                    tokio::time::sleep(RETRY_DELAY).await;
                }
                done => return done.map(|_| ()),
            }
        }
    }

    /// Calls `/api/<path>`, each part percent-encoded. Deleting an object that isn't there is a
    /// success.
    async fn call(&self, method: Method, path: &[&str], body: Option<Value>) -> anyhow::Result<StatusCode> {
        let mut url = self.url.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => {
                segments.pop_if_empty().push("api").extend(path);
            }
            Err(()) => bail!("RabbitMQ's management URL can't have a path"),
        }
        let doing = format!("{method} /api/{} of RabbitMQ's management API", path.join("/"));
        let absence_is_fine = method == Method::DELETE;
        let mut request = self.client.request(method, url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.with_context(|| doing.clone())?;
        let status = response.status();
        let nothing_to_do = absence_is_fine && status == StatusCode::NOT_FOUND;
        if !status.is_success() && !nothing_to_do {
            bail!("{doing} answered {status}: {}", response.text().await.unwrap_or_default());
        }
        Ok(status)
    }
}
