//! `--watch`: a table that is drawn again and again.

use std::time::Duration;

use crate::out;

#[derive(clap::Args)]
pub(crate) struct Watch {
    /// Look again every so many seconds (2 unless told), until it is interrupted.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    watch: Option<u64>,
}

impl Watch {
    /// Shows something once, or again and again on a cleared screen.
    pub(crate) async fn show(&self, show: impl AsyncFn() -> anyhow::Result<()>) -> anyhow::Result<()> {
        let Some(seconds) = self.watch else { return show().await };
        loop {
            out::clear()?;
            show().await?;
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
    }
}
