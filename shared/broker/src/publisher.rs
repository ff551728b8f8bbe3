//! The relay's publisher: persistent, mandatory, confirmed.

use futures::future::join_all;
use lapin::{
    BasicProperties, Channel, Confirmation, Connection,
    options::{BasicPublishOptions, ConfirmSelectOptions},
};
use muster_jobs::{JobKind, names};
use secrecy::SecretString;

use crate::{
    Result,
    line::Line,
    topology::{connect, declare, in_time},
};

/// A message to publish.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its kind, which says the queue.
    pub kind: JobKind,
    /// Its body, an encoded envelope.
    pub body: Vec<u8>,
}

/// Publishes with confirms over a connection of its own, which it opens when it is needed and drops
/// when anything about it fails.
#[derive(Debug)]
pub struct Publisher {
    url: SecretString,
    name: String,
    open: Option<(Connection, Channel)>,
    line: Line,
}

impl Publisher {
    /// Messages that may await their confirmation at a time.
    pub const WINDOW: usize = 512;

    /// Returns a publisher that has not connected yet.
    pub fn new(url: SecretString, name: &str) -> Self {
        Self { url, name: format!("{name} relay"), open: None, line: Line::default() }
    }

    /// Returns its line to the broker, for metrics.
    pub fn line(&self) -> Line {
        self.line.clone()
    }

    /// Publishes in order and answers, for each message, whether the broker has confirmed that it
    /// is safely in its queue. False: it was returned as unroutable or refused, and is to be
    /// published again later.
    ///
    /// After an error nothing is known about any of them; the connection is gone, and publishing
    /// again is harmless.
    pub async fn publish(&mut self, messages: &[Message]) -> Result<Vec<bool>> {
        let published = self.try_publish(messages).await;
        if published.is_err() {
            self.open = None;
        }
        published
    }

    async fn try_publish(&mut self, messages: &[Message]) -> Result<Vec<bool>> {
        let channel = self.channel().await?;
        let mut confirmed = Vec::with_capacity(messages.len());
        for window in messages.chunks(Self::WINDOW) {
            let mut confirms = Vec::with_capacity(window.len());
            let mut waiting = Vec::with_capacity(window.len());
            for message in window {
                let properties = BasicProperties::default()
                    .with_delivery_mode(2)
                    .with_content_type("application/json".into())
                    .with_type(message.kind.as_str().into());
                let options = BasicPublishOptions { mandatory: true, ..Default::default() };
                let confirm = channel.basic_publish(
                    names::EXCHANGE.into(),
                    message.kind.as_str().into(),
                    options,
                    &message.body,
                    properties,
                );
                waiting.push(self.line.published());
                confirms.push(in_time("basic.publish", confirm).await?);
            }
            let answers = in_time("confirms", async { join_all(confirms).await.into_iter().collect() }).await;
            let answers: Vec<Confirmation> = answers?;
            // A returned message is acknowledged too, but carries the returned body.
            confirmed.extend(answers.into_iter().map(|answer| answer.is_ack() && answer.take_message().is_none()));
        }
        Ok(confirmed)
    }

    async fn channel(&mut self) -> Result<Channel> {
        if let Some((connection, channel)) = &self.open
            && connection.status().connected()
            && channel.status().connected()
        {
            return Ok(channel.clone());
        }
        self.open = None;
        let connection = connect(&self.url, &self.name).await?;
        let channel = in_time("channel.open", connection.create_channel()).await?;
        in_time("confirm.select", channel.confirm_select(ConfirmSelectOptions::default())).await?;
        declare(&channel).await?;
        self.line.is(&connection, 1, 0);
        self.open = Some((connection, channel.clone()));
        Ok(channel)
    }

    /// Makes sure of a connection, for readiness.
    pub async fn check(&mut self) -> Result<()> {
        self.channel().await.map(|_| ())
    }

    /// Returns whether the connection is open, as far as is known.
    pub fn is_open(&self) -> bool {
        self.open.as_ref().is_some_and(|(connection, _)| connection.status().connected())
    }
}
