//! `replies`: the carrier's webhooks at two thousand a second, contacts' texts and receipts in
//! turns, while a worker handles them; then as many at a time as ever fit. The reference is a
//! handler that only stores the same bodies.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures::{StreamExt as _, stream};
use muster_carrier::twilio;
use muster_storage::testing::plant::Planted;
use reqwest::Client;
use secrecy::SecretString;
use tokio::time::sleep_until;

use crate::{
    floor::percentile,
    process,
    report::Report,
    rig::{NAME, Rig},
    scaled,
    store::Store,
};

/// Webhooks a second.
const RATE: usize = 2_000;
const SECONDS: usize = 20;
/// Webhooks of a run at full speed, and how many of them are under way at a time.
const AT_ONCE: usize = 20_000;
const CONCURRENCY: usize = 64;
/// Webhooks under way at a time when they come at their pace: as the carrier, which waits for none.
const UNANSWERED: usize = 4_096;
/// How long is waited for a run's answers.
const PATIENCE: Duration = Duration::from_mins(5);
/// Contacts that write STOP: one in so many.
const STOPS: usize = 50;

pub(crate) async fn run(scale: f64) -> anyhow::Result<Report> {
    let mut report = Report::new("replies");
    let rig = Rig::start(1, 1).await?;
    let (tenth, rate, at_once) = (scaled(RATE / 10, scale), scaled(RATE, scale), scaled(AT_ONCE, scale));
    let mut webhooks = Webhooks::plant(&rig, (tenth + rate) * SECONDS + at_once).await?;
    for rate in [tenth, rate] {
        let of = format!("{rate} a second");
        let load = webhooks.take(rate * SECONDS)?;
        let began = Instant::now();
        let mut done = send(&load, Pace::Rate(rate)).await?;
        report.aimed(format!("answers, p99, {of}"), percentile(&mut done.times_ms, 99), "ms", "≤ 50 ms");
        report.figure(format!("answers, p50, {of}"), percentile(&mut done.times_ms, 50), "ms");
        report.figure(format!("answered, {of}"), done.rate(), "a second");
        report.aimed(format!("refused, {of}"), done.refused(), "", "0");
        handled(&rig).await?;
        report.figure(format!("until all of them were handled, {of}"), began.elapsed().as_secs_f64(), "s");
    }
    // Between two of the reference, so that neither has the quieter moment for itself.
    let load = webhooks.take(at_once)?;
    let before = bare(&rig, &load).await?;
    let mut ours = send(&load, Pace::Full).await?;
    let after = bare(&rig, &load).await?;
    let reference = f64::midpoint(before.rate(), after.rate());
    report.figure("as many as fit", ours.rate(), "a second");
    report.figure("a handler that only stores, before it", before.rate(), "a second");
    report.figure("a handler that only stores, after it", after.rate(), "a second");
    report.aimed("ratio", ours.rate() / reference, "×", "≥ 0.5");
    report.figure("answers at full speed, p99", percentile(&mut ours.times_ms, 99), "ms");
    report.aimed("refused at full speed", ours.refused(), "", "0");
    handled(&rig).await?;
    report.figure("peak memory of the api", process::peak_mebibytes(rig.pid("api")?)?, "MiB");
    report.figure("peak memory of the worker", process::peak_mebibytes(rig.pid("worker-1")?)?, "MiB");
    rig.stop().await?;
    Ok(report)
}

/// Waits until the jobs of all webhooks are done, and fails where a text is in no conversation or a
/// receipt was not applied.
async fn handled(rig: &Rig) -> anyhow::Result<()> {
    rig.until("select count(*) from job where state in ('pending', 'published', 'running')", 0).await?;
    rig.until("select count(*) from receipt", 0).await?;
    let lost = rig.number("select count(*) from webhook where outcome is distinct from 'conversation'").await?;
    anyhow::ensure!(lost == 0, "{lost} texts are in no conversation");
    Ok(())
}

/// A request of the carrier, signed.
#[derive(Debug, Clone)]
struct Webhook {
    url: String,
    body: String,
    signature: String,
}

/// Requests that were not made yet.
#[derive(Debug)]
struct Webhooks(Vec<Webhook>);

impl Webhooks {
    /// Plants sent texts, one for each contact, and makes a reply and a receipt of each, in turns.
    async fn plant(rig: &Rig, count: usize) -> anyhow::Result<Self> {
        let messages = u32::try_from(count.div_ceil(2))?;
        let planted = Planted { messages, numbers: 1_000, ..Planted::default() };
        for statement in planted.statements() {
            rig.execute(&statement).await?;
        }
        rig.execute(
            "update message set state = 'sent', carrier_sid = 'SM' || replace(id::text, '-', ''), sent_at = now(),
                 handed_over_at = now()",
        )
        .await?;
        // Planted rows are written and cleaned before the measurement.
        rig.execute("vacuum analyze").await?;
        rig.execute("checkpoint").await?;
        let sent = "select m.id, c.e164, t.sender_e164 from message m join contact c on c.id = m.contact_id
                    join thread t on t.id = m.thread_id order by m.id";
        let sent = rig.stack.postgres.run_sql(NAME, sent).await?;
        let mut webhooks = Vec::with_capacity(count + 1);
        for (nth, line) in sent.lines().filter(|line| !line.is_empty()).enumerate() {
            let mut columns = line.split('|').map(str::trim);
            let mut column = || columns.next().context("a planted text lacks a column");
            let (message, contact, number) = (column()?, column()?, column()?);
            let words = if nth % STOPS == 0 { "STOP" } else { "Yes, I can make it. Where do we meet?" };
            webhooks.push(reply(rig, nth, contact, number, words)?);
            webhooks.push(receipt(rig, message, contact, number)?);
        }
        webhooks.reverse();
        Ok(Self(webhooks))
    }

