//! Passages: paragraphs, items of lists and headings of a comment or a document.

use std::path::Path;

use super::literal;

/// The kind of a file, by the mark of its comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Rust and JavaScript.
    Slashes,
    /// SQL.
    Dashes,
    /// TOML, YAML, Python, scripts of the shell.
    Hashes,
    /// A document: all of its text.
    Markdown,
}

/// A paragraph, an item of a list or a heading.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Passage {
    lines: Vec<Line>,
}

/// A line of a passage.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    /// Counted from one.
    number: usize,
    /// Characters with indentation and mark.
    columns: usize,
    /// The text without indentation and mark.
    text: String,
}

/// A word of a passage, without the code in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) line: usize,
    /// In lower case, without punctuation.
    pub(super) text: String,
    pub(super) begins_sentence: bool,
}

impl Kind {
    /// Returns the kind of a file by its name, or by the first line of a script; `None` for data.
    pub(super) fn of(name: &str, text: &str) -> Option<Self> {
        let path = Path::new(name);
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("rs" | "mjs") => Some(Self::Slashes),
            Some("sql") => Some(Self::Dashes),
            Some("toml" | "yml" | "yaml" | "py" | "sh" | "Dockerfile") => Some(Self::Hashes),
            Some("md") => Some(Self::Markdown),
            None if text.starts_with("#!") => Some(Self::Hashes),
            _ => None,
        }
    }

    /// Returns the text of a line that is a comment alone, or the whole line of a document.
    fn prose(self, line: &str) -> Option<&str> {
        let trimmed = line.trim_start();
        match self {
            Self::Slashes => {
                let text = trimmed.strip_prefix("//")?;
                Some(text.strip_prefix('/').or_else(|| text.strip_prefix('!')).unwrap_or(text))
            }
            Self::Dashes => trimmed.strip_prefix("--"),
            Self::Hashes => trimmed.strip_prefix('#').filter(|text| !text.starts_with('!')),
            Self::Markdown => Some(line),
        }
    }
}

impl Passage {
    /// Returns the number of the first line.
    pub(super) fn line(&self) -> usize {
        self.lines.first().map_or(0, |line| line.number)
    }

    /// Returns the text of a line.
    pub(super) fn on(&self, number: usize) -> &str {
        self.lines.iter().find(|line| line.number == number).map_or("", |line| line.text.as_str())
    }

    /// Returns number and width of the lines over `columns` that have a blank at which to break
    /// them.
    pub(super) fn long_lines(&self, columns: usize) -> Vec<(usize, usize)> {
        let long = self.lines.iter().filter(|line| line.columns > columns && line.text.contains(' '));
        long.map(|line| (line.number, line.columns)).collect()
    }

    /// Returns the words. Code between backticks is no word, but ends none of the sentences either.
    pub(super) fn words(&self) -> Vec<Word> {
        let mut words = Vec::new();
        let mut is_code = false;
        let mut is_beginning = true;
        for line in &self.lines {
            for token in line.text.split_whitespace() {
                let ticks = token.matches('`').count();
                let touches_code = is_code || ticks > 0;
                is_code ^= ticks % 2 == 1;
                let text: String = token.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
                if text.is_empty() {
                    continue;
                }
                let is_capital = token.chars().find(|letter| letter.is_alphabetic()).is_some_and(char::is_uppercase);
                let begins_sentence = words.is_empty() || (is_beginning && is_capital);
                is_beginning = ends_sentence(token);
                let text = if touches_code { "`".to_owned() } else { text };
                words.push(Word { line: line.number, text, begins_sentence });
            }
        }
        words
    }
}

/// Returns whether a sentence ends with a word: a full stop, a question or exclamation mark,
/// perhaps before a bracket.
fn ends_sentence(token: &str) -> bool {
    token.trim_end_matches([')', '"', '”', '*', '`', '\'']).ends_with(['.', '!', '?'])
}

/// Returns the passages of a file. Fenced code and rows of tables are left out.
pub(super) fn passages(kind: Kind, text: &str) -> Vec<Passage> {
    let mut found = Vec::new();
    let mut open = Passage::default();
    let mut is_fenced = false;
    let in_string = if kind == Kind::Slashes { literal::lines_in_strings(text) } else { Vec::new() };
    for (at, line) in text.lines().enumerate() {
        let prose = kind.prose(line).filter(|_| !in_string.contains(&at));
        let trimmed = prose.map_or("", str::trim);
        let is_fence = trimmed.starts_with("```");
        let is_left_out = is_fenced || is_fence || trimmed.is_empty() || trimmed.starts_with('|');
        is_fenced = prose.is_some() && (is_fenced ^ is_fence);
        let is_heading = kind != Kind::Hashes && trimmed.starts_with('#');
        if is_left_out || is_heading || is_item(trimmed) {
            close(&mut open, &mut found);
        }
        if !is_left_out {
            let text = trimmed.trim_start_matches(|letter: char| is_heading && letter == '#').trim_start().to_owned();
            open.lines.push(Line { number: at + 1, columns: line.trim_end().chars().count(), text });
        }
        if is_heading {
            close(&mut open, &mut found);
        }
    }
    close(&mut open, &mut found);
    found
}

fn close(open: &mut Passage, found: &mut Vec<Passage>) {
    if !open.lines.is_empty() {
        found.push(std::mem::take(open));
    }
}

/// Returns whether a line begins an item of a list.
fn is_item(text: &str) -> bool {
    let mark = text.split_whitespace().next().unwrap_or_default();
    let number = mark.strip_suffix('.').unwrap_or_default();
    matches!(mark, "-" | "*" | "+") || (!number.is_empty() && number.chars().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passages_end_at_code_blanks_lists_and_headings() {
        let text = "/// # Errors\n/// One\n/// two.\n///\n/// - three\n///   four\n/// ```\n/// let x = 1;\n/// ```\nfn five() {}\n// six\n";
        let found = passages(Kind::Slashes, text);
        let lines: Vec<Vec<_>> =
            found.iter().map(|passage| passage.lines.iter().map(|line| line.text.as_str()).collect()).collect();
        assert_eq!(lines, [vec!["Errors"], vec!["One", "two."], vec!["- three", "four"], vec!["six"]]);
    }

    #[test]
    fn lines_of_a_string_are_no_comments() {
        let text = "let a = \"one \\\n// two\";\n// three\nlet b = r#\"\n// \"four\"\n\"#;\n// five\n";
        let lines: Vec<_> = passages(Kind::Slashes, text).iter().map(Passage::line).collect();
        assert_eq!(lines, [3, 7]);
    }

    #[test]
    fn kinds_are_told_by_name_or_by_the_first_line() {
        assert_eq!(Kind::of("a/b.rs", ""), Some(Kind::Slashes));
        assert_eq!(Kind::of("deploy/images/build", "#!/bin/sh\n"), Some(Kind::Hashes));
        assert_eq!(Kind::of("LICENSE-MIT", "MIT License\n"), None);
        assert_eq!(Kind::of("a.json", "{}"), None);
    }
}
