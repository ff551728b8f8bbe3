//! Looks of operators at the installation, which cost the database little, however many look.
//!
//! Each look asks the api for its operator, so that a token's end counts at once. All else that it
//! asks is shared by all operators that ask the same within a few seconds, and is asked once for
//! those that ask at the same time. Both are bounded by a budget of the process, and a look beyond
//! it is refused, to be tried again. An act ends all shared answers, so that the page behind it
//! shows its effect. Acts themselves go to the api with the operator's own token each time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::Response,
};
use futures::lock::Mutex as Turn;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    Console,
    client::{Call, Operation, Problem, operations::operator as operations},
    flash::Flash,
    operator::session::Me,
    page::{Page, see},
    visit::Visit,
};

/// For so long an answer is shared.
const ANSWER_FOR: Duration = Duration::from_secs(5);
/// Looks of operators a second, and questions that are no shared answer's, in the long run.
const LOOKS_A_SECOND: f64 = 100.0;
const QUESTIONS_A_SECOND: f64 = 20.0;
/// Seconds of these that may come at once.
const AT_ONCE: f64 = 5.0;
/// Answers that are kept at most.
const ANSWERS: usize = 500;

/// A question's answer and when it came; its lock is the turn to ask.
type Slot = Arc<Turn<Option<(Instant, Value)>>>;

/// The shared answers of a process, and its budget.
#[derive(Debug, Clone)]
pub(crate) struct Looks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    slots: Mutex<HashMap<String, Slot>>,
    looks: Mutex<Budget>,
    questions: Mutex<Budget>,
}

/// A bucket of requests.
#[derive(Debug, Clone, Copy)]
struct Budget {
    a_second: f64,
    left: f64,
    at: Instant,
}

impl Budget {
    fn full(a_second: f64) -> Mutex<Self> {
        Mutex::new(Self { a_second, left: a_second * AT_ONCE, at: Instant::now() })
    }

    /// Takes a request out of the bucket, if there is one at an instant.
    fn take(&mut self, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.at);
        self.left = (self.left + since.as_secs_f64() * self.a_second).min(self.a_second * AT_ONCE);
        self.at = now;
        let has = self.left >= 1.0;
        self.left -= if has { 1.0 } else { 0.0 };
        has
    }
}

impl Looks {
    /// Returns the looks of a process.
    pub(crate) fn new() -> Self {
        let (looks, questions) = (Budget::full(LOOKS_A_SECOND), Budget::full(QUESTIONS_A_SECOND));
        Self(Arc::new(Inner { slots: Mutex::default(), looks, questions }))
    }

    fn slot(&self, key: String) -> Slot {
        let mut slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= ANSWERS && !slots.contains_key(&key) {
            slots.clear();
        }
        Arc::clone(slots.entry(key).or_default())
    }