    /// Takes the next ones.
    fn take(&mut self, count: usize) -> anyhow::Result<Vec<Webhook>> {
        anyhow::ensure!(self.0.len() >= count, "{} webhooks are left, and not {count}", self.0.len());
        Ok(self.0.drain(self.0.len() - count..).rev().collect())
    }
}

fn reply(rig: &Rig, nth: usize, from: &str, to: &str, words: &str) -> anyhow::Result<Webhook> {
    let sid = format!("SM{nth:032x}");
    let form = [("MessageSid", sid.as_str()), ("From", from), ("To", to), ("Body", words), ("NumMedia", "0")];
    signed(rig, "/v1/webhooks/twilio/inbound", &form)
}

fn receipt(rig: &Rig, message: &str, to: &str, from: &str) -> anyhow::Result<Webhook> {
    let sid = format!("SM{}", message.replace('-', ""));
    let form = [("MessageSid", sid.as_str()), ("MessageStatus", "delivered"), ("To", to), ("From", from)];
    signed(rig, &format!("/v1/webhooks/twilio/status/{message}"), &form)
}

fn signed(rig: &Rig, path: &str, form: &[(&str, &str)]) -> anyhow::Result<Webhook> {
    let (account, secret) = rig.cluster.carrier_account();
    let mut form: Vec<(String, String)> =
        form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    form.push(("AccountSid".to_owned(), account.to_owned()));
    form.push(("ApiVersion".to_owned(), "2010-04-01".to_owned()));
    let url = format!("{}{path}", rig.cluster.api_url);
    let signature = twilio::sign(&SecretString::from(secret), &url, &form);
    Ok(Webhook { url, body: serde_urlencoded::to_string(&form)?, signature })
}

#[derive(Debug, Clone, Copy)]
enum Pace {
    /// So many a second, whether or not the ones before are answered.
    Rate(usize),
    /// Each when one before is answered.
    Full,
}

/// The outcome of a run.
#[derive(Debug)]
struct Done {
    /// From when each was due to its answer, in milliseconds.
    times_ms: Vec<f64>,
    refused: usize,
    took: Duration,
}

impl Done {
    #[expect(clippy::cast_precision_loss, reason = "a number of webhooks")]
    fn rate(&self) -> f64 {
        self.times_ms.len() as f64 / self.took.as_secs_f64()
    }

    #[expect(clippy::cast_precision_loss, reason = "a number of webhooks")]
    fn refused(&self) -> f64 {
        self.refused as f64
    }
}

/// Makes the requests at a pace. A request that comes late because others hold the machine is late
/// all the same: its time runs from when it was due.
async fn send(load: &[Webhook], pace: Pace) -> anyhow::Result<Done> {
    let http = Client::new();
    let began = tokio::time::Instant::now();
    let calls = load.iter().enumerate().map(|(nth, webhook)| {
        let http = http.clone();
        async move {
            let due = match pace {
                Pace::Rate(rate) => {
                    let due = began + Duration::from_secs(1) * u32::try_from(nth)? / u32::try_from(rate)?;
                    sleep_until(due).await;
                    due
                }
                Pace::Full => tokio::time::Instant::now(),
            };
            let request = http.post(&webhook.url).header("content-type", "application/x-www-form-urlencoded");
            let request = request.header("x-twilio-signature", &webhook.signature).body(webhook.body.clone());
            // A connection that is ended is a refusal.
            let is_taken = match request.send().await {
                Ok(answer) => answer.status().is_success() && answer.bytes().await.is_ok(),
                Err(_) => false,
            };
            anyhow::Ok((due.elapsed().as_secs_f64() * 1_000.0, is_taken))
        }
    });
    let most = match pace {
        Pace::Rate(_) => UNANSWERED,
        Pace::Full => CONCURRENCY,
    };
    let all = async {
        let mut done = Done { times_ms: Vec::with_capacity(load.len()), refused: 0, took: Duration::ZERO };
        let mut calls = stream::iter(calls).buffer_unordered(most);
        while let Some(call) = calls.next().await {
            let (took_ms, is_taken) = call?;
            done.times_ms.push(took_ms);
            done.refused += usize::from(!is_taken);
        }
        anyhow::Ok(done)
    };
    let mut done = tokio::time::timeout(PATIENCE, all).await.context("the answers take too long")??;
    done.took = began.elapsed();
    Ok(done)
}

/// The reference: the same bodies, stored and nothing else.
async fn bare(rig: &Rig, load: &[Webhook]) -> anyhow::Result<Done> {
    let store = Store::start(rig).await?;
    let load: Vec<Webhook> = load.iter().map(|webhook| Webhook { url: store.url.clone(), ..webhook.clone() }).collect();
    let done = send(&load, Pace::Full).await?;
    anyhow::ensure!(done.refused == 0, "the reference refused {}", done.refused);
    store.stop().await?;
    Ok(done)
}
