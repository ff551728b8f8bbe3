//! Webhooks that come at the same moment are written together, in one transaction: a commit costs
//! as much for one as for a hundred. One that comes alone is written at once.

use std::{
    collections::VecDeque,
    fmt::Debug,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use muster_storage::{
    Error, Result,
    db::room::{self, Asker},
};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use crate::problem::Problem;

/// Webhooks of one transaction at most.
const TOGETHER: usize = 200;
/// Attempts for one webhook that meets other transactions.
const WRITES: u32 = 5;
/// Transactions under way at a time: while one waits for the disk, the next is written.
const WRITERS: usize = 2;

/// A webhook as it is written.
pub(crate) trait Gathered: Debug + Send + Sync + Sized + 'static {
    /// The surroundings of a write, such as the pool.
    type Context: Clone + Debug + Send + Sync + 'static;
    /// The outcome for one webhook.
    type Written: Debug + Send;

    /// Writes webhooks in the order in which they came, all or none; returns an outcome for each.
    fn write(context: &Self::Context, webhooks: &[Self]) -> impl Future<Output = Result<Vec<Self::Written>>> + Send;
}

/// Webhooks of a kind that wait to be written, and their writers; a clone shares them.
#[derive(Debug)]
pub(crate) struct Gather<T: Gathered> {
    context: T::Context,
    state: Arc<Mutex<State<T>>>,
    writing: TaskTracker,
}

#[derive(Debug)]
struct State<T: Gathered> {
    waiting: VecDeque<Waiting<T>>,
    writers: usize,
}

#[derive(Debug)]
struct Waiting<T: Gathered> {
    webhook: T,
    answer: oneshot::Sender<Result<T::Written>>,
}

impl<T: Gathered> Clone for Gather<T> {
    fn clone(&self) -> Self {
        Self { context: self.context.clone(), state: Arc::clone(&self.state), writing: self.writing.clone() }
    }
}

impl<T: Gathered> Gather<T> {
    /// Nothing waits yet. The tracker waits for transactions of clients that have hung up.
    pub(crate) fn new(context: T::Context, writing: TaskTracker) -> Self {
        Self { context, state: Arc::new(Mutex::new(State { waiting: VecDeque::new(), writers: 0 })), writing }
    }

    /// Writes a webhook with those that wait beside it; the answer comes after the commit.
    pub(crate) async fn write(&self, webhook: T) -> Result<T::Written, Problem> {
        let (answer, answered) = oneshot::channel();
        let is_new_writer = {
            let mut state = self.state();
            state.waiting.push_back(Waiting { webhook, answer });
            let is_new_writer = state.writers < WRITERS;
            state.writers += usize::from(is_new_writer);
            is_new_writer
        };
        if is_new_writer {
            let gather = self.clone();
            self.writing.spawn(room::alone(Asker::Ours, async move { gather.write_all().await }));
        }
        match answered.await {
            Ok(written) => Ok(written?),
            Err(_) => Err(Problem::internal("the webhook was not written")),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes until nothing waits.
    async fn write_all(&self) {
        let writer = Writer(self);
        while let Some(together) = self.next() {
            self.write_together(together).await;
            room::rest();
        }
        // It was counted out with the look that found nothing.
        std::mem::forget(writer);
    }

    /// Returns the next webhooks. Where there are none the writer is counted out under the same
    /// lock, so that the next webhook finds either a writer that looks again, or room for one.
    fn next(&self) -> Option<Vec<Waiting<T>>> {
        let mut state = self.state();
        let count = state.waiting.len().min(TOGETHER);
        if count == 0 {
            state.writers -= 1;
            return None;
        }
        Some(state.waiting.drain(..count).collect())
    }

    /// A webhook that the database refuses fails by itself and takes no other with it.
    async fn write_together(&self, together: Vec<Waiting<T>>) {
        let (webhooks, answers): (Vec<_>, Vec<_>) =
            together.into_iter().map(|waiting| (waiting.webhook, waiting.answer)).unzip();
        let outcomes: Vec<Result<T::Written>> = match T::write(&self.context, &webhooks).await {
            Ok(written) => written.into_iter().map(Ok).collect(),
            Err(error) if webhooks.len() == 1 && !error.is_contention() => vec![Err(error)],
            Err(error) if error.is_unavailable() => webhooks.iter().map(|_| Err(Error::Away)).collect(),
            Err(_) => {
                let mut outcomes = Vec::with_capacity(webhooks.len());
                for webhook in webhooks.chunks(1) {
                    let mut attempts = Attempts::default();
                    let written = loop {
                        let written = T::write(&self.context, webhook).await;
                        if !attempts.another(&written) {
                            break written;
                        }
                    };
                    outcomes
                        .extend(written.map_or_else(|error| vec![Err(error)], |one| one.into_iter().map(Ok).collect()));
                }
                outcomes
            }
        };
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // The client may have hung up.
            let _taken = answer.send(outcome);
        }
    }
}

/// Attempts to write one webhook. The carrier does not repeat a text with a refused webhook, so
/// that one which met another transaction is written again, a few times at most.
#[derive(Debug, Default)]
pub(crate) struct Attempts(u32);

impl Attempts {
    /// Returns whether there is to be another one after this outcome.
    pub(crate) fn another<V>(&mut self, outcome: &Result<V>) -> bool {
        self.0 += 1;
        let Err(error) = outcome else { return false };
        let again = error.is_contention() && self.0 < WRITES;
        if again {
            tracing::info!(%error, attempt = self.0, "a webhook is written again");
        }
        again
    }
}

/// A writer at work. One that panics is counted out: the webhooks in its hands are refused, and
/// those that wait are for the next.
struct Writer<'a, T: Gathered>(&'a Gather<T>);

