//! Permission to take a connection of a pool.
//!
//! A task takes one connection of a pool at a time: one that held a transaction and asked for
//! another connection would wait for itself as soon as enough of them did. [`alone`] begins such a
//! task, and [`Pool::begin`](crate::Pool::begin) and every single statement check it.
//!
//! A pool with room (`RoomOptions`) lets no more tasks in than it has connections, so that none
//! waits inside of it. A tenant's task waits once, for a turn that it keeps to its end, and asks
//! for connections within it: a task that has begun is not put behind later ones. There are no more
//! turns at once than make progress together (`domain::concurrency`), and tenants share them
//! (`domain::engine::turns`); a tenant's urgent tasks go before its others. A commit waits for the
//! disk, and ends its task's turn. The process itself and its unconditional duties (carriers'
//! webhooks, its readiness) have connections that tenants cannot use. Overload is told at once
//! ([`Error::Busy`]).

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use muster_domain::engine::{
    concurrency::Limit,
    turns::{Bounds, NoTurn, Ticket, Turns, Urgency},
};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{Error, Result};

/// Once the first of a tenant's tasks has waited for so long, its next are refused at once.
const TENANT_PATIENCE: Duration = Duration::from_millis(500);
/// No tenant's task waits for longer.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// No task of ours does. Carriers do not repeat a text that came in, and wait for 15 s.
const LONGEST_WAIT_OF_OURS: Duration = Duration::from_secs(10);
/// Tasks of one tenant, and of all, that wait at most.
const WAITING_LIMIT_EACH: usize = 256;
const WAITING_LIMIT: usize = 1_024;
/// How long a turn lasts. A task that takes longer waits for a lock or reads much: the next may
/// have its turn.
const SLICE: Duration = Duration::from_millis(100);

/// The party for which a task uses the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asker {
    /// The process itself, and duties that must work at any load of tenants.
    Ours,
    /// A caller with a tenant that is not known yet. All of these together are one key.
    Unknown,
    /// An organization, or an account.
    Tenant(Uuid),
}

/// A pool's room, for [`PoolOptions`](crate::PoolOptions).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomOptions {
    /// Connections that tenants cannot use.
    pub reserved: u32,
    /// Connections that one tenant uses at most; without, all that are not kept for others.
    pub share: Option<u32>,
    /// Turns at once at least: as many tasks as there are processors make progress together.
    pub at_once: usize,
}

/// How a room is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoomFigures {
    /// Turns at once that there may be at present.
    pub at_once: usize,
    /// Tasks that have a place.
    pub used: usize,
    /// Tasks that wait for one.
    pub waiting: usize,
}

tokio::task_local! {
    static TASK: Arc<Task>;
}

/// Runs a task for an asker, which takes one connection of a pool at a time.
pub async fn alone<T>(asker: Asker, work: impl Future<Output = T>) -> T {
    alone_by(asker, Urgency::Ordinary, work).await
}

/// The same of an urgency: urgent tasks go before others of their tenant.
pub async fn alone_by<T>(asker: Asker, urgency: Urgency, work: impl Future<Output = T>) -> T {
    let task = Task {
        asker: Mutex::new(asker),
        urgency,
        holds: Mutex::default(),
        turn: Mutex::default(),
        observed: AtomicBool::new(false),
    };
    TASK.scope(Arc::new(task), work).await
}

/// The running task's tenant has become known. It goes on in its tenant's line.
pub fn known_as(asker: Asker) {
    let _outside_of_a_task = TASK.try_with(|task| {
        let before = std::mem::replace(&mut *locked(&task.asker), asker);
        if before != asker {
            task.rest();
        }
    });
}

/// The running task is about to wait for something else than the database, such as its client: it
/// gives its turn back, and waits for another when it asks for a connection again. A task that
/// holds a connection keeps its turn.
pub fn rest() {
    let _outside_of_a_task = TASK.try_with(|task| task.rest());
}

/// The running task is about to wait for the disk, as a commit does: others go on meanwhile. It
/// keeps its connection.
pub(crate) fn commits() {
    let _outside_of_a_task = TASK.try_with(|task| {
        if let Some(turn) = locked(&task.turn).as_ref() {
            turn.end_turn();
        }
    });
}

