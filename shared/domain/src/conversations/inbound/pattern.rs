//! Patterns of words, and finding them in a sentence.
//!
//! A pattern is a row of atoms: words or sets of words, gaps, and the ends of a clause. Courtesies
//! and curses may stand between any two atoms. A match stays within a clause, the words between two
//! commas, unless the pattern says otherwise.

use crate::conversations::inbound::{rules::Rules, words::Word};

/// Words before a match in which a negation is looked for.
const LOOK_BACK: usize = 12;

/// One step of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Atom {
    /// A word of a set.
    One(One),
    /// Any words, at most so many.
    Gap(usize),
    /// The clause begins here.
    Start,
    /// The clause ends here.
    End,
    /// One to three words that, alone, are an opt-out keyword.
    Keyword,
}

/// The words that an atom takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct One {
    /// Ids in the vocabulary, in order.
    pub(super) ids: Vec<u16>,
    /// Any number.
    pub(super) number: bool,
    /// Only a word in capitals, where the text has small letters too.
    pub(super) capitals: bool,
    /// The word may be absent.
    pub(super) optional: bool,
}

impl One {
    fn takes(&self, word: &Word) -> bool {
        let known = word.id != 0 && self.ids.binary_search(&word.id).is_ok();
        (known || (self.number && word.is_number())) && (!self.capitals || word.capitals)
    }
}

/// A pattern with its line in the data.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    pub(super) line: String,
    pub(super) atoms: Vec<Atom>,
    /// Commas do not end it.
    pub(super) crosses: bool,
    /// No negation and no other sense takes it back.
    pub(super) firm: bool,
}

/// Patterns, found by the first word of their matches.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) patterns: Vec<Pattern>,
    by_first: Vec<Vec<usize>>,
    others: Vec<usize>,
}

impl Index {
    pub(super) fn new(patterns: Vec<Pattern>, vocabulary: usize) -> Self {
        let mut by_first = vec![Vec::new(); vocabulary + 1];
        let mut others = Vec::new();
        for (nth, pattern) in patterns.iter().enumerate() {
            match pattern.atoms.iter().find(|atom| !matches!(atom, Atom::Start)) {
                Some(Atom::One(one)) if !one.optional && !one.number => {
                    for id in &one.ids {
                        by_first[usize::from(*id)].push(nth);
                    }
                }
                _ => others.push(nth),
            }
        }
        Self { patterns, by_first, others }
    }

    /// Returns every match of every pattern: the pattern and the range of words.
    pub(super) fn matches<'a>(&'a self, view: &'a View<'a>) -> impl Iterator<Item = (&'a Pattern, usize, usize)> {
        (0..view.words.len()).flat_map(move |from| {
            let by_first = self.by_first.get(usize::from(view.words[from].id)).map_or(&[][..], Vec::as_slice);
            by_first.iter().chain(&self.others).filter_map(move |nth| {
                let pattern = &self.patterns[*nth];
                view.find(pattern, from, &|_| true).map(|to| (pattern, from, to))
            })
        })
    }
}

/// A sentence as patterns look at it.
pub(super) struct View<'a> {
    pub(super) words: &'a [Word],
    pub(super) rules: &'a Rules,
    /// The organization's own opt-out words, in plain form.
    pub(super) own: &'a [Vec<Word>],
}

impl View<'_> {
    /// Returns the end of a match that begins at `from` and has an accepted end.
    pub(super) fn find(&self, pattern: &Pattern, from: usize, accept: &dyn Fn(usize) -> bool) -> Option<usize> {
        Walk { view: self, from, crosses: pattern.crosses, accept }.walk(&pattern.atoms, from)
    }

    fn is_filler(&self, at: usize) -> bool {
        self.rules.is_filler(&self.words[at])
    }

    /// Returns the first word at or behind `at` that is no filler, within the clause.
    fn behind_fillers(&self, mut at: usize) -> usize {
        while at < self.words.len() && self.is_filler(at) && !self.words[at].after_comma {
            at += 1;
        }
        at
    }

    fn ends(&self, at: usize) -> bool {
        let at = self.behind_fillers(at);
        at == self.words.len() || self.words[at].after_comma
    }

    fn starts(&self, mut at: usize) -> bool {
        while at > 0 && !self.words[at].after_comma && self.rules.may_lead(&self.words[at - 1]) {
            at -= 1;
        }
        at == 0 || self.words[at].after_comma
    }

    /// Returns whether one of these patterns stands directly before the word at `from`.
    pub(super) fn stands_before<'p>(&self, patterns: &'p [Pattern], from: usize) -> Option<&'p str> {
        let mut start = from;
        while start > 0 && from - start < LOOK_BACK && !self.words[start].after_comma {
            start -= 1;
        }
        let lead = |end: usize| end == from || (end < from && (end..from).all(|at| self.is_filler(at)));
        (start..from)
            .flat_map(|at| patterns.iter().map(move |pattern| (pattern, at)))
            .find(|(pattern, at)| !self.words[from].after_comma && self.find(pattern, *at, &lead).is_some())
            .map(|(pattern, _)| pattern.line.as_str())
    }
}

/// One attempt to match.
struct Walk<'a> {
    view: &'a View<'a>,
    from: usize,
    crosses: bool,
    accept: &'a dyn Fn(usize) -> bool,
}

impl Walk<'_> {
    fn walk(&self, atoms: &[Atom], at: usize) -> Option<usize> {
        let Some((atom, rest)) = atoms.split_first() else {
            return (self.accept)(at).then_some(at);
        };
        match atom {
            Atom::Start => self.view.starts(at).then(|| self.walk(rest, at)).flatten(),
            Atom::End => self.view.ends(at).then(|| self.walk(rest, at)).flatten(),
            Atom::Gap(most) => {
                let reach = (at..at + most).take_while(|at| self.may_take(*at)).count();
                (at..=at + reach).find_map(|at| self.walk(rest, at))
            }
            Atom::One(one) => self.one(one, rest, at),
            Atom::Keyword => {
                let most = self.view.words.len().saturating_sub(at).min(3);
                (1..=most).rev().find_map(|length| {
                    let words = &self.view.words[at..at + length];
                    let together = (at..at + length).all(|at| self.may_take(at));
                    let keyword = together && self.view.rules.is_keyword(words, self.view.own);
                    keyword.then(|| self.walk(rest, at + length)).flatten()
                })
            }
        }
    }

    fn one(&self, one: &One, rest: &[Atom], at: usize) -> Option<usize> {
        let mut look = at;
        while self.may_take(look) {
            if one.takes(&self.view.words[look])
                && let Some(end) = self.walk(rest, look + 1)
            {
                return Some(end);
            }
            // A match begins at its first word, not at the fillers before.
            if look == self.from || !self.view.is_filler(look) {
                break;
            }
            look += 1;
        }
        if one.optional { self.walk(rest, at) } else { None }
    }

    /// Returns whether there is a word here that the match may reach.
    fn may_take(&self, at: usize) -> bool {
        at < self.view.words.len() && (self.crosses || at == self.from || !self.view.words[at].after_comma)
    }
}