impl<T: Gathered> Drop for Writer<'_, T> {
    fn drop(&mut self) {
        self.0.state().writers -= 1;
    }
}

#[cfg(test)]
mod tests {
    use tokio::{sync::Semaphore, task::JoinSet};

    use super::*;

    /// The writes that were made. Each waits for a permit.
    #[derive(Debug, Clone)]
    struct Log {
        writes: Arc<Mutex<Vec<Vec<u32>>>>,
        gate: Arc<Semaphore>,
    }

    /// A webhook. The database refuses 13, and is away at 99.
    #[derive(Debug)]
    struct Number(u32);

    impl Gathered for Number {
        type Context = Log;
        type Written = u32;

        async fn write(log: &Log, webhooks: &[Self]) -> Result<Vec<u32>> {
            log.gate.acquire().await.unwrap().forget();
            let numbers: Vec<_> = webhooks.iter().map(|webhook| webhook.0).collect();
            if numbers.contains(&99) {
                return Err(Error::Away);
            }
            if numbers.contains(&13) {
                return Err(Error::StaleLease);
            }
            log.writes.lock().unwrap().push(numbers.clone());
            Ok(numbers.into_iter().map(|number| number * 2).collect())
        }
    }

    /// Two webhooks are being written while these come; returns how each ended, by its number.
    async fn written(numbers: impl IntoIterator<Item = u32>) -> (Vec<(u32, bool)>, Vec<Vec<u32>>) {
        let log = Log { writes: Arc::default(), gate: Arc::new(Semaphore::new(0)) };
        let gather = Gather::<Number>::new(log.clone(), TaskTracker::new());
        let mut callers = JoinSet::new();
        let mut waiting = 0;
        for (nth, number) in [1000, 1001].into_iter().chain(numbers).enumerate() {
            let own = gather.clone();
            callers.spawn(async move {
                let answer = own.write(Number(number)).await;
                (number, answer.is_ok_and(|answer| answer == number * 2))
            });
            waiting = nth + 1 - WRITERS.min(nth + 1);
            while gather.state().waiting.len() < waiting || gather.state().writers < WRITERS.min(nth + 1) {
                tokio::task::yield_now().await;
            }
            while nth + 1 == WRITERS && !gather.state().waiting.is_empty() {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(gather.state().waiting.len(), waiting);
        log.gate.add_permits(10_000);
        let mut ends = callers.join_all().await;
        ends.sort_unstable();
        while gather.state().writers > 0 {
            tokio::task::yield_now().await;
        }
        let writes = log.writes.lock().unwrap().clone();
        (ends, writes)
    }

    #[tokio::test]
    async fn webhooks_that_come_meanwhile_are_written_together_in_their_order() {
        let (ends, writes) = written(101..=400).await;
        assert!(ends.len() == 302 && ends.iter().all(|(_, is_written)| *is_written), "{ends:?}");
        let mut sizes: Vec<_> = writes.iter().map(Vec::len).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [1, 1, 100, 200]);
        assert!(writes.iter().all(|together| together.is_sorted()), "{writes:?}");
    }

    #[tokio::test]
    async fn a_webhook_that_is_refused_takes_no_other_with_it() {
        let (ends, _) = written(10..=15).await;
        let refused: Vec<_> = ends.iter().filter(|(_, is_written)| !is_written).map(|(number, _)| *number).collect();
        assert_eq!(refused, [13]);
    }

    #[tokio::test]
    async fn all_are_refused_while_the_database_is_away_and_the_next_are_written() {
        let (ends, writes) = written([5, 99, 7]).await;
        let refused: Vec<_> = ends.iter().filter(|(_, is_written)| !is_written).map(|(number, _)| *number).collect();
        assert_eq!(refused, [5, 7, 99]);
        assert_eq!(writes.len(), 2);
    }
}
