use proptest::prelude::*;

use super::*;

const PATIENCE: Duration = Duration::from_secs(1);
const SLICE: Duration = Duration::from_millis(100);
const BOUNDS: Bounds = Bounds {
    room: 1,
    share: usize::MAX,
    reserved: 0,
    at_once: usize::MAX,
    slice: SLICE,
    waiting_each: 6,
    waiting: 6,
    patience: PATIENCE,
};

type Tested = Turns<u16, usize>;

fn turns(room: usize, at_once: usize) -> Tested {
    Turns::new(Bounds { room, at_once, ..BOUNDS }, None)
}

/// Begins as many of the key as may.
fn fill(turns: &mut Tested, key: u16, now: Instant) -> Vec<Ticket> {
    std::iter::from_fn(|| turns.begin(&key, Urgency::Ordinary, now)).collect()
}

#[test]
fn a_key_alone_uses_all_but_a_rest_and_the_rest_is_others() {
    let now = Instant::now();
    let mut turns = turns(16, 16);
    let first = fill(&mut turns, 1, now);
    assert_eq!(first.len(), 12);
    assert_eq!(fill(&mut turns, 2, now).len(), 3);
    assert_eq!(fill(&mut turns, 3, now).len(), 1, "a key that has nothing may have the last");
    for ticket in first {
        turns.end(ticket, now);
    }
    assert_eq!(turns.used(), 4);
    assert_eq!(fill(&mut turns, 2, now).len(), 8, "what is given back is anybody's");
}

#[test]
fn a_share_bounds_a_key_whatever_is_free() {
    let now = Instant::now();
    let mut turns = Tested::new(Bounds { room: 16, share: 4, ..BOUNDS }, None);
    assert_eq!(fill(&mut turns, 1, now).len(), 4);
}

#[test]
fn a_key_without_a_turn_begins_beside_those_of_another() {
    let now = Instant::now();
    let mut turns = turns(16, 2);
    let busy = fill(&mut turns, 1, now);
    assert_eq!(busy.len(), 2);
    turns.wait(&1, Urgency::Ordinary, 10, now).unwrap();
    assert!(turns.begin(&2, Urgency::Ordinary, now).is_some(), "at once");
    assert!(turns.begin(&2, Urgency::Ordinary, now).is_none(), "one");
    turns.wait(&2, Urgency::Ordinary, 20, now).unwrap();
    turns.end(busy[0], now);
    assert_eq!(turns.next(now), None, "there are as many turns as may be");
    turns.end(busy[1], now);
    assert_eq!(turns.next(now).map(|(_, _, waiter)| waiter), Some(10), "the key with the fewest turns");
}

#[test]
fn a_turn_that_lasts_too_long_is_the_next_users_and_the_place_stays() {
    let now = Instant::now();
    let mut turns = turns(3, 1);
    let slow = turns.begin(&1, Urgency::Ordinary, now).unwrap();
    turns.wait(&1, Urgency::Ordinary, 10, now).unwrap();
    assert_eq!(turns.slice_ends(), Some(now + SLICE));
    assert_eq!(turns.next(now + SLICE / 2), None);
    assert!(turns.next(now + SLICE).is_some());
    assert_eq!(turns.used(), 2);
    turns.wait(&1, Urgency::Ordinary, 11, now).unwrap();
    assert_eq!(turns.next(now + SLICE * 2), None, "the last place is for a key that has none");
    assert!(turns.begin(&2, Urgency::Ordinary, now + SLICE * 2).is_some());
    turns.end(slow, now + SLICE * 2);
    assert_eq!(turns.next(now + SLICE * 2), None);
    assert_eq!(turns.next(now + SLICE * 3), None);
}

#[test]
fn keys_alternate_and_within_a_key_the_first_goes_first() {
    let now = Instant::now();
    let mut turns = turns(1, 1);
    let mut using = turns.begin(&1, Urgency::Ordinary, now).unwrap();
    for (key, waiter) in [(1, 10), (1, 11), (1, 12), (2, 20), (3, 30), (2, 21)] {
        turns.wait(&key, Urgency::Ordinary, waiter, now).unwrap();
    }
    let mut order = Vec::new();
    loop {
        turns.end(using, now);
        let Some((_, ticket, waiter)) = turns.next(now) else { break };
        order.push(waiter);
        using = ticket;
    }
    assert_eq!(order, [10, 20, 30, 11, 21, 12]);
    assert_eq!((turns.used(), turns.waiters()), (0, 0));
}

