//! `/v1/imports` and `/v1/import-sources`.

pub(crate) mod changes;
pub(crate) mod events;
pub(crate) mod list;
pub(crate) mod preview;
pub(crate) mod report;
pub(crate) mod source;
pub(crate) mod sources;
pub(crate) mod undo;
pub(crate) mod upload;
