//! One webhook, posted until it is answered: signed, a few at a time, with growing pauses.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::{sync::Semaphore, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{config::Config, signature::sign};

/// How the posting of one webhook ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Posted {
    /// It was answered 2xx.
    Delivered,
    /// It was not, for as long as it is tried.
    GaveUp,
    /// The simulator is stopping; it is taken up again if there is a log.
    Stopped,
}

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Posts webhooks, no more at once than the configuration allows.
#[derive(Debug)]
pub(crate) struct Poster {
    client: reqwest::Client,
    in_flight: Semaphore,
    auth_token: String,
    give_up_after: Duration,
    stop: CancellationToken,
}

impl Poster {
    pub(crate) fn new(config: &Config, stop: CancellationToken) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_millis(config.webhook_timeout_ms))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .context("the client of the webhooks")?;
        Ok(Self {
            client,
            in_flight: Semaphore::new(config.webhook_concurrency),
            auth_token: config.auth_token.clone(),
            give_up_after: Duration::from_millis(config.webhook_give_up_after_ms),
            stop,
        })
    }

    /// Posts a form until it is answered 2xx. `on_try` is called before each try.
    pub(crate) async fn post(&self, url: &str, form: &[(&str, &str)], mut on_try: impl FnMut()) -> Posted {
        let signature = sign(&self.auth_token, url, form);
        let give_up_at = Instant::now() + self.give_up_after;
        let mut pause = FIRST_PAUSE;
        loop {
            let attempt = async {
                let _permit = self.in_flight.acquire().await;
                on_try();
                self.try_once(url, form, &signature).await
            };
            let result = tokio::select! {
                result = attempt => result,
                () = self.stop.cancelled() => return Posted::Stopped,
            };
            let error = match result {
                Ok(()) => return Posted::Delivered,
                Err(error) => error,
            };
            if Instant::now() + pause > give_up_at {
                tracing::warn!(error = %error, "a webhook was given up");
                return Posted::GaveUp;
            }
            tracing::debug!(error = %error, "a webhook will be tried again");
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.stop.cancelled() => return Posted::Stopped,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn try_once(&self, url: &str, form: &[(&str, &str)], signature: &str) -> anyhow::Result<()> {
        let request = self.client.post(url).header("X-Twilio-Signature", signature).form(form);
        // The URL stays out of the error, and so out of the log: it may identify a person.
        let response = request.send().await.map_err(reqwest::Error::without_url)?;
        let status = response.status();
        ensure!(status.is_success(), "it was answered {status}");
        // The answer is read to its end so that the connection can be used again.
        response.bytes().await.map_err(reqwest::Error::without_url)?;
        Ok(())
    }
}
