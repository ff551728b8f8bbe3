//! The reference of `jobs`: a loop of publishing with confirms and consuming with acknowledgements, as plain as a client can be, over a
//! quorum queue with messages of the size of ours.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures::{StreamExt as _, future::try_join_all};
use lapin::{
    BasicProperties, Connection, ConnectionProperties,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
        QueueDeclareOptions, QueueDeleteOptions,
    },
    types::{AMQPValue, FieldTable},
};

const QUEUE: &str = "bare";
/// Publishes that await their confirmation at a time, as the relay's.
const WINDOW: usize = 512;
const PREFETCH: u16 = 256;

/// Sends so many messages through, published and consumed beside each other; answers the time.
pub(crate) async fn run(url: &str, messages: usize, body: &[u8]) -> anyhow::Result<Duration> {
    let publishing = Connection::connect(url, ConnectionProperties::default()).await.context("connect")?;
    let consuming = Connection::connect(url, ConnectionProperties::default()).await.context("connect")?;
    let publisher = publishing.create_channel().await?;
    publisher.confirm_select(ConfirmSelectOptions::default()).await?;
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    publisher.queue_declare(QUEUE.into(), QueueDeclareOptions::durable(), arguments).await?;
    let channel = consuming.create_channel().await?;
    channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
    let options = BasicConsumeOptions::default();
    let mut consumer = channel.basic_consume(QUEUE.into(), "bare".into(), options, FieldTable::default()).await?;

    let started = Instant::now();
    let publish = async {
        let mut left = messages;
        while left > 0 {
            let window = left.min(WINDOW);
            let mut confirms = Vec::with_capacity(window);
            for _ in 0..window {
                let properties = BasicProperties::default().with_delivery_mode(2);
                let options = BasicPublishOptions { mandatory: true, ..Default::default() };
                confirms.push(publisher.basic_publish("".into(), QUEUE.into(), options, body, properties).await?);
            }
            for confirm in try_join_all(confirms).await? {
                anyhow::ensure!(confirm.is_ack(), "the broker refused a message");
            }
            left -= window;
        }
        Ok(())
    };
    let consume = async {
        for _ in 0..messages {
            let delivery = consumer.next().await.context("the consumer ended")??;
            delivery.acker.ack(BasicAckOptions::default()).await?;
        }
        Ok::<_, anyhow::Error>(())
    };
    tokio::try_join!(publish, consume)?;
    let took = started.elapsed();
    publisher.queue_delete(QUEUE.into(), QueueDeleteOptions::default()).await?;
    Ok(took)
}
