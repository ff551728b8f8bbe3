//! `RabbitMQ`'s management API, for facts that AMQP cannot give: the broker's version, and the
//! policy that Muster's queues are under.
//!
//! Queues are declared only with arguments that can never change. The limit of deliveries and a
//! dead letter's way are one policy that an operator sets ([`Management::apply_policy`]) and
//! anybody can check ([`Management::queues_without_policy`]). Daemons need none of this: without
//! the policy nothing is lost, but a message that kills every worker is then parked by the attempts
//! of its job alone.

use std::time::Duration;

use lapin::uri::AMQPUri;
use muster_domain::servers;
use muster_jobs::names;
use reqwest::{Client, Method, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Error, Result};

/// The longest wait for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// How often a message may be delivered without an acknowledgement before the broker gives it up.
/// Far above the deliveries that crashes and restarts of workers make, because each job counts its
/// own attempts. This is for messages that die before anything can be counted.
pub const DELIVERY_LIMIT: i64 = 20;

/// The policy's name.
const POLICY_NAME: &str = "muster";
/// Every queue of Muster's but the one for dead letters.
const QUEUE_PATTERN: &str = r"^muster\.(?!dead$)";

/// A client of the management API, for one vhost. It asks the nodes of its URL in turn, until one
/// answers.
#[derive(Debug)]
pub struct Management {
    http: Client,
    nodes: Vec<SecretString>,
    vhost: String,
}

#[derive(Deserialize)]
struct Overview {
    rabbitmq_version: String,
}

#[derive(Deserialize)]
struct Queue {
    name: String,
    // An object, or an empty list where there is none.
    #[serde(default)]
    effective_policy_definition: Value,
}

impl Management {
    /// Returns a client for the vhost of an AMQP URL. `url` is `http://user:password@host:port`, or
    /// names several nodes.
    pub fn new(url: &SecretString, amqp_url: &SecretString) -> Result<Self> {
        let amqp = servers::each(amqp_url.expose_secret()).swap_remove(0);
        let amqp: AMQPUri = amqp.parse().map_err(|_| Error::Url)?;
        // Another part of the process may have installed it already.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let http =
            Client::builder().timeout(ANSWER_TIMEOUT).build().map_err(|error| Error::Management(error.to_string()))?;
        let nodes = servers::each(url.expose_secret()).into_iter().map(SecretString::from).collect();
        Ok(Self { http, nodes, vhost: amqp.vhost })
    }

    /// Returns the broker's version, such as `3.10.8`.
    pub async fn version(&self) -> Result<String> {
        let overview: Overview = self.get(&["overview"]).await?;
        Ok(overview.rabbitmq_version)
    }

    /// Sets the policy; setting it again changes nothing.
    pub async fn apply_policy(&self) -> Result<()> {
        let policy =
            json!({ "pattern": QUEUE_PATTERN, "apply-to": "queues", "priority": 0, "definition": definition() });
        self.call(Method::PUT, &["policies", &self.vhost, POLICY_NAME], Some(&policy)).await.map(|_| ())
    }

    /// Muster's queues that the policy, or one that says the same, is not in force for.
    pub async fn queues_without_policy(&self) -> Result<Vec<String>> {
        let queues: Vec<Queue> = self.get(&["queues", &self.vhost]).await?;
        let wanted = definition();
        let wanted = wanted.as_object().into_iter().flatten();
        let without = queues.into_iter().filter(|queue| {
            queue.name.starts_with(names::QUEUE_PREFIX)
                && queue.name != names::DEAD
                && wanted.clone().any(|(key, value)| queue.effective_policy_definition.get(key) != Some(value))
        });
        Ok(without.map(|queue| queue.name).collect())
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: &[&str]) -> Result<T> {
        let body = self.call(Method::GET, path, None).await?;
        serde_json::from_slice(&body).map_err(|error| Error::Management(format!("/api/{}: {error}", path.join("/"))))
    }

    async fn call(&self, method: Method, path: &[&str], body: Option<&Value>) -> Result<Vec<u8>> {
        let mut answered = Err(Error::ManagementUrl);
        for node in &self.nodes {
            answered = self.ask(node, method.clone(), path, body).await;
            if !matches!(answered, Err(Error::Unreachable(_))) {
                break;
            }
        }
        answered
    }

    async fn ask(&self, node: &SecretString, method: Method, path: &[&str], body: Option<&Value>) -> Result<Vec<u8>> {
        let place = format!("/api/{}", path.join("/"));
        let failed = |why: String| Error::Management(format!("{place}: {why}"));
        let mut url: Url = node.expose_secret().parse().map_err(|_| Error::ManagementUrl)?;
        url.path_segments_mut().map_err(|()| Error::ManagementUrl)?.pop_if_empty().push("api").extend(path);
        let mut request = self.http.request(method, url);
        if let Some(body) = body {
            request = request.json(body);
        }
        // The error's own words would repeat the URL, which holds a password.
        let unreachable = |error: reqwest::Error| Error::Unreachable(format!("{place}: {}", error.without_url()));
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED {
            return Err(failed("the user may not use the management API".to_owned()));
        }
        let body = response.bytes().await.map_err(|error| failed(error.without_url().to_string()))?;
        if status.is_success() {
            Ok(body.to_vec())
        } else {
            Err(failed(format!("{status}: {}", String::from_utf8_lossy(&body))))
        }
    }
}

/// Definition of the policy. The broker may lose a message on its way to the dead ones; the sweep
/// then brings the job back.
fn definition() -> Value {
    json!({
        "delivery-limit": DELIVERY_LIMIT,
        "dead-letter-exchange": "",
        "dead-letter-routing-key": names::DEAD,
    })
}

/// Returns whether this is a version that Muster is made for, 3.10 to 4.
pub fn is_supported(version: &str) -> bool {
    let mut numbers = version.split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(3)), Some(Ok(minor))) => minor >= 10,
        (Some(Ok(major)), _) => major == 4,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_from_3_10_to_4_are_supported() {
        for version in ["3.10.8", "3.13.7", "4.0.5", "4.1.0-rc.1"] {
            assert!(is_supported(version), "{version}");
        }
        for version in ["3.9.29", "2.8.7", "5.0.0", "", "latest"] {
            assert!(!is_supported(version), "{version}");
        }
    }
}
