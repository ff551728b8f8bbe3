//! Messages, segments, hours, caps, rates, and the decision in front of the carrier.

pub mod admission;
pub mod batch_send;
pub mod brand_hold;
pub mod cap;
pub mod compose;
mod decision;
pub mod edited;
pub mod hand_over;
pub mod hours;
pub mod lane_turns;
pub mod message;
pub mod own_phone;
pub mod rate;
pub mod refusal;
pub mod segments;
pub mod stops;
pub mod template;
#[cfg(test)]
mod testing;
pub mod wait;

pub use decision::*;
