//! The whole of rule C4, for cells that are not of a usual shape: characters that may be normalised
//! away, and the rest of the cell.

use crate::{
    cell::{grouped, plain_text, unwrapped},
    people::{e164::E164, phone::PhoneError},
};

/// Digits from which on something is a number of its own, and not an extension.
const NUMBER: usize = 7;

pub(super) fn read(cell: &str) -> Result<E164, PhoneError> {
    let text = plain_text(cell).to_lowercase();
    let text = unwrapped(&text);
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

/// Returns a cell of digits and punctuation.
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
    // Two numbers, with any separator: a comma, a semicolon, a bar, an ampersand, a new line, "or".
    if after >= NUMBER || before >= 10 + NUMBER {
        return PhoneError::Several;
    }
    if is_extension(rest) { PhoneError::Extension } else { PhoneError::Shape }
}

/// `x12`, `ext. 5`, `extension 5`, `#12`, `;ext=12`, `,12`, `p12`, `w12`, and a marker without
/// digits.
fn is_extension(rest: &str) -> bool {
    let rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '#');
    let markers = ["extension", "extn", "ext", "ex", "x", "#", "poste", "pause", "p", "wait", "w"];
    let rest = markers.iter().find_map(|marker| rest.strip_prefix(marker)).unwrap_or(rest);
    rest.chars().all(|c| c.is_ascii_digit() || is_punctuation(c) || matches!(c, ':' | '=' | '#' | ','))
}

/// Returns a number that a spreadsheet took for an amount: `2125551234.0`, `(212) 555-1234.0`,
/// `2.12E+09`, `2,125,551,234`, `$2,125,551,234.00`, or its sign for a failed calculation or too
/// little room. Dots as separators (`212.555.1234`) are not damage.
fn is_damaged(text: &str) -> bool {
    if is_error(text) || is_exponent(text) {
        return true;
    }
    let amount = text.trim_start_matches(['$', '\u{20ac}', '\u{a3}', ' ']);
    let is_amount = amount.len() < text.len();
    let whole = without_decimals(amount);
    let number = whole.unwrap_or(amount).trim_start_matches(['+', '-']);
    let digits = number.chars().filter(char::is_ascii_digit).count();
    // Commas part thousands and no phone; other marks may part a phone, with four digits in its
    // last group.
    let in_threes = grouped(number).is_some_and(|(groups, all)| {
        groups >= 3 && all.len() >= NUMBER && (number.contains(',') || matches!(all.len(), 10 | 11))
    });
    in_threes
        // A phone, however it is punctuated, has no decimals and no currency.
        || digits >= NUMBER
            && (whole.is_some() || is_amount)
            && number.chars().all(|c| c.is_ascii_digit() || is_punctuation(c))
}

/// `#########`, `#REF!`, `#N/A`, …
fn is_error(text: &str) -> bool {
    let errors = ["#ref!", "#value!", "#n/a", "#name?", "#num!", "#null!", "#div/0!", "#error!", "#spill!", "#calc!"];
    text.len() > 1 && text.bytes().all(|byte| byte == b'#') || errors.contains(&text)
}

/// `2.12E+09`, `2,12E+09`, `2E9`, `2.12 x 10^9`.
fn is_exponent(text: &str) -> bool {
    let text: String = text.chars().filter(|c| *c != ' ').map(|c| if c == '\u{d7}' { 'x' } else { c }).collect();
    let parts = ["x10^", "*10^", "e"].iter().find_map(|mark| text.split_once(mark));
    parts.is_some_and(|(head, tail)| {
        let whole = head.strip_prefix(['+', '-']).unwrap_or(head);
        let mantissa = whole
            .split_once(['.', ','])
            .map_or(is_digits(whole), |(one, more)| is_digits(one) && (more.is_empty() || is_digits(more)));
        mantissa && is_digits(tail.strip_prefix(['+', '-']).unwrap_or(tail))
    })
}

/// Returns the text before the decimals, if there are any. Of bare digits, one or two digits behind
/// a dot or a comma, and any behind a dot that make no number with it; of a phone that is
/// punctuated, one or two digits behind a dot, because behind a comma they are an extension; zeros
/// alone always.
fn without_decimals(text: &str) -> Option<&str> {
    let at = text.rfind(['.', ','])?;
    let (head, tail) = (&text[..at], &text[at + 1..]);
    let dot = text[at..].starts_with('.');
    let bare = is_digits(head.trim_start_matches(['+', '-']));
    let digits = head.chars().filter(char::is_ascii_digit).count();
    let zeros = tail.len() < 10 && tail.bytes().all(|byte| byte == b'0');
    let decimals = if bare {
        // `212.5551234` begins with its area code, and `2125551.1234` ends in four digits of the
        // phone.
        digits >= NUMBER && (tail.len() <= 2 || dot && tail.len() < 10 && !(digits == 7 && tail.len() == 4))
    } else {
        digits >= 10 && (zeros || dot && tail.len() <= 2)
    };
    (is_digits(tail) && decimals).then_some(head)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether a character may stand between the digits of one number.
fn is_punctuation(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '(' | ')' | '+' | '/' | '\t')
}
