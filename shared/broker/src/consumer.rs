//! The workers' consumer: one connection, one channel for each kind, with prefetch as backpressure.

use futures::StreamExt;
use lapin::{
    Connection, message,
    options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions},
    types::FieldTable,
};
use muster_jobs::{JobKind, names};
use secrecy::SecretString;
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    Result,
    line::{Counted, Line},
    topology::{connect, declare, in_time},
};

/// A connected consumer. Dropped or closed, unacknowledged deliveries go back to their queues.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    deliveries: mpsc::Receiver<Delivery>,
    // Ends the pumps with the session.
    pumps: JoinSet<()>,
}

/// Where a message came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A kind's queue.
    Kind(JobKind),
    /// The queue of the broker's dead letters.
    Dead,
}

impl Source {
    /// Returns the queue's name.
    pub fn queue(self) -> String {
        match self {
            Self::Kind(kind) => names::queue(kind),
            Self::Dead => names::DEAD.to_owned(),
        }
    }
}

/// A message that this process has and has not acknowledged.
#[derive(Debug)]
pub struct Delivery {
    /// Where it came from.
    pub source: Source,
    inner: message::Delivery,
    /// It is unacknowledged for as long as it is here.
    _counted: Counted,
}

impl Session {
    /// Connects, declares and consumes these kinds, and the broker's dead letters, as one step.
    /// `prefetch` says how many messages of a kind may be unacknowledged here.
    pub async fn open(
        url: &SecretString,
        name: &str,
        kinds: &[JobKind],
        prefetch: impl Fn(JobKind) -> u16,
    ) -> Result<Self> {
        Self::open_on(&Line::default(), url, name, kinds, prefetch).await
    }

    /// The same, as the next connection of a line.
    pub async fn open_on(
        line: &Line,
        url: &SecretString,
        name: &str,
        kinds: &[JobKind],
        prefetch: impl Fn(JobKind) -> u16,
    ) -> Result<Self> {
        let connection = connect(url, &format!("{name} consumer")).await?;
        declare(&in_time("channel.open", connection.create_channel()).await?).await?;
        // The broker bounds the unacknowledged deliveries; this only hands over.
        let (sender, deliveries) = mpsc::channel(1);
        let mut pumps = JoinSet::new();
        let sources = kinds.iter().copied().map(Source::Kind).chain([Source::Dead]);
        for source in sources {
            let prefetch = match source {
                Source::Kind(kind) => prefetch(kind),
                Source::Dead => 1,
            };
            let queue = source.queue();
            let channel = in_time("channel.open", connection.create_channel()).await?;
            in_time("basic.qos", channel.basic_qos(prefetch, BasicQosOptions::default())).await?;
            let mut consumer = in_time(
                "basic.consume",
                channel.basic_consume(
                    queue.as_str().into(),
                    format!("{name} {queue}").as_str().into(),
                    BasicConsumeOptions::default(),
                    FieldTable::default(),
                ),
            )
            .await?;
            let (sender, line) = (sender.clone(), line.clone());
            pumps.spawn(async move {
                // The channel lives as long as its consumer.
                let _channel = channel;
                while let Some(Ok(delivery)) = consumer.next().await {
                    let delivery = Delivery { source, inner: delivery, _counted: line.delivered() };
                    if sender.send(delivery).await.is_err() {
                        return;
                    }
                }
            });
        }
        line.is(&connection, pumps.len(), pumps.len());
        Ok(Self { connection, deliveries, pumps })
    }

    /// Returns the next delivery. `None` when anything about the session has failed (the
    /// connection, a channel, or a consumer that the broker cancelled): open another.
    pub async fn next(&mut self) -> Option<Delivery> {
        tokio::select! {
            delivery = self.deliveries.recv() => delivery,
            // A pump ends only when its consumer has.
            _ = self.pumps.join_next() => None,
        }
    }

    /// Returns whether the connection is open, as far as is known.
    pub fn is_open(&self) -> bool {
        self.connection.status().connected()
    }

    /// Closes the connection; unacknowledged deliveries go back.
    pub async fn close(self) {
        drop(self.deliveries);
        let closed = in_time("connection.close", self.connection.close(200, "done".into())).await;
        if let Err(error) = closed {
            tracing::debug!(%error, "the connection was gone before it could be closed");
        }
    }
}

impl Delivery {
    /// Returns the body, an encoded envelope if all is well.
    pub fn body(&self) -> &[u8] {
        &self.inner.data
    }

    /// Returns whether the broker has delivered it before.
    pub const fn redelivered(&self) -> bool {
        self.inner.redelivered
    }

    /// Acknowledges: the outcome is in Postgres. On a session that is gone this fails, and the
    /// broker delivers again, which is harmless.
    pub async fn ack(self) -> Result<()> {
        in_time("basic.ack", self.inner.acker.ack(BasicAckOptions::default())).await.map(|_| ())
    }
}
