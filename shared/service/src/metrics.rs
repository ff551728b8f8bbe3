//! Metrics for Prometheus. Labels are kinds, states and outcomes, never ids or anything of a person
//! (rule R5).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::{
    encoding::text::{encode_eof, encode_registry},
    registry::Registry,
};

/// A process's metrics; cloned, it is the same registry.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Mutex<Registries>>);

#[derive(Debug)]
struct Registries {
    own: Registry,
    conventional: Registry,
}

impl Default for Metrics {
    fn default() -> Self {
        let registries = Registries { own: Registry::with_prefix("muster"), conventional: Registry::default() };
        Self(Arc::new(Mutex::new(registries)))
    }
}

impl Metrics {
    /// Adds a process's own metrics.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self.locked().own);
    }

    /// Adds metrics with names of OpenTelemetry's semantic conventions, which
    /// [`connections`](crate::connections) lists.
    pub fn register_conventional(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self.locked().conventional);
    }

    /// Returns the text that a scrape gets.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        let registries = self.locked();
        // Writing to a string does not fail.
        let _ = encode_registry(&mut text, &registries.own)
            .and_then(|()| encode_registry(&mut text, &registries.conventional))
            .and_then(|()| encode_eof(&mut text));
        text
    }

    fn locked(&self) -> MutexGuard<'_, Registries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
