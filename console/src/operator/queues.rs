//! `/operator/queues`: the kinds of jobs with waiting work, its speed, and pauses and limits.

use askama::Template;
use axum::{extract::Path, response::Response};
use serde::Deserialize;

use crate::{
    client::{Problem, operations::operator as operations},
    operator::{
        backlog::Backlog,
        figures::{Bars, count, span},
        looks::Look,
        policies::Policy,
        session::Me,
    },
    page::{Page, html},
    pictures::Picture,
};

/// The kinds of jobs.
#[derive(Debug, Deserialize)]
pub(crate) struct Queues {
    taken_at: Option<String>,
    /// Each of them.
    pub(crate) kinds: Vec<Queue>,
}

/// A kind of jobs.
#[derive(Debug, Deserialize)]
pub(crate) struct Queue {
    /// Its name.
    pub(crate) kind: String,
    pending: f64,
    blocked: f64,
    due: f64,
    published: f64,
    running: f64,
    parked: f64,
    oldest_due_seconds: Option<f64>,
    done_per_minute: Option<f64>,
    seconds_to_drain: Option<f64>,
    workers: i64,
    max_attempts: i32,
    time_limit_seconds: u64,
    window: i64,
    share: Option<u16>,
    policy: Option<Policy>,
}

impl Queue {
    fn is_idle(&self) -> bool {
        let open = self.pending + self.blocked + self.due + self.published + self.running + self.parked;
        open == 0.0 && self.done_per_minute.unwrap_or_default() == 0.0 && self.policy.is_none()
    }

    /// Returns whether jobs wait that no worker would take.
    fn lacks_workers(&self) -> bool {
        self.workers == 0 && self.due + self.published > 0.0
    }

    fn oldest(&self) -> String {
        self.oldest_due_seconds.map_or_else(String::new, span)
    }

    fn to_drain(&self) -> String {
        match self.seconds_to_drain {
            Some(seconds) => span(seconds),
            None if self.due > 0.0 => "stands still".to_owned(),
            None => String::new(),
        }
    }

    fn speed(&self) -> String {
        self.done_per_minute.map_or_else(String::new, count)
    }

    fn limit(&self) -> String {
        self.policy.as_ref().and_then(|policy| policy.at_most).map_or_else(String::new, |most| most.to_string())
    }
}

#[derive(Template)]
#[template(path = "operator/queues.html")]
struct QueuesPage {
    page: Page,
    me: Me,
    taken_at: Option<String>,
    busy: Vec<Queue>,
    idle: Vec<Queue>,
    due: Bars,
    picture: Picture,
    policies: Vec<Policy>,
}

pub(crate) async fn list(look: Look) -> Result<Response, Problem> {
    let queues = look.read::<Queues>(&operations::QUEUES, &[], &[]);
    let policies = look.read::<Vec<Policy>>(&operations::POLICIES, &[], &[]);
    let (queues, policies, backlog) = futures::try_join!(queues, policies, Backlog::of(&look))?;
    let due = Bars::of(queues.kinds.iter().map(|queue| (queue.kind.clone(), queue.due)));
    let (idle, busy) = queues.kinds.into_iter().partition(Queue::is_idle);
    Ok(html(&QueuesPage {
        page: look.page("Queues", "queues"),
        me: look.me,
        taken_at: queues.taken_at,
        busy,
        idle,
        due,
        picture: backlog.drawn(None),
        policies,
    }))
}

#[derive(Template)]
#[template(path = "operator/queue.html")]
struct QueuePage {
    page: Page,
    me: Me,
    queue: Queue,
    picture: Picture,
    policies: Vec<Policy>,
}

pub(crate) async fn show(look: Look, Path(kind): Path<String>) -> Result<Response, Problem> {
    let queues = look.read::<Queues>(&operations::QUEUES, &[], &[]);
    let policies = look.read::<Vec<Policy>>(&operations::POLICIES, &[], &[]);
    let (queues, mut policies, backlog) = futures::try_join!(queues, policies, Backlog::of(&look))?;
    let queue = queues.kinds.into_iter().find(|queue| queue.kind == kind).ok_or_else(Problem::nothing)?;
    policies.retain(|policy| policy.kind.as_ref() == Some(&kind) && policy.organization_id.is_some());
    let picture = backlog.drawn(Some(&kind));
    Ok(html(&QueuePage { page: look.page(kind, "queues"), me: look.me, queue, picture, policies }))
}
