//! A test's interference with the broker behind the engine's back.

use muster_broker::{Message, Publisher};
use muster_domain::ids::JobId;
use muster_jobs::{Envelope, JobKind, JobRef, names};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{World, eventually, seconds};

/// The broker's figures on a queue, up to some seconds late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueCounts {
    /// Messages in it, delivered or not, that are not acknowledged.
    pub messages: u64,
    /// Of these, delivered ones.
    pub unacknowledged: u64,
    /// Messages acknowledged since the queue was declared.
    pub acknowledged: u64,
    /// Workers that take from it.
    pub consumers: u64,
}

#[derive(Deserialize)]
struct Queue {
    #[serde(default)]
    messages: u64,
    #[serde(default)]
    messages_unacknowledged: u64,
    #[serde(default)]
    consumers: u64,
    #[serde(default)]
    message_stats: Stats,
}

#[derive(Default, Deserialize)]
struct Stats {
    #[serde(default)]
    ack: u64,
}

impl World {
    /// Publishes a body as the relay would, valid or not.
    pub async fn publish_raw(&self, kind: JobKind, bodies: impl IntoIterator<Item = Vec<u8>>) {
        let messages: Vec<_> = bodies.into_iter().map(|body| Message { kind, body }).collect();
        let mut publisher = Publisher::new(self.amqp_url().into(), "test");
        let confirmed = publisher.publish(&messages).await.expect("publishing");
        assert!(confirmed.iter().all(|confirmed| *confirmed), "the broker has all of them");
    }

    /// Publishes a job's message, so many times.
    pub async fn publish(&self, kind: JobKind, id: JobId, times: usize) {
        let envelope = Envelope::new(kind, vec![JobRef::new(id)]);
        let body = envelope.encode().expect("an envelope");
        self.publish_raw(kind, std::iter::repeat_n(body, times)).await;
    }

    /// Throws away the messages in a kind's queue.
    pub async fn purge(&self, kind: JobKind) {
        self.manage(Method::DELETE, &format!("queues/{}/{}/contents", self.0.vhost, names::queue(kind)), None).await;
    }

    /// Deletes a kind's queue with everything in it.
    pub async fn delete_queue(&self, kind: JobKind) {
        self.manage(Method::DELETE, &format!("queues/{}/{}", self.0.vhost, names::queue(kind)), None).await;
    }

    /// Deletes the exchange, to which publishing is an error of the channel from then on.
    pub async fn delete_exchange(&self) {
        self.manage(Method::DELETE, &format!("exchanges/{}/{}", self.0.vhost, names::EXCHANGE), None).await;
    }

    /// Deletes the vhost, and so every queue, message and connection.
    pub async fn delete_vhost(&self) {
        self.stack().rabbitmq.delete_vhost(&self.0.vhost).await.expect("deleting the vhost");
    }

    /// Makes the vhost again, empty.
    pub async fn create_vhost(&self) {
        self.stack().rabbitmq.create_vhost(&self.0.vhost).await.expect("making the vhost");
    }

    /// Returns the broker's last figures on a kind's queue.
    pub async fn queue(&self, kind: JobKind) -> QueueCounts {
        let path = format!("queues/{}/{}", self.0.vhost, names::queue(kind));
        let Some(answer) = self.manage(Method::GET, &path, None).await else { return QueueCounts::default() };
        let queue: Queue = serde_json::from_value(answer).expect("a queue of the management API");
        QueueCounts {
            messages: queue.messages,
            unacknowledged: queue.messages_unacknowledged,
            acknowledged: queue.message_stats.ack,
            consumers: queue.consumers,
        }
    }

    /// Messages that wait in a kind's queue at this moment, delivered to nobody. They are taken out
    /// and put back, so the queue counts this as a delivery of each.
    pub async fn waiting(&self, kind: JobKind) -> usize {
        let path = format!("queues/{}/{}/get", self.0.vhost, names::queue(kind));
        let take = json!({"count": 10_000, "ackmode": "ack_requeue_true", "encoding": "base64"});
        let messages = self.manage(Method::POST, &path, Some(take)).await;
        messages.and_then(|messages| messages.as_array().map(Vec::len)).unwrap_or_default()
    }

    /// Calls the management API; `None` when the object is not there, or nothing is answered.
    async fn manage(&self, method: Method, path: &str, body: Option<Value>) -> Option<Value> {
        let url = format!("{}/api/{path}", self.stack().rabbitmq.management_url());
        // While a quorum queue elects its first leader, the API calls a look into it a bad request.
        let response = eventually(seconds(10), async || {
            let mut request = self.http().request(method.clone(), &url);
            if let Some(body) = &body {
                request = request.json(body);
            }
            let response = request.send().await.expect("the management API");
            if response.status() == StatusCode::BAD_REQUEST {
                Err(response.text().await.unwrap_or_default())
            } else {
                Ok(response)
            }
        })
        .await;
        if response.status() == StatusCode::NOT_FOUND {
            return None;
        }
        let response = response.error_for_status().expect("the management API");
        serde_json::from_slice(&response.bytes().await.expect("the management API's answer")).ok()
    }
}