/// Times that a task asked for a second connection, since the process began. It is a fault of ours:
/// logged where it happens, and in builds with debug assertions a panic.
pub fn second_connections() -> u64 {
    SECOND_CONNECTIONS.load(Ordering::Relaxed)
}

static SECOND_CONNECTIONS: AtomicU64 = AtomicU64::new(0);

fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
struct Task {
    asker: Mutex<Asker>,
    urgency: Urgency,
    /// The pools of which it holds a connection.
    holds: Mutex<Vec<u64>>,
    /// A tenant's turn, from its first connection on.
    turn: Mutex<Option<Permit>>,
    /// Its first connection was given back.
    observed: AtomicBool,
}

impl Task {
    fn rest(&self) {
        if locked(&self.holds).is_empty() {
            let turn = locked(&self.turn).take();
            drop(turn);
        }
    }

    /// Waits for a turn unless the task has one.
    async fn take_turn(&self, room: &Arc<Room>, asker: Asker) -> Result<()> {
        if locked(&self.turn).is_none() {
            let permit = room.enter(asker, self.urgency).await?;
            let before = locked(&self.turn).replace(permit);
            drop(before);
        }
        Ok(())
    }
}

/// Permission to take a connection, for as long as it is held.
#[derive(Debug)]
pub(crate) struct Pass {
    task: Option<(Arc<Task>, u64)>,
    _permit: Option<Permit>,
}

impl Drop for Pass {
    fn drop(&mut self) {
        let Some((task, pool)) = &self.task else { return };
        let mut holds = locked(&task.holds);
        if let Some(at) = holds.iter().position(|held| held == pool) {
            holds.swap_remove(at);
        }
        drop(holds);
        if let Some(turn) = locked(&task.turn).as_ref()
            && !task.observed.swap(true, Ordering::Relaxed)
        {
            turn.observe();
        }
    }
}

impl Pass {
    /// Waits for a pass to the pool of this number, which may have a room.
    pub(crate) async fn to(pool: u64, room: Option<&Arc<Room>>) -> Result<Self> {
        let task = TASK.try_with(Arc::clone).ok();
        let asker = task.as_ref().map_or(Asker::Ours, |task| *locked(&task.asker));
        let second = task.as_ref().is_some_and(|task| locked(&task.holds).contains(&pool));
        if second {
            SECOND_CONNECTIONS.fetch_add(1, Ordering::Relaxed);
            tracing::error!("a task that holds a connection asks the same pool for another");
            debug_assert!(!second, "a task that holds a connection asks the same pool for another");
        }
        // It has room already; to wait for more would be to wait for itself.
        let permit = match (room.filter(|_| !second), &task) {
            (Some(room), Some(task)) if asker != Asker::Ours => {
                task.take_turn(room, asker).await?;
                None
            }
            (Some(room), _) => Some(room.enter(asker, Urgency::Ordinary).await?),
            (None, _) => None,
        };
        if let Some(task) = &task {
            locked(&task.holds).push(pool);
        }
        Ok(Self { task: task.map(|task| (task, pool)), _permit: permit })
    }
}

/// Lets tasks into a pool.
#[derive(Debug)]
pub(crate) struct Room(Mutex<Line>);

#[derive(Debug)]
struct Line {
    turns: Turns<Asker, oneshot::Sender<Permit>>,
    limit: Limit,
}

impl Room {
    /// Returns the room of a pool with so many connections. One of those that are reserved is for
    /// announcements, which ask for no pass.
    pub(crate) fn of(connections: u32, options: RoomOptions) -> Arc<Self> {
        let reserved = options.reserved.saturating_sub(1).max(1) as usize;
        let tenants = connections.saturating_sub(options.reserved).max(1) as usize;
        let limit = Limit::new(options.at_once, tenants);
        let bounds = Bounds {
            room: tenants + reserved,
            share: options.share.map_or(usize::MAX, |share| share as usize),
            reserved,
            at_once: limit.at_once(),
            slice: SLICE,
            waiting_each: WAITING_LIMIT_EACH,
            waiting: WAITING_LIMIT,
            patience: TENANT_PATIENCE,
        };
        Arc::new(Self(Mutex::new(Line { turns: Turns::new(bounds, Some(Asker::Ours)), limit })))
    }

