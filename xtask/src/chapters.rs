//! Which chapter may import which, checked over the sources.
//!
//! A chapter is a folder with one name on every floor: `goals` in the domain, in storage, among the
//! handlers, in the api. The tables below say which other chapters of the same crate it may know.
//! The engine knows none.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, ensure};

use crate::root;

/// A chapter and the chapters of its crate that it imports.
type Table = &'static [(&'static str, &'static [&'static str])];

/// The crates that have chapters. Modules that are not in a table belong to the whole crate.
const CRATES: [(&str, Table); 2] = [
    (
        "shared/domain/src",
        &[
            ("tenancy", &["sending"]),
            ("people", &["goals", "sending", "tenancy"]),
            ("goals", &["engine", "sending"]),
            ("sending", &["conversations", "goals", "people"]),
            ("conversations", &["goals"]),
            ("imports", &["people"]),
            ("trust", &["people", "tenancy"]),
            ("engine", &[]),
        ],
    ),
    (
        "shared/storage/src",
        &[
            ("tenancy", &[]),
            ("people", &["engine", "goals", "imports", "trust"]),
            ("goals", &["engine", "tenancy"]),
            ("sending", &["engine", "goals", "people", "tenancy"]),
            ("conversations", &["goals", "people"]),
            ("imports", &["engine", "goals", "people", "trust"]),
            ("trust", &[]),
            ("engine", &[]),
        ],
    ),
];

/// Folder of chapters with handlers that import no handler of another.
const HANDLERS: &str = "workers/src/handlers";

/// Fails with every import between chapters that is in no table, and with every entry that no
/// import needs.
pub(crate) fn check() -> anyhow::Result<()> {
    let mut broken = Vec::new();
    for (folder, table) in CRATES {
        broken.extend(violations(folder, table, &imports(&root().join(folder), "crate")?));
    }
    let handlers = root().join(HANDLERS);
    let none: Vec<_> = imports(&handlers, "crate::handlers")?.into_iter().collect();
    for ((chapter, other), file) in none {
        if handlers.join(&other).is_dir() {
            broken.push(format!("{file}: the handlers of {chapter} import those of {other}"));
        }
    }
    ensure!(broken.is_empty(), "chapters import what they may not know:\n  {}", broken.join("\n  "));
    Ok(())
}

/// Imports by chapter and imported module, each with a file that has it.
type Imports = BTreeMap<(String, String), String>;

fn violations(folder: &str, table: Table, imports: &Imports) -> Vec<String> {
    let allowed: BTreeSet<(&str, &str)> =
        table.iter().flat_map(|(chapter, others)| others.iter().map(move |other| (*chapter, *other))).collect();
    let is_chapter = |name: &str| table.iter().any(|(chapter, _)| *chapter == name);
    let used: BTreeMap<(&str, &str), &str> = imports
        .iter()
        .map(|((chapter, other), file)| ((chapter.as_str(), other.as_str()), file.as_str()))
        .filter(|((chapter, other), _)| is_chapter(chapter) && is_chapter(other))
        .collect();
    let unknown = used
        .iter()
        .filter(|(edge, _)| !allowed.contains(*edge))
        .map(|((chapter, other), file)| format!("{file}: {chapter} imports {other}"));
    let unused = allowed
        .iter()
        .filter(|edge| !used.contains_key(*edge))
        .map(|(chapter, other)| format!("{folder}: {chapter} may import {other}, and does not"));
    unknown.chain(unused).collect()
}

/// Returns the imports of every file below `folder` that lies in a folder of its own, below the
/// module path `of`.
fn imports(folder: &Path, of: &str) -> anyhow::Result<Imports> {
    let mut found = Imports::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let Some(chapter) = path.file_name().and_then(|name| name.to_str()).map(ToOwned::to_owned) else { continue };
        if path.is_dir() {
            collect(&path, &chapter, of, &mut found)?;
        }
    }
    Ok(found)
}

fn collect(folder: &Path, chapter: &str, of: &str, found: &mut Imports) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, chapter, of, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let file = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
            for other in imported(&text, of).into_iter().filter(|other| other != chapter) {
                found.entry((chapter.to_owned(), other)).or_insert_with(|| file.clone());
            }
        }
    }
    Ok(())
}

/// Returns the modules directly below `of` that a file names, in `use` trees and in paths. Tests at
/// its end, or in a `tests.rs`, may use any.
fn imported(text: &str, of: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or(text);
    let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut names = BTreeSet::new();
    let prefix = format!("{of}::");
    for (at, _) in code.match_indices(&prefix) {
        let rest = &code[at + prefix.len()..];
        if let Some(tree) = rest.strip_prefix('{') {
            names.extend(first_names(tree));
        } else {
            names.extend(name(rest));
        }
    }
    names
}

/// Returns the first name of each branch of a `use` tree with an opening brace that is behind us.
fn first_names(tree: &str) -> Vec<String> {
    let (mut depth, mut names, mut begins) = (1_u32, Vec::new(), true);
    for (at, character) in tree.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => begins = true,
            _ if begins && depth == 1 && !character.is_whitespace() => {
                names.extend(name(&tree[at..]));
                begins = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// Returns the name of a module at the beginning of `text`; types begin with a capital.
fn name(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let name = &text[..end];
    name.starts_with(|c: char| c.is_ascii_lowercase()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_found_in_trees_and_in_paths() {
        let text = "use crate::{\n    Pool, Tx,\n    engine::{claim, relay::{A, B}},\n    goals,\n};\nuse crate::people::contacts;\n\
                    // crate::comments::are\nfn f() { crate::sending::g() }\n#[cfg(test)]\nmod tests { use crate::imports; }\n";
        let found: Vec<_> = imported(text, "crate").into_iter().collect();
        assert_eq!(found, ["engine", "goals", "people", "sending"]);
    }

    #[test]
    fn an_edge_that_no_table_has_is_found_and_so_is_an_entry_that_no_import_needs() {
        let table: Table = &[("engine", &[]), ("goals", &["engine", "people"]), ("people", &[])];
        let edge = |chapter: &str, other: &str| ((chapter.to_owned(), other.to_owned()), "a.rs".to_owned());
        let imports = Imports::from([edge("engine", "goals"), edge("goals", "engine"), edge("engine", "db")]);
        assert_eq!(
            violations("src", table, &imports),
            ["a.rs: engine imports goals", "src: goals may import people, and does not"]
        );
    }

    #[test]
    fn this_workspace_keeps_its_chapters() {
        check().unwrap();
    }
}