#[test]
fn urgent_waiters_of_a_key_go_first_and_every_sixteenth_turn_is_another_ones() {
    let now = Instant::now();
    let bounds = Bounds { room: 1, at_once: 1, waiting_each: 32, waiting: 64, ..BOUNDS };
    let mut turns = Tested::new(bounds, None);
    let mut using = turns.begin(&1, Urgency::Ordinary, now).unwrap();
    for waiter in [10, 11] {
        turns.wait(&1, Urgency::Ordinary, waiter, now).unwrap();
    }
    let in_a_row = usize::from(queue::URGENT_IN_A_ROW);
    let urgent: Vec<_> = (20..=20 + in_a_row).collect();
    for waiter in &urgent {
        turns.wait(&1, Urgency::Urgent, *waiter, now).unwrap();
    }
    assert!(turns.begin(&1, Urgency::Urgent, now).is_none(), "others that are as urgent wait");
    let order: Vec<_> = std::iter::from_fn(|| {
        turns.end(using, now);
        let (_, ticket, waiter) = turns.next(now)?;
        using = ticket;
        Some(waiter)
    })
    .collect();
    assert_eq!(order, [&urgent[..in_a_row], &[10], &urgent[in_a_row..], &[11]].concat());
}

#[test]
fn an_urgent_user_is_bounded_apart_and_passes_by_waiters_that_are_not() {
    let now = Instant::now();
    let mut turns = Tested::new(Bounds { room: 2, waiting_each: 1, ..BOUNDS }, None);
    let first = turns.begin(&1, Urgency::Ordinary, now).unwrap();
    turns.wait(&1, Urgency::Ordinary, 10, now).unwrap();
    assert_eq!(turns.wait(&1, Urgency::Ordinary, 11, now), Err(NoTurn::Key));
    turns.wait(&1, Urgency::Urgent, 20, now).unwrap();
    assert_eq!(turns.wait(&1, Urgency::Urgent, 21, now), Err(NoTurn::Key));
    turns.end(first, now);
    assert_eq!(turns.next(now).map(|(.., waiter)| waiter), Some(20));
    turns.forget(&1, |_| true);
    assert_eq!(turns.waiters(), 0);
}

#[test]
fn reserved_places_are_there_whatever_others_do_and_beyond_them_their_key_is_one_of_all() {
    let now = Instant::now();
    let mut turns = Tested::new(Bounds { room: 5, reserved: 2, ..BOUNDS }, Some(9));
    assert_eq!(fill(&mut turns, 1, now).len(), 2);
    assert_eq!(fill(&mut turns, 2, now).len(), 1);
    let ours = fill(&mut turns, 9, now);
    assert_eq!(ours.len(), 2);
    turns.wait(&1, Urgency::Ordinary, 10, now).unwrap();
    turns.wait(&9, Urgency::Ordinary, 90, now).unwrap();
    turns.end(ours[0], now);
    assert_eq!(turns.next(now).map(|(key, ..)| key), Some(9));
    assert_eq!(turns.next(now), None, "what is reserved is nobody else's");
    let mut alone = Tested::new(Bounds { room: 8, reserved: 2, ..BOUNDS }, Some(9));
    assert_eq!(fill(&mut alone, 9, now).len(), 2 + 4);
}

#[test]
fn waiting_is_bounded_by_number_and_by_age() {
    let now = Instant::now();
    let mut turns = Tested::new(Bounds { waiting_each: 2, ..BOUNDS }, None);
    assert!(turns.begin(&1, Urgency::Ordinary, now).is_some());
    turns.wait(&1, Urgency::Ordinary, 10, now).unwrap();
    turns.wait(&1, Urgency::Ordinary, 11, now).unwrap();
    assert_eq!(turns.wait(&1, Urgency::Ordinary, 12, now), Err(NoTurn::Key), "by number");
    turns.wait(&2, Urgency::Ordinary, 20, now).unwrap();
    for (key, waiter) in [(3, 30), (4, 40), (5, 50)] {
        turns.wait(&key, Urgency::Ordinary, waiter, now).unwrap();
    }
    assert_eq!(turns.wait(&6, Urgency::Ordinary, 60, now), Err(NoTurn::All));
    let mut shared = Tested::new(Bounds { room: 2, ..BOUNDS }, None);
    assert!(shared.begin(&1, Urgency::Ordinary, now).is_some());
    shared.wait(&1, Urgency::Ordinary, 10, now).unwrap();
    assert_eq!(shared.wait(&1, Urgency::Ordinary, 11, now + PATIENCE), Err(NoTurn::Key), "by age");
}

#[test]
fn the_favoured_key_waits_where_others_are_refused() {
    let now = Instant::now();
    let mut turns = Tested::new(Bounds { room: 2, reserved: 1, waiting_each: 1, waiting: 2, ..BOUNDS }, Some(9));
    assert!(turns.begin(&1, Urgency::Ordinary, now).is_some() && turns.begin(&9, Urgency::Ordinary, now).is_some());
    turns.wait(&9, Urgency::Ordinary, 90, now).unwrap();
    turns.wait(&9, Urgency::Ordinary, 91, now + PATIENCE * 2).unwrap();
    assert_eq!(turns.wait(&9, Urgency::Ordinary, 92, now), Err(NoTurn::All));
    assert_eq!(turns.wait(&2, Urgency::Ordinary, 20, now + PATIENCE * 2), Err(NoTurn::All), "nothing moves");
    assert_eq!(turns.wait(&2, Urgency::Ordinary, 20, now), Ok(()), "the favoured key's waiters are counted apart");
}

