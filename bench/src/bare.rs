//! The reference of `jobs`: a loop of publishing with confirms and consuming with acknowledgements,
//! as plain as a client can be, over a quorum queue with messages of the size of ours.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures::{StreamExt as _, future::try_join_all};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Consumer,
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

/// Both ends of the loop, and its queue.
struct Loop {
    publishing: Connection,
    consuming: Connection,
    publisher: Channel,
    consumer: Consumer,
}

impl Loop {
    async fn open(url: &str) -> anyhow::Result<Self> {
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
        let consumer = channel.basic_consume(QUEUE.into(), "bare".into(), options, FieldTable::default()).await?;
        Ok(Self { publishing, consuming, publisher, consumer })
    }

    async fn publish(&self, body: &[u8]) -> anyhow::Result<impl Future<Output = lapin::Result<Confirmation>> + use<>> {
        let properties = BasicProperties::default().with_delivery_mode(2);
        let options = BasicPublishOptions { mandatory: true, ..Default::default() };
        Ok(self.publisher.basic_publish("".into(), QUEUE.into(), options, body, properties).await?)
    }

    async fn close(self) -> anyhow::Result<()> {
        self.publisher.queue_delete(QUEUE.into(), QueueDeleteOptions::default()).await?;
        self.publishing.close(200, "done".into()).await?;
        self.consuming.close(200, "done".into()).await?;
        Ok(())
    }
}

/// Sends so many messages through, published and consumed beside each other; returns the time.
pub(crate) async fn run(url: &str, messages: usize, body: &[u8]) -> anyhow::Result<Duration> {
    let bare = Loop::open(url).await?;
    let mut consumer = bare.consumer.clone();
    let started = Instant::now();
    let publish = async {
        let mut left = messages;
        while left > 0 {
            let window = left.min(WINDOW);
            let mut confirms = Vec::with_capacity(window);
            for _ in 0..window {
                confirms.push(bare.publish(body).await?);
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
    bare.close().await?;
    Ok(took)
}

/// Returns how long single messages take from before they are published until they are there, one
/// by one; the middle one's time.
pub(crate) async fn single(url: &str, messages: usize, body: &[u8]) -> anyhow::Result<Duration> {
    let mut bare = Loop::open(url).await?;
    let mut took = Vec::with_capacity(messages);
    for _ in 0..messages {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let started = Instant::now();
        let confirm = bare.publish(body).await?;
        let delivery = bare.consumer.next().await.context("the consumer ended")??;
        took.push(started.elapsed());
        delivery.acker.ack(BasicAckOptions::default()).await?;
        confirm.await?;
    }
    bare.close().await?;
    took.sort();
    Ok(took[took.len() / 2])
}
