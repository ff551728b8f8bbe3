//! The operation of a task, its principal and its records, as far as they are known.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use muster_domain::trust::audit::{RECORDS_LIMIT, Record};
use uuid::Uuid;

use super::{Draft, Principal};

/// Characters of a reason that are kept.
const REASON_LIMIT: usize = 1_000;

tokio::task_local! {
    static ACTING: Arc<Acting>;
}

/// When the entry is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// By each transaction that commits.
    AtCommit,
    /// By [`super::write_read`] alone.
    Asked,
}

/// An operation that is under way.
#[derive(Debug)]
pub struct Acting {
    writes: Writes,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    draft: Draft,
    /// Without a principal there is nobody to write an entry about.
    known: bool,
    /// Records that the next entry names and later ones do not.
    made: Vec<Record>,
}

impl Acting {
    /// Returns an operation of a principal that is not known yet.
    pub fn new(draft: Draft, writes: Writes) -> Arc<Self> {
        let state = Mutex::new(State { draft, known: false, made: Vec::new() });
        Arc::new(Self { writes, state })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next entry names these records.
    pub(crate) fn names(&self, kind: &str, ids: &[Uuid], organization_id: Option<Uuid>) {
        let mut state = self.state();
        state.made.extend(ids.iter().map(|id| Record { kind: kind.to_owned(), id: *id }));
        if organization_id.is_some() {
            state.draft.act.organization_id = organization_id;
        }
    }

    /// Returns the entry of a transaction that commits; none where the principal is not known or
    /// commits write none.
    pub(crate) fn at_commit(&self) -> Option<Draft> {
        (self.writes == Writes::AtCommit).then(|| self.entry()).flatten()
    }

    /// Returns the entry as far as it is known; none without a principal.
    pub(super) fn entry(&self) -> Option<Draft> {
        let mut state = self.state();
        if !state.known {
            return None;
        }
        let mut draft = state.draft.clone();
        let mut records = std::mem::take(&mut state.made);
        draft.act.records.retain(|record| !records.contains(record));
        records.append(&mut draft.act.records);
        records.truncate(RECORDS_LIMIT);
        draft.act.records = records;
        Some(draft)
    }
}

/// Runs work within which transactions that commit write an entry.
pub async fn scope<T>(acting: Arc<Acting>, work: impl Future<Output = T>) -> T {
    ACTING.scope(acting, work).await
}

/// Returns the operation of the running task.
pub(crate) fn present() -> Option<Arc<Acting>> {
    ACTING.try_with(Arc::clone).ok()
}

fn with(change: impl FnOnce(&mut State)) {
    let _outside_of_an_operation = ACTING.try_with(|acting| change(&mut acting.state()));
}

/// The principal of the running operation is known.
pub fn acting_as(principal: Principal) {
    with(|state| {
        let Principal { kind, account_id, organization_id, member_id, role, operator } = principal;
        let State { draft, known, .. } = state;
        *known = true;
        draft.account_id = account_id;
        draft.act.organization_id = draft.act.organization_id.or(organization_id);
        (draft.act.principal, draft.act.member_id, draft.act.role, draft.act.operator) =
            (kind, member_id, role, operator);
    });
}

/// The running operation has made a record, which the next entry names first.
pub fn made(kind: &str, id: Uuid) {
    with(|state| state.made.push(Record { kind: kind.to_owned(), id }));
}

/// The running operation has made a record of a kind that its name tells, unless it is among its
/// records already.
pub fn made_here(id: Uuid, kind: impl FnOnce(&str) -> &str) {
    with(|state| {
        let known = state.draft.act.records.iter().chain(&state.made).any(|record| record.id == id);
        if !known {
            let kind = kind(&state.draft.act.operation).to_owned();
            state.made.push(Record { kind, id });
        }
    });
}

/// The running operation is on this record as well.
pub fn concerns(kind: &str, id: Uuid) {
    with(|state| {
        let record = Record { kind: kind.to_owned(), id };
        if !state.draft.act.records.contains(&record) {
            state.draft.act.records.push(record);
        }
    });
}

/// The running operation turns out to change nothing, as a dry run: it writes no entry.
pub fn changes_nothing() {
    with(|state| state.known = false);
}

/// The running operation's request has these members.
pub fn changes<'a>(members: impl IntoIterator<Item = &'a String>) {
    with(|state| {
        let known = &mut state.draft.act.members;
        known.extend(members.into_iter().cloned());
        known.sort();
        known.dedup();
    });
}

/// The running operation's request gives a reason.
pub fn because(reason: &str) {
    let reason: String = reason.trim().chars().filter(|letter| *letter != '\0').take(REASON_LIMIT).collect();
    if !reason.is_empty() {
        with(|state| state.draft.reason = Some(reason));
    }
}

#[cfg(test)]
mod tests {
    use muster_domain::trust::audit::Via;

    use super::*;

    #[tokio::test]
    async fn r9_an_entry_needs_a_principal_and_names_a_made_record_once() {
        let acting = Acting::new(Draft::of("create_goal", Via::Api), Writes::AtCommit);
        let (group, goal) = (Uuid::from_u128(1), Uuid::from_u128(2));
        scope(Arc::clone(&acting), async {
            concerns("group", group);
            assert_eq!(acting.at_commit(), None, "nobody is known yet");
            acting_as(Principal::operator("op".to_owned()));
            made("goal", goal);
            concerns("group", group);
        })
        .await;
        let records = |draft: Option<Draft>| draft.map(|draft| draft.act.records).unwrap_or_default();
        let of = |kind: &str, id| Record { kind: kind.to_owned(), id };
        assert_eq!(records(acting.at_commit()), [of("goal", goal), of("group", group)]);
        assert_eq!(records(acting.at_commit()), [of("group", group)], "the next entry is another change's");
        acting_as(Principal::operator("nobody".to_owned()));
    }

    #[test]
    fn r9_a_read_writes_nothing_at_a_commit() {
        let acting = Acting::new(Draft::of("get_opt_outs_csv", Via::Api), Writes::Asked);
        acting.state().known = true;
        assert_eq!(acting.at_commit(), None);
        assert!(acting.entry().is_some());
    }
}
