//! The rehearsal: Muster played through on one machine, every process real and the carrier
//! simulated.
//!
//! - `campaign`: the players. Files made from a seed, an organization with groups and agents, a
//!   carrier that misbehaves.
//! - `invariants`: one list for every rehearsal, and the evidence that it is checked against.
//! - [`demo`]: a campaign from the upload to the reminder, with a report.
//! - [`chaos`]: a campaign while a seed's schedule breaks daemons, servers and the wires between
//!   them.
//! - [`live`]: a campaign that goes on, to click through.
//! - [`client`] and [`agent`]: the API as a member and as an agent use it, for the rehearsals and
//!   for tests.

pub mod agent;
mod campaign;
pub mod chaos;
pub mod client;
pub mod demo;
mod invariants;
pub mod live;
