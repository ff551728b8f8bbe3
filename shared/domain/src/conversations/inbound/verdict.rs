//! Weighing: keywords first, then phrases that nothing takes back.

use crate::conversations::inbound::{
    Intent,
    pattern::{Pattern, View},
    quoted::own_words,
    rules::{Rules, Whole},
    words::Word,
};

/// A verdict with the rule that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The verdict.
    pub intent: Intent,
    /// The rule: its kind and its line in the data, such as `phrase en: lose my|this number`. Never
    /// words of the text.
    pub rule: String,
}

/// Classifies a text as [`classify`](super::classify) does, and names the rule.
pub fn decide(text: &str, own: &[String], opted_out: bool) -> Decision {
    let rules = Rules::built_in();
    let (kept, taken) = own_words(text);
    let sentences = rules.sentences(&kept);
    if sentences.is_empty() {
        return decision(Intent::Conversation, if taken { "quotation or reaction" } else { "no words" });
    }
    let all: Vec<Word> = sentences.iter().flatten().map(|word| Word { after_comma: false, ..word.clone() }).collect();
    if let Some(decision) = keyword(rules, &all, own, &kept) {
        return decision;
    }
    let serious = !all.iter().any(|word| rules.is_laughter(word));
    let mut taken_back = None;
    for words in &sentences {
        let view = View { words, rules, own: &[] };
        let other_senses: Vec<(&Pattern, usize, usize)> = rules.other_senses.matches(&view).collect();
        if serious
            && let Some((pattern, start, end)) = alone(&view, sentences.len() > 1)
            && !other_senses.iter().any(|(_, from, to)| *from < end && start < *to)
        {
            return decision(Intent::OptOut, format!("alone: {}", pattern.line));
        }
        for language in &rules.languages {
            for (pattern, from, to) in language.phrases.matches(&view) {
                if pattern.firm {
                    return decision(Intent::OptOut, format!("phrase {}: {}", language.name, pattern.line));
                }
                let other = other_senses.iter().find(|(_, start, end)| from < *end && *start < to);
                if let Some((other, ..)) = other {
                    taken_back = Some(format!("other sense: {}", other.line));
                } else if let Some(negation) = view.stands_before(&language.before, from) {
                    taken_back = Some(format!("taken back {}: {negation}", language.name));
                } else {
                    return decision(Intent::OptOut, format!("phrase {}: {}", language.name, pattern.line));
                }
            }
        }
    }
    let plain = rules.bare(&all, false);
    for (meaning, intent) in [(Whole::OptIn, Intent::OptIn), (Whole::Help, Intent::Help)] {
        if let Some(pattern) = rules.whole(meaning).find_map(|patterns| rules.whole_match(&plain, patterns)) {
            return decision(intent, format!("whole: {}", pattern.line));
        }
    }
    if opted_out && matches!(&all[..], [yes] if yes.text == "yes") {
        return decision(Intent::OptIn, "yes after an opt-out");
    }
    let rule =
        taken_back.unwrap_or_else(|| if taken { "quotation or reaction".to_owned() } else { "no rule".to_owned() });
    decision(Intent::Conversation, rule)
}

fn decision(intent: Intent, rule: impl Into<String>) -> Decision {
    Decision { intent, rule: rule.into() }
}

/// Returns an opt-out keyword as the whole text, dressed or signed.
fn keyword(rules: &Rules, all: &[Word], own: &[String], text: &str) -> Option<Decision> {
    let own = rules.own(own);
    let polite = rules.bare(all, false);
    let bare = rules.bare(all, true);
    let numberless: Vec<Word> = bare.iter().filter(|word| !word.is_number()).cloned().collect();
    let signed: Vec<Word> = signed_line(text)
        .map(|line| rules.bare(&rules.sentences(line).into_iter().flatten().collect::<Vec<_>>(), true))
        .unwrap_or_default();
    for words in [all, &polite, &bare, &numberless, &signed] {
        let same = |own: &&Vec<Word>| own.iter().map(|word| &word.text).eq(words.iter().map(|word| &word.text));
        if own.iter().any(|own| same(&own)) {
            return Some(decision(Intent::OptOut, "the organization's own keyword"));
        }
        if let Some(pattern) = rules.whole(Whole::OptOut).find_map(|patterns| rules.whole_match(words, patterns)) {
            return Some(decision(Intent::OptOut, format!("whole: {}", pattern.line)));
        }
    }
    None
}

/// Returns the first line of a text with other lines that look like a signature: short, and every
/// word a name, a number or an address.
fn signed_line(text: &str) -> Option<&str> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next()?;
    let rest: Vec<&str> = lines.collect();
    let name = |word: &str| {
        let mut letters = word.chars().filter(|c| c.is_alphabetic());
        letters.next().is_none_or(char::is_uppercase) || word.contains(['@', '/', '.'])
    };
    let signature = |line: &&str| line.split_whitespace().count() <= 6 && line.split_whitespace().all(name);
    (!rest.is_empty() && rest.len() <= 5 && rest.iter().all(signature)).then_some(first)
}

/// Returns a keyword that is a sentence, or the first or last clause of one; with the range of its
/// clause.
fn alone<'r>(view: &View<'r>, one_of_many: bool) -> Option<(&'r Pattern, usize, usize)> {
    let mut clauses: Vec<(usize, &[Word])> = Vec::new();
    let mut at = 0;
    for clause in view.words.chunk_by(|_, next| !next.after_comma) {
        clauses.push((at, clause));
        at += clause.len();
    }
    if clauses.len() == 1 && !one_of_many {
        return None;
    }
    [clauses.first(), clauses.last()].into_iter().flatten().find_map(|(at, clause)| {
        let bare = view.rules.bare(clause, true);
        view.rules.whole_match(&bare, &view.rules.alone).map(|pattern| (pattern, *at, at + clause.len()))
    })
}