#[test]
fn where_nothing_moves_no_user_begins_to_wait() {
    let now = Instant::now();
    let mut turns = turns(2, 2);
    let one = turns.begin(&1, Urgency::Ordinary, now).unwrap();
    assert!(turns.begin(&2, Urgency::Ordinary, now).is_some());
    assert_eq!(turns.wait(&3, Urgency::Ordinary, 30, now + PATIENCE), Err(NoTurn::All));
    turns.end(one, now + PATIENCE);
    assert!(turns.begin(&1, Urgency::Ordinary, now + PATIENCE).is_some());
    assert_eq!(turns.wait(&3, Urgency::Ordinary, 30, now + PATIENCE * 3 / 2), Ok(()));
}

#[test]
fn a_waiter_that_has_gone_is_forgotten() {
    let now = Instant::now();
    let mut turns = turns(1, 1);
    let using = turns.begin(&1, Urgency::Ordinary, now).unwrap();
    turns.wait(&2, Urgency::Ordinary, 20, now).unwrap();
    turns.wait(&3, Urgency::Ordinary, 30, now).unwrap();
    turns.forget(&2, |waiter| *waiter == 20);
    assert_eq!(turns.waiters(), 1);
    turns.end(using, now);
    assert_eq!(turns.next(now).map(|(_, _, waiter)| waiter), Some(30));
}

/// The key that has places reserved, in the properties.
const OURS: u16 = 3;

/// History of a machine in a property, beside which the turns are held.
#[derive(Default)]
struct Seen {
    /// With when they began.
    using: Vec<(u16, Ticket, Instant)>,
    waiting: Vec<(u16, usize)>,
}

/// Every third waiter is urgent.
fn urgency(number: usize) -> Urgency {
    if number.is_multiple_of(3) { Urgency::Urgent } else { Urgency::Ordinary }
}

impl Seen {
    /// Every waiter that may goes on; the first of its key and urgency each time.
    fn go_on(&mut self, turns: &mut Tested, now: Instant) -> Result<(), TestCaseError> {
        while let Some((key, ticket, waiter)) = turns.next(now) {
            let is_like = |(waits, other): &(u16, usize)| *waits == key && urgency(*other) == urgency(waiter);
            let first = self.waiting.iter().position(is_like).unwrap();
            prop_assert_eq!(self.waiting.remove(first), (key, waiter), "the first of its key and urgency");
            self.using.push((key, ticket, now));
        }
        Ok(())
    }
}

#[test]
fn a_turn_that_its_user_ends_is_another_users_and_the_place_stays() {
    let now = Instant::now();
    let mut turns = turns(16, 1);
    let ticket = turns.begin(&1, Urgency::Ordinary, now).unwrap();
    turns.wait(&1, Urgency::Ordinary, 10, now).unwrap();
    assert!(turns.next(now).is_none(), "there is one turn");
    for _again in 0..2 {
        turns.end_turn(ticket);
    }
    assert_eq!(turns.next(now).map(|(.., waiter)| waiter), Some(10));
    assert!(turns.begin(&1, Urgency::Ordinary, now).is_none(), "the second has the turn");
    assert_eq!(turns.used(), 2);
    turns.end(ticket, now);
    assert_eq!(turns.used(), 1);
}

