//! Fairness: how much the relay takes from each tenant's line when there is not room for everything
//! (engine promise J6).
//!
//! Pure arithmetic on the relay's view of the database. Rounds follow each other within
//! milliseconds while anything is due, so that a share which a tenant does not use is everybody's
//! in the next round.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::JobKind;

/// A line of due jobs: one tenant's of one kind and priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lane {
    /// The kind.
    pub kind: JobKind,
    /// The organization; nil for the engine's own upkeep.
    pub tenant: Uuid,
    /// Its place among the tenant's lanes of the kind: the smallest goes first.
    pub rank: i16,
    /// Jobs of the kind that may still be published.
    pub kind_room: i64,
    /// Jobs of this tenant and kind that may still be published, where they are limited.
    pub tenant_room: Option<i64>,
    /// Jobs of this tenant that may still be published, of any kind, where they are limited.
    pub tenant_room_of_all: Option<i64>,
}

/// Returns how many jobs to take from each lane, in order of rank within a tenant. The tenant's
/// whole share is offered to each of its lanes, and [`Shares::admit`] says when it is used up.
/// `turn` varies from round to round: it decides which tenant comes first when there are more
/// tenants than room.
pub fn shares(lanes: &[Lane], round: i64, turn: usize) -> Shares {
    let mut left = BTreeMap::new();
    let of_all = rooms_by_kind(lanes, turn);
    for kind in JobKind::ALL {
        let of_kind = || lanes.iter().filter(|lane| lane.kind == kind);
        let room = of_kind().map(|lane| lane.kind_room).min().unwrap_or_default().min(round);
        let limit = |lane: &Lane| {
            let limits = [lane.tenant_room, of_all.get(&(kind, lane.tenant)).copied()];
            (lane.tenant, limits.into_iter().flatten().min())
        };
        let limits: BTreeMap<Uuid, Option<i64>> = of_kind().map(limit).collect();
        // A tenant that may have no more takes no turn either.
        let mut tenants: Vec<_> = limits.into_iter().filter(|(_, limit)| limit.is_none_or(|limit| limit > 0)).collect();
        if room <= 0 || tenants.is_empty() {
            continue;
        }
        let turn = turn % tenants.len();
        tenants.rotate_left(turn);
        let count = i64::try_from(tenants.len()).unwrap_or(i64::MAX);
        let share = (room / count).max(1);
        for (tenant, limit) in tenants.into_iter().take(usize::try_from(room).unwrap_or(usize::MAX)) {
            left.insert((kind, tenant), limit.map_or(share, |limit| share.min(limit)));
        }
    }
    Shares { left }
}

/// Returns the room for a tenant's jobs of all kinds together, given to its kinds in equal parts;
/// to some of them in turns when it is less than one for each. Kinds that may have no more for
/// another reason get none of it.
fn rooms_by_kind(lanes: &[Lane], turn: usize) -> BTreeMap<(JobKind, Uuid), i64> {
    let mut tenants: BTreeMap<Uuid, (i64, BTreeSet<JobKind>)> = BTreeMap::new();
    for lane in lanes {
        let Some(room) = lane.tenant_room_of_all else { continue };
        let (_, kinds) = tenants.entry(lane.tenant).or_insert_with(|| (room.max(0), BTreeSet::new()));
        if lane.kind_room > 0 && lane.tenant_room.is_none_or(|room| room > 0) {
            kinds.insert(lane.kind);
        }
    }
    // Scattered, so that a kind's turn among its tenants and a tenant's turn among its kinds do not
    // miss each other for ever.
    let turn = turn.wrapping_mul(0x9E37_79B9) >> 16;
    let mut rooms = BTreeMap::new();
    for (tenant, (room, kinds)) in tenants {
        let count = kinds.len().max(1);
        let share = (room / i64::try_from(count).unwrap_or(i64::MAX)).max(1);
        let served = usize::try_from(room).unwrap_or(usize::MAX).min(count);
        for lane in lanes.iter().filter(|lane| lane.tenant == tenant) {
            rooms.insert((lane.kind, tenant), 0);
        }
        for kind in kinds.iter().cycle().skip(turn % count).take(served.min(kinds.len())) {
            rooms.insert((*kind, tenant), share);
        }
    }
    rooms
}

/// The jobs that each tenant may still have taken in this round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shares {
    left: BTreeMap<(JobKind, Uuid), i64>,
}

impl Shares {
    /// Returns the rest of a tenant's share.
    pub fn left(&self, kind: JobKind, tenant: Uuid) -> i64 {
        self.left.get(&(kind, tenant)).copied().unwrap_or_default()
    }

