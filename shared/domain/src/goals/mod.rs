//! Goals, targeting, batches and their release, answers, forecast and estimate.

pub mod answer;
pub mod availability;
pub mod batch;
pub mod calendar;
pub mod campaign;
pub mod estimate;
pub mod forecast;
pub mod goal;
pub mod home;
pub mod lifecycle;
pub mod release;
pub mod reminder;
pub mod script;
pub mod targeting;
pub mod times;
