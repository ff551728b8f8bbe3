//! Who may take a connection of a pool, and when.
//!
//! A task takes one connection of a pool at a time: one that held a transaction and asked for another connection would wait for itself as soon as
//! enough of them did. [`alone`] begins such a task, and [`Pool::begin`](crate::Pool::begin) and every single statement check it.
//!
//! A pool with room (`RoomOptions`) lets no more tasks in than it has connections, so that nobody waits inside of it. Tenants take turns and none has more
//! than its share; the process itself and what it must always be able to do (carriers' webhooks, its readiness) have connections that tenants
//! cannot use. Overload is told at once ([`Error::Busy`]).

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use muster_domain::engine::turns::{Bounds, Refused, Turns};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{Error, Result};

/// Once the first of a tenant's tasks has waited for so long, its next are refused at once.
const PATIENCE: Duration = Duration::from_millis(500);
/// No task waits for longer.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// Tasks of one tenant, and of all, that wait at most.
const WAITING_EACH: usize = 256;
const WAITING: usize = 1_024;

/// On whose behalf a task uses the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asker {
    /// The process itself, and what must work whatever tenants do.
    Ours,
    /// Somebody whose tenant is not known yet. All of them share one tenant's share.
    Unknown,
    /// An organization, or an account.
    Tenant(Uuid),
}

/// A pool's room, for [`PoolOptions`](crate::PoolOptions).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomOptions {
    /// Connections that tenants cannot use.
    pub reserved: u32,
    /// Connections that one tenant uses at most.
    pub share: u32,
}

tokio::task_local! {
    static TASK: Arc<Task>;
}

/// Runs a task on somebody's behalf, which takes one connection of a pool at a time.
pub async fn alone<T>(asker: Asker, work: impl Future<Output = T>) -> T {
    let task = Arc::new(Task { asker: Mutex::new(asker), holds: Mutex::new(Vec::new()) });
    TASK.scope(task, work).await
}

/// The running task's tenant has become known.
pub fn known_as(asker: Asker) {
    let _outside_of_a_task = TASK.try_with(|task| *locked(&task.asker) = asker);
}

/// Times that a task asked for a second connection, since the process began. It is a fault of ours: logged where it happens, and in builds with
/// debug assertions a panic.
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
    /// The pools of which it holds a connection.
    holds: Mutex<Vec<u64>>,
}

/// Permission to take a connection, for as long as it is held.
#[derive(Debug)]
pub(crate) struct Pass {
    task: Option<(Arc<Task>, u64)>,
    _permit: Option<Permit>,
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some((task, pool)) = &self.task {
            let mut holds = locked(&task.holds);
            if let Some(at) = holds.iter().position(|held| held == pool) {
                holds.swap_remove(at);
            }
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
        let permit = match room {
            // It has room already; to wait for more would be to wait for itself.
            Some(room) if !second => Some(room.enter(asker).await?),
            _ => None,
        };
        if let Some(task) = &task {
            locked(&task.holds).push(pool);
        }
        Ok(Self { task: task.map(|task| (task, pool)), _permit: permit })
    }
}

type Lane = Mutex<Turns<Asker, oneshot::Sender<Permit>>>;

/// What lets tasks into a pool.
#[derive(Debug)]
pub(crate) struct Room {
    tenants: Lane,
    ours: Lane,
}

impl Room {
    /// The room of a pool with so many connections. One of those that are reserved is for announcements, which ask for no pass.
    pub(crate) fn of(connections: u32, options: RoomOptions) -> Arc<Self> {
        let lane = |room: u32, share: u32| {
            Mutex::new(Turns::new(Bounds {
                room: room as usize,
                share: share as usize,
                waiting_each: WAITING_EACH,
                waiting: WAITING,
                patience: PATIENCE,
            }))
        };
        let ours = options.reserved.saturating_sub(1).max(1);
        let tenants = connections.saturating_sub(options.reserved).max(1);
        Arc::new(Self { tenants: lane(tenants, options.share), ours: lane(ours, ours) })
    }

    fn lane(&self, asker: Asker) -> &Lane {
        if asker == Asker::Ours { &self.ours } else { &self.tenants }
    }

    async fn enter(self: &Arc<Self>, asker: Asker) -> Result<Permit> {
        let _waits;
        let turn = {
            let mut lane = locked(self.lane(asker));
            if lane.begin(&asker, Instant::now()) {
                return Ok(Permit { room: Some(Arc::clone(self)), asker });
            }
            let (hand_over, turn) = oneshot::channel();
            lane.wait(&asker, hand_over, Instant::now())?;
            // Dropped after the receiver, so that it finds the sender closed.
            _waits = Waits { room: self, asker };
            turn
        };
        match tokio::time::timeout(LONGEST_WAIT, turn).await {
            Ok(Ok(permit)) => Ok(permit),
            // Where nothing moves, it is not the tenant who asks for too much.
            _ if locked(self.lane(asker)).stands_still(Instant::now()) => Err(Refused::All.into()),
            _ => Err(Refused::Key.into()),
        }
    }

