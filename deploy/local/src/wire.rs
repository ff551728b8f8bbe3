//! A wire that can be cut: a TCP proxy on loopback between one process and one service.
//!
//! A cut wire behaves as a real network does: silence (nothing passes, and bytes on their way
//! arrive when the cut is over), loss (sent bytes vanish without notice, and the connection is
//! found dead afterwards), or refusal (connections are reset and new ones too). A far side that
//! went away without a word leaves half-open connections: nothing passes on these ever again, new
//! ones work.

use std::net::Ipv4Addr;

use anyhow::Context as _;
use reqwest::Url;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
    task::JoinSet,
};

use crate::ports;

/// The bytes that pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// Everything.
    Open,
    /// Nothing for now: bytes wait where they are, new connections get no answer.
    Silent,
    /// Nothing ever: bytes are taken and thrown away.
    Lossy,
    /// No connection.
    Refusing,
}

#[derive(Debug, Clone, Copy)]
struct State {
    passage: Passage,
    /// Bumped to reset every connection of before.
    epoch: u64,
    /// Bumped to leave every connection of before half-open.
    generation: u64,
}

/// One wire. Dropping it resets the connections through it.
#[derive(Debug)]
pub struct Wire {
    port: u16,
    state: watch::Sender<State>,
    _tasks: JoinSet<()>,
}

impl Wire {
    /// Lays a wire to a port of this machine, where nobody has to listen yet.
    pub async fn to(far: u16) -> anyhow::Result<Self> {
        let port = ports::free_port()?;
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.context("listening for a wire's near end")?;
        let state = watch::Sender::new(State { passage: Passage::Open, epoch: 0, generation: 0 });
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, far, state.subscribe()));
        Ok(Self { port, state, _tasks: tasks })
    }

    /// Returns the port of the near end.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns a URL that goes straight to the service, made to go through this wire.
    pub fn instead(&self, straight: &str) -> anyhow::Result<String> {
        let mut url = Url::parse(straight)?;
        url.set_port(Some(self.port)).ok().context("a URL that can have no port")?;
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }

    /// Cuts the wire.
    pub fn cut(&self, how: Passage) {
        self.state.send_modify(|state| {
            state.passage = how;
            state.epoch += u64::from(how == Passage::Refusing);
        });
    }

    /// Leaves every open connection half-open: sent bytes vanish without notice, for ever. New ones
    /// are fine.
    pub fn forget_connections(&self) {
        self.state.send_modify(|state| state.generation += 1);
    }

    /// Mends it. Connections that have lost bytes are reset.
    pub fn mend(&self) {
        self.state.send_modify(|state| {
            state.epoch += u64::from(state.passage == Passage::Lossy);
            state.passage = Passage::Open;
        });
    }
}

