//! The harness of every process: configuration, telemetry, health and shutdown. It knows nothing of
//! campaigns.

pub mod clock;
pub mod config;
pub mod connections;
pub mod daemon;
pub mod health;
pub mod metrics;
pub mod notify;
pub mod secret;
pub mod serve;
pub mod shutdown;
pub mod telemetry;
pub mod trace;
pub mod zones;
