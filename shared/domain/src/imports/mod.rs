//! Imports: states, formats of files, and reasons of rejects.

mod file;
mod reject;
mod state;

pub use file::{Compression, FileEncoding};
pub use reject::RejectReason;
pub use state::ImportState;