    /// Takes one from a tenant's share; false when it is used up.
    pub fn admit(&mut self, kind: JobKind, tenant: Uuid) -> bool {
        let Some(left) = self.left.get_mut(&(kind, tenant)) else { return false };
        *left -= 1;
        *left >= 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: JobKind = JobKind::Send;
    const LANE: Lane =
        Lane { kind: KIND, tenant: Uuid::nil(), rank: 0, kind_room: 100, tenant_room: None, tenant_room_of_all: None };

    fn lanes(tenants: u128, room: i64) -> Vec<Lane> {
        let lane = |tenant| Lane { tenant: Uuid::from_u128(tenant), kind_room: room, ..LANE };
        (0..tenants).map(lane).collect()
    }

    #[test]
    fn one_tenant_gets_all_the_room() {
        assert_eq!(shares(&lanes(1, 40), 100, 7).left(KIND, Uuid::nil()), 40);
        assert_eq!(shares(&lanes(1, 400), 100, 7).left(KIND, Uuid::nil()), 100);
    }

    #[test]
    fn j6_tenants_get_equal_shares_whatever_they_have_waiting() {
        let shares = shares(&lanes(5, 100), 100, 3);
        for tenant in 0..5 {
            assert_eq!(shares.left(KIND, Uuid::from_u128(tenant)), 20);
        }
    }

    #[test]
    fn j6_with_more_tenants_than_room_everybody_has_a_turn() {
        let mut served = BTreeSet::new();
        for turn in 0..10 {
            let shares = shares(&lanes(10, 3), 100, turn);
            let now: Vec<_> = (0..10).filter(|tenant| shares.left(KIND, Uuid::from_u128(*tenant)) > 0).collect();
            assert_eq!(now.len(), 3);
            served.extend(now);
        }
        assert_eq!(served.len(), 10);
    }

    #[test]
    fn j6_tenants_at_their_limit_take_nobodys_turn() {
        let mut waiting = lanes(10, 1);
        for lane in &mut waiting[..9] {
            lane.tenant_room = Some(0);
        }
        for turn in 0..10 {
            let shares = shares(&waiting, 100, turn);
            assert_eq!(shares.left(KIND, Uuid::from_u128(9)), 1);
            assert_eq!(shares.left(KIND, Uuid::nil()), 0);
        }
    }

    #[test]
    fn j6_a_limit_over_all_kinds_is_shared_by_the_kinds() {
        const OTHER: JobKind = JobKind::Probe;
        let of = |room, kind| Lane { kind, tenant_room_of_all: Some(room), ..LANE };
        let taken = |lanes: &[Lane], turn| {
            let shares = shares(lanes, 100, turn);
            [shares.left(KIND, Uuid::nil()), shares.left(OTHER, Uuid::nil())]
        };
        // Two lines of a kind are one of its kinds.
        let lanes = |room| [of(room, KIND), Lane { rank: 1, ..of(room, KIND) }, of(room, OTHER)];
        assert_eq!(taken(&lanes(7), 0), [3, 3]);
        assert_eq!(taken(&lanes(0), 0), [0, 0]);
        assert_eq!(taken(&lanes(-3), 0), [0, 0], "a limit that was lowered");
        let turns: BTreeSet<_> = (0..16).map(|turn| taken(&lanes(1), turn)).collect();
        assert_eq!(turns, BTreeSet::from([[0, 1], [1, 0]]), "each has its turn");
        let full = [Lane { tenant_room: Some(0), ..of(4, KIND) }, of(4, OTHER)];
        assert_eq!(taken(&full, 0), [0, 4], "who may have no more leaves it to the other");
        let tighter = [Lane { tenant_room: Some(1), ..of(4, KIND) }, of(4, OTHER)];
        assert_eq!(taken(&tighter, 0), [1, 2]);
    }

    #[test]
    fn limits_and_full_windows_are_kept() {
        let mut limited = lanes(2, 100);
        limited[0].tenant_room = Some(2);
        let mut offered = shares(&limited, 100, 0);
        assert_eq!((offered.left(KIND, Uuid::nil()), offered.left(KIND, Uuid::from_u128(1))), (2, 50));
        assert!(offered.admit(KIND, Uuid::nil()) && offered.admit(KIND, Uuid::nil()));
        assert!(!offered.admit(KIND, Uuid::nil()));
        assert_eq!(shares(&lanes(2, 0), 100, 0).left(KIND, Uuid::nil()), 0);
    }
}
