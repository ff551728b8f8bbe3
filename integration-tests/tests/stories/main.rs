//! Stories about the whole of Muster: every process real, with a carrier that is simulated and
//! misbehaves.
//!
//! - `kills`: whichever process is killed during a campaign, no contact is texted twice and nothing
//!   is lost.
//! - `trace`: one trace leads from an agent's request to the carrier.
//! - `collector`: metrics and logs reach a collector, also one of others' making.
//! - `privacy`: names, phones and texts stay out of queues, logs, job rows and spans.
//! - `chaos`: a seed's faults leave every invariant whole.
//! - `living`: a system to click through lets people in, and its campaign goes on.
//! - `node_goes`: nodes of the broker and the primary go one after the other, and the campaign goes
//!   on.
//! - `endings`: a program that cannot go on says why in one line.
//! - `schedule_preview`: the command line says when a schedule fires, with nothing running.
//! - `ingestion`: large files, counted exactly, in flat memory.
//! - `import_cli`: a file is imported from the command line, and taken back.
//! - `people_cli`: tags are merged and opt-outs read from the command line.
//! - `opt_outs_under_load`: no text goes to a person after the answer to their opt-out, with a
//!   hundred thousand texts queued and a worker that stands still.
//! - `import_crashes`: an import ends as if nothing had happened when its worker is killed at any
//!   of its points.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod audit;
mod campaign;
mod chaos;
mod collector;
mod contacts_cli;
mod endings;
mod import_check;
mod import_cli;
mod import_crashes;
mod ingestion;
mod kills;
mod living;
mod node_goes;
mod opt_outs;
mod opt_outs_under_load;
mod otlp;
mod people_cli;
mod privacy;
mod process_lists;
mod restore;
mod rig;
mod run;
mod schedule_preview;
mod trace;
