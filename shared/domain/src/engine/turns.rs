//! Turns at something scarce: how many may use it at once, and who is next when one is free.
//!
//! Users are told apart by a key. One key never has more than its share, keys that wait take turns, and within a key the first to come is the first to go.
//! Waiting is bounded by number and by age, so that overload is an answer and not a wait. Nothing here waits or looks at a clock.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    time::{Duration, Instant},
};

/// The bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Users at once, of all keys.
    pub room: usize,
    /// Users at once, of one key.
    pub share: usize,
    /// Waiting at once, of one key.
    pub waiting_each: usize,
    /// Waiting at once, of all keys.
    pub waiting: usize,
    /// Once the first of a key has waited for so long, nobody else of it may begin to wait; and nobody of any key, while all is in use and none of it
    /// has been given back for so long.
    pub patience: Duration,
}

/// Why somebody may not even wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Too many of the same key wait, or have waited for too long.
    Key,
    /// Too many wait, or all that there is has not moved for too long.
    All,
}

/// Who uses it and who waits. `W` is what is handed back when a waiter's turn has come.
#[derive(Debug)]
pub struct Turns<K, W> {
    bounds: Bounds,
    using: HashMap<K, usize>,
    used: usize,
    /// When somebody began or ended to use it.
    moved: Option<Instant>,
    waiting: HashMap<K, VecDeque<(Instant, W)>>,
    waiters: usize,
    /// Keys that have waiters, the next one first.
    order: VecDeque<K>,
}

impl<K: Eq + Hash + Clone, W> Turns<K, W> {
    /// Nobody uses it yet. Every bound is at least 1.
    pub fn new(bounds: Bounds) -> Self {
        let bounds = Bounds {
            room: bounds.room.max(1),
            share: bounds.share.clamp(1, bounds.room.max(1)),
            waiting_each: bounds.waiting_each.max(1),
            waiting: bounds.waiting.max(1),
            patience: bounds.patience,
        };
        Self {
            bounds,
            using: HashMap::new(),
            used: 0,
            moved: None,
            waiting: HashMap::new(),
            waiters: 0,
            order: VecDeque::new(),
        }
    }

    /// Begins to use it at once. Returns false where that is not possible, or somebody of the key waits already.
    pub fn begin(&mut self, key: &K, now: Instant) -> bool {
        let free = self.used < self.bounds.room && self.using(key) < self.bounds.share;
        if !free || self.waiting.contains_key(key) {
            return false;
        }
        self.uses(key);
        self.moved = Some(now);
        true
    }

    /// Begins to wait, after [`Self::begin`] has said no.
    pub fn wait(&mut self, key: &K, waiter: W, now: Instant) -> Result<(), Refused> {
        let stuck = self.used >= self.bounds.room && self.stands_still(now);
        if stuck || self.waiters >= self.bounds.waiting {
            return Err(Refused::All);
        }
        if let Some(queue) = self.waiting.get_mut(key) {
            let first = queue.front().map(|(since, _)| now.saturating_duration_since(*since));
            if queue.len() >= self.bounds.waiting_each || first >= Some(self.bounds.patience) {
                return Err(Refused::Key);
            }
            queue.push_back((now, waiter));
        } else {
            self.waiting.insert(key.clone(), VecDeque::from([(now, waiter)]));
            self.order.push_back(key.clone());
        }
        self.waiters += 1;
        Ok(())
    }

    /// Somebody of this key is done. Returns whose turn it is then, which counts as using it from now on.
    pub fn end(&mut self, key: &K, now: Instant) -> Option<(K, W)> {
        self.moved = Some(now);
        if let Some(using) = self.using.get_mut(key) {
            self.used -= 1;
            *using -= 1;
            if *using == 0 {
                self.using.remove(key);
            }
        }
        self.next()
    }

    /// Takes waiters away that `gone` says do not wait any more.
    pub fn forget(&mut self, key: &K, gone: impl Fn(&W) -> bool) {
        let Some(queue) = self.waiting.get_mut(key) else { return };
        let before = queue.len();
        queue.retain(|(_, waiter)| !gone(waiter));
        self.waiters -= before - queue.len();
        if queue.is_empty() {
            self.waiting.remove(key);
            self.order.retain(|waits| waits != key);
        }
    }

    /// Has nobody begun or ended to use it for as long as patience lasts?
    pub fn stands_still(&self, now: Instant) -> bool {
        self.moved.is_some_and(|moved| now.saturating_duration_since(moved) >= self.bounds.patience)
    }

    /// Users at present.
    pub const fn used(&self) -> usize {
        self.used
    }

    /// Waiters at present.
    pub const fn waiters(&self) -> usize {
        self.waiters
    }

    fn using(&self, key: &K) -> usize {
        self.using.get(key).copied().unwrap_or(0)
    }

    fn uses(&mut self, key: &K) {
        self.used += 1;
        *self.using.entry(key.clone()).or_default() += 1;
    }

    fn next(&mut self) -> Option<(K, W)> {
        if self.used >= self.bounds.room {
            return None;
        }
        let at = self.order.iter().position(|key| self.using(key) < self.bounds.share)?;
        let key = self.order.remove(at)?;
        let queue = self.waiting.get_mut(&key)?;
        let (_, waiter) = queue.pop_front()?;
        self.waiters -= 1;
        if queue.is_empty() {
            self.waiting.remove(&key);
        } else {
            self.order.push_back(key.clone());
        }
        self.uses(&key);
        Some((key, waiter))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);
    const BOUNDS: Bounds = Bounds { room: 1, share: 1, waiting_each: 6, waiting: 6, patience: PATIENCE };

