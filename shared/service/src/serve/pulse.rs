//! State of a connection: waiting for a request, reading its head, answering, or stuck in sending.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Instant,
};

use super::{LAST_LOOKS, Limits};

/// State of a connection, shared by the task that drives it, its stream and its requests.
#[derive(Debug)]
pub(super) struct Pulse(Mutex<Beat>);

#[derive(Debug)]
struct Beat {
    /// Requests under way, from their head to the end of their answer.
    requests: usize,
    /// An answer has ended before.
    served: bool,
    /// A part of a request's head is there.
    head: bool,
    /// Beginning of the present wait.
    since: Instant,
    /// Instant since which the client reads nothing of its answer.
    stuck: Option<Instant>,
}

impl Pulse {
    pub(super) fn new(now: Instant) -> Self {
        Self(Mutex::new(Beat { requests: 0, served: false, head: false, since: now, stuck: None }))
    }

    fn beat(&self) -> MutexGuard<'_, Beat> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether its time is over. When it is time to stop, that of a connection without a
    /// request is.
    pub(super) fn is_overdue(&self, limits: &Limits, stopping: bool, now: Instant) -> bool {
        let beat = self.beat();
        let write = if stopping { limits.write.min(super::HASTE) } else { limits.write };
        if beat.stuck.is_some_and(|since| now.saturating_duration_since(since) >= write) {
            return true;
        }
        let limit = match (beat.head || !beat.served, stopping) {
            // The last answer is still being written.
            (_, true) => LAST_LOOKS,
            (true, false) => limits.header,
            (false, false) => limits.idle,
        };
        beat.requests == 0 && now.saturating_duration_since(beat.since) >= limit
    }

    fn has_read(&self, now: Instant) {
        let mut beat = self.beat();
        if beat.requests == 0 && !beat.head {
            beat.head = true;
            beat.since = now;
        }
    }

    fn has_written(&self, progress: bool, now: Instant) {
        let mut beat = self.beat();
        if progress {
            beat.stuck = None;
        } else {
            beat.stuck.get_or_insert(now);
        }
    }
}

/// A request that is under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Busy(Arc<Pulse>);

impl Busy {
    pub(super) fn begin(pulse: &Arc<Pulse>) -> Self {
        let mut beat = pulse.beat();
        beat.requests += 1;
        beat.head = false;
        drop(beat);
        Self(Arc::clone(pulse))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut beat = self.0.beat();
        beat.requests -= 1;
        beat.served = true;
        beat.head = false;
        beat.since = Instant::now();
    }
}

/// An answer's body; the request is under way until it ends.
#[derive(Debug)]
pub(super) struct Counted {
    body: Body,
    _busy: Busy,
}

impl Counted {
    pub(super) const fn new(body: Body, busy: Busy) -> Self {
        Self { body, _busy: busy }
    }
}

impl hyper::body::Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream that tells the pulse of bytes in and out.
#[derive(Debug)]
pub(super) struct Watched {
    stream: TcpStream,
    pulse: Arc<Pulse>,
}

impl Watched {
    pub(super) const fn new(stream: TcpStream, pulse: Arc<Pulse>) -> Self {
        Self { stream, pulse }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.pulse.has_read(Instant::now());
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.pulse.has_written(written.is_ready(), Instant::now());
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.pulse.has_written(written.is_ready(), Instant::now());
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LIMITS: Limits = Limits {
        connections: 1,
        header: Duration::from_secs(10),
        idle: Duration::from_secs(75),
        write: Duration::from_secs(30),
    };

    fn overdue_after(pulse: &Pulse, from: Instant, seconds: u64) -> bool {
        pulse.is_overdue(&LIMITS, false, from + Duration::from_secs(seconds))
    }

    #[test]
    fn a_connection_that_says_nothing_or_half_a_head_has_the_time_of_a_head() {
        let now = Instant::now();
        let silent = Pulse::new(now);
        assert!(!overdue_after(&silent, now, 9) && overdue_after(&silent, now, 10));
        let half = Pulse::new(now);
        let later = now + Duration::from_secs(5);
        half.has_read(later);
        half.has_read(later + Duration::from_secs(9));
        assert!(!overdue_after(&half, later, 9) && overdue_after(&half, later, 10), "more bytes buy no time");
    }

    #[test]
    fn a_request_has_the_time_that_its_handler_gives_it() {
        let now = Instant::now();
        let pulse = Arc::new(Pulse::new(now));
        pulse.has_read(now);
        let busy = Busy::begin(&pulse);
        pulse.has_read(now);
        assert!(!overdue_after(&pulse, now, 1_000));
        drop(busy);
        let answered = Instant::now();
        assert!(!overdue_after(&pulse, answered, 70) && overdue_after(&pulse, answered, 75), "then it may be idle");
        pulse.has_read(answered);
        assert!(overdue_after(&pulse, answered, 10), "until the next head begins");
    }

    #[test]
    fn a_client_that_takes_nothing_is_given_up() {
        let now = Instant::now();
        let pulse = Arc::new(Pulse::new(now));
        let _busy = Busy::begin(&pulse);
        pulse.has_written(false, now);
        pulse.has_written(false, now + Duration::from_secs(20));
        assert!(!overdue_after(&pulse, now, 29) && overdue_after(&pulse, now, 30));
        pulse.has_written(true, now);
        assert!(!overdue_after(&pulse, now, 1_000));
    }

    #[test]
    fn when_it_is_time_to_stop_only_requests_are_waited_for() {
        let now = Instant::now();
        let soon = now + Duration::from_secs(1);
        let half = Pulse::new(now);
        half.has_read(now);
        assert!(half.is_overdue(&LIMITS, true, soon));
        let pulse = Arc::new(Pulse::new(now));
        let busy = Busy::begin(&pulse);
        assert!(!pulse.is_overdue(&LIMITS, true, soon));
        drop(busy);
        assert!(pulse.is_overdue(&LIMITS, true, Instant::now() + LAST_LOOKS));
    }
}
