//! Figures of the whole installation as metrics. Every scheduler tells the same ones, so that a
//! query takes their maximum over schedulers, not their sum.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use muster_storage::figures::{self, Figure, GAUGES};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, gauge::ConstGauge},
};

use crate::{LONGEST_ROUND, Scheduler};

/// The latest figures; a clone shares them.
#[derive(Debug, Clone, Default)]
pub(crate) struct LatestFigures(Arc<Mutex<Vec<Figure>>>);

impl Collector for LatestFigures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let figures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for gauge in GAUGES {
            let of_gauge: Vec<_> = figures.iter().filter(|figure| figure.name == gauge.name).collect();
            if of_gauge.is_empty() {
                continue;
            }
            let mut metric = encoder.encode_descriptor(gauge.name, gauge.help, None, MetricType::Gauge)?;
            for figure in of_gauge {
                let value = ConstGauge::new(figure.value);
                if figure.labels.is_empty() {
                    value.encode(metric.encode_family(&NO_LABELS)?)?;
                } else {
                    let labels: Vec<_> =
                        figure.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
                    value.encode(metric.encode_family(&labels)?)?;
                }
            }
        }
        Ok(())
    }
}

const NO_LABELS: [(String, String); 0] = [];

/// Takes the figures when they are due, and reads those that another scheduler has taken, until it
/// is time to stop.
pub(crate) async fn run(scheduler: &Scheduler, latest: &LatestFigures) {
    while scheduler.pause(figures::INTERVAL / 2).await {
        match tokio::time::timeout(LONGEST_ROUND, round(scheduler, latest)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the figures could not be taken; the next round takes them"),
            Err(_) => tracing::warn!("the database did not give figures in time; the next round takes them"),
        }
    }
}

async fn round(scheduler: &Scheduler, latest: &LatestFigures) -> muster_storage::Result<()> {
    figures::take_if_due(&scheduler.pool).await?;
    let figures = figures::latest(&scheduler.pool).await?.figures;
    *latest.0.lock().unwrap_or_else(PoisonError::into_inner) = figures;
    Ok(())
}
