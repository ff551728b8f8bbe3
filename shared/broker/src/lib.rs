//! The broker: topology, the relay's publisher and the workers' consumer. The only crate that
//! speaks AMQP, and to `RabbitMQ` at all.
//!
//! lapin's own recovery stays off. A connection here is opened as one step (connect, declare, qos,
//! consume), used until anything about it fails, and then replaced as a whole, with growing delays.
//! Unacknowledged deliveries come back from the broker. Every wait has a time-out, because a
//! blocked connection writes nothing, acknowledgements included.

mod consumer;
mod error;
mod line;
mod management;
mod publisher;
mod topology;

pub use consumer::{Delivery, Session, Source};
pub use error::{Error, Result};
pub use line::{Line, LineFigures};
pub use management::{DELIVERY_LIMIT, Management, is_supported};
pub use publisher::{Message, Publisher};
pub use topology::{Address, check};
