//! Exchange, queues and bindings, declared by every connection, so that a rebuilt broker is whole
//! again at once.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use lapin::{
    Channel, Connection, ConnectionProperties, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
    uri::AMQPUri,
};
use muster_domain::servers;
use muster_jobs::{JobKind, names};
use secrecy::{ExposeSecret, SecretString};

use crate::{Error, Result};

/// The longest wait for any one answer of the broker.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long one node of a cluster may take for a connection before the next is tried.
const NODE_TIMEOUT: Duration = Duration::from_secs(4);

/// Seconds between heartbeats; a connection without any for twice as long is dead, so that a link
/// that was cut without a word is known within 15 s.
const HEARTBEAT_SECONDS: u16 = 5;

/// Where a broker listens, as traces tell it: the URL without its user and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Address {
    /// Returns the address of a broker's URL; none where the URL cannot be read, or names several
    /// nodes.
    pub fn of(url: &SecretString) -> Option<Self> {
        let uri: AMQPUri = url.expose_secret().parse().ok()?;
        Some(Self { host: uri.authority.host, port: uri.authority.port })
    }
}

/// Connections that this process has asked for: each begins at the next node, so that they spread,
/// and so that a node that takes connections and nothing else is left.
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// Opens a connection, named for the operators of the broker, to whichever node of the URL takes it
/// first.
pub(crate) async fn connect(url: &SecretString, name: &str) -> Result<Connection> {
    let nodes = servers::each(url.expose_secret());
    if let [node] = nodes.as_slice() {
        return connect_to(node, name, ANSWER_TIMEOUT).await;
    }
    let first = begin_at(name, ASKED.fetch_add(1, Ordering::Relaxed), nodes.len());
    let mut refusal = Error::Url;
    for node in nodes.iter().cycle().skip(first).take(nodes.len()) {
        match connect_to(node, name, NODE_TIMEOUT).await {
            Ok(connection) => return Ok(connection),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

/// Returns the node to begin with: processes of several names begin at several.
fn begin_at(name: &str, asked: usize, nodes: usize) -> usize {
    let of_name = name.bytes().fold(0_usize, |sum, byte| sum.wrapping_add(byte.into()));
    of_name.wrapping_add(asked) % nodes
}

async fn connect_to(node: &str, name: &str, limit: Duration) -> Result<Connection> {
    let mut uri: AMQPUri = node.parse().map_err(|_| Error::Url)?;
    uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    within(limit, "connect", Connection::connect_uri(uri, properties)).await
}

/// Declares everything; declaring an existing object changes nothing.
pub(crate) async fn declare(channel: &Channel) -> Result<()> {
    let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
    in_time(
        "exchange.declare",
        channel.exchange_declare(names::EXCHANGE.into(), ExchangeKind::Direct, durable, FieldTable::default()),
    )
    .await?;
    declare_queue(channel, names::DEAD).await?;
    for kind in JobKind::ALL {
        let queue = names::queue(kind);
        declare_queue(channel, &queue).await?;
        in_time(
            "queue.bind",
            channel.queue_bind(
                queue.as_str().into(),
                names::EXCHANGE.into(),
                kind.as_str().into(),
                QueueBindOptions::default(),
                FieldTable::default(),
            ),
        )
        .await?;
    }
    Ok(())
}

/// Declares a queue with arguments that cannot be changed later; delivery limits and dead-lettering
/// are policies of the broker.
async fn declare_queue(channel: &Channel, name: &str) -> Result<()> {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    in_time("queue.declare", channel.queue_declare(name.into(), QueueDeclareOptions::durable(), arguments)).await?;
    Ok(())
}

/// Waits for an answer, but not for ever.
pub(crate) async fn in_time<T>(what: &'static str, answer: impl Future<Output = lapin::Result<T>>) -> Result<T> {
    within(ANSWER_TIMEOUT, what, answer).await
}

async fn within<T>(limit: Duration, what: &'static str, answer: impl Future<Output = lapin::Result<T>>) -> Result<T> {
    tokio::time::timeout(limit, answer).await.map_err(|_| Error::TimedOut(limit, what))?.map_err(Error::from)
}

/// Makes sure that the broker answers and has, or takes, the whole topology. A queue that is there
/// with other arguments is an error.
pub async fn check(url: &SecretString) -> Result<()> {
    let connection = connect(url, "muster check").await?;
    // Dropped only after the connection is closed, which closes it: it would be closing already
    // otherwise.
    let channel = in_time("channel.open", connection.create_channel()).await?;
    declare(&channel).await?;
    in_time("connection.close", connection.close(200, "checked".into())).await
}

#[cfg(test)]
mod tests {
    use super::begin_at;

    #[test]
    fn a_process_begins_at_each_node_in_turn() {
        let begun: Vec<usize> = (0..4).map(|asked| begin_at("worker-1 consumer", asked, 3)).collect();
        assert_eq!(begun, [begun[0], (begun[0] + 1) % 3, (begun[0] + 2) % 3, begun[0]]);
        assert_ne!(begin_at("worker-1", 0, 3), begin_at("worker-2", 0, 3));
    }
}
