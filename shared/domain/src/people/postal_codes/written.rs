//! Reading a postal code out of a cell, as phones are read (rules S5 and C4): a spreadsheet's
//! wrapping, other forms of its characters, its last four digits, and the state and the country
//! that people write beside it.
//!
//! Anything else in the cell makes it no postal code. Where a code can be read and may yet be
//! another, the answer says so ([`Written::sure`]): a spreadsheet has taken its leading zero, or it
//! stands behind words that are no state.

use std::borrow::Cow;

use crate::{
    cell::{grouped, plain_text, unwrapped},
    people::{
        postal_codes::{names, place},
        state::State,
    },
};

/// Bytes of a cell that are looked at; more are an essay.
const LONGEST_CELL: usize = 200;

/// A ZIP code as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    /// The five digits as a number.
    pub(super) code: u32,
    /// Is it certainly this one? Else the place of the phone's number counts as well.
    pub(super) sure: bool,
    /// Digits of the code as they are written: fewer than five have lost zeros.
    width: usize,
    /// The four digits behind it, if all are there.
    four: Option<u32>,
    /// Its doubt lies in the words beside it, which the digits alone would not have.
    by_words: bool,
}

/// Reads a cell; `None` if it is no ZIP code.
pub(super) fn read(cell: &str) -> Option<Written> {
    if cell.len() == 5
        && let Some(code) = number(cell)
    {
        return Some(Written { code, sure: true, width: 5, four: None, by_words: false });
    }
    if cell.len() > LONGEST_CELL {
        return None;
    }
    let text = plain_text(cell).to_uppercase().replace(char::is_whitespace, " ");
    let text = unwrapped(&text);
    if text.contains(char::is_alphabetic) { with_words(text) } else { of_digits(text) }
}

/// Returns the text for a postal code: five digits, or nine with a hyphen, for a certain ZIP code;
/// its digits alone for one that has lost zeros; else the text as written.
pub(super) fn clean(cell: &str) -> Cow<'_, str> {
    match read(cell) {
        Some(Written { sure: true, width: 5, four: None, .. }) if cell.len() == 5 => Cow::Borrowed(cell),
        Some(Written { code, width, four, by_words: false, .. }) => {
            let four = four.map(|four| format!("-{four:04}")).unwrap_or_default();
            Cow::Owned(format!("{code:0width$}{four}"))
        }
        Some(_) | None => Cow::Borrowed(cell.trim()),
    }
}

/// Returns a cell without letters.
fn of_digits(text: &str) -> Option<Written> {
    let text = text.trim_matches(|c: char| !c.is_ascii_digit());
    // `02134.0`; digits in threes were an amount, `2,134` or `90,210`.
    let text = match (grouped(text), text.rsplit_once(['.', ','])) {
        (Some((groups, digits)), _) if groups > 1 => return of_groups(&[&digits]),
        (_, Some((head, tail))) if number(head).is_some() && tail.bytes().all(|byte| byte == b'0') => head,
        _ => text,
    };
    if !text.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '+' | '/' | '.' | ',' | '_')) {
        return None;
    }
    let groups: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    of_groups(&groups)
}

/// Returns the digits of a code, and perhaps of the four behind it, which may be cut off.
fn of_groups(groups: &[&str]) -> Option<Written> {
    let (five, four) = match *groups {
        [all] if matches!(all.len(), 7..=9) => all.split_at(all.len() - 4),
        [five] => (five, ""),
        [five, four] if five.len() == 5 && (1..=4).contains(&four.len()) => (five, four),
        [lost, four] if four.len() == 4 => (lost, four),
        _ => return None,
    };
    if !(3..=5).contains(&five.len()) {
        return None;
    }
    let four = number(four).filter(|_| four.len() == 4);
    Some(Written { code: number(five)?, sure: five.len() == 5, width: five.len(), four, by_words: false })
}

/// Returns a cell with words: a state or the country beside the code, or an address that ends in a
/// state and a code.
fn with_words(text: &str) -> Option<Written> {
    // `U.S.A.` is one word; a dot behind a digit is none of a word's.
    let mut before = ' ';
    let text: String =
        text.chars().filter(|c| std::mem::replace(&mut before, *c).is_ascii_digit() || *c != '.').collect();
    let mut tokens = tokens(&text);
    let country = |token: &&str| matches!(*token, "USA" | "US" | "UNITED" | "STATES" | "OF" | "AMERICA");
    let label = |token: &&str| matches!(*token, "ZIP" | "ZIPCODE" | "POSTAL" | "POSTCODE" | "POSTALCODE" | "CODE");
    while tokens.last().is_some_and(country) {
        tokens.pop();
    }
    let skipped = tokens.iter().take_while(|token| country(token) || label(token)).count();
    tokens.drain(..skipped);
    let behind = take_state(&mut tokens);
    let words =
        tokens.iter().rposition(|token| !token.starts_with(|c: char| c.is_ascii_digit())).map_or(0, |at| at + 1);
    let written = of_groups(&tokens.split_off(words))?;
    let state = take_state(&mut tokens).or(behind);
    let doubt = Written { sure: false, by_words: true, ..written };
    let of_state = state.map(|state| place(written.code).is_some_and(|place| place.states.contains(&state)));
    match (of_state, tokens.last()) {
        (None, None) | (Some(true), _) => Some(written),
        // The state says another place than the code.
        (Some(false), None) => Some(doubt),
        // `Boston 02134`: most likely a town and its code; a box or a flat is none.
        (None, Some(last)) if written.sure && is_town(&tokens, last) => Some(doubt),
        _ => None,
    }
}

/// Words and numbers, which `MA02134` has one of each.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            let of_kind = |c: char| c.is_ascii_digit() != first.is_ascii_digit();
            let (token, more) = rest.split_at(rest.find(of_kind).unwrap_or(rest.len()));
            tokens.push(token);
            rest = more;
        }
    }
    tokens
}

/// Takes a state off the end, by its abbreviation or its name.
fn take_state(tokens: &mut Vec<&str>) -> Option<State> {
    let found = (1..=names::MOST_WORDS.min(tokens.len())).rev().find_map(|words| {
        let name = tokens[tokens.len() - words..].join(" ");
        names::state(&name).map(|state| (words, state))
    });
    found.map(|(words, state)| {
        tokens.truncate(tokens.len() - words);
        state
    })
}

fn is_town(tokens: &[&str], last: &str) -> bool {
    let flat = ["BOX", "APT", "APARTMENT", "UNIT", "STE", "SUITE", "ROOM", "FLAT", "LOT", "ROUTE", "HIGHWAY", "HWY"];
    let is_word = |token: &&str| token.chars().all(char::is_alphabetic);
    last.chars().count() > 2 && !flat.contains(&last) && tokens.iter().all(is_word)
}

fn number(digits: &str) -> Option<u32> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) { None } else { digits.parse().ok() }
}