    pub(crate) fn figures(&self) -> RoomFigures {
        let line = locked(&self.0);
        RoomFigures { at_once: line.turns.at_once(), used: line.turns.used(), waiting: line.turns.waiters() }
    }

    async fn enter(self: &Arc<Self>, asker: Asker, urgency: Urgency) -> Result<Permit> {
        let _waits;
        let mut turn = {
            let mut line = locked(&self.0);
            let now = Instant::now();
            if let Some(ticket) = line.turns.begin(&asker, urgency, now) {
                return Ok(self.permit(ticket, now));
            }
            let (hand_over, turn) = oneshot::channel();
            line.turns.wait(&asker, urgency, hand_over, now)?;
            // Dropped after the receiver, so that it finds the sender closed.
            _waits = Waits { room: self, asker };
            turn
        };
        let longest = if asker == Asker::Ours { LONGEST_WAIT_OF_OURS } else { LONGEST_WAIT };
        let until = Instant::now() + longest;
        loop {
            let slice_ends = locked(&self.0).turns.slice_ends();
            let look = slice_ends.map_or(until, |ends| ends.min(until));
            match tokio::time::timeout_at(look.into(), &mut turn).await {
                Ok(Ok(permit)) => return Ok(permit),
                Ok(Err(_)) => return Err(NoTurn::All.into()),
                Err(_) => {}
            }
            let now = Instant::now();
            if now >= until {
                // Where nothing moves, it is not the tenant that asks for too much.
                let all = asker == Asker::Ours || locked(&self.0).turns.stands_still(now);
                return Err(if all { NoTurn::All } else { NoTurn::Key }.into());
            }
            self.go_on(None);
        }
    }

    fn permit(self: &Arc<Self>, ticket: Ticket, since: Instant) -> Permit {
        Permit { room: Some(Arc::clone(self)), ticket, since }
    }

    /// A task may be done: waiters that have the turn go on. One that has gone passes its turn on.
    fn go_on(self: &Arc<Self>, mut done: Option<Ticket>) {
        loop {
            let now = Instant::now();
            let next = {
                let mut line = locked(&self.0);
                if let Some(ticket) = done.take() {
                    line.turns.end(ticket, now);
                }
                line.turns.next(now)
            };
            let Some((_, ticket, hand_over)) = next else { return };
            if let Err(mut refused) = hand_over.send(self.permit(ticket, now)) {
                refused.room = None;
                done = Some(ticket);
            }
        }
    }

    /// The first thing of a task has taken so long: the look-up of a token, which is the same for
    /// every request.
    fn observe(self: &Arc<Self>, took: Duration) {
        let grew = {
            let mut line = locked(&self.0);
            let waits = line.turns.waiters() > 0;
            let grew = line.limit.observe(took, waits);
            let at_once = line.limit.at_once();
            line.turns.set_at_once(at_once);
            grew
        };
        if grew {
            self.go_on(None);
        }
    }
}

/// A task that waits; it is taken out of the line when it does so no more.
struct Waits<'a> {
    room: &'a Room,
    asker: Asker,
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        locked(&self.room.0).turns.forget(&self.asker, oneshot::Sender::is_closed);
    }
}

/// A place in a room.
#[derive(Debug)]
struct Permit {
    room: Option<Arc<Room>>,
    ticket: Ticket,
    since: Instant,
}

impl Permit {
    /// Its holder needs its place alone from now on.
    fn end_turn(&self) {
        if let Some(room) = &self.room {
            locked(&room.0).turns.end_turn(self.ticket);
            room.go_on(None);
        }
    }

    /// The first connection was given back.
    fn observe(&self) {
        if let Some(room) = &self.room {
            room.observe(self.since.elapsed());
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(room) = self.room.take() {
            room.go_on(Some(self.ticket));
        }
    }
}

impl From<NoTurn> for Error {
    fn from(refused: NoTurn) -> Self {
        Self::Busy { everywhere: refused == NoTurn::All }
    }
}

#[cfg(test)]
mod tests;
