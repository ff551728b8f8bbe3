//! String literals of Rust that go over several lines: a line of one may look like a comment.

/// Returns the lines, counted from zero, that begin within a string literal.
pub(super) fn lines_in_strings(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut line = 0;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, is_string) = token(rest, first);
        let (taken, behind) = rest.split_at(length);
        let breaks = taken.matches('\n').count();
        if is_string {
            found.extend(line + 1..=line + breaks);
        }
        line += breaks;
        rest = behind;
    }
    found
}

/// Returns the length of the token at the beginning of a text, and whether it is a string.
fn token(rest: &str, first: char) -> (usize, bool) {
    if rest.starts_with("//") {
        (rest.find('\n').unwrap_or(rest.len()), false)
    } else if first == '"' {
        (string(rest), true)
    } else if first == '\'' {
        (character(rest), false)
    } else if first.is_alphanumeric() || first == '_' {
        let word = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
        match raw_string(&rest[..word], &rest[word..]) {
            Some(length) => (word + length, true),
            None => (word, false),
        }
    } else {
        (first.len_utf8(), false)
    }
}

/// Returns the length of an ordinary string with its quotes.
fn string(rest: &str) -> usize {
    let mut is_escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Returns the length of a raw string behind its prefix, with hashes and quotes; `None` for
/// anything else.
fn raw_string(prefix: &str, rest: &str) -> Option<usize> {
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let body = rest[hashes..].strip_prefix('"').filter(|_| matches!(prefix, "r" | "br" | "cr"))?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(hashes + 1 + length)
}

/// Returns the length of a character's literal; of a lifetime, the length of its mark.
fn character(rest: &str) -> usize {
    let mut letters = rest.char_indices().skip(1);
    match letters.next() {
        Some((_, '\\')) => rest.char_indices().skip(3).find(|(_, letter)| *letter == '\'').map_or(1, |(at, _)| at + 1),
        Some(_) => letters.next().filter(|(_, letter)| *letter == '\'').map_or(1, |(at, _)| at + 1),
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_in_characters_comments_and_escapes_begin_no_string() {
        let text = "let a = '\"'; // \"\nlet b = '\\''; let c: &'static str = \"\\\"\n\";\n";
        assert_eq!(lines_in_strings(text), [2]);
    }

    #[test]
    fn raw_strings_end_with_their_hashes() {
        assert_eq!(lines_in_strings("r#\"a\n\"b\n\"#\nbar\"\n\""), [1, 2, 4]);
        assert_eq!(lines_in_strings("r\"\n\" \"\n\""), [1, 2]);
    }
}
