//! Waiting until nothing moves any more, in Muster and at the carrier.

use std::time::{Duration, Instant};

use super::{evidence::Rest, tables::Reader};
use crate::campaign::{carrier::Carrier, voice::Voice};

/// How long the system may take to come to rest once everything is mended: abandoned leases last a
/// minute, and retries follow.
const LIMIT: Duration = Duration::from_mins(4);
const POLL: Duration = Duration::from_secs(1);
/// Interval at which the work under way is told.
const TELL: Duration = Duration::from_secs(10);

/// Waits until the system is at rest, or names the work under way when the time is over.
pub(crate) async fn wait(reader: Reader<'_>, carrier: &Carrier, voice: Voice) -> anyhow::Result<Rest> {
    let started = Instant::now();
    let mut told = started;
    let mut quiet = false;
    loop {
        let mut left = reader.moving().await?;
        let stats = carrier.stats().await?;
        let webhooks = stats.receipts.pending + stats.replies.pending;
        if webhooks > 0 {
            left.push(format!("{webhooks} webhooks to come"));
        }
        // Seen twice, so that nothing was on its way from one place to another.
        let at_rest = left.is_empty() && quiet;
        if at_rest || started.elapsed() > LIMIT {
            return Ok(Rest { seconds: started.elapsed().as_secs(), left });
        }
        if told.elapsed() > TELL {
            voice.say(&format!("under way: {}", left.join(", ")));
            told = Instant::now();
        }
        quiet = left.is_empty();
        tokio::time::sleep(POLL).await;
    }
}
