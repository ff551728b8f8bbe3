//! A contact's own words: without quotations, reactions and signatures (rule I2a).
//!
//! Phones that cannot show a reaction send it as a text that repeats ours, opt-out language
//! included. Mail gateways quote below or above the answer. A quotation with nothing beside it is
//! not an answer at all.

use crate::conversations::inbound::fold::is_invisible;

/// Words in quotation marks that make a quotation. Shorter ones are the writer's own:
/// `I said "stop"`.
const QUOTED_WORDS: usize = 4;
/// Words before the quotation mark of a reaction: `Ann Lee removed a heart from “…”`.
const LEADING_WORDS: usize = 8;

/// Beginnings of the word that makes a text before a quotation mark a reaction, in lower case.
const REACTIONS: [&str; 49] = [
    "liked",
    "loved",
    "disliked",
    "laughed",
    "emphasized",
    "emphasised",
    "questioned",
    "removed",
    "reacted",
    "hearted",
    "thumbed",
    "exclaimed",
    "tapback",
    "gustó",
    "gusto",
    "gusta",
    "encantó",
    "encanto",
    "encanta",
    "rió",
    "rio",
    "risa",
    "enfatizó",
    "enfatizo",
    "preguntó",
    "cuestionó",
    "exclamó",
    "destacó",
    "reaccionó",
    "reacciono",
    "eliminó",
    "quitó",
    "aimé",
    "aime",
    "adoré",
    "adore",
    "ri",
    "réagi",
    "évidence",
    "duda",
    "interrogación",
    "hincapié",
    "retiré",
    "réaction",
    "reaction",
    "reacción",
    "souligné",
    "accentué",
    "supprimé",
];

/// Words between a reaction's emoji and its quotation: `👍 to “…”`.
const TOWARDS: [&str; 9] = ["to", "a", "à", "for", "from", "sur", "por", "de", "an"];

/// Beginnings of lines that programs write under a text.
const SIGNATURES: [&str; 16] = [
    "sent from",
    "sent via",
    "sent with",
    "sent on the",
    "get outlook",
    "enviado desde",
    "enviado de",
    "enviado por",
    "envoyé de",
    "envoyé depuis",
    "envoyé à partir",
    "obtener outlook",
    "obtenez outlook",
    "télécharger outlook",
    "yahoo mail:",
    "via textnow",
];

/// Beginnings of lines from which on a mail is quoted.
const QUOTED_MAILS: [&str; 7] = [
    "-----original",
    "----- original",
    "________________",
    "begin forwarded",
    "---------- forwarded",
    "-----mensaje",
    "-----message",
];

/// Returns the text without others' words, and whether anything was taken away.
pub(super) fn own_words(text: &str) -> (String, bool) {
    let text: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    let (unquoted, mut taken) = without_lines(text.trim());
    let kept = match without_reaction(&unquoted) {
        Some(rest) => {
            taken = true;
            rest
        }
        None => unquoted,
    };
    let (kept, quoted) = without_quotations(&kept);
    (kept, taken || quoted)
}

/// Drops quoted lines, mails below, and signatures.
fn without_lines(text: &str) -> (String, bool) {
    let lines: Vec<&str> = text.lines().collect();
    let mut kept: Vec<&str> = Vec::with_capacity(lines.len());
    let mut taken = false;
    let mut index = 0;
    while let Some(line) = lines.get(index) {
        let lower = line.trim().to_lowercase();
        if QUOTED_MAILS.iter().any(|start| lower.starts_with(start)) || (line.trim_end() == "--" && index > 0) {
            return (kept.join("\n"), true);
        }
        if let Some(length) = attribution(&lines[index..]) {
            // The quoted lines behind it begin with ">", or the whole rest is the quotation.
            let rest = &lines[index + length..];
            taken = true;
            if !rest.iter().any(|line| line.trim_start().starts_with('>')) {
                return (kept.join("\n"), true);
            }
            index += length;
            continue;
        }
        let quoted = line.trim_start().starts_with(['>', '＞']);
        let signed = index > 0 && SIGNATURES.iter().any(|start| lower.starts_with(start));
        if quoted || signed {
            taken = true;
        } else {
            kept.push(line);
        }
        index += 1;
    }
    (kept.join("\n").trim().to_owned(), taken)
}

/// Lines of "On … wrote:", which may be folded once.
fn attribution(lines: &[&str]) -> Option<usize> {
    const STARTS: [&str; 4] = ["on ", "el ", "le ", "am "];
    const ENDS: [&str; 6] = ["wrote:", "escribió:", "escribio:", "a écrit :", "a écrit:", "schrieb:"];
    let first = lines.first()?.trim().to_lowercase();
    if !STARTS.iter().any(|start| first.starts_with(start)) {
        return None;
    }
    (1..=2.min(lines.len())).find(|length| {
        let last = lines[length - 1].trim().to_lowercase();
        ENDS.iter().any(|end| last.ends_with(end))
    })
}