    /// Ends all shared answers.
    fn forget(&self) {
        self.0.slots.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Returns the answer of a key: one that came not longer ago than `lasts`, else a new one.
    async fn answer(
        &self,
        key: String,
        lasts: Duration,
        ask: impl Future<Output = Result<Value, Problem>>,
    ) -> Result<Value, Problem> {
        let slot = self.slot(key);
        let mut turn = slot.lock().await;
        if let Some((at, answer)) = turn.as_ref()
            && at.elapsed() < lasts
        {
            return Ok(answer.clone());
        }
        within(&self.0.questions)?;
        let answer = ask.await?;
        *turn = Some((Instant::now(), answer.clone()));
        Ok(answer)
    }
}

/// Refuses a request for which the budget has no room.
fn within(budget: &Mutex<Budget>) -> Result<(), Problem> {
    if budget.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now()) {
        return Ok(());
    }
    let detail = "operators' pages ask the database only so often a second".to_owned();
    Err(Problem::own(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", detail))
}

/// A request of an operator that has signed in to a page. As an extractor it is the first of a
/// handler's arguments.
#[derive(Debug)]
pub(crate) struct Look {
    visit: Visit,
    looks: Looks,
    /// The operator.
    pub(crate) me: Me,
}

impl FromRequestParts<Console> for Look {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Problem> {
        let Ok(visit) = Visit::from_request_parts(parts, console).await;
        // The routes of operators' pages have it.
        let looks = parts.extensions.get::<Looks>().cloned().unwrap_or_else(Looks::new);
        within(&looks.0.looks)?;
        let me = visit.call(&operations::ME, []).read().await?;
        Ok(Self { visit, looks, me })
    }
}

impl Look {
    /// Reads an operation's answer, with the values of its path's parameters and its query.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        operation: &'static Operation,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<T, Problem> {
        self.read_for(ANSWER_FOR, operation, path, query).await
    }

    /// Reads an answer that is shared for so long.
    pub(crate) async fn read_for<T: DeserializeOwned>(
        &self,
        lasts: Duration,
        operation: &'static Operation,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<T, Problem> {
        let named = serde_urlencoded::to_string(query).unwrap_or_default();
        let mut call = Call::new(&self.visit, operation, path);
        for (name, value) in query {
            call = call.query(name, value);
        }
        read(self.looks.answer(format!("{} {named}", operation.at(path)), lasts, call.read()).await?)
    }

    /// Returns a page with a title, under an item of the navigation.
    pub(crate) fn page(&self, title: impl Into<String>, nav: &'static str) -> Page {
        self.visit.page(title, nav)
    }

    /// Asks an operation that counts and changes nothing.
    pub(crate) async fn count<T: DeserializeOwned>(
        &self,
        operation: &'static Operation,
        body: &impl Serialize,
    ) -> Result<T, Problem> {
        let body = serde_json::to_value(body).unwrap_or_default();
        let call = self.visit.call(operation, []).json(&body).harmless();
        read(self.looks.answer(format!("{} {body}", operation.at(&[])), ANSWER_FOR, call.read()).await?)
    }

    /// Does an act; returns its answer. Pages show its effect from then on.
    pub(crate) async fn act<T: DeserializeOwned>(
        &self,
        operation: &'static Operation,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T, Problem> {
        let done = Call::new(&self.visit, operation, path).json(body).read().await;
        self.looks.forget();
        done
    }

    /// Does an act, and leads to a page that says that it is done, or why not.
    pub(crate) async fn act_and_see(
        &self,
        operation: &'static Operation,
        path: &[&str],
        body: &impl Serialize,
        done: &str,
        to: &str,
    ) -> Result<Response, Problem> {
        let acted = self.act::<Value>(operation, path, body).await.map(|_| to.to_owned());
        self.told(acted, done, to)
    }

    /// Leads to the page of an act that is done, which says so, or back to a page that says why it
    /// is not.
    pub(crate) fn told(&self, acted: Result<String, Problem>, done: &str, back: &str) -> Result<Response, Problem> {
        match acted {
            Ok(to) => Ok(Flash::good(done).on(see(&to))),
            Err(problem) if problem.is_of_the_input() => {
                Ok(Flash::bad(problem.sentence(self.visit.lang)).on(see(back)))
            }
            Err(problem) => Err(problem),
        }
    }
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_json::from_value(value).map_err(|error| {
        tracing::error!(%error, "an answer of the api cannot be read");
        Problem::own(StatusCode::INTERNAL_SERVER_ERROR, "internal", String::new())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    async fn asked(count: &AtomicUsize) -> Result<Value, Problem> {
        let nth = count.fetch_add(1, Ordering::Relaxed);
        futures::future::ready(()).await;
        Ok(Value::from(nth))
    }

    #[tokio::test]
    async fn an_answer_is_shared_by_all_that_ask_until_it_is_old_or_something_was_done() {
        let (looks, count) = (Looks::new(), AtomicUsize::new(0));
        let ask = async |key: &str, lasts| looks.answer(key.to_owned(), lasts, asked(&count)).await.unwrap();
        let hour = Duration::from_hours(1);
        let all = futures::future::join_all((0..1_000).map(|_| ask("queues", hour))).await;
        assert!(all.iter().all(|answer| *answer == 0), "asked once for a thousand looks");
        assert_eq!(ask("jobs", hour).await, 1);
        assert_eq!(ask("queues", Duration::ZERO).await, 2, "it is old");
        looks.forget();
        assert_eq!(ask("queues", hour).await, 3);
    }

    #[tokio::test]
    async fn new_questions_are_bounded_and_answers_too() {
        let (looks, count) = (Looks::new(), AtomicUsize::new(0));
        let mut refused = 0;
        for nth in 0..2_000 {
            let answer = looks.answer(format!("job {nth}"), ANSWER_FOR, asked(&count)).await;
            refused += usize::from(answer.is_err_and(|problem| problem.status == 429));
        }
        assert!(refused > 0, "all of 2,000 questions were asked at once");
        assert!(count.load(Ordering::Relaxed) + refused == 2_000);
        assert!(looks.0.slots.lock().unwrap().len() <= ANSWERS);
    }

    #[test]
    fn the_budget_fills_again_with_time_and_never_beyond_its_most() {
        let start = Instant::now();
        let mut budget = Budget { a_second: 20.0, left: 0.0, at: start };
        assert!(!budget.take(start));
        assert!(budget.take(start + Duration::from_millis(60)));
        let later = start + Duration::from_secs(1_000);
        let taken = (0..1_000).filter(|_| budget.take(later)).count();
        assert_eq!(taken, 100);
    }
}
