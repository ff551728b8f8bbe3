//! Turns at a scarce resource: how many users it may have at once, and the next waiter when a place
//! is free.
//!
//! A user has a place until it is done, and a turn for the first part of that time. Turns are as
//! many as can make progress at once; places are as many as there are. A turn that lasts for longer
//! than its slice waits for something else than its turn, and is the next user's; so is one that
//! its user ends. Users are told apart by a key. A key may use all that is free but for a rest,
//! which is for keys that have nothing yet. Where turns are short, the key with the fewest is next,
//! keys with as many alternate. Within a key urgent waiters go first, but for one turn in sixteen,
//! and of the same urgency the first to come is the first to go. One key may have places reserved.
//! Waiting is bounded by number and by age, so that overload is an answer and not a wait. Nothing
//! here waits or looks at a clock.

mod queue;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    hash::Hash,
    time::{Duration, Instant},
};

use self::queue::Queue;

pub use self::queue::Urgency;

/// A key has at most so many times the places that it leaves free.
const OF_FREE: usize = 3;

/// The bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Places, of all keys.
    pub room: usize,
    /// Places of one key at most, however many are free. The key that has places reserved has these
    /// besides.
    pub share: usize,
    /// Places that are reserved for one key. Their users need no turn.
    pub reserved: usize,
    /// Turns at once. See [`Turns::set_at_once`].
    pub at_once: usize,
    /// How long a turn lasts at most.
    pub slice: Duration,
    /// Waiting at once, of one key and urgency.
    pub waiting_each: usize,
    /// Waiting at once, of all keys but the one that has places reserved; and so many of that one.
    pub waiting: usize,
    /// Once the first of a key and urgency has waited for so long, no other may begin to wait; and
    /// none of any key, while all places are in use and none has been given back for so long. The
    /// key that has places reserved may wait all the same.
    pub patience: Duration,
}

/// Why a user may not even wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTurn {
    /// Too many of the same key wait, or have waited for too long.
    Key,
    /// Too many wait, or all that there is has not moved for too long.
    All,
}

/// The number of a user, under which it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// Users and waiters. `W` is handed back when a waiter's turn has come.
#[derive(Debug)]
pub struct Turns<K, W> {
    bounds: Bounds,
    /// The key that has places reserved.
    favoured: Option<K>,
    /// In the order in which they began.
    users: BTreeMap<Ticket, User<K>>,
    next_ticket: u64,
    counts: HashMap<K, Counts>,
    /// Of all keys.
    total: Counts,
    /// When a user began or ended.
    moved: Option<Instant>,
    waiting: HashMap<K, Queue<W>>,
    waiters: usize,
    /// Keys that have waiters, the next one first.
    order: VecDeque<K>,
}

#[derive(Debug)]
struct User<K> {
    key: K,
    since: Instant,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It has its turn.
    Turn,
    /// Its turn is over, and it has its place.
    Place,
    /// It has a place that is reserved.
    Reserved,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    turns: usize,
    /// Without those that are reserved.
    places: usize,
    reserved: usize,
}

impl Counts {
    const fn add(&mut self, stage: Stage) {
        match stage {
            Stage::Turn => {
                self.turns += 1;
                self.places += 1;
            }
            Stage::Place => self.places += 1,
            Stage::Reserved => self.reserved += 1,
        }
    }

    const fn take(&mut self, stage: Stage) {
        match stage {
            Stage::Turn => {
                self.turns -= 1;
                self.places -= 1;
            }
            Stage::Place => self.places -= 1,
            Stage::Reserved => self.reserved -= 1,
        }
    }
}

