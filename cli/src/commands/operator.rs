//! The operator that runs a command, for the audit (rule R9).

use std::{env, fs, os::unix::fs::MetadataExt as _};

use muster_domain::trust::audit::{PrincipalKind, Via};
use muster_storage::trust::audit::{self, Acting, Draft, Principal, Writes};

/// The user that the machine knows nothing of.
const UNKNOWN: &str = "unknown";
/// Characters of a name.
const NAME_LIMIT: usize = 100;

/// Returns the operator's name: `MUSTER_OPERATOR` if it is set, else the user of the machine; of
/// root by `sudo`, the user that became it.
fn name() -> String {
    let told = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
    // The process's own folder is its user's.
    let user = fs::metadata("/proc/self").ok().map(|process| process.uid());
    let sudo = || told("SUDO_USER").filter(|_| user == Some(0));
    let name =
        told("MUSTER_OPERATOR").or_else(sudo).or_else(|| user.map(of_user)).unwrap_or_else(|| UNKNOWN.to_owned());
    name.trim().chars().filter(|letter| !letter.is_control()).take(NAME_LIMIT).collect()
}

/// Returns the name of a user, or their number where there is none.
fn of_user(user: u32) -> String {
    let known = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = known.lines().find_map(|line| {
        let mut parts = line.split(':');
        let (name, number) = (parts.next()?, parts.nth(1)?);
        (number.parse() == Ok(user)).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("user {user}"))
}

/// Returns the draft of an entry about a command with these arguments, which are nobody's personal
/// data.
pub(crate) fn draft(command: &str, arguments: impl IntoIterator<Item = String>) -> Draft {
    let mut draft = Draft::of(command, Via::Cli);
    draft.act.principal = PrincipalKind::Operator;
    draft.act.operator = Some(name());
    draft.act.members.extend(arguments);
    draft
}

/// Runs a command's work, in which each transaction that commits writes an entry.
pub(crate) async fn acts<T>(draft: Draft, work: impl Future<Output = T>) -> T {
    let operator = draft.act.operator.clone().unwrap_or_else(|| UNKNOWN.to_owned());
    audit::scope(Acting::new(draft, Writes::AtCommit), async {
        audit::acting_as(Principal::operator(operator));
        work.await
    })
    .await
}
