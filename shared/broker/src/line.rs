//! State of a process's connection to the broker, for its metrics.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use lapin::{Connection, ConnectionStatus};

/// A process's line to the broker, whichever connection it is at present; a clone is the same line.
#[derive(Debug, Clone, Default)]
pub struct Line(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    open: Mutex<Option<Open>>,
    unacknowledged: AtomicU64,
    unconfirmed: AtomicU64,
}

/// The latest connection.
#[derive(Debug)]
struct Open {
    status: ConnectionStatus,
    channels: u64,
    consumers: u64,
}

/// State of a line. A line without a connection has neither channels nor consumers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LineFigures {
    /// There is a connection, as far as is known.
    pub connected: bool,
    /// The broker takes nothing: it lacks memory or disk space, and has said so.
    pub blocked: bool,
    /// Channels of the connection.
    pub channels: u64,
    /// Consumers on them.
    pub consumers: u64,
    /// Deliveries that this process has and has not acknowledged.
    pub unacknowledged: u64,
    /// Messages that were published and have no confirmation yet.
    pub unconfirmed: u64,
}

impl Line {
    /// Returns the line's state.
    pub fn figures(&self) -> LineFigures {
        let counts = LineFigures {
            unacknowledged: self.0.unacknowledged.load(Ordering::Relaxed),
            unconfirmed: self.0.unconfirmed.load(Ordering::Relaxed),
            ..LineFigures::default()
        };
        let open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.as_ref().filter(|open| open.status.connected()) {
            Some(open) => LineFigures {
                connected: true,
                blocked: open.status.blocked(),
                channels: open.channels,
                consumers: open.consumers,
                ..counts
            },
            None => counts,
        }
    }

    /// The line is another connection from now on.
    pub(crate) fn is(&self, connection: &Connection, channels: usize, consumers: usize) {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let open = Open { status: connection.status().clone(), channels: count(channels), consumers: count(consumers) };
        *self.0.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(open);
    }

    /// A delivery has come; it is counted until the answer is dropped.
    pub(crate) fn delivered(&self) -> Counted {
        Counted::of(self, |inner| &inner.unacknowledged)
    }

    /// A message was published; it is counted until the answer is dropped.
    pub(crate) fn published(&self) -> Counted {
        Counted::of(self, |inner| &inner.unconfirmed)
    }
}

/// Something that is counted for as long as this lasts.
#[derive(Debug)]
pub(crate) struct Counted {
    line: Line,
    counter: fn(&Inner) -> &AtomicU64,
}

impl Counted {
    fn of(line: &Line, counter: fn(&Inner) -> &AtomicU64) -> Self {
        counter(&line.0).fetch_add(1, Ordering::Relaxed);
        Self { line: line.clone(), counter }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        (self.counter)(&self.line.0).fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_and_publishes_are_counted_until_they_are_over() {
        let line = Line::default();
        let (one, other, publish) = (line.delivered(), line.delivered(), line.published());
        let told = LineFigures { unacknowledged: 2, unconfirmed: 1, ..LineFigures::default() };
        assert_eq!(line.clone().figures(), told);
        drop((one, publish));
        assert_eq!(line.figures(), LineFigures { unacknowledged: 1, ..LineFigures::default() });
        drop(other);
        assert_eq!(line.figures(), LineFigures::default());
    }
}
