//! Each source file belongs to a crate: a `mod` declares it. The compiler never reads a file that
//! none declares, so that its tests would be silently lost.

use std::{fs, path::Path};

use anyhow::ensure;

use crate::{root, words};

/// Files that begin a crate.
const ROOTS: [&str; 3] = ["main.rs", "lib.rs", "build.rs"];

/// Folders with files that each begin a crate, or are read by a test as they stand.
const APART: [&str; 3] = ["examples", "fuzz_targets", "adding_a_job"];

/// Fails with every file that no module declares.
pub(crate) fn check() -> anyhow::Result<()> {
    let mut lost = Vec::new();
    for path in words::files(&root())? {
        if path.extension().is_some_and(|ending| ending == "rs") && !declared(&path) {
            lost.push(path.strip_prefix(root())?.display().to_string());
        }
    }
    ensure!(lost.is_empty(), "no mod declares these files, which are never compiled:\n  {}", lost.join("\n  "));
    Ok(())
}

fn declared(path: &Path) -> bool {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Some(folder) = path.parent() else { return true };
    if ROOTS.contains(&name(path).as_str()) || APART.contains(&name(folder).as_str()) {
        return true;
    }
    let (module, home) = if name(path) == "mod.rs" {
        (name(folder), folder.parent().unwrap_or(folder))
    } else {
        (name(path).trim_end_matches(".rs").to_owned(), folder)
    };
    // A file straight in `tests` is a crate of its own, and its modules are in that folder too.
    if name(home) == "tests" {
        return name(path) != "mod.rs" || any_declares(home, &module);
    }
    ["mod.rs", "lib.rs", "main.rs"].iter().any(|parent| declares(&home.join(parent), &module))
}

fn any_declares(folder: &Path, module: &str) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| declares(&entry.path(), module))
}

fn declares(parent: &Path, module: &str) -> bool {
    let text = fs::read_to_string(parent).unwrap_or_default();
    let wanted = format!("mod {module};");
    text.lines().any(|line| line.trim_start().ends_with(&wanted) && !line.trim_start().starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_workspace_is_declared() {
        check().unwrap();
    }

    #[test]
    fn a_file_that_no_module_declares_is_found() {
        let folder = root().join("xtask/src");
        assert!(declared(&folder.join("modules.rs")) && declared(&folder.join("words/mod.rs")));
        assert!(!declared(&folder.join("forgotten.rs")) && !declared(&folder.join("forgotten/mod.rs")));
    }
}
