//! The folder a stack lives in: data, logs and configuration of every server, removed with its
//! owner.

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::account;

/// A fresh folder, removed on drop unless it is to be kept.
#[derive(Debug)]
pub struct StackFolder {
    folder: TempDir,
}

impl StackFolder {
    /// Makes a folder under `parent`, or under the machine's folder for temporary files.
    pub fn create(parent: Option<&Path>, keep: bool) -> anyhow::Result<Self> {
        let parent = parent.map_or_else(default_parent, Path::to_owned);
        // As root, Postgres runs as another user, for which the folder has to be passable.
        let mode = if account::is_root() { 0o711 } else { 0o700 };
        let folder = tempfile::Builder::new()
            .prefix("muster-")
            .permissions(Permissions::from_mode(mode))
            .disable_cleanup(keep)
            .tempdir_in(&parent)
            .with_context(|| format!("making a folder for the stack in {}", parent.display()))?;
        // The umask may have taken bits away.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(mode))
            .with_context(|| format!("setting the mode of {}", folder.path().display()))?;
        Ok(Self { folder })
    }

    /// Leaves it behind after all.
    pub fn keep(&mut self) {
        self.folder.disable_cleanup(true);
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Returns the machine's folder for temporary files; as root only if every user can walk to it.
fn default_parent() -> PathBuf {
    let parent = std::env::temp_dir();
    if account::is_root() && !open_to_all(&parent) {
        return PathBuf::from("/var/tmp");
    }
    parent
}

fn open_to_all(path: &Path) -> bool {
    path.ancestors().all(|folder| folder.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o001 != 0))
}
