//! The handlers of the kinds of job: a folder for each chapter, and in it one file for each kind,
//! named as the kind.
//!
//! Handlers are level-triggered: they read the state and take the steps that are now right,
//! whichever they were when the job was enqueued, so that running one twice does nothing the second
//! time. They answer the open transaction that holds their effects, or write into the one that
//! holds their whole bundle's.

mod conversations;
mod engine;
mod goals;
pub(crate) mod imports;
pub(crate) mod people;
mod sending;
mod tenancy;
mod trust;
