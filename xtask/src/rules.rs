//! `cargo xtask rules`: the rule book's codes, and the places that cite them.
//!
//! A code is defined by an anchor in `docs/rules.md` or `docs/engine.md`. Code, SQL, tests and
//! documents cite codes. The check fails when a cited code has no definition, and when the
//! generated table `docs/rules-index.md` differs from the sources.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};

use crate::root;

/// The documents that define codes.
const BOOKS: [&str; 2] = ["docs/rules.md", "docs/engine.md"];

/// The generated table.
const INDEX: &str = "docs/rules-index.md";

/// Folders without sources of the project.
const SKIPPED: [&str; 5] = ["target", ".git", ".sqlx", "node_modules", "data"];

/// Letters that begin a rule's code.
const CHAPTERS: &str = "ACTGWBMSIREJ";

/// Words that look like a code and are none: levels and names of others' standards.
const NO_CODES: [&str; 2] = ["M11", "T23"];

/// The order of a code in its chapter: number, then letter.
type Order = (char, u32, String);

/// The citations of one rule.
#[derive(Debug, Default)]
struct Citations {
    code: BTreeSet<String>,
    tests: BTreeMap<String, usize>,
}

/// Runs the command: writes the table, or with `--check` compares it.
pub(crate) fn run(rest: &[String]) -> anyhow::Result<()> {
    let table = table()?;
    let path = root().join(INDEX);
    match rest {
        [] => fs::write(&path, table).with_context(|| format!("write {INDEX}")),
        [flag] if flag == "--check" => {
            let committed = fs::read_to_string(&path).unwrap_or_default();
            ensure!(committed == table, "{INDEX} is out of date: run cargo xtask rules");
            Ok(())
        }
        _ => bail!("rules takes --check or nothing"),
    }
}

/// Fails when a cited code is not defined, or the table is out of date.
pub(crate) fn check() -> anyhow::Result<()> {
    run(&["--check".to_owned()])
}

/// Returns the table of all rules with their code and tests.
fn table() -> anyhow::Result<String> {
    let defined = defined()?;
    let mut citations: BTreeMap<Order, Citations> =
        defined.iter().map(|code| (order(code), Citations::default())).collect();
    let mut unknown = Vec::new();
    for path in sources(&root())? {
        let name = path.strip_prefix(root())?.display().to_string();
        let text = fs::read_to_string(&path).with_context(|| format!("read {name}"))?;
        let is_document = has_extension(&path, "md");
        for (number, line) in text.lines().enumerate() {
            for code in codes(line, is_document) {
                let Some(place) = citations.get_mut(&order(&code)) else {
                    unknown.push(format!("{name}:{}: {code}", number + 1));
                    continue;
                };
                if is_document {
                    continue;
                }
                if is_test(&name) || line.trim_start().starts_with("fn ") || line.trim_start().starts_with("async fn ")
                {
                    *place.tests.entry(name.clone()).or_default() += usize::from(is_test_name(line, &code));
                } else {
                    place.code.insert(name.clone());
                }
            }
        }
    }
    ensure!(unknown.is_empty(), "codes that no rule has:\n  {}", unknown.join("\n  "));
    Ok(render(&citations))
}

fn render(citations: &BTreeMap<Order, Citations>) -> String {
    let mut text = String::from(
        "# Rules, code and tests\n\n`cargo xtask rules` writes this table from the sources, and `cargo xtask test` compares it. \"Code\" \
         counts the files that cite the rule\nand names three. \"Tests\" counts the tests that carry the code in their name, and names the \
         files that cite it.\n\n| rule | code | tests |\n| --- | --- | --- |\n",
    );
    for ((letter, number, suffix), place) in citations {
        let code = format!("{letter}{number}{suffix}");
        let book = if *letter == 'J' { "engine.md" } else { "rules.md" };
        let tests: usize = place.tests.values().sum();
        let in_code: Vec<_> = place.code.iter().take(3).map(|file| format!("`{file}`")).collect();
        let more = place.code.len().saturating_sub(3);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        // Files with tests that carry the code come first.
        let mut files: Vec<_> = place.tests.iter().collect();
        files.sort_by_key(|(file, count)| (usize::MAX - **count, (*file).clone()));
        let in_tests: Vec<_> = files.iter().take(4).map(|(file, _)| format!("`{file}`")).collect();
        let tests = match (place.tests.is_empty(), tests) {
            (true, _) => "**none**".to_owned(),
            (false, 0) => in_tests.join(", "),
            (false, count) => format!("{count}: {}", in_tests.join(", ")),
        };
        let in_code = if in_code.is_empty() { "–".to_owned() } else { format!("{}{more}", in_code.join(", ")) };
        let anchor = code.to_lowercase();
        text += &["| [", &code, "](", book, "#", &anchor, ") | ", &in_code, " | ", &tests, " |\n"].concat();
    }
    text
}

