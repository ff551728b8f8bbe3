//! The rules as data: reading `data/inbound_rules.txt`; the file's head explains its notation.

use std::{collections::HashMap, sync::LazyLock};

use crate::conversations::inbound::{
    pattern::{Atom, Index, One, Pattern, View},
    words::{Aliases, Word, sentences},
};

const DATA: &str = include_str!("../../../data/inbound_rules.txt");

static BUILT_IN: LazyLock<Rules> = LazyLock::new(|| match Rules::read(DATA) {
    Ok(rules) => rules,
    // A test reads the same text.
    Err(error) => unreachable!("{error}"),
});

/// A line of the data that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the rules: {problem}")]
pub(super) struct RulesError {
    line: usize,
    problem: String,
}

/// Revocations of one language, and the negations that take them back.
#[derive(Debug, Default)]
pub(super) struct Language {
    pub(super) name: String,
    pub(super) phrases: Index,
    pub(super) before: Vec<Pattern>,
}

/// All rules.
#[derive(Debug, Default)]
pub(super) struct Rules {
    aliases: Aliases,
    vocabulary: HashMap<String, u16>,
    /// By word id.
    roles: Vec<Roles>,
    pub(super) whole: Vec<(Whole, Vec<Pattern>)>,
    pub(super) alone: Vec<Pattern>,
    pub(super) languages: Vec<Language>,
    pub(super) other_senses: Index,
    pub(super) instructions: Index,
    pub(super) not_instructions: Vec<Pattern>,
}

/// Meaning of a pattern of the whole text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    OptOut,
    OptIn,
    Help,
}

/// Parts that a word can play beside patterns.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "a word can play several of these parts")]
struct Roles {
    /// Politeness: "please", "thanks", "sir".
    courtesy: bool,
    /// An answer before the rest: "no", "yes".
    answer: bool,
    /// May stand between the words of a pattern.
    filler: bool,
    /// Laughter.
    laughter: bool,
}

impl Rules {
    pub(super) fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Returns a text as sentences, with words numbered.
    pub(super) fn sentences(&self, text: &str) -> Vec<Vec<Word>> {
        let mut sentences = sentences(text, &self.aliases);
        for word in sentences.iter_mut().flatten() {
            word.id = self.vocabulary.get(&word.text).copied().unwrap_or(0);
        }
        sentences
    }

    fn roles(&self, word: &Word) -> Roles {
        self.roles.get(usize::from(word.id)).copied().unwrap_or_default()
    }

    pub(super) fn is_courtesy(&self, word: &Word) -> bool {
        self.roles(word).courtesy
    }

    pub(super) fn is_laughter(&self, word: &Word) -> bool {
        self.roles(word).laughter
    }

    pub(super) fn is_filler(&self, word: &Word) -> bool {
        let Roles { courtesy, filler, laughter, answer: _ } = self.roles(word);
        courtesy || filler || laughter
    }

    /// Returns whether this word may stand before the first of a clause.
    pub(super) fn may_lead(&self, word: &Word) -> bool {
        self.is_filler(word) || self.roles(word).answer
    }

    /// Words without courtesies and, if asked, answers; of a word that is said several times in a
    /// row, one.
    pub(super) fn bare(&self, words: &[Word], without_answers: bool) -> Vec<Word> {
        let kept = words.iter().filter(|word| {
            let roles = self.roles(word);
            !(roles.courtesy || (without_answers && roles.answer))
        });
        let mut kept: Vec<Word> = kept.cloned().map(|word| Word { after_comma: false, ..word }).collect();
        kept.dedup_by(|a, b| a.text == b.text);
        kept
    }