const fn opens(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '‟' | '«' | '»' | '‹' | '「' | '『' | '＂')
}

const fn closes(c: char) -> bool {
    matches!(c, '"' | '”' | '“' | '‟' | '»' | '«' | '›' | '」' | '』' | '＂')
}

/// Single marks open a reaction's quotation only.
const fn opens_single(c: char) -> bool {
    matches!(c, '‘' | '\'' | '’' | '‚' | '‛')
}

/// Returns the text behind a reaction, which is mostly nothing; none when it is no reaction.
fn without_reaction(text: &str) -> Option<String> {
    let single_at = text
        .char_indices()
        .find(|(at, c)| opens_single(*c) && text[..*at].ends_with(char::is_whitespace))
        .map(|(at, _)| at);
    let double_at = text.find(opens);
    let open = match (double_at, single_at) {
        (Some(double), Some(single)) => double.min(single),
        (one, other) => one.or(other).or_else(|| picture(text))?,
    };
    if !is_lead(&text[..open]) {
        return None;
    }
    let body = &text[open..];
    let single = body.starts_with(opens_single);
    // The quotation ends at the last mark that can close one: the quoted text may have marks of its
    // own.
    let close = body
        .char_indices()
        .skip(1)
        .filter(|(_, c)| if single { opens_single(*c) } else { closes(*c) })
        .filter(|(at, c)| !single || !body[at + c.len_utf8()..].starts_with(char::is_alphanumeric))
        .map(|(at, c)| at + c.len_utf8())
        .last();
    let rest = close.map_or("", |close| body[close..].trim());
    // "… with 👍" belongs to the reaction.
    let first = rest.split_whitespace().next().unwrap_or_default().to_lowercase();
    let tail = matches!(first.as_str(), "with" | "con" | "avec" | "mit");
    let more = rest.split_once('\n').map_or("", |(_, more)| more.trim());
    Some(if tail {
        more.to_owned()
    } else {
        rest.trim_start_matches(['.', ',', ';', '-', '–', '—', ' ']).to_owned()
    })
}

/// Returns where "Liked an image" ends.
fn picture(text: &str) -> Option<usize> {
    let lower = text.to_lowercase();
    let what = [
        "an image",
        "a photo",
        "a picture",
        "a video",
        "a movie",
        "an attachment",
        "a message",
        "una imagen",
        "una foto",
        "une image",
    ];
    let ends = what.iter().any(|what| lower.trim_end_matches('.').ends_with(what));
    (ends && lower.split_whitespace().count() <= LEADING_WORDS).then_some(text.len())
}

/// Returns whether this stands before the quotation of a reaction.
fn is_lead(lead: &str) -> bool {
    let words: Vec<String> = lead
        .split(|c: char| c.is_whitespace() || matches!(c, ':' | '\u{2019}' | '\''))
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .map(str::to_lowercase)
        .collect();
    if words.len() > LEADING_WORDS || lead.trim().is_empty() {
        return false;
    }
    let emoji = lead.chars().any(|c| !c.is_ascii() && !c.is_alphanumeric() && !c.is_whitespace() && !opens_single(c));
    let towards = words.len() <= 1 && words.iter().all(|word| TOWARDS.contains(&word.as_str()));
    words.iter().any(|word| REACTIONS.contains(&word.as_str())) || (emoji && towards)
}

/// Drops quotations of several words within a text, unless the text is nothing but one.
fn without_quotations(text: &str) -> (String, bool) {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    let mut dropped = false;
    while let Some(open) = rest.find(opens) {
        let behind = &rest[open..];
        let inside_at = behind.chars().next().map_or(0, char::len_utf8);
        let Some(length) = behind[inside_at..].find(closes) else { break };
        let inside = &behind[inside_at..inside_at + length];
        let after = &behind[inside_at + length..];
        let after = &after[after.chars().next().map_or(0, char::len_utf8)..];
        kept.push_str(&rest[..open]);
        if inside.split_whitespace().count() >= QUOTED_WORDS {
            kept.push_str(" \u{2026} ");
            dropped = true;
        } else {
            kept.push_str(&behind[..behind.len() - after.len()]);
        }
        rest = after;
    }
    kept.push_str(rest);
    let own = kept.chars().any(char::is_alphanumeric);
    if own && dropped { (kept, true) } else { (text.to_owned(), false) }
}
