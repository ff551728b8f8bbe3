//! No file has more than [`LINES`] lines. Functions have a bound too, which clippy keeps
//! (`too-many-lines-threshold` in clippy.toml).

use std::fs;

use anyhow::{Context, ensure};

use crate::{root, words};

/// Most lines of a file.
const LINES: usize = 400;

/// Endings of files that are written by hand, and read.
const WRITTEN: [&str; 6] = ["rs", "sql", "md", "py", "mjs", "toml"];

/// The rule book is one page, because its codes are cited as anchors of one page.
const LONGER: [&str; 1] = ["docs/rules.md"];

/// Fails with every file that is too long.
pub(crate) fn check() -> anyhow::Result<()> {
    let mut long = Vec::new();
    for path in words::files(&root())? {
        let name = path.strip_prefix(root())?.display().to_string();
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if WRITTEN.contains(&ending) && !LONGER.contains(&name.as_str()) {
            let text = fs::read_to_string(&path).with_context(|| format!("read {name}"))?;
            long.extend(too_long(&name, &text));
        }
    }
    ensure!(long.is_empty(), "files are too long, split them by subject:\n  {}", long.join("\n  "));
    Ok(())
}

fn too_long(name: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > LINES).then(|| format!("{name}: {lines} lines, over {LINES}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_too_long_is_found() {
        assert_eq!(too_long("a.rs", &"//\n".repeat(400)), None);
        assert_eq!(too_long("a.rs", &"//\n".repeat(401)), Some("a.rs: 401 lines, over 400".to_owned()));
    }

    #[test]
    fn this_workspace_keeps_the_bound() {
        check().unwrap();
    }
}
