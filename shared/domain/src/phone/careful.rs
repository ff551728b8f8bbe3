//! The whole of rule C4, for cells that are not of a usual shape: what may be normalised away, and what else stands in the cell.

use super::PhoneError;
use crate::e164::E164;

/// Digits from which on something is a number of its own, and not an extension.
const NUMBER: usize = 7;

pub(super) fn read(cell: &str) -> Result<E164, PhoneError> {
    let text: String = cell.chars().filter(|c| !is_invisible(*c)).map(plain).collect::<String>().to_lowercase();
    let text = unwrap(text.trim());
    if text.is_empty() {
        return Err(PhoneError::Missing);
    }
    if is_damaged(text) {
        return Err(PhoneError::Damaged);
    }
    let text = ["tel:", "sms:"].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
    // A list of one has a separator and nothing after it.
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '/'));
    let end = text.find(|c: char| !c.is_ascii_digit() && !is_punctuation(c)).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    if rest.is_empty() { one(number) } else { Err(what_follows(number, rest)) }
}

/// A cell of digits and punctuation.
fn one(text: &str) -> Result<E164, PhoneError> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.len() >= 10 + NUMBER || (digits.len() > 11 && text.contains('/')) {
        return Err(PhoneError::Several);
    }
    let plus = text.contains('+');
    // A plus sign stands before the country code, and nowhere else.
    if text.trim_start_matches(['+', '(', ' ']).contains('+') || text.matches('+').count() > 1 {
        return Err(PhoneError::Shape);
    }
    let national = match (digits.len(), digits.strip_prefix('1')) {
        (10, _) if !plus => digits.as_str(),
        (11, Some(rest)) => rest,
        _ => return Err(PhoneError::Shape),
    };
    E164::from_national(national).map_err(|_| PhoneError::Shape)
}

/// Why a cell is wrong in which something other than digits and punctuation begins with `rest`.
fn what_follows(number: &str, rest: &str) -> PhoneError {
    let count = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    let (before, after) = (count(number), count(rest));
    if before < NUMBER {
        // "Home: 212-555-1234, cell: 646-555-1234"
        return if after >= 10 + NUMBER { PhoneError::Several } else { PhoneError::Shape };
    }
    // Two numbers, whatever parts them: a comma, a semicolon, a bar, an ampersand, a new line, "or".
    if after >= NUMBER || before >= 10 + NUMBER {
        return PhoneError::Several;
    }
    if is_extension(rest) { PhoneError::Extension } else { PhoneError::Shape }
}

/// `x12`, `ext. 5`, `extension 5`, `#12`, `;ext=12`, `,12`, `p12`, `w12`, and a marker without digits.
fn is_extension(rest: &str) -> bool {
    let rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '#');
    let markers = ["extension", "extn", "ext", "ex", "x", "#", "poste", "pause", "p", "wait", "w"];
    let rest = markers.iter().find_map(|marker| rest.strip_prefix(marker)).unwrap_or(rest);
    rest.chars().all(|c| c.is_ascii_digit() || is_punctuation(c) || matches!(c, ':' | '=' | '#' | ','))
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
}

/// The ASCII character of which this is another form.
fn plain(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{30fc}' => '-',
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201c}' | '\u{201d}' => '"',
        '\u{2024}' | '\u{b7}' => '.',
        '\n' | '\r' | '\t' => c,
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

/// Takes off what spreadsheets wrap around a text that looks like a number: `="…"`, quotes, or an apostrophe before it.
fn unwrap(text: &str) -> &str {
    let text = text.strip_prefix('=').filter(|rest| rest.starts_with('"')).unwrap_or(text);
    let text = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    text.strip_prefix('\'').unwrap_or(text).trim()
}

/// `2125551234.0`, `2.12E+09`, `2,12E+09`, `2,125,551,234`. Dots as separators (`212.555.1234`) are not damage.
fn is_damaged(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let exponent = text.split_once('e').is_some_and(|(head, tail)| {
        let whole = head.strip_prefix(['+', '-']).unwrap_or(head);
        let mantissa = whole
            .split_once(['.', ','])
            .map_or(digits(whole), |(one, more)| digits(one) && (more.is_empty() || digits(more)));
        mantissa && digits(tail.strip_prefix(['+', '-']).unwrap_or(tail))
    });
    let decimal = text.split_once('.').is_some_and(|(head, tail)| {
        head.len() >= NUMBER && digits(head) && digits(tail) && tail.len() < 10 && !(head.len() == 7 && tail.len() == 4)
    });
    let decimal_comma = text
        .split_once(',')
        .is_some_and(|(head, tail)| head.len() >= NUMBER && digits(head) && digits(tail) && tail.len() <= 2);
    let mut groups = text.split(',');
    let first = groups.next().unwrap_or_default();
    let thousands = text.matches(',').count() >= 2
        && (1..=3).contains(&first.len())
        && digits(first)
        && groups.all(|group| group.len() == 3 && digits(group));
    exponent || decimal || decimal_comma || thousands
}

/// What stands between the digits of one number.
fn is_punctuation(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '(' | ')' | '+' | '/' | '\t')
}
