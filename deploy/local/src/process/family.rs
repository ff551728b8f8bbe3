//! A process with its descendants, found through `/proc`, for servers with children that leave the
//! process group (every Postgres backend leads a session of its own).
//!
//! Only descendants of a process this crate started are ever touched, and only while their start
//! time is the one seen when they were found. Without `/proc` a family is its process group.

use std::{
    collections::{HashMap, HashSet},
    thread,
    time::{Duration, Instant},
};

use anyhow::bail;
use rustix::process::{Pid, Signal, kill_process};

use super::Launched;

const STOP_LIMIT: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(5);
/// How long children get to notice that their parent is gone before they are killed too.
const GRACE: Duration = Duration::from_secs(3);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Relative {
    pid: i32,
    parent: i32,
    /// In clock ticks since boot; with the id it names a process for good.
    started: u64,
    state: char,
}

/// Stops the process itself, with its group, and waits until the kernel has done so: a signal sent
/// before that could still be delivered, and a server could still start a child.
pub(super) fn pause_leader(launched: &Launched) {
    launched.signal_group(Signal::STOP);
    let deadline = Instant::now() + STOP_LIMIT;
    while launched.exit().is_none() && !is_stopped(launched.pid()) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Stops the process and every descendant, in whichever process group it is.
pub(super) fn pause(launched: &Launched) {
    pause_leader(launched);
    for relative in descendants(launched) {
        relative.signal(Signal::STOP);
    }
}

pub(super) fn resume(launched: &Launched) {
    for relative in descendants(launched) {
        relative.signal(Signal::CONT);
    }
    launched.signal_group(Signal::CONT);
}

/// Kills the process, lets its children go, kills those that don't, and returns when all are gone.
pub(super) fn kill(launched: &Launched, limit: Duration) -> anyhow::Result<()> {
    pause_leader(launched);
    finish(launched, &descendants(launched), limit)
}

/// The same for a process that may have ended by itself, with the `family` it had while it lived.
pub(super) fn finish(launched: &Launched, family: &[Relative], limit: Duration) -> anyhow::Result<()> {
    launched.signal_group(Signal::KILL);
    if !launched.has_ended_within(limit) {
        bail!("process {} is still there {} s after being killed", launched.pid(), limit.as_secs());
    }
    for relative in family {
        // A paused child can't notice anything.
        relative.signal(Signal::CONT);
    }
    if gone_within(family, GRACE) {
        return Ok(());
    }
    for relative in family {
        relative.signal(Signal::KILL);
    }
    if !gone_within(family, limit) {
        bail!("children of process {} are still there after being killed", launched.pid());
    }
    Ok(())
}

impl Relative {
    fn is_alive(self) -> bool {
        read(self.pid).is_some_and(|now| now.started == self.started && !matches!(now.state, 'Z' | 'X'))
    }

    fn signal(self, signal: Signal) {
        if let (true, Some(pid)) = (self.is_alive(), Pid::from_raw(self.pid)) {
            let _dying = kill_process(pid, signal);
        }
    }
}

fn gone_within(family: &[Relative], limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    while family.iter().any(|relative| relative.is_alive()) {
        if Instant::now() > deadline {
            return false;
        }
        thread::sleep(POLL);
    }
    true
}

pub(super) fn descendants(launched: &Launched) -> Vec<Relative> {
    let (Ok(root), None) = (i32::try_from(launched.pid()), launched.exit()) else { return Vec::new() };
    let mut children: HashMap<i32, Vec<Relative>> = HashMap::new();
    for relative in everyone() {
        children.entry(relative.parent).or_default().push(relative);
    }
    let mut found = Vec::new();
    let mut seen = HashSet::from([root]);
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        for relative in children.remove(&parent).unwrap_or_default() {
            if seen.insert(relative.pid) {
                parents.push(relative.pid);
                found.push(relative);
            }
        }
    }
    found
}

/// Without `/proc` there is nothing to wait for.
fn is_stopped(pid: u32) -> bool {
    i32::try_from(pid).ok().and_then(read).is_none_or(|now| matches!(now.state, 'T' | 't' | 'Z' | 'X'))
}

fn everyone() -> impl Iterator<Item = Relative> {
    std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| read(entry.ok()?.file_name().to_str()?.parse().ok()?))
}

fn read(pid: i32) -> Option<Relative> {
    parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads a line of `/proc/<pid>/stat` (proc(5)): id, name in brackets, state, parent, …, start time
/// as field 22.
fn parse(stat: &str) -> Option<Relative> {
    let (pid, rest) = stat.split_once(" (")?;
    let (_name, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    Some(Relative {
        pid: pid.parse().ok()?,
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let line = "42 (a) b) S 7 42 42 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 9000 1 2";
        let read = parse(line).unwrap();
        assert_eq!(read, Relative { pid: 42, parent: 7, started: 9000, state: 'S' });
    }
}