    /// Returns the first of these patterns that takes all the words.
    pub(super) fn whole_match<'p>(&self, words: &[Word], patterns: &'p [Pattern]) -> Option<&'p Pattern> {
        let view = View { words, rules: self, own: &[] };
        patterns.iter().find(|pattern| !words.is_empty() && view.find(pattern, 0, &|end| end == words.len()).is_some())
    }

    /// Returns whether these words, alone, are an opt-out keyword of the rules or of the
    /// organization.
    pub(super) fn is_keyword(&self, words: &[Word], own: &[Vec<Word>]) -> bool {
        let texts = |words: &[Word]| words.iter().map(|word| word.text.clone()).collect::<Vec<_>>();
        let lead = words.first().is_some_and(|word| self.is_courtesy(word));
        (!lead && self.whole(Whole::OptOut).any(|patterns| self.whole_match(words, patterns).is_some()))
            || own.iter().any(|own| !own.is_empty() && texts(own) == texts(words))
    }

    pub(super) fn whole(&self, meaning: Whole) -> impl Iterator<Item = &[Pattern]> {
        self.whole.iter().filter(move |(of, _)| *of == meaning).map(|(_, patterns)| patterns.as_slice())
    }

    /// Returns the organization's own words in plain form.
    pub(super) fn own(&self, own: &[String]) -> Vec<Vec<Word>> {
        own.iter()
            .map(|word| {
                let words = self.sentences(word).into_iter().flatten();
                words.map(|word| Word { after_comma: false, capitals: false, ..word }).collect::<Vec<_>>()
            })
            .filter(|words| !words.is_empty())
            .collect()
    }

    /// Reads the data.
    pub(super) fn read(data: &str) -> Result<Self, RulesError> {
        let mut reader = Reader::default();
        for (number, line) in (1..).zip(data.lines()) {
            let line = line.split(" ## ").next().unwrap_or_default().trim();
            if line.is_empty() || line.starts_with("##") {
                continue;
            }
            reader.line(line).map_err(|problem| RulesError { line: number, problem })?;
        }
        Ok(reader.finish())
    }
}

