//! The simulator as its clients see it: over HTTP, with webhooks that are really posted.

#![expect(clippy::unwrap_used, reason = "a test whose helper cannot go on has failed")]

mod accepting;
mod control;
mod dropping;
mod receipts;
mod replies;
mod restart;
mod support;
