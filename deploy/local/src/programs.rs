//! Where programs are: Muster's own binaries, and other people's on the `PATH`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Names the folder of Muster's binaries; without it they are looked for beside the running
/// program.
pub const BIN_DIR_VAR: &str = "MUSTER_BIN_DIR";

/// One of Muster's binaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    /// The HTTP API.
    Api,
    /// The scheduler.
    Scheduler,
    /// The worker.
    Worker,
    /// The operator's command-line tool.
    Cli,
    /// The carrier simulator.
    Simulator,
}

impl Binary {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Api, Self::Scheduler, Self::Worker, Self::Cli, Self::Simulator];

    /// Returns the file name of the binary.
    pub fn name(self) -> &'static str {
        match self {
            Self::Api => "muster-api",
            Self::Scheduler => "muster-scheduler",
            Self::Worker => "muster-worker",
            Self::Cli => "muster",
            Self::Simulator => "muster-simulator",
        }
    }

    /// Finds the binary in `MUSTER_BIN_DIR`, else beside the running program or one folder up (test
    /// programs live in `target/<profile>/deps`).
    pub fn path(self) -> anyhow::Result<PathBuf> {
        let folders = match std::env::var_os(BIN_DIR_VAR) {
            Some(folder) => vec![PathBuf::from(folder)],
            None => own_folders()?,
        };
        folders.iter().map(|folder| folder.join(self.name())).find(|path| path.is_file()).with_context(|| {
            let places: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
            format!(
                "no program {} in {}: build it, or name its folder in {BIN_DIR_VAR}",
                self.name(),
                places.join(", ")
            )
        })
    }
}

fn own_folders() -> anyhow::Result<Vec<PathBuf>> {
    let program = std::env::current_exe().context("asking where this program is")?;
    Ok(program.ancestors().skip(1).take(2).map(Path::to_owned).collect())
}

/// Returns the first file called `name` in a folder of the `PATH`.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}