/// A file that is half read.
#[derive(Default)]
struct Reader {
    section: Vec<String>,
    rules: Rules,
    sets: HashMap<String, One>,
    phrases: Vec<(String, Vec<Pattern>)>,
    before: Vec<(String, Vec<Pattern>)>,
    other_senses: Vec<Pattern>,
    instructions: Vec<Pattern>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            self.section = section.split(' ').map(str::to_owned).collect();
            return Ok(());
        }
        let section: Vec<String> = self.section.clone();
        let section: Vec<&str> = section.iter().map(String::as_str).collect();
        match section[..] {
            ["alias"] => self.alias(line),
            ["set"] => self.set(line),
            ["words", role] => self.role(role, line),
            ["whole", meaning] => {
                let meaning = match meaning {
                    "opt_out" => Whole::OptOut,
                    "opt_in" => Whole::OptIn,
                    "help" => Whole::Help,
                    other => return Err(format!("no verdict {other}")),
                };
                let patterns = self.patterns(line)?;
                push(&mut self.rules.whole, meaning, patterns);
                Ok(())
            }
            ["phrase", language] => {
                let patterns = self.patterns(line)?;
                push(&mut self.phrases, language.to_owned(), patterns);
                Ok(())
            }
            ["before", language] => {
                let patterns = self.patterns(line)?;
                push(&mut self.before, language.to_owned(), patterns);
                Ok(())
            }
            ["alone"] => self.patterns(line).map(|patterns| self.rules.alone.extend(patterns)),
            ["other", "sense"] => self.patterns(line).map(|patterns| self.other_senses.extend(patterns)),
            ["instruction"] => self.patterns(line).map(|patterns| self.instructions.extend(patterns)),
            ["not", "instruction"] => self.patterns(line).map(|patterns| self.rules.not_instructions.extend(patterns)),
            _ => Err(format!("no section {}", section.join(" "))),
        }
    }

    fn id(&mut self, word: &str) -> Result<u16, String> {
        let next = u16::try_from(self.rules.vocabulary.len() + 1).map_err(|_| "too many words")?;
        Ok(*self.rules.vocabulary.entry(word.to_owned()).or_insert(next))
    }

    /// `from | from = to`
    fn alias(&mut self, line: &str) -> Result<(), String> {
        let (from, to) = line.split_once(" = ").ok_or("an alias has a \" = \"")?;
        let to: Vec<String> = to.split_whitespace().map(str::to_owned).collect();
        for from in from.split('|') {
            self.rules.aliases.insert(from.trim().to_owned(), to.clone());
        }
        Ok(())
    }

    /// `name = word word @set`
    fn set(&mut self, line: &str) -> Result<(), String> {
        let (name, words) = line.split_once(" = ").ok_or("a set has a \" = \"")?;
        let one = self.one(&words.split_whitespace().collect::<Vec<_>>().join("|"))?;
        self.sets.insert(name.to_owned(), one);
        Ok(())
    }

    fn role(&mut self, role: &str, line: &str) -> Result<(), String> {
        for word in line.split_whitespace() {
            let id = usize::from(self.id(word)?);
            if self.rules.roles.len() <= id {
                self.rules.roles.resize(id + 1, Roles::default());
            }
            let roles = &mut self.rules.roles[id];
            match role {
                "courtesy" => roles.courtesy = true,
                "answer" => roles.answer = true,
                "filler" => roles.filler = true,
                "laughter" => roles.laughter = true,
                other => return Err(format!("no role {other}")),
            }
        }
        Ok(())
    }

    /// `a|b`, `@set`, `word?`, `=word`, `#`.
    fn one(&mut self, text: &str) -> Result<One, String> {
        let (text, optional) = text.strip_suffix('?').map_or((text, false), |text| (text, true));
        let mut one = One { optional, ..One::default() };
        for word in text.split('|') {
            if let Some(set) = word.strip_prefix('@') {
                let set = self.sets.get(set).ok_or_else(|| format!("no set {set}"))?;
                one.ids.extend(&set.ids);
                one.number |= set.number;
            } else if word == "#" {
                one.number = true;
            } else {
                let plain = match word.strip_prefix('=') {
                    Some(plain) if !plain.is_empty() => {
                        one.capitals = true;
                        plain
                    }
                    _ => word,
                };
                if plain.is_empty() || plain.chars().any(|c| c.is_uppercase() || "?^$%[]".contains(c)) {
                    return Err(format!("{word:?} is no word"));
                }
                if self.rules.aliases.contains_key(plain) {
                    return Err(format!("{word:?} never occurs: it is an alias"));
                }
                one.ids.push(self.id(plain)?);
            }
        }
        one.ids.sort_unstable();
        one.ids.dedup();
        Ok(one)
    }

    /// Returns a line's patterns: `a|$` makes two, one with the word and one in which the clause
    /// ends there.
    fn patterns(&mut self, line: &str) -> Result<Vec<Pattern>, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(at) = words.iter().position(|word| word.ends_with("|$")) else {
            return Ok(vec![self.pattern(line, &words)?]);
        };
        let word = words[at].trim_end_matches("|$");
        let ended = [&words[..at], &["$"]].concat();
        let named = [&words[..at], &[word], &words[at + 1..]].concat();
        Ok(vec![self.pattern(line, &named)?, self.pattern(line, &ended)?])
    }

    fn pattern(&mut self, line: &str, words: &[&str]) -> Result<Pattern, String> {
        let mut pattern = Pattern { line: line.to_owned(), atoms: Vec::new(), crosses: false, firm: false };
        for text in words {
            let text = *text;
            let atom = match text {
                "," => {
                    pattern.crosses = true;
                    continue;
                }
                "!" => {
                    pattern.firm = true;
                    continue;
                }
                "^" => Atom::Start,
                "$" => Atom::End,
                "%" => Atom::Keyword,
                _ => match text.strip_prefix('*').map(str::parse) {
                    Some(Ok(most)) => Atom::Gap(most),
                    _ => Atom::One(self.one(text)?),
                },
            };
            pattern.atoms.push(atom);
        }
        if pattern
            .atoms
            .iter()
            .any(|atom| matches!(atom, Atom::Keyword) || matches!(atom, Atom::One(one) if !one.optional))
        {
            Ok(pattern)
        } else {
            Err("a pattern has a word that must be there".to_owned())
        }
    }

    fn finish(mut self) -> Rules {
        let vocabulary = self.rules.vocabulary.len();
        for (name, phrases) in self.phrases {
            let before =
                self.before.iter().find(|(of, _)| *of == name).map_or_else(Vec::new, |(_, before)| before.clone());
            self.rules.languages.push(Language { name, phrases: Index::new(phrases, vocabulary), before });
        }
        self.rules.other_senses = Index::new(self.other_senses, vocabulary);
        self.rules.instructions = Index::new(self.instructions, vocabulary);
        self.rules
    }
}

fn push<K: PartialEq>(all: &mut Vec<(K, Vec<Pattern>)>, key: K, patterns: Vec<Pattern>) {
    match all.iter_mut().find(|(of, _)| *of == key) {
        Some((_, known)) => known.extend(patterns),
        None => all.push((key, patterns)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_can_be_read() {
        let rules = Rules::read(DATA).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(rules.languages.len(), 4);
    }

    #[test]
    fn rules_that_cannot_match_are_refused() {
        for (data, problem) in [
            ("[phrase en]\n@nothing", "no set"),
            ("[phrase en]\n^ a? $", "must be there"),
            ("[alias]\nplz = please\n[phrase en]\nplz stop", "it is an alias"),
            ("[nonsense]\nword", "no section"),
            ("[whole perhaps]\nword", "no verdict"),
        ] {
            let error = Rules::read(data).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
}
