use proptest::{collection::vec, option, prelude::*, sample::Index};

use super::*;

const CHAIN: Uuid = Uuid::from_u128(7);

fn act() -> impl Strategy<Value = Act> {
    let id = || any::<u128>().prop_map(Uuid::from_u128);
    let word = "[a-z_]{0,8}";
    let record = (word, id()).prop_map(|(kind, id)| Record { kind, id });
    let done_by = (option::of(id()), option::of(word), option::of(word), option::of(id()));
    let done_to = (word, vec(record, 0..3), vec(word, 0..3), option::of(word));
    (done_by, done_to, option::of(id())).prop_map(|((member_id, role, operator, job_id), done_to, organization_id)| {
        let (operation, records, members, trace_id) = done_to;
        Act {
            organization_id,
            principal: PrincipalKind::Member,
            member_id,
            role,
            operator,
            via: Via::Api,
            job_id,
            operation,
            method: None,
            records,
            members,
            trace_id,
        }
    })
}

/// A chain of entries with these contents.
fn chain_of(acts: Vec<Act>) -> Vec<Entry> {
    let mut former = Hash::NONE;
    let entries = (1..).zip(acts).map(|(number, act)| {
        let at = DateTime::from_timestamp_micros(1_795_000_000_000_000 + number).unwrap();
        let address_hash = (number % 2 == 0).then(|| aside(b"salt", "192.0.2.1"));
        let mut entry = Entry { chain: CHAIN, number, at, act, address_hash, reason_hash: None, hash: Hash::NONE };
        entry.hash = entry.expected(former);
        former = entry.hash;
        entry
    });
    entries.collect()
}

fn chain() -> impl Strategy<Value = Vec<Entry>> {
    vec(act(), 2..12).prop_map(chain_of)
}

fn head(entry: &Entry) -> Head {
    Head { chain: entry.chain, number: entry.number, hash: entry.hash, at: entry.at }
}

fn verify(entries: &[Entry], published: &[Head], head: Option<Head>) -> Report {
    let mut verifier = Verifier::new(CHAIN, published.iter().copied());
    for entry in entries {
        verifier.take(entry);
    }
    verifier.end(head)
}

/// Hashes all entries anew, as the tables' owner may.
fn forge(entries: &mut [Entry]) {
    let mut former = Hash::NONE;
    for (number, entry) in (1..).zip(entries) {
        entry.number = number;
        entry.hash = entry.expected(former);
        former = entry.hash;
    }
}

proptest! {
    #[test]
    fn r9_a_chain_as_it_was_written_is_whole(entries in chain()) {
        let heads: Vec<_> = entries.iter().map(head).collect();
        let report = verify(&entries, &heads, heads.last().copied());
        prop_assert_eq!(report.breaks, []);
        prop_assert_eq!(report.published, report.entries);
    }

    #[test]
    fn r9_another_act_has_another_hash(one in act(), other in act()) {
        prop_assert_eq!(one == other, one.content() == other.content());
    }

    #[test]
    fn r9_an_altered_entry_is_found(mut entries in chain(), at in any::<Index>(), other in act()) {
        let at = at.index(entries.len());
        prop_assume!(entries[at].act != other);
        entries[at].act = other;
        let number = entries[at].number;
        prop_assert_eq!(verify(&entries, &[], None).breaks, [Break::Altered { number }]);
        // With a new hash of its own, the next one does not follow.
        let former = if at == 0 { Hash::NONE } else { entries[at - 1].hash };
        entries[at].hash = entries[at].expected(former);
        let last = at + 1 == entries.len();
        prop_assert_eq!(verify(&entries, &[], None).found, usize::from(!last));
    }

    #[test]
    fn r9_another_time_and_another_address_are_found(mut entries in chain(), at in any::<Index>()) {
        let entry = at.get_mut(&mut entries);
        let (number, former) = (entry.number, entry.clone());
        entry.at += chrono::TimeDelta::microseconds(1);
        let altered = [Break::Altered { number }];
        prop_assert_eq!(verify(&entries, &[], None).breaks, altered);
        *at.get_mut(&mut entries) = Entry { address_hash: Some(aside(b"salt", "192.0.2.2")), ..former };
        prop_assert_eq!(verify(&entries, &[], None).breaks, altered);
    }

    #[test]
    fn r9_a_removed_entry_is_found(mut entries in chain(), at in any::<Index>()) {
        let last = head(entries.last().unwrap());
        let at = at.index(entries.len() - 1);
        let number = entries.remove(at).number;
        let report = verify(&entries, &[], Some(last));
        prop_assert_eq!(report.breaks, [Break::Missing { from: number, to: number }]);
    }

    #[test]
    fn r9_entries_that_changed_places_are_found(mut entries in chain(), at in any::<Index>()) {
        let at = at.index(entries.len() - 1);
        let first = entries[at].number;
        entries.swap(at, at + 1);
        let moved = verify(&entries, &[], None);
        prop_assert!(moved.breaks.contains(&Break::OutOfOrder { number: first }), "{:?}", moved);
        // With each other's numbers as well.
        let number = entries[at].number;
        entries[at].number = entries[at + 1].number;
        entries[at + 1].number = number;
        let found = verify(&entries, &[], None).breaks;
        prop_assert!(found.contains(&Break::Altered { number: first }), "{:?}", found);
    }

    #[test]
    fn r9_a_shorter_chain_is_found_by_its_head_and_by_the_published_one(entries in chain(), cut in any::<Index>()) {
        let last = head(entries.last().unwrap());
        let left = &entries[..cut.index(entries.len() - 1)];
        let kept = i64::try_from(left.len()).unwrap();
        let differs = Break::HeadDiffers { head: last.number, last: kept };
        prop_assert_eq!(verify(left, &[], Some(last)).breaks, [differs]);
        // A rewritten head does not help.
        let truncated = Break::Truncated { last: kept, published: last.number };
        prop_assert_eq!(verify(left, &[last], left.last().map(head)).breaks, [truncated]);
    }

    #[test]
    fn r9_a_chain_that_was_written_anew_is_found_by_a_published_head(mut entries in chain(), other in act()) {
        let published = head(entries.last().unwrap());
        prop_assume!(entries[0].act != other);
        entries[0].act = other;
        forge(&mut entries);
        let report = verify(&entries, &[published], entries.last().map(head));
        prop_assert_eq!(report.breaks, [Break::NotAsPublished { number: published.number }]);
    }

    #[test]
    fn r9_an_entry_is_read_from_a_line_as_it_was_written(entries in chain()) {
        for entry in entries {
            let line = serde_json::to_string(&entry).unwrap();
            prop_assert_eq!(serde_json::from_str::<Entry>(&line).unwrap(), entry);
        }
    }
}

#[test]
fn r9_the_breaks_that_are_told_are_few_and_all_are_counted() {
    let entries = chain_of(vec![
        Act {
            organization_id: None,
            principal: PrincipalKind::Operator,
            member_id: None,
            role: None,
            operator: Some("op".to_owned()),
            via: Via::Cli,
            job_id: None,
            operation: "jobs_retry".to_owned(),
            method: None,
            records: Vec::new(),
            members: Vec::new(),
            trace_id: None,
        };
        2
    ]);
    let again: Vec<_> = entries.iter().cycle().take(100).cloned().collect();
    let report = verify(&again, &[], None);
    assert_eq!((report.found, report.breaks.len(), report.entries), (98, 20, 100));
}
