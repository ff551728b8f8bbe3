//! `GET /operator/jobs`: jobs, the newest first.

use askama::Template;
use axum::response::Response;
use serde::Deserialize;

use super::{Job, filter::Filter};
use crate::{
    client::{Problem, operations::operator as operations},
    form::Query,
    operator::{looks::Look, queues::Queues, session::Me},
    page::{Page, html, html_with},
    words::operator::{JOB_STATES, job_state},
};

/// Jobs of a page.
const LIMIT: &str = "50";

#[derive(Debug, Default, Deserialize)]
struct Jobs {
    items: Vec<Job>,
    next: Option<String>,
    looked_at: i64,
}

#[derive(Template)]
#[template(path = "operator/jobs.html")]
struct JobsPage {
    page: Page,
    me: Me,
    filter: Filter,
    kinds: Vec<String>,
    states: [(&'static str, &'static str); 6],
    jobs: Jobs,
}

impl JobsPage {
    /// Returns the page's address, for the cursor behind it.
    fn address(&self) -> String {
        format!("/operator/jobs?{}", self.filter.address())
    }
}

pub(crate) async fn show(look: Look, Query(query): Query) -> Result<Response, Problem> {
    let filter = Filter::of(&query);
    let mut asked: Vec<_> = filter.members().to_vec();
    asked.push(("limit", LIMIT.to_owned()));
    asked.extend(query.some("cursor").map(|cursor| ("cursor", cursor.to_owned())));
    let queues = look.read::<Queues>(&operations::QUEUES, &[], &[]);
    let jobs = look.read::<Jobs>(&operations::JOBS, &[], &asked);
    let (queues, jobs) = futures::join!(queues, jobs);
    let kinds = queues?.kinds.into_iter().map(|queue| queue.kind).collect();
    let states = JOB_STATES.map(|state| (state, job_state(state).name));
    let page = look.page("Jobs", "jobs");
    match jobs {
        Ok(jobs) => Ok(html(&JobsPage { page, me: look.me, filter, kinds, states, jobs })),
        Err(problem) if problem.is_of_the_input() => {
            let page = page.refused(&problem);
            Ok(html_with(
                problem.status(),
                &JobsPage { page, me: look.me, filter, kinds, states, jobs: Jobs::default() },
            ))
        }
        Err(problem) => Err(problem),
    }
}