impl<K: Eq + Hash + Clone, W> Turns<K, W> {
    /// Nothing is used yet. Places that are not reserved, and every other bound, are at least 1.
    pub fn new(bounds: Bounds, favoured: Option<K>) -> Self {
        let room = bounds.room.saturating_sub(bounds.reserved).max(1);
        let bounds = Bounds {
            room,
            share: bounds.share.clamp(1, room),
            at_once: bounds.at_once.clamp(1, room),
            waiting_each: bounds.waiting_each.max(1),
            waiting: bounds.waiting.max(1),
            ..bounds
        };
        Self {
            bounds,
            favoured,
            users: BTreeMap::new(),
            next_ticket: 0,
            counts: HashMap::new(),
            total: Counts::default(),
            moved: None,
            waiting: HashMap::new(),
            waiters: 0,
            order: VecDeque::new(),
        }
    }

    /// Changes how many turns there are at once. Turns that have begun go on.
    pub fn set_at_once(&mut self, turns: usize) {
        self.bounds.at_once = turns.clamp(1, self.bounds.room);
    }

    /// Begins at once. `None` where that is not possible, or others of the key wait already that
    /// are as urgent.
    pub fn begin(&mut self, key: &K, urgency: Urgency, now: Instant) -> Option<Ticket> {
        self.end_slices(now);
        let stage = self.may_begin(key)?;
        let goes_before = |queue: &Queue<W>| urgency == Urgency::Urgent && queue.of(urgency).is_empty();
        if self.waiting.get(key).is_some_and(|queue| !goes_before(queue)) {
            return None;
        }
        Some(self.begins(key.clone(), stage, now))
    }

    /// Begins to wait, after [`Self::begin`] has said no.
    pub fn wait(&mut self, key: &K, urgency: Urgency, waiter: W, now: Instant) -> Result<(), NoTurn> {
        let queue = self.waiting.get(key).map(|queue| queue.of(urgency));
        let (length, oldest) = queue.map_or((0, None), |queue| (queue.len(), queue.front().map(|(since, _)| *since)));
        let favoured = self.favoured.as_ref();
        if favoured == Some(key) {
            if length >= self.bounds.waiting {
                return Err(NoTurn::All);
            }
        } else {
            let apart = favoured.and_then(|key| self.waiting.get(key)).map_or(0, Queue::len);
            let stuck = self.total.places >= self.bounds.room && self.stands_still(now);
            if stuck || self.waiters - apart >= self.bounds.waiting {
                return Err(NoTurn::All);
            }
            let waited = oldest.map(|since| now.saturating_duration_since(since));
            if length >= self.bounds.waiting_each || waited >= Some(self.bounds.patience) {
                return Err(NoTurn::Key);
            }
        }
        if !self.waiting.contains_key(key) {
            self.order.push_back(key.clone());
        }
        self.waiting.entry(key.clone()).or_default().push(urgency, now, waiter);
        self.waiters += 1;
        Ok(())
    }

    /// A user's turn is over before its slice, and it keeps its place. [`Self::next`] returns the
    /// next waiter then.
    pub fn end_turn(&mut self, ticket: Ticket) {
        let Some(user) = self.users.get_mut(&ticket).filter(|user| user.stage == Stage::Turn) else { return };
        user.stage = Stage::Place;
        self.total.turns -= 1;
        if let Some(counts) = self.counts.get_mut(&user.key) {
            counts.turns -= 1;
        }
    }

    /// A user is done. [`Self::next`] returns the next waiter then.
    pub fn end(&mut self, ticket: Ticket, now: Instant) {
        let Some(user) = self.users.remove(&ticket) else { return };
        self.moved = Some(now);
        self.total.take(user.stage);
        if let Some(counts) = self.counts.get_mut(&user.key) {
            counts.take(user.stage);
            if *counts == Counts::default() {
                self.counts.remove(&user.key);
            }
        }
        if user.stage == Stage::Reserved {
            self.move_to_reserved(&user.key);
        }
    }

    /// A reserved place is free: a user of its key that has another moves there.
    fn move_to_reserved(&mut self, key: &K) {
        let moves = self.users.values_mut().find(|user| user.key == *key && user.stage != Stage::Reserved);
        let (Some(user), Some(counts)) = (moves, self.counts.get_mut(key)) else { return };
        for counts in [&mut self.total, counts] {
            counts.take(user.stage);
            counts.add(Stage::Reserved);
        }
        user.stage = Stage::Reserved;
    }

