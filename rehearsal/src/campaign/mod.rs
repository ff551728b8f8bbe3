//! A campaign on this machine, as its people play it: files made from a seed, an organization with
//! groups and agents, a carrier that misbehaves, and readings of the outcome. `demo` and `chaos`
//! play it, each in its own way.

pub(crate) mod agents;
pub(crate) mod carrier;
pub(crate) mod csv;
pub(crate) mod figures;
pub(crate) mod floor;
pub(crate) mod imports;
pub(crate) mod moment;
pub(crate) mod people;
pub(crate) mod plan;
pub(crate) mod privacy;
pub(crate) mod setup;
pub(crate) mod voice;
