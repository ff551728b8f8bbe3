//! `cargo xtask words [--list]`: the wording of comments and documents.
//!
//! The check fails for comments and documents that begin a sentence with a pronoun in place of a
//! noun, for lines over [`COLUMNS`] columns, and for a document's paragraphs over [`PARAGRAPH`]
//! words. The share of such pronouns anywhere in the text has a ceiling, which only ever goes down.
//! Code, tables, drawings and trailing comments are not judged.

mod literal;
mod passage;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use crate::root;
use passage::{Kind, Passage, passages};

/// Longest line of a comment or of a document's prose, in characters.
const COLUMNS: usize = 100;

/// Longest paragraph of a document, in words.
const PARAGRAPH: usize = 120;

/// Most pronouns in 10,000 words of comments. Comparable projects have 8 to 14.
const CEILING_OF_COMMENTS: usize = 1;

/// Most pronouns in 10,000 words of documents.
const CEILING_OF_DOCUMENTS: usize = 1;

/// Words that stand in for a noun. They count wherever they stand.
const PRONOUNS: [&str; 6] = ["what", "who", "whom", "whose", "whoever", "whatever"];

/// Further words that begin no sentence.
const NO_BEGINNINGS: [&str; 2] = ["nobody", "those"];

/// Folders without sources of the project.
const SKIPPED: [&str; 6] = ["target", ".git", ".sqlx", "node_modules", ".venv", "data"];

/// Documents that a program writes.
const GENERATED: [&str; 4] = ["docs/rules-index.md", "docs/configuration.md", "docs/data-map.md", "docs/settings.md"];

/// Problems that are printed without `--list`.
const SHOWN: usize = 25;

/// Words and pronouns of a kind of text.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Share {
    words: usize,
    pronouns: usize,
}

/// Findings in the files looked at so far.
#[derive(Debug, Default)]
struct Findings {
    /// `FILE:LINE: PROBLEM`.
    problems: Vec<String>,
    /// `FILE:LINE: SENTENCE` of each pronoun below the ceiling.
    pronouns: Vec<String>,
    comments: Share,
    documents: Share,
}

/// Runs the command: `--list` prints every problem and every sentence with a pronoun.
pub(crate) fn run(rest: &[String]) -> anyhow::Result<()> {
    match rest {
        [] => check(),
        [flag] if flag == "--list" => {
            let found = look()?;
            for line in found.pronouns.iter().chain(&found.problems) {
                eprintln!("{line}");
            }
            judge(&found)
        }
        _ => bail!("words takes --list or nothing"),
    }
}

/// Fails when the wording of a comment or document breaks a rule.
pub(crate) fn check() -> anyhow::Result<()> {
    let found = look()?;
    for line in found.problems.iter().take(SHOWN) {
        eprintln!("{line}");
    }
    judge(&found)
}

/// Returns the findings in every file of the repository.
fn look() -> anyhow::Result<Findings> {
    let mut found = Findings::default();
    for path in files(&root())? {
        let name = path.strip_prefix(root())?.display().to_string();
        let bytes = fs::read(&path).with_context(|| format!("read {name}"))?;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        if let Some(kind) = Kind::of(&name, &text)
            && !GENERATED.contains(&name.as_str())
        {
            found.read(&name, kind, &text);
        }
    }
    Ok(found)
}

/// Fails with the number of problems and the shares above their ceilings.
fn judge(found: &Findings) -> anyhow::Result<()> {
    let mut faults = Vec::new();
    if !found.problems.is_empty() {
        faults.push(format!("{} problems of wording (cargo xtask words --list has all)", found.problems.len()));
    }
    let shares =
        [("comments", found.comments, CEILING_OF_COMMENTS), ("documents", found.documents, CEILING_OF_DOCUMENTS)];
    for (name, share, ceiling) in shares {
        let Share { words, pronouns } = share;
        eprintln!("{name}: {words} words, {pronouns} pronouns; the ceiling is {ceiling} in 10,000 words");
        if share.is_over(ceiling) {
            faults.push(format!("{name} have {pronouns} pronouns in {words} words, more than {ceiling} in 10,000"));
        }
    }
    if faults.is_empty() { Ok(()) } else { bail!("{}", faults.join("; ")) }
}

impl Share {
    /// Returns whether there are more pronouns than `ceiling` in 10,000 words.
    fn is_over(self, ceiling: usize) -> bool {
        self.pronouns * 10_000 > self.words * ceiling
    }
}

impl Findings {
    /// Adds the findings in one file.
    fn read(&mut self, name: &str, kind: Kind, text: &str) {
        for passage in passages(kind, text) {
            self.beginnings(name, &passage);
            self.columns(name, &passage);
            let words = passage.words();
            if kind == Kind::Markdown && words.len() > PARAGRAPH {
                let line = passage.line();
                let count = words.len();
                self.problems.push(format!("{name}:{line}: a paragraph of {count} words, over {PARAGRAPH}"));
            }
            let pronouns: Vec<_> =
                words.iter().filter(|word| PRONOUNS.contains(&word.text.as_str())).map(|word| word.line).collect();
            let share = if kind == Kind::Markdown { &mut self.documents } else { &mut self.comments };
            share.words += words.len();
            share.pronouns += pronouns.len();
            for line in pronouns {
                self.pronouns.push(format!("{name}:{line}: {}", passage.on(line)));
            }
        }
    }

