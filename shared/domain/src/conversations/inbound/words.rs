//! A text as sentences of plain words.

use std::collections::HashMap;

use crate::conversations::inbound::fold::{is_apostrophe, is_invisible, plain, push_folded};

/// Characters that are looked at; carriers deliver 1,600.
const MOST_CHARACTERS: usize = 4_000;
/// Faces that laugh; each counts as the word "lol".
const LAUGHING: [char; 5] = ['😂', '🤣', '😆', '😹', '😅'];

/// A word in its plain form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Its number in the rules' vocabulary; 0 for a word that no rule names.
    pub(super) id: u16,
    /// It is written in capitals, in a text that is not.
    pub(super) capitals: bool,
    /// It is the first after a comma, a dash, a bracket or an emoji.
    pub(super) after_comma: bool,
}

impl Word {
    pub(super) fn is_number(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_digit())
    }
}

/// Spellings that stand for other words: a run of up to three words and its replacement.
pub(super) type Aliases = HashMap<String, Vec<String>>;

/// A run of characters between two places where words end.
#[derive(Default)]
struct Raw {
    text: String,
    letters: usize,
    capitals: usize,
    after_comma: bool,
}

/// Cuts a text into sentences, with spellings replaced. Ids are 0.
pub(super) fn sentences(text: &str, aliases: &Aliases) -> Vec<Vec<Word>> {
    let cut = cut(text);
    let mixed = cut.iter().flatten().any(|raw| raw.capitals < raw.letters);
    let finish = |raw: &Raw| Word {
        text: squeeze(&raw.text),
        id: 0,
        capitals: mixed && raw.capitals > 1 && raw.capitals == raw.letters,
        after_comma: raw.after_comma,
    };
    cut.iter()
        .map(|sentence| {
            let words = join_spelled(&sentence.iter().map(finish).collect::<Vec<_>>());
            let words: Vec<Word> = words.into_iter().flat_map(|word| known_spelling(word, aliases)).collect();
            runs(&words, aliases)
        })
        .filter(|sentence| !sentence.is_empty())
        .collect()
}

fn cut(text: &str) -> Vec<Vec<Raw>> {
    let chars: Vec<char> = text.chars().filter(|c| !is_invisible(*c)).map(plain).take(MOST_CHARACTERS).collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or(' ');
    let mut cut: Vec<Vec<Raw>> = vec![Vec::new()];
    let mut raw = Raw::default();
    let mut comma = false;
    let end_word = |raw: &mut Raw, cut: &mut Vec<Vec<Raw>>| {
        let word = std::mem::take(raw);
        if !word.text.is_empty()
            && let Some(sentence) = cut.last_mut()
        {
            sentence.push(word);
        }
    };
    for (index, &c) in chars.iter().enumerate() {
        let (before, after) = (if index == 0 { ' ' } else { at(index - 1) }, at(index + 1));
        if c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&c) {
            let zero_as_letter = c == '0' && before.is_alphabetic() && after.is_alphabetic();
            let c = if zero_as_letter { 'o' } else { c };
            // "5pm" and "stop2end" are words and a number.
            if raw
                .text
                .chars()
                .next_back()
                .is_some_and(|last| last.is_ascii_digit() != c.is_ascii_digit() && last != '\'')
            {
                end_word(&mut raw, &mut cut);
            }
            if raw.text.is_empty() {
                raw.after_comma = std::mem::take(&mut comma);
            }
            raw.letters += usize::from(c.is_alphabetic());
            raw.capitals += usize::from(c.is_uppercase());
            push_folded(&mut raw.text, c);
            continue;
        }
        // An apostrophe between letters, and stars that hide some, belong to the word.
        if is_apostrophe(c) && before.is_alphabetic() && after.is_alphabetic() {
            raw.text.push('\'');
            continue;
        }
        if c == '*'
            && (before.is_alphabetic() || before == '*')
            && (1..=4).contains(&raw.text.len())
            && raw.letters <= 2
        {
            raw.text.push('*');
            continue;
        }
        end_word(&mut raw, &mut cut);
        match sign(c, before, after) {
            Sign::Word(text) => {
                if let Some(sentence) = cut.last_mut() {
                    let after_comma = std::mem::take(&mut comma);
                    sentence.push(Raw { text: text.to_owned(), letters: 0, capitals: 0, after_comma });
                }
            }
            Sign::End => {
                cut.push(Vec::new());
                comma = false;
            }
            Sign::Comma => comma = true,
            Sign::Blank => {}
        }
    }
    end_word(&mut raw, &mut cut);
    cut
}

