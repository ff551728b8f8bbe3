//! Links between the nodes of a cluster, which can be cut while clients reach each node as before.
//!
//! Nodes ask Erlang's name server, `epmd`, for each other's ports. Each node asks one of its own
//! here, which passes everything on to the cluster's, and tells the ports of wires instead.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Context as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::{
    ports,
    wire::{Passage, Wire},
};

/// The first byte of a question for a node's port, and of its answer (Erlang's distribution
/// protocol, "EPMD protocol").
const PORT_PLEASE2_REQ: u8 = 122;
const PORT2_RESP: u8 = 119;
/// The first byte of a question for all names. The answer begins with the name server's port in
/// four bytes, and a node refuses one from another port than it has asked.
const NAMES_REQ: u8 = 110;

/// The links of one node to the others, in its direction.
#[derive(Debug)]
pub(super) struct Links {
    port: u16,
    laid: Arc<Mutex<Laid>>,
    _tasks: JoinSet<()>,
}

/// Wires by the port at their far end, and the ports that cannot be reached.
#[derive(Debug, Default)]
struct Laid {
    wires: BTreeMap<u16, Wire>,
    cut: BTreeSet<u16>,
}

impl Links {
    /// Begins to answer for the name server at this port.
    pub(super) fn begin(epmd: u16) -> anyhow::Result<Self> {
        let port = ports::free_port()?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).context("listening for a node")?;
        listener.set_nonblocking(true)?;
        let (listener, laid) = (TcpListener::from_std(listener)?, Arc::<Mutex<Laid>>::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Ports { own: port, epmd }, Arc::clone(&laid)));
        Ok(Self { port, laid, _tasks: tasks })
    }

    /// Returns the port at which the node finds its name server.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Cuts the link to the node at a port: nothing passes, and nothing tells of it.
    pub(super) fn cut(&self, to: u16) {
        let mut laid = locked(&self.laid);
        laid.cut.insert(to);
        if let Some(wire) = laid.wires.get(&to) {
            wire.cut(Passage::Silent);
        }
    }

    /// Mends the link to the node at a port.
    pub(super) fn mend(&self, to: u16) {
        let mut laid = locked(&self.laid);
        laid.cut.remove(&to);
        if let Some(wire) = laid.wires.get(&to) {
            wire.mend();
        }
    }
}

/// Where a node asks, and where its questions go.
#[derive(Debug, Clone, Copy)]
struct Ports {
    own: u16,
    epmd: u16,
}

async fn accept(listener: TcpListener, ports: Ports, laid: Arc<Mutex<Laid>>) {
    let mut questions = JoinSet::new();
    loop {
        tokio::select! {
            Ok((near, _)) = listener.accept() => {
                let laid = Arc::clone(&laid);
                questions.spawn(async move {
                    // The node asks again.
                    let _broken_off = pass_on(near, ports, &laid).await;
                });
            }
            Some(_ended) = questions.join_next() => {}
        }
    }
}

/// Passes one question on, and its answer back. A node keeps the connection by which it said its
/// name for as long as it lives.
async fn pass_on(mut near: TcpStream, ports: Ports, laid: &Mutex<Laid>) -> anyhow::Result<()> {
    let length = near.read_u16().await?;
    let mut question = vec![0; length.into()];
    near.read_exact(&mut question).await?;
    let mut far = TcpStream::connect((Ipv4Addr::LOCALHOST, ports.epmd)).await?;
    far.write_u16(length).await?;
    far.write_all(&question).await?;
    let asked = question.first().copied().unwrap_or_default();
    if !matches!(asked, PORT_PLEASE2_REQ | NAMES_REQ) {
        tokio::io::copy_bidirectional(&mut near, &mut far).await?;
        return Ok(());
    }
    let mut answer = Vec::new();
    far.read_to_end(&mut answer).await?;
    match answer.as_mut_slice() {
        // A zero: there is such a node.
        [PORT2_RESP, 0, high, low, ..] if asked == PORT_PLEASE2_REQ => {
            [*high, *low] = wire_to(u16::from_be_bytes([*high, *low]), laid).await?.to_be_bytes();
        }
        [_, _, _, _, ..] if asked == NAMES_REQ => answer[..4].copy_from_slice(&u32::from(ports.own).to_be_bytes()),
        _ => {}
    }
    near.write_all(&answer).await?;
    near.shutdown().await?;
    Ok(())
}

/// Returns the port of the wire to a node, which is laid when it is first asked for.
async fn wire_to(far: u16, laid: &Mutex<Laid>) -> anyhow::Result<u16> {
    if let Some(wire) = locked(laid).wires.get(&far) {
        return Ok(wire.port());
    }
    let wire = Wire::to(far).await?;
    let mut laid = locked(laid);
    if laid.cut.contains(&far) {
        wire.cut(Passage::Silent);
    }
    Ok(laid.wires.entry(far).or_insert(wire).port())
}

fn locked(laid: &Mutex<Laid>) -> MutexGuard<'_, Laid> {
    laid.lock().unwrap_or_else(PoisonError::into_inner)
}