    fn turns(room: usize, share: usize, waiting_each: usize) -> Turns<u16, usize> {
        Turns::new(Bounds { room, share, waiting_each, ..BOUNDS })
    }

    #[test]
    fn one_key_leaves_room_to_others() {
        let now = Instant::now();
        let mut turns = turns(4, 2, 6);
        assert!(turns.begin(&1, now) && turns.begin(&1, now) && !turns.begin(&1, now));
        turns.wait(&1, 10, now).unwrap();
        assert!(turns.begin(&2, now), "another has room at once");
        assert_eq!(turns.end(&2, now), None, "whose share is used up does not take the other's room");
        assert_eq!(turns.end(&1, now), Some((1, 10)));
    }

    #[test]
    fn keys_take_turns_and_within_a_key_the_first_goes_first() {
        let now = Instant::now();
        let mut turns = turns(1, 1, 6);
        assert!(turns.begin(&1, now));
        for (key, waiter) in [(1, 10), (1, 11), (1, 12), (2, 20), (3, 30), (2, 21)] {
            turns.wait(&key, waiter, now).unwrap();
        }
        let mut using = 1;
        let mut order = Vec::new();
        while let Some((key, waiter)) = turns.end(&using, now) {
            order.push(waiter);
            using = key;
        }
        assert_eq!(order, [10, 20, 30, 11, 21, 12]);
        assert_eq!((turns.used(), turns.waiters()), (0, 0));
    }

    #[test]
    fn waiting_is_bounded_by_number_and_by_age() {
        let now = Instant::now();
        let mut turns = turns(1, 1, 2);
        assert!(turns.begin(&1, now));
        turns.wait(&1, 10, now).unwrap();
        turns.wait(&1, 11, now).unwrap();
        assert_eq!(turns.wait(&1, 12, now), Err(Refused::Key), "by number");
        turns.wait(&2, 20, now).unwrap();
        let mut shared = Turns::new(Bounds { room: 2, share: 1, ..BOUNDS });
        assert!(shared.begin(&1, now));
        shared.wait(&1, 10, now).unwrap();
        assert_eq!(shared.wait(&1, 11, now + PATIENCE), Err(Refused::Key), "by age");
        for (key, waiter) in [(3, 30), (4, 40), (5, 50)] {
            turns.wait(&key, waiter, now).unwrap();
        }
        assert_eq!(turns.wait(&6, 60, now), Err(Refused::All));
    }

    #[test]
    fn where_nothing_moves_nobody_begins_to_wait() {
        let now = Instant::now();
        let mut turns = turns(2, 1, 6);
        assert!(turns.begin(&1, now) && turns.begin(&2, now));
        assert_eq!(turns.wait(&3, 30, now + PATIENCE), Err(Refused::All));
        assert_eq!(turns.end(&1, now + PATIENCE), None);
        assert!(turns.begin(&1, now + PATIENCE));
        assert_eq!(turns.wait(&3, 30, now + PATIENCE * 3 / 2), Ok(()));
    }

    #[test]
    fn who_has_gone_is_forgotten() {
        let now = Instant::now();
        let mut turns = turns(1, 1, 2);
        assert!(turns.begin(&1, now));
        turns.wait(&2, 20, now).unwrap();
        turns.wait(&3, 30, now).unwrap();
        turns.forget(&2, |waiter| *waiter == 20);
        assert_eq!(turns.waiters(), 1);
        assert_eq!(turns.end(&1, now), Some((3, 30)));
    }

    proptest! {
        /// Whatever comes and goes: no bound is broken, nobody is lost, and nobody waits who could go.
        #[test]
        fn the_bounds_hold_and_nobody_waits_in_vain(
            room in 1..6_usize, share in 1..6_usize, steps in prop::collection::vec((0..4_u16, any::<bool>()), 1..200)
        ) {
            let now = Instant::now();
            let mut turns = Turns::new(Bounds { room, share, waiting_each: 5, waiting: 12, patience: PATIENCE });
            let share = share.min(room);
            let (mut using, mut waiting) = (Vec::<u16>::new(), Vec::<(u16, usize)>::new());
            for (number, (key, comes)) in steps.into_iter().enumerate() {
                if comes {
                    if turns.begin(&key, now) {
                        using.push(key);
                    } else if turns.wait(&key, number, now).is_ok() {
                        waiting.push((key, number));
                    }
                } else if let Some(at) = using.iter().position(|uses| *uses == key) {
                    using.remove(at);
                    if let Some((next, waiter)) = turns.end(&key, now) {
                        let first = waiting.iter().position(|(waits, _)| *waits == next).unwrap();
                        prop_assert_eq!(waiting.remove(first), (next, waiter), "the first of its key");
                        using.push(next);
                    }
                }
                let of = |key: u16| using.iter().filter(|uses| **uses == key).count();
                prop_assert!(using.len() <= room && (0..4).all(|key| of(key) <= share));
                prop_assert_eq!((turns.used(), turns.waiters()), (using.len(), waiting.len()));
                prop_assert!(waiting.len() <= 12);
                let idle = waiting.iter().any(|(key, _)| of(*key) < share) && using.len() < room;
                prop_assert!(!idle, "somebody waits who could go");
            }
        }
    }
}
