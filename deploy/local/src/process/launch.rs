//! One run of a process, owned by a thread that starts it, waits for it and reaps it.
//!
//! The thread matters: the kernel's parent-death signal goes out when the *thread* that started a
//! process ends, so that thread lives exactly as long as the process. Signals are only sent under a
//! lock to a process not reaped yet; its id can't have passed to somebody else.

use std::{
    io,
    process::{Child, Command, ExitStatus},
    sync::{Arc, Condvar, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use rustix::{
    io::Errno,
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid},
};
use tokio::sync::watch;

/// A handle on a running or ended process; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Launched {
    pid: Pid,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    exit: Mutex<Option<ExitStatus>>,
    ended: Condvar,
    watched: watch::Sender<Option<ExitStatus>>,
}

impl Launched {
    /// Starts `command` from a thread of its own.
    pub(crate) fn start(name: &str, mut command: Command) -> io::Result<Self> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let state =
            Arc::new(State { exit: Mutex::new(None), ended: Condvar::new(), watched: watch::Sender::new(None) });
        let shared = Arc::clone(&state);
        thread::Builder::new().name(format!("owns {name}")).spawn(move || match command.spawn() {
            Ok(child) => {
                let pid = Pid::from_child(&child);
                let _starter_gone = sender.send(Ok(pid));
                reap(child, pid, &shared);
            }
            Err(error) => {
                let _starter_gone = sender.send(Err(error));
            }
        })?;
        let pid = receiver.recv().map_err(io::Error::other)??;
        Ok(Self { pid, state })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    pub(crate) fn exit(&self) -> Option<ExitStatus> {
        *self.state.exit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let exit = self.state.exit.lock().unwrap_or_else(PoisonError::into_inner);
        if exit.is_none() {
            // The process is ours and not reaped, so the only failure left is one that a dying
            // process causes.
            let _dying = kill_process(self.pid, signal);
        }
    }

    /// Signals the whole group the process leads.
    pub(crate) fn signal_group(&self, signal: Signal) {
        let exit = self.state.exit.lock().unwrap_or_else(PoisonError::into_inner);
        if exit.is_none() {
            let _dying = kill_process_group(self.pid, signal);
        }
    }

    pub(crate) async fn wait(&self) -> ExitStatus {
        let mut watched = self.state.watched.subscribe();
        loop {
            if let Some(status) = *watched.borrow_and_update() {
                return status;
            }
            if watched.changed().await.is_err() {
                // The sender lives in `self.state`, which outlives this borrow.
                std::future::pending::<()>().await;
            }
        }
    }

    pub(crate) fn has_ended_within(&self, limit: Duration) -> bool {
        let exit = self.state.exit.lock().unwrap_or_else(PoisonError::into_inner);
        let (exit, _timed_out) = self
            .state
            .ended
            .wait_timeout_while(exit, limit, |exit| exit.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        exit.is_some()
    }
}

fn reap(mut child: Child, pid: Pid, state: &State) {
    // Look without reaping first: the id stays taken until the lock is held.
    while matches!(waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT), Err(Errno::INTR)) {}
    let mut exit = state.exit.lock().unwrap_or_else(PoisonError::into_inner);
    let status = child.wait().unwrap_or_default();
    *exit = Some(status);
    state.ended.notify_all();
    state.watched.send_replace(Some(status));
}