    /// Returns the waiter that has the turn now, which is a user from then on. There may be
    /// several, one after the other.
    pub fn next(&mut self, now: Instant) -> Option<(K, Ticket, W)> {
        self.end_slices(now);
        let able = self.order.iter().enumerate().filter_map(|(at, key)| Some((at, key, self.may_begin(key)?)));
        let (at, stage) = able
            .min_by_key(|(at, key, stage)| (*stage != Stage::Reserved, self.count(key).turns, *at))
            .map(|(at, _, stage)| (at, stage))?;
        let key = self.order.remove(at)?;
        let queue = self.waiting.get_mut(&key)?;
        let (_, waiter) = queue.pop()?;
        self.waiters -= 1;
        if queue.len() == 0 {
            self.waiting.remove(&key);
        } else {
            self.order.push_back(key.clone());
        }
        let ticket = self.begins(key.clone(), stage, now);
        Some((key, ticket, waiter))
    }

    /// Returns when the slice of the oldest turn is over, so that [`Self::next`] may have an answer
    /// although no user has ended.
    pub fn slice_ends(&self) -> Option<Instant> {
        let oldest = self.users.values().find(|user| user.stage == Stage::Turn)?;
        Some(oldest.since + self.bounds.slice)
    }

    /// Takes waiters away that `gone` says do not wait any more.
    pub fn forget(&mut self, key: &K, gone: impl Fn(&W) -> bool) {
        let Some(queue) = self.waiting.get_mut(key) else { return };
        let before = queue.len();
        queue.retain(|waiter| !gone(waiter));
        self.waiters -= before - queue.len();
        if queue.len() == 0 {
            self.waiting.remove(key);
            self.order.retain(|waits| waits != key);
        }
    }

    /// Returns whether no user has begun or ended for as long as patience lasts.
    pub fn stands_still(&self, now: Instant) -> bool {
        self.moved.is_some_and(|moved| now.saturating_duration_since(moved) >= self.bounds.patience)
    }

    /// Users at present, of reserved places too.
    pub fn used(&self) -> usize {
        self.users.len()
    }

    /// Turns at once, at present.
    pub const fn at_once(&self) -> usize {
        self.bounds.at_once
    }

    /// Waiters at present.
    pub const fn waiters(&self) -> usize {
        self.waiters
    }

    fn count(&self, key: &K) -> Counts {
        self.counts.get(key).copied().unwrap_or_default()
    }

    /// Returns how a user of the key would begin; none where it may not.
    fn may_begin(&self, key: &K) -> Option<Stage> {
        if self.favoured.as_ref() == Some(key) && self.total.reserved < self.bounds.reserved {
            return Some(Stage::Reserved);
        }
        let count = self.count(key);
        // A key without a turn waits for none of another key's, within bounds.
        let extra = if count.turns == 0 { self.bounds.at_once.div_ceil(2) } else { 0 };
        if self.total.turns >= self.bounds.at_once + extra || count.places >= self.bounds.share {
            return None;
        }
        let left = self.bounds.room.checked_sub(self.total.places + 1)?;
        (count.places == 0 || count.places < OF_FREE * left).then_some(Stage::Turn)
    }

    fn begins(&mut self, key: K, stage: Stage, now: Instant) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.moved = Some(now);
        self.total.add(stage);
        self.counts.entry(key.clone()).or_default().add(stage);
        self.users.insert(ticket, User { key, since: now, stage });
        ticket
    }

    /// Turns that have lasted for a slice are over.
    fn end_slices(&mut self, now: Instant) {
        let is_old = |user: &User<K>| now.saturating_duration_since(user.since) >= self.bounds.slice;
        let old = self.users.iter().take_while(|(_, user)| is_old(user)).filter(|(_, user)| user.stage == Stage::Turn);
        let over: Vec<_> = old.map(|(ticket, _)| *ticket).collect();
        for ticket in over {
            self.end_turn(ticket);
        }
    }
}

#[cfg(test)]
mod tests;