async fn accept(listener: TcpListener, far: u16, state: watch::Receiver<State>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((near, _)) = listener.accept() => {
                connections.spawn(connection(near, far, state.clone()));
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
}

async fn connection(mut near: TcpStream, far: u16, mut state: watch::Receiver<State>) {
    let born = *state.borrow();
    if born.passage == Passage::Refusing {
        let _gone = near.set_zero_linger();
        return;
    }
    let mut waiting = state.clone();
    let reset = state.wait_for(|state| state.epoch != born.epoch);
    // While nothing passes, a new connection is accepted and unanswered.
    let opened = waiting.wait_for(|state| state.passage == Passage::Open);
    tokio::select! {
        _ = reset => {
            let _gone = near.set_zero_linger();
            return;
        }
        Ok(_) = opened => {}
    }
    let Ok(mut far) = TcpStream::connect((Ipv4Addr::LOCALHOST, far)).await else {
        let _gone = near.set_zero_linger();
        return;
    };
    for end in [&near, &far] {
        let _slower_without = end.set_nodelay(true);
    }
    let (from_near, to_near) = near.split();
    let (from_far, to_far) = far.split();
    let both = async {
        let (there, back) = (waiting.clone(), waiting.clone());
        tokio::try_join!(carry(from_near, to_far, born, there), carry(from_far, to_near, born, back)).is_ok()
    };
    let ended_well = tokio::select! {
        _ = state.wait_for(|state| state.epoch != born.epoch) => false,
        ended_well = both => ended_well,
    };
    if !ended_well {
        for end in [&near, &far] {
            let _gone = end.set_zero_linger();
        }
    }
}

/// Carries bytes one way until their end.
async fn carry(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    born: State,
    mut state: watch::Receiver<State>,
) -> std::io::Result<()> {
    let mut buffer = vec![0_u8; 32 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        let Ok(now) = state.wait_for(|state| state.passage != Passage::Silent).await.map(|state| *state) else {
            return Ok(());
        };
        let lost = now.passage == Passage::Lossy || now.generation != born.generation;
        match (read, lost) {
            // A lost end is not noticed either: the connection hangs until it is reset.
            (0, true) => {
                let _reset = state.wait_for(|state| state.epoch != born.epoch).await;
                return Ok(());
            }
            (0, false) => return to.shutdown().await,
            (_, true) => {}
            (read, false) => to.write_all(&buffer[..read]).await?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a service that answers every byte with the same byte.
    async fn echo() -> (u16, JoinSet<()>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.spawn(async move {
                    let (mut from, mut to) = stream.into_split();
                    let _closed = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        (port, tasks)
    }

    async fn say(stream: &mut TcpStream, byte: u8) -> std::io::Result<u8> {
        stream.write_u8(byte).await?;
        stream.read_u8().await
    }

    async fn connect(wire: &Wire) -> TcpStream {
        TcpStream::connect((Ipv4Addr::LOCALHOST, wire.port())).await.unwrap()
    }

    #[tokio::test]
    async fn what_waited_in_a_silent_wire_arrives_when_it_is_mended() {
        let (port, _echo) = echo().await;
        let wire = Wire::to(port).await.unwrap();
        let mut old = connect(&wire).await;
        assert_eq!(say(&mut old, 1).await.unwrap(), 1);
        wire.cut(Passage::Silent);
        let mut new = connect(&wire).await;
        old.write_u8(2).await.unwrap();
        new.write_u8(3).await.unwrap();
        wire.mend();
        assert_eq!(old.read_u8().await.unwrap(), 2);
        assert_eq!(new.read_u8().await.unwrap(), 3);
    }

    #[tokio::test]
    async fn what_went_into_a_lossy_wire_is_gone_and_the_connection_with_it() {
        let (port, _echo) = echo().await;
        let wire = Wire::to(port).await.unwrap();
        let mut old = connect(&wire).await;
        assert_eq!(say(&mut old, 1).await.unwrap(), 1);
        wire.cut(Passage::Lossy);
        old.write_u8(2).await.unwrap();
        wire.mend();
        assert!(old.read_u8().await.is_err(), "a connection that lost bytes is never answered again");
        assert_eq!(say(&mut connect(&wire).await, 4).await.unwrap(), 4);
    }

    #[tokio::test]
    async fn a_half_open_connection_stays_so_and_new_ones_work() {
        let (port, _echo) = echo().await;
        let wire = Wire::to(port).await.unwrap();
        let mut old = connect(&wire).await;
        assert_eq!(say(&mut old, 1).await.unwrap(), 1);
        wire.forget_connections();
        old.write_u8(2).await.unwrap();
        assert_eq!(say(&mut connect(&wire).await, 3).await.unwrap(), 3);
        let silence = tokio::time::timeout(std::time::Duration::from_millis(200), old.read_u8()).await;
        assert!(silence.is_err(), "neither an answer nor an end");
    }

    #[tokio::test]
    async fn a_refusing_wire_resets_old_and_new_connections() {
        let (port, _echo) = echo().await;
        let wire = Wire::to(port).await.unwrap();
        let mut old = connect(&wire).await;
        assert_eq!(say(&mut old, 1).await.unwrap(), 1);
        wire.cut(Passage::Refusing);
        assert!(old.read_u8().await.is_err());
        assert!(say(&mut connect(&wire).await, 2).await.is_err());
        wire.mend();
        assert_eq!(say(&mut connect(&wire).await, 3).await.unwrap(), 3);
    }
}
