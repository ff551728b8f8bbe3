//! The adapter for the Twilio Messages and Lookup APIs, and for everything that speaks it.

mod client;
mod form;
mod inbound;
mod lookups;
mod party;
mod signature;
mod webhook;

pub use client::{ClientError, Credentials, SentPage, SentText, Twilio};
pub use form::Form;
pub use inbound::{InboundText, Media};
pub use lookups::{LookupError, Lookups};
pub use party::Party;
pub use signature::{BadSignature, Request, sign};
pub use webhook::{NoId, StatusUpdate, status_path};
