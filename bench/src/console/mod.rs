//! `console`: every page of the web console beside a million people, and the open screens of 500
//! agents while nothing happens.
//!
//! Rounds visit one page after the other, as people do. A page's time is its answer's to the last
//! byte; its statements and their time in the database are counted in one more round. The weight of
//! a first view is that of the page, of the parts that it asks for once it is there, and of all
//! files that it names, as a browser gets them. Such parts are measured as requests of their own.

mod idle;
mod pages;
mod plant;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::{
    console::pages::{Page, Who},
    floor::percentile,
    process,
    report::Report,
    rig::Rig,
    scaled,
    statements::{self, Seen},
};

const CONTACTS: usize = 1_000_000;
/// Of these at most.
const MOST: f64 = 7.0;
const ROUNDS: usize = 30;
/// Operators share answers for five seconds: a round that comes later asks anew.
const OPERATORS_ROUND: Duration = Duration::from_millis(5_200);
const OPERATORS_ROUNDS: usize = 12;
/// Kilobytes of a first view at most.
const FIRST_VIEW: f64 = 100.0;
/// People do not ask as fast as a benchmark.
const RATE: &str = "10000000";
const OPERATOR: [&str; 7] = ["operators", "create", "--name", "Bench", "--rights", "act", "--json"];

pub(crate) async fn run(scale: f64) -> anyhow::Result<Report> {
    let mut report = Report::new("console");
    let rates = [("MUSTER_TOKEN_REQUESTS_A_MINUTE", RATE), ("MUSTER_ACCOUNT_REQUESTS_A_MINUTE", RATE)];
    let rig = Rig::start_with(1, 1, &rates).await?;
    ensure!(scale <= MOST, "--scale is at most {MOST}: there are no more numbers of the area code");
    let size = plant::Size::of(scaled(CONTACTS, scale));
    let began = Instant::now();
    plant::plant(&rig, &rig.cluster.account_id, size).await?;
    eprintln!("{} contacts planted in {:?}", size.contacts(), began.elapsed());
    let made: Value = serde_json::from_str(&rig.cluster.muster(&OPERATOR).await?)?;
    let operator = made["token"].as_str().context("no operator's token")?;
    let all = pages::all(&rig, size, operator).await?;
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
    let visitor = Visitor { http, base: rig.cluster.api_url.clone(), operator: operator.to_owned() };
    let (operators, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|page| page.who == Who::Operator);
    for (pages, rounds, round) in [(others, ROUNDS, Duration::ZERO), (operators, OPERATORS_ROUNDS, OPERATORS_ROUND)] {
        measure(&mut report, &rig, &visitor, &pages, (rounds, round)).await?;
    }
    idle::run(&mut report, &rig).await?;
    report.figure("peak memory of the api", process::peak_mebibytes(rig.pid("api")?)?, "MiB");
    rig.stop().await?;
    Ok(report)
}

/// A browser as far as the server sees one.
#[derive(Debug)]
struct Visitor {
    http: reqwest::Client,
    base: String,
    operator: String,
}

impl Visitor {
    /// Opens a page; returns the milliseconds until its last byte.
    async fn visit(&self, page: &Page) -> anyhow::Result<f64> {
        let began = Instant::now();
        let response = page.request(&self.http, &self.base, &self.operator).send().await?;
        let status = response.status();
        let body = response.text().await?;
        ensure!(status.is_success(), "{} answers {status}: {body}", page.path);
        Ok(began.elapsed().as_secs_f64() * 1_000.0)
    }

    /// Returns the bytes of a first view: the page, its parts, and all files that it names, with
    /// those that these name.
    async fn weigh(&self, page: &Page) -> anyhow::Result<usize> {
        let html = page.request(&self.http, &self.base, &self.operator).send().await?.text().await?;
        let mut bytes = html.len();
        for path in parts(&html) {
            let part = Page { path, ..page.clone() };
            bytes += part.request(&self.http, &self.base, &self.operator).send().await?.bytes().await?.len();
        }
        let (mut open, mut seen) = (assets(&html), BTreeSet::new());
        while let Some(path) = open.pop() {
            if !seen.insert(path.clone()) {
                continue;
            }
            let url = format!("{}{path}", self.base);
            bytes += self.http.get(&url).header("accept-encoding", "gzip").send().await?.bytes().await?.len();
            open.extend(assets(&self.http.get(&url).send().await?.text().await?));
        }
        Ok(bytes)
    }
}

/// Returns the parts that a page asks for once it is there.
fn parts(html: &str) -> Vec<String> {
    let named = html.split("class=\"later\" hx-get=\"").skip(1).filter_map(|rest| rest.split('"').next());
    named.map(|path| path.replace("&#38;", "&")).collect()
}

/// Returns the files that a text names.
fn assets(text: &str) -> Vec<String> {
    let named = text.split("\"/assets/").skip(1).filter_map(|rest| rest.split('"').next());
    named.map(|name| format!("/assets/{name}")).collect()
}

/// Visits pages in rounds, each as long as given, and reports each page.
async fn measure(
    report: &mut Report,
    rig: &Rig,
    visitor: &Visitor,
    pages: &[Page],
    (rounds, round): (usize, Duration),
) -> anyhow::Result<()> {
    let mut times = vec![Vec::with_capacity(rounds); pages.len()];
    for nth in 0..rounds {
        let began = Instant::now();
        for (page, times) in pages.iter().zip(&mut times) {
            times.push(visitor.visit(page).await?);
        }
        eprintln!("round {} of {rounds}: {} pages in {:?}", nth + 1, pages.len(), began.elapsed());
        tokio::time::sleep(round.saturating_sub(began.elapsed())).await;
    }
    statements::log_all(rig).await?;
    let mut before = statements::seen(rig, "muster api")?;
    let mut costs = Vec::with_capacity(pages.len());
    for page in pages {
        visitor.visit(page).await?;
        let after = statements::seen(rig, "muster api")?;
        costs.push(Seen { count: after.count - before.count, ms: after.ms - before.ms });
        before = after;
    }
    statements::log_none(rig).await?;
    for ((page, times), cost) in pages.iter().zip(&mut times).zip(costs) {
        #[expect(clippy::cast_precision_loss, reason = "a number of bytes")]
        let kilobytes = visitor.weigh(page).await? as f64 / 1024.0;
        let beside = format!(
            "p50 {:.0} ms, {} statements of {:.0} ms, first view {kilobytes:.0} KB",
            percentile(times, 50),
            cost.count,
            cost.ms
        );
        let aim = if page.is_part { "after its page" } else { "p95 ≤ 200" };
        report.detailed(&page.name, percentile(times, 95), "ms", aim, beside);
        if kilobytes > FIRST_VIEW {
            report.aimed(format!("first view of {}", page.name), kilobytes, "KB", "≤ 100");
        }
    }
    Ok(())
}
