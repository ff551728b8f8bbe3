//! Phones, places and time zones of contacts, groups' knowledge of them, filters and bulk changes,
//! and the reasons for which a contact was or was not texted.

pub mod bulk;
pub mod contact;
pub mod e164;
pub mod filter;
pub mod form;
pub mod knowledge;
pub mod line;
pub mod membership;
pub mod merge;
pub mod names;
pub mod number_zones;
pub mod phone;
pub mod phone_hash;
pub mod postal_codes;
pub mod state;
pub mod traces;
pub mod whereabouts;
pub mod why;
