//! Goals and campaigns, their batches and leases, reassigning and figures
//! (rules G1 to G12, B1 to B6, T1 to T3, W4).

pub mod activity;
pub mod batches;
pub mod campaigns;
pub mod forecast;
pub mod give_back;
mod goal;
pub mod home;
pub mod leaving;
mod partition;
pub mod reassign;
pub mod reminders;
mod row;
pub mod scripts;
mod selection;
pub mod stats;
mod targeting;
mod timers;
mod zone;

pub use goal::*;
pub use partition::*;
pub use selection::*;
pub use targeting::*;
pub use timers::*;
pub use zone::*;