/// Returns the codes that the books define.
fn defined() -> anyhow::Result<BTreeSet<String>> {
    let mut codes = BTreeSet::new();
    for book in BOOKS {
        let text = fs::read_to_string(root().join(book)).with_context(|| format!("read {book}"))?;
        for part in text.split("<a id=\"").skip(1) {
            let (code, _) = part.split_once('"').with_context(|| format!("{book}: an anchor does not end"))?;
            let (letter, rest) = code.split_at(1);
            ensure!(codes.insert(format!("{}{rest}", letter.to_uppercase())), "{book}: {code} is defined twice");
        }
    }
    Ok(codes)
}

/// Returns the sources below a folder that may cite codes: Rust, SQL and, but for the books and the
/// table, Markdown.
fn sources(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                found.extend(sources(&path)?);
            }
        } else if ["rs", "sql", "md"].iter().any(|extension| has_extension(&path, extension))
            && name != "rules-index.md"
            && !path.ends_with("xtask/src/rules.rs")
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

/// Returns whether a file holds tests alone.
fn is_test(name: &str) -> bool {
    name.contains("/tests/") || name.ends_with("/tests.rs") || name.starts_with("integration-tests/")
}

/// Returns whether a line declares a test of this code, by its name.
fn is_test_name(line: &str, code: &str) -> bool {
    let name = line.trim_start().trim_start_matches("async ").strip_prefix("fn ").unwrap_or_default();
    name.starts_with(&format!("{}_", code.to_lowercase()))
}

/// Returns the codes that a line cites: in its comment, or in the name of a test. A document cites
/// in brackets alone.
fn codes(line: &str, is_document: bool) -> Vec<String> {
    let trimmed = line.trim_start();
    let name = trimmed.trim_start_matches("async ").strip_prefix("fn ").and_then(|name| name.split_once('_'));
    if let Some((first, _)) = name {
        return code_of(&first.to_uppercase()).into_iter().collect();
    }
    let comment = if is_document {
        line
    } else if let Some(at) = line.find("//").or_else(|| line.find("-- ")) {
        &line[at..]
    } else {
        return Vec::new();
    };
    let brackets = comment.split('(').skip(1).filter_map(|part| part.split(')').next());
    let rules = comment.split("rule").skip(1).map(|part| part.split(['.', ')', ':', ';']).next().unwrap_or_default());
    let cited: BTreeSet<String> =
        brackets.chain(rules).flat_map(|part| part.split([',', ' ', '/'])).filter_map(code_of).collect();
    cited.into_iter().collect()
}

/// Returns the code that a word is: a chapter's letter, a number of one or two digits, perhaps a
/// letter.
fn code_of(word: &str) -> Option<String> {
    let word = word.trim_matches(|letter: char| !letter.is_alphanumeric());
    let mut letters = word.chars();
    let chapter = letters.next().filter(|letter| CHAPTERS.contains(*letter))?;
    let rest = letters.as_str();
    let digits = rest.len() - rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let suffix = &rest[digits..];
    let is_suffix = suffix.is_empty() || matches!(suffix, "a" | "b" | "A" | "B");
    let code = format!("{chapter}{}{}", &rest[..digits], suffix.to_lowercase());
    ((1..=2).contains(&digits) && is_suffix && !NO_CODES.contains(&code.as_str())).then_some(code)
}

/// Returns the place of a code in the table.
fn order(code: &str) -> Order {
    let (letter, rest) = code.split_at(1);
    let number = rest.trim_end_matches(|letter: char| letter.is_alphabetic());
    let suffix = rest[number.len()..].to_owned();
    (letter.chars().next().unwrap_or_default(), number.parse().unwrap_or_default(), suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_where_they_are_cited() {
        assert_eq!(codes("// Held till the morning (S5, S6).", false), ["S5", "S6"]);
        assert_eq!(codes("async fn i3a_the_latest_word_stands() {", false), ["I3a"]);
        assert_eq!(codes("//! Texts that come in (rules I1 to I6).", false), ["I1", "I6"]);
        assert_eq!(codes("let number = \"(A1)\";", false), Vec::<String>::new());
        assert_eq!(codes("A phone is in E.164 (E164).", true), Vec::<String>::new());
    }

    #[test]
    fn every_cited_code_is_defined() {
        table().unwrap();
    }
}
