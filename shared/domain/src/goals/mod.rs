//! Goals, targeting, release of batches, forecast and estimate.

pub mod estimate;
pub mod forecast;
pub mod goal;
pub mod release;
pub mod targeting;