/// A character's part in a text where it belongs to no word.
enum Sign {
    /// It stands for a word.
    Word(&'static str),
    /// It ends a sentence.
    End,
    /// It parts a sentence as a comma does.
    Comma,
    /// It is as good as a blank.
    Blank,
}

/// Returns the part of a character between two others.
fn sign(c: char, before: char, after: char) -> Sign {
    match c {
        '&' => Sign::Word("and"),
        '/' => Sign::Word("or"),
        '=' | '→' => Sign::Word("="),
        '🛑' => Sign::Word("stop"),
        c if LAUGHING.contains(&c) => Sign::Word("lol"),
        '.' if before == '.' || after == '.' => Sign::Comma,
        '.' if before.is_ascii_digit() && after.is_ascii_digit() => Sign::Blank,
        '.' if before.is_alphabetic() && after.is_alphabetic() => Sign::Blank,
        '.' | '!' | '?' | ';' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' | '¡' | '¿' | '。' | '！' | '？' => {
            Sign::End
        }
        '-' if before.is_alphanumeric() && after.is_alphanumeric() => Sign::Blank,
        ','
        | ':'
        | '('
        | ')'
        | '['
        | ']'
        | '{'
        | '}'
        | '-'
        | '\u{2010}'..='\u{2015}'
        | '…'
        | '•'
        | '|'
        | '、'
        | '，' => Sign::Comma,
        c if c.is_ascii() || c.is_whitespace() => Sign::Blank,
        // Quotation marks part nothing; the rest are emoji and other signs.
        '\u{2018}'..='\u{201f}' | '«' | '»' | '‹' | '›' | '\u{2032}'..='\u{2037}' => Sign::Blank,
        _ => Sign::Comma,
    }
}

/// Three and more of a letter become one: "stoppp".
fn squeeze(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    for run in chars.chunk_by(|a, b| a == b && a.is_alphabetic()) {
        let kept = if run.len() > 2 { 1 } else { run.len() };
        out.extend(&run[..kept]);
    }
    out
}

/// Three and more single letters in a row are a word that was spelled out: "S T O P".
fn join_spelled(words: &[Word]) -> Vec<Word> {
    let single = |word: &Word| word.text.len() == 1 && word.text.starts_with(|c: char| c.is_ascii_lowercase());
    let mut out: Vec<Word> = Vec::with_capacity(words.len());
    for run in words.chunk_by(|a, b| single(a) && single(b)) {
        match run {
            [first, _, _, ..] => {
                let text = run.iter().map(|word| word.text.as_str()).collect();
                out.push(Word { text, ..first.clone() });
            }
            _ => out.extend_from_slice(run),
        }
    }
    out
}

/// Returns one word, with its apostrophe looked up, kept apart or dropped.
fn known_spelling(word: Word, aliases: &Aliases) -> Vec<Word> {
    if let Some(found) = aliases.get(&word.text) {
        return replaced(&word, found);
    }
    let Some((head, tail)) = word.text.split_once('\'') else { return vec![word] };
    // French: m'écrire, d'envoyer, qu'on.
    if matches!(head, "c" | "d" | "j" | "l" | "m" | "n" | "s" | "t" | "qu") && tail.len() > 1 {
        let tail = Word { text: tail.replace('\'', ""), after_comma: false, ..word.clone() };
        return vec![Word { text: head.to_owned(), ..word.clone() }, tail];
    }
    let text = word.text.replace('\'', "");
    match aliases.get(&text) {
        Some(found) => replaced(&word, found),
        None => vec![Word { text, ..word }],
    }
}

fn replaced(word: &Word, by: &[String]) -> Vec<Word> {
    by.iter()
        .enumerate()
        .map(|(nth, text)| Word { text: text.clone(), after_comma: word.after_comma && nth == 0, ..word.clone() })
        .collect()
}

/// Runs of two and three words that stand for others: "thank you", "text messages".
fn runs(words: &[Word], aliases: &Aliases) -> Vec<Word> {
    let mut out = Vec::with_capacity(words.len());
    let mut rest = words;
    while let Some(first) = rest.first() {
        let run = [3, 2].into_iter().filter(|length| rest.len() >= *length).find_map(|length| {
            let run = &rest[..length];
            if run[1..].iter().any(|word| word.after_comma) {
                return None;
            }
            let joined = run.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
            aliases.get(&joined).map(|found| (length, found))
        });
        if let Some((length, found)) = run {
            out.extend(replaced(first, found));
            rest = &rest[length..];
        } else {
            out.push(first.clone());
            rest = &rest[1..];
        }
    }
    out
}
