//! Messages, segments, hours, caps, rates, and the decision in front of the carrier.

pub mod admission;
pub mod cap;
mod decision;
pub mod hours;
pub mod message;
pub mod rate;
pub mod segments;
pub mod stops;
pub mod template;

pub use decision::*;