    /// Adds sentences that begin with a pronoun.
    fn beginnings(&mut self, name: &str, passage: &Passage) {
        for first in passage.words().into_iter().filter(|word| word.begins_sentence) {
            let word = first.text.as_str();
            if PRONOUNS.contains(&word) || NO_BEGINNINGS.contains(&word) {
                let line = first.line;
                self.problems.push(format!("{name}:{line}: a sentence begins with {word:?}: {}", passage.on(line)));
            }
        }
    }

    /// Adds lines that are too long, unless there is no blank at which they could be broken.
    fn columns(&mut self, name: &str, passage: &Passage) {
        for (line, columns) in passage.long_lines(COLUMNS) {
            self.problems.push(format!("{name}:{line}: {columns} columns, over {COLUMNS}"));
        }
    }
}

/// Returns the files below a folder, in the order of their names.
pub(crate) fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if !SKIPPED.contains(&entry.file_name().to_string_lossy().as_ref()) {
                found.extend(files(&path)?);
            }
        } else if entry.file_type()?.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(kind: Kind, text: &str) -> Vec<String> {
        let mut found = Findings::default();
        found.read("f", kind, text);
        found.problems
    }

    #[test]
    fn a_comment_that_begins_with_a_pronoun_is_a_problem() {
        assert_eq!(
            problems(Kind::Slashes, "/// Who asks.\nfn a() {}\n"),
            ["f:1: a sentence begins with \"who\": Who asks."]
        );
        assert_eq!(problems(Kind::Slashes, "    // Whoever ends a job lets the next one go.\n").len(), 1);
        assert_eq!(problems(Kind::Dashes, "-- Nobody has it.\nSELECT 1;\n").len(), 1);
        assert_eq!(problems(Kind::Hashes, "# What it is built from.\nname = \"x\"\n").len(), 1);
        assert_eq!(problems(Kind::Markdown, "## Those who wait\n").len(), 1);
    }

    #[test]
    fn sentences_are_judged_and_not_wrapped_lines() {
        assert_eq!(problems(Kind::Slashes, "// The worker knows\n// who holds it.\n"), Vec::<String>::new());
        assert_eq!(
            problems(Kind::Slashes, "// The lease ends. Who\n// had it is told.\n"),
            ["f:1: a sentence begins with \"who\": The lease ends. Who"]
        );
        assert_eq!(problems(Kind::Slashes, "// By id, e.g. who asks.\n"), Vec::<String>::new());
        assert_eq!(problems(Kind::Slashes, "let who = 1; // Who\nlet url = \"https://x\";\n"), Vec::<String>::new());
    }

    #[test]
    fn items_of_lists_are_passages_of_their_own() {
        assert_eq!(problems(Kind::Markdown, "- A lease\n- what waits\n").len(), 1);
        assert_eq!(problems(Kind::Slashes, "//! 1. A lease\n//! 2. **What waits** goes.\n").len(), 1);
    }

    #[test]
    fn code_drawings_and_tables_are_not_judged() {
        let wide = "x ".repeat(80);
        assert_eq!(problems(Kind::Markdown, &format!("```\nWho {wide}\n```\n")), Vec::<String>::new());
        assert_eq!(problems(Kind::Markdown, &format!("| who | {wide} |\n")), Vec::<String>::new());
        let mut found = Findings::default();
        found.read("f", Kind::Slashes, "// The column `who` of `what is there`.\n");
        assert_eq!(found.comments, Share { words: 7, pronouns: 0 });
    }

    #[test]
    fn pronouns_count_wherever_they_stand() {
        let mut found = Findings::default();
        found.read("f", Kind::Slashes, "/// The agent who has it, and what waits.\n");
        assert_eq!(found.comments, Share { words: 8, pronouns: 2 });
        assert!(found.comments.is_over(2_499));
        assert!(!found.comments.is_over(2_500));
        assert_eq!(found.pronouns.len(), 2);
    }

    #[test]
    fn lines_have_a_width_and_paragraphs_a_length() {
        let wide = format!("// {}\n", "word ".repeat(20));
        assert_eq!(problems(Kind::Slashes, &wide), ["f:1: 102 columns, over 100"]);
        assert_eq!(problems(Kind::Slashes, &format!("// https://{}\n", "x".repeat(100))), Vec::<String>::new());
        let line = "word ".repeat(12).trim_end().to_owned();
        let paragraph = |lines: usize| vec![line.as_str(); lines].join("\n");
        assert_eq!(problems(Kind::Markdown, &paragraph(10)), Vec::<String>::new());
        assert_eq!(problems(Kind::Markdown, &paragraph(11)), ["f:1: a paragraph of 132 words, over 120"]);
        assert_eq!(problems(Kind::Slashes, &format!("// {line}\n").repeat(11)), Vec::<String>::new());
    }

    #[test]
    fn the_repository_keeps_to_it() {
        check().unwrap();
    }
}