    /// Somebody is done: whose turn it is goes on. One that has not waited for it passes it on.
    fn leave(self: &Arc<Self>, asker: Asker) {
        let mut done = asker;
        loop {
            let next = locked(self.lane(done)).end(&done, Instant::now());
            let Some((asker, hand_over)) = next else { return };
            match hand_over.send(Permit { room: Some(Arc::clone(self)), asker }) {
                Ok(()) => return,
                Err(mut refused) => {
                    refused.room = None;
                    done = asker;
                }
            }
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
        locked(self.room.lane(self.asker)).forget(&self.asker, oneshot::Sender::is_closed);
    }
}

/// A place in a room.
#[derive(Debug)]
struct Permit {
    room: Option<Arc<Room>>,
    asker: Asker,
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(room) = self.room.take() {
            room.leave(self.asker);
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::Busy { everywhere: refused == Refused::All }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn room() -> Arc<Room> {
        Room::of(5, RoomOptions { reserved: 2, share: 2 })
    }

    const AGENT: Asker = Asker::Tenant(Uuid::from_u128(1));
    const OTHER: Asker = Asker::Tenant(Uuid::from_u128(2));

    #[tokio::test]
    async fn a_tenant_uses_its_share_and_others_have_room() {
        let room = room();
        let held = [room.enter(AGENT).await.unwrap(), room.enter(AGENT).await.unwrap()];
        let mut third = Box::pin(room.enter(AGENT));
        assert!((&mut third).now_or_never().is_none(), "the share is used up");
        assert!(room.enter(OTHER).now_or_never().is_some());
        assert!(room.enter(Asker::Unknown).now_or_never().is_some());
        assert!(room.enter(Asker::Ours).now_or_never().is_some());
        drop(held);
        third.await.unwrap();
    }

    #[tokio::test]
    async fn what_is_ours_has_room_when_tenants_have_none() {
        let room = room();
        let _held =
            [room.enter(AGENT).await.unwrap(), room.enter(AGENT).await.unwrap(), room.enter(OTHER).await.unwrap()];
        assert!(room.enter(OTHER).now_or_never().is_none());
        assert!(room.enter(Asker::Ours).now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_waiter_that_goes_away_leaves_its_turn_to_the_next() {
        let room = room();
        let held = [room.enter(AGENT).await.unwrap(), room.enter(AGENT).await.unwrap()];
        let (mut gone, mut stays) = (Box::pin(room.enter(AGENT)), Box::pin(room.enter(AGENT)));
        assert!((&mut gone).now_or_never().is_none() && (&mut stays).now_or_never().is_none());
        drop(gone);
        assert_eq!(locked(&room.tenants).waiters(), 1);
        let mut told = Box::pin(room.enter(AGENT));
        assert!((&mut told).now_or_never().is_none());
        drop(held);
        // It was handed a place and went away before it looked.
        drop(told);
        drop(stays.await.unwrap());
        let tenants = locked(&room.tenants);
        assert_eq!((tenants.used(), tenants.waiters()), (0, 0));
    }

    #[tokio::test]
    async fn overload_is_told_and_not_waited_for() {
        let room = room();
        let _held = [room.enter(AGENT).await.unwrap(), room.enter(AGENT).await.unwrap()];
        let _waiting: Vec<_> = (0..WAITING_EACH)
            .map(|_| {
                let mut waits = Box::pin(room.enter(AGENT));
                assert!((&mut waits).now_or_never().is_none());
                waits
            })
            .collect();
        let refused = room.enter(AGENT).now_or_never();
        assert!(matches!(refused, Some(Err(Error::Busy { everywhere: false }))), "{refused:?}");
        assert!(room.enter(OTHER).now_or_never().is_some_and(|entered| entered.is_ok()));
    }

    #[tokio::test]
    async fn a_task_that_has_a_connection_gets_no_other_of_the_pool() {
        let second = alone(AGENT, async {
            let _first = Pass::to(1, None).await.unwrap();
            let _of_another_pool = Pass::to(2, None).await.unwrap();
            std::panic::AssertUnwindSafe(Pass::to(1, None)).catch_unwind().await.is_err()
        })
        .await;
        assert!(second, "this test has debug assertions");
        assert!(second_connections() > 0);
        alone(AGENT, async {
            for _ in 0..3 {
                Pass::to(1, None).await.unwrap();
            }
        })
        .await;
    }
}
