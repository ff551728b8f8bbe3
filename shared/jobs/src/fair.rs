//! Who goes next: what the relay takes from each tenant's line when there is not room for everything (engine promise J6).
//!
//! Pure arithmetic on what the relay has seen in the database. Rounds follow each other within milliseconds while anything is due, so
//! that a share which a tenant does not use is everybody's in the next round.

use std::collections::BTreeMap;

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
}

/// How many jobs to take from each lane, in order of rank within a tenant; the tenant's whole share is offered to each of its lanes, and
/// [`Shares::admit`] says when it is used up. `turn` varies from round to round: it says who comes first when there are more tenants than
/// room.
pub fn shares(lanes: &[Lane], round: i64, turn: usize) -> Shares {
    let mut left = BTreeMap::new();
    for kind in JobKind::ALL {
        let of_kind = || lanes.iter().filter(|lane| lane.kind == kind);
        let room = of_kind().map(|lane| lane.kind_room).min().unwrap_or_default().min(round);
        let limits: BTreeMap<Uuid, Option<i64>> = of_kind().map(|lane| (lane.tenant, lane.tenant_room)).collect();
        let mut tenants: Vec<_> = limits.into_iter().collect();
        if room <= 0 || tenants.is_empty() {
            continue;
        }
        let turn = turn % tenants.len();
        tenants.rotate_left(turn);
        let count = i64::try_from(tenants.len()).unwrap_or(i64::MAX);
        let share = (room / count).max(1);
        for (tenant, limit) in tenants.into_iter().take(usize::try_from(room).unwrap_or(usize::MAX)) {
            let share = limit.map_or(share, |limit| share.min(limit));
            if share > 0 {
                left.insert((kind, tenant), share);
            }
        }
    }
    Shares { left }
}

/// What each tenant may still take in this round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shares {
    left: BTreeMap<(JobKind, Uuid), i64>,
}

impl Shares {
    /// What is left of a tenant's share.
    pub fn left(&self, kind: JobKind, tenant: Uuid) -> i64 {
        self.left.get(&(kind, tenant)).copied().unwrap_or_default()
    }

    /// Takes one from a tenant's share; false when nothing is left of it.
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

    fn lanes(tenants: u128, room: i64) -> Vec<Lane> {
        let lane =
            |tenant| Lane { kind: KIND, tenant: Uuid::from_u128(tenant), rank: 0, kind_room: room, tenant_room: None };
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
        let mut served = std::collections::BTreeSet::new();
        for turn in 0..10 {
            let shares = shares(&lanes(10, 3), 100, turn);
            let now: Vec<_> = (0..10).filter(|tenant| shares.left(KIND, Uuid::from_u128(*tenant)) > 0).collect();
            assert_eq!(now.len(), 3);
            served.extend(now);
        }
        assert_eq!(served.len(), 10);
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