proptest! {
    /// In any order of arrivals and ends: no bound is broken, no user is lost, and none waits that
    /// could go.
    #[test]
    fn the_bounds_hold_and_no_user_waits_in_vain(
        room in 1..8_usize, at_once in 1..6_usize, share in 1..8_usize, reserved in 0..3_usize,
        steps in prop::collection::vec((0..4_u16, any::<bool>(), any::<bool>(), 0..60_u64), 1..200)
    ) {
        let bounds = Bounds { room, share, reserved, at_once, waiting_each: 5, waiting: 12, ..BOUNDS };
        let (mut turns, mut seen, mut now) = (Tested::new(bounds, Some(OURS)), Seen::default(), Instant::now());
        for (number, (key, comes, leaves, millis)) in steps.into_iter().enumerate() {
            now += Duration::from_millis(millis);
            seen.go_on(&mut turns, now)?;
            if comes {
                if let Some(ticket) = turns.begin(&key, urgency(number), now) {
                    seen.using.push((key, ticket, now));
                } else if turns.wait(&key, urgency(number), number, now).is_ok() {
                    seen.waiting.push((key, number));
                }
            } else if let Some(at) = seen.using.iter().position(|(uses, ..)| *uses == key) {
                if leaves {
                    turns.end(seen.using.remove(at).1, now);
                } else if let Some(before) = now.checked_sub(SLICE) {
                    turns.end_turn(seen.using[at].1);
                    // As if its slice were over.
                    seen.using[at].2 = before;
                }
                seen.go_on(&mut turns, now)?;
            }
            prop_assert_eq!((turns.used(), turns.waiters()), (seen.using.len(), seen.waiting.len()));
            let of = |key: u16| seen.using.iter().filter(|(uses, ..)| *uses == key).count();
            let others = seen.using.len() - of(OURS);
            let general = room.saturating_sub(reserved).max(1);
            prop_assert!(others <= general && seen.using.len() <= general + reserved);
            prop_assert!((0..3).all(|key| of(key) <= share.min(general)));
            let fresh = seen.using.iter().filter(|(key, _, since)| *key != OURS && now < *since + SLICE).count();
            let at_once = at_once.min(general);
            prop_assert!(fresh <= at_once + at_once.div_ceil(2));
            // A key with waiters that has nothing could go as soon as there are a place and a turn.
            let general_used = others + of(OURS).saturating_sub(reserved);
            let idle = seen.waiting.iter().any(|(key, _)| of(*key) == 0)
                && general_used < general
                && seen.using.iter().filter(|(_, _, since)| now < *since + SLICE).count() < at_once;
            prop_assert!(!idle, "a user waits that could go");
            prop_assert!(of(OURS) >= reserved || seen.waiting.iter().all(|(key, _)| *key != OURS), "what is reserved is used");
        }
    }

    /// A key alone waits only where it has all turns, or all places but the rest.
    #[test]
    fn a_key_alone_has_all_that_is_not_kept_for_others(room in 1..40_usize, at_once in 1..40_usize) {
        let now = Instant::now();
        let mut turns = turns(room, at_once);
        let used = fill(&mut turns, 1, now).len();
        let kept = (room - used).saturating_sub(1);
        prop_assert!(used == at_once.min(room) || kept * OF_FREE <= used, "{} of {}", used, room);
        prop_assert!(turns.begin(&2, Urgency::Ordinary, now).is_some() || room == 1, "there is something for another");
    }

    /// However many of one key wait and however long their turns last, a key that comes then is
    /// next, or begins at once.
    #[test]
    fn a_key_that_comes_waits_behind_none_that_waits(
        at_once in 1..6_usize, many in 1..6_usize, ends in prop::collection::vec(0..100_usize, 1..100)
    ) {
        let now = Instant::now();
        let mut turns = turns(40, at_once);
        let mut using = fill(&mut turns, 1, now);
        for waiter in 0..many {
            turns.wait(&1, Urgency::Ordinary, waiter, now).unwrap();
        }
        let mut waits = many;
        for end in ends {
            turns.end(using.swap_remove(end % using.len()), now);
            while let Some((_, ticket, _)) = turns.next(now) {
                using.push(ticket);
                waits -= 1;
            }
            while waits < many {
                waits += 1;
                turns.wait(&1, Urgency::Ordinary, waits, now).unwrap();
            }
            let other = turns.begin(&2, Urgency::Ordinary, now);
            prop_assert!(other.is_some());
            turns.end(other.unwrap(), now);
        }
    }

    /// With many keys at work, each of them goes on before any other has gone on twice more.
    #[test]
    fn no_key_starves(keys in 2..6_u16, at_once in 1..4_usize, ends in prop::collection::vec(0..100_usize, 50..150)) {
        let now = Instant::now();
        let bounds = Bounds { room: 30, at_once, waiting_each: 2, waiting: 30, ..BOUNDS };
        let mut turns = Tested::new(bounds, None);
        let mut using = VecDeque::new();
        let mut served = HashMap::<u16, usize>::new();
        for key in 0..keys {
            using.extend(fill(&mut turns, key, now));
            turns.wait(&key, Urgency::Ordinary, 0, now).unwrap();
            turns.wait(&key, Urgency::Ordinary, 0, now).unwrap();
        }
        let steps = ends.len();
        for end in ends {
            // Turns end in any order, within a window of their number.
            let at = end % using.len();
            using.rotate_left(at);
            if let Some(ended) = using.pop_front() {
                turns.end(ended, now);
            }
            while let Some((key, ticket, _)) = turns.next(now) {
                *served.entry(key).or_default() += 1;
                using.push_back(ticket);
                turns.wait(&key, Urgency::Ordinary, 0, now).unwrap();
            }
        }
        let least = (0..keys).map(|key| served.get(&key).copied().unwrap_or_default()).min().unwrap();
        prop_assert!(least * usize::from(keys) * 4 + usize::from(keys) * 4 >= steps, "{:?} of {}", served, steps);
    }
}
