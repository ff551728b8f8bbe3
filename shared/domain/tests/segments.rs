//! Segments against a second reading of GSM 03.38 (rules M4 and M5).
//!
//! The oracle shares nothing with the code: it writes every text out as the septets or code units
//! that go over the air, escapes and surrogates included, and cuts that row of units into parts.
#![expect(clippy::unwrap_used, reason = "what the generators make is in range")]

use std::collections::HashMap;

use fastrand::Rng;
use muster_domain::sending::segments::{self, Encoding, TextPart};
use proptest::{collection::vec, prelude::*, sample::select};

/// The default alphabet by code, from the specification's table 6.2.1. Code 0x1b is the escape; no
/// text has its stand-in here.
const DEFAULT_ALPHABET: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// The extension table, from the specification's table 6.2.1.1: the units behind the escape.
const EXTENSION: [(char, u16); 10] = [
    ('\u{c}', 0x0a),
    ('^', 0x14),
    ('{', 0x28),
    ('}', 0x29),
    ('\\', 0x2f),
    ('[', 0x3c),
    ('~', 0x3d),
    (']', 0x3e),
    ('|', 0x40),
    ('€', 0x65),
];

const ESCAPE: u16 = 0x1b;

struct Oracle {
    septets: HashMap<char, Vec<u16>>,
    /// The same for ASCII, which most characters are.
    ascii: Vec<Option<Vec<u16>>>,
}

impl Oracle {
    fn new() -> Self {
        let mut septets: HashMap<char, Vec<u16>> =
            (0..).zip(DEFAULT_ALPHABET.chars()).map(|(code, c)| (c, vec![code])).collect();
        assert_eq!(septets.remove(&'\u{1b}'), Some(vec![ESCAPE]));
        septets.extend(EXTENSION.map(|(c, code)| (c, vec![ESCAPE, code])));
        let ascii = (0..128_u8).map(|byte| septets.get(&char::from(byte)).cloned()).collect();
        Self { septets, ascii }
    }

    fn septets(&self, c: char) -> Option<&Vec<u16>> {
        match self.ascii.get(c as usize) {
            Some(septets) => septets.as_ref(),
            None => self.septets.get(&c),
        }
    }

    /// Returns the encoding, and each part's units.
    fn parts(&self, text: &str) -> (Encoding, Vec<usize>) {
        let mut row = Vec::with_capacity(2 * text.len());
        for c in text.chars() {
            if let Some(septets) = self.septets(c) {
                row.extend_from_slice(septets);
            } else {
                let row: Vec<u16> = text.encode_utf16().collect();
                return (Encoding::Ucs2, cut(&row, 70, 67, |unit| (0xd800..0xdc00).contains(&unit)));
            }
        }
        (Encoding::Gsm7, cut(&row, 160, 153, |septet| septet == ESCAPE))
    }
}

/// Cuts a row of units into parts; none ends with the first half of a pair.
fn cut(mut row: &[u16], single: usize, part: usize, opens_a_pair: impl Fn(u16) -> bool) -> Vec<usize> {
    if row.len() <= single {
        return if row.is_empty() { vec![] } else { vec![row.len()] };
    }
    let mut parts = Vec::new();
    while !row.is_empty() {
        let full = part.min(row.len());
        let length = if opens_a_pair(row[full - 1]) { full - 1 } else { full };
        parts.push(length);
        row = &row[length..];
    }
    parts
}

fn check(oracle: &Oracle, text: &str) {
    let (encoding, expected) = oracle.parts(text);
    let count = segments::count(text);
    assert_eq!((count.encoding, count.segments as usize), (encoding, expected.len()), "{text:?}");
    assert_eq!(count.units as usize, expected.iter().sum::<usize>(), "{text:?}");
    let mut rest = text;
    let mut parts = segments::parts(text);
    for units in expected {
        let TextPart { text: of_part, units: in_part } = parts.next().unwrap();
        assert_eq!(in_part as usize, units, "{text:?}");
        rest = rest.strip_prefix(of_part).unwrap();
    }
    assert!(parts.next().is_none() && rest.is_empty(), "{text:?}");
}

/// The same texts in every run.
struct Draws(Rng);

impl Draws {
    fn below(&mut self, bound: u16) -> usize {
        self.four(bound)[0]
    }

    /// Four numbers below the bound, from one draw.
    fn four(&mut self, bound: u16) -> [usize; 4] {
        let drawn = self.0.u64(..);
        [0, 16, 32, 48].map(|shift| usize::try_from((((drawn >> shift) & 0xffff) * u64::from(bound)) >> 16).unwrap())
    }
}

const ALPHABETS: u16 = 9;

/// Alphabets from which a text draws: plain, with many pairs, of all GSM, with characters that GSM
/// lacks.
fn alphabets() -> [Vec<char>; ALPHABETS as usize] {
    let ascii: Vec<char> = (' '..='~').filter(|c| !"`^{}\\[~]|".contains(*c)).collect();
    let extension = || EXTENSION.iter().map(|(c, _)| *c);
    let gsm: Vec<char> = DEFAULT_ALPHABET.chars().filter(|c| *c != '\u{1b}').chain(extension()).collect();
    let with = |base: &[char], more: &str| base.iter().copied().chain(more.chars()).collect::<Vec<char>>();
    [
        ascii.clone(),
        with(&ascii, "[]{}~|^\\€\u{c}\n\r"),
        gsm.clone(),
        extension().chain("ab".chars()).collect(),
        with(&ascii, "`"),
        with(&gsm, "’ç\t\u{a0}\u{1b}\u{7f}"),
        with(&ascii, "жä漢😀👩\u{200d}🔬\u{fe0f}"),
        "😀a".chars().collect(),
        "漢字ж…".chars().collect(),
    ]
}

#[test]
fn m4_a_million_texts_count_as_the_specification_says() {
    let oracle = Oracle::new();
    let alphabets = alphabets();
    let mut draws = Draws(Rng::with_seed(7));
    let mut text = String::new();
    for _ in 0..1_000_000 {
        let alphabet = &alphabets[draws.below(ALPHABETS)];
        // Most texts are short; some lie at the edge of one part or two, and a few are long.
        let length = match draws.below(64) {
            0..52 => draws.below(60),
            52..56 => 60 + draws.below(20),
            56..58 => 125 + draws.below(40),
            58..61 => 150 + draws.below(20),
            61..63 => 295 + draws.below(20),
            _ => draws.below(800),
        };
        let bound = u16::try_from(alphabet.len()).unwrap();
        let drawn = std::iter::repeat_with(|| draws.four(bound)).flatten();
        text.clear();
        text.extend(drawn.take(length).map(|place| alphabet[place]));
        check(&oracle, &text);
    }
}

#[test]
fn m4_every_character_alone_and_at_the_edge_counts_as_the_specification_says() {
    let oracle = Oracle::new();
    for c in (0..=0x1_ffff).filter_map(char::from_u32) {
        check(&oracle, &c.to_string());
    }
    for c in "a€[éж😀".chars() {
        for length in 0..330 {
            check(&oracle, &format!("{}{c}{c}b", "a".repeat(length)));
            check(&oracle, &format!("{}{c}{c}b", "[".repeat(length)));
            check(&oracle, &format!("{}{c}{c}b", "ж".repeat(length)));
        }
    }
}

/// Texts as people paste them: GSM's characters, look-alikes, and now and then something else.
fn pasted() -> impl Strategy<Value = String> {
    let look_alikes: Vec<char> =
        "’“”„«»—–…•\u{a0}\u{2009}\u{200b}\u{feff}\t`´ﬁＡ！\u{301}\u{308}\u{2028}".chars().collect();
    let gsm: Vec<char> = DEFAULT_ALPHABET.chars().filter(|c| *c != '\u{1b}').chain(EXTENSION.map(|(c, _)| c)).collect();
    let mixed = |foreign: u32| {
        prop_oneof![
            12 => select(gsm.clone()),
            4 => select(look_alikes.clone()),
            foreign => select("çж😀½\u{200d}".chars().collect::<Vec<_>>()),
        ]
    };
    let of = |characters: Vec<char>| characters.into_iter().collect::<String>();
    prop_oneof![
        3 => vec(mixed(0), 0..400).prop_map(of),
        1 => vec(mixed(1), 0..400).prop_map(of),
        1 => vec(select(look_alikes.clone()), 0..200).prop_map(of),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn m5_smart_encoding_never_costs_more(text in pasted()) {
        let (before, after) = (segments::count(&text), segments::count(&segments::smart_encode(&text)));
        prop_assert!(after.segments <= before.segments);
    }

    #[test]
    fn m5_smart_encoding_makes_a_text_gsm_or_leaves_it(text in pasted()) {
        let encoded = segments::smart_encode(&text);
        prop_assert!(encoded == text || segments::count(&encoded).encoding == Encoding::Gsm7);
        prop_assert_eq!(segments::smart_encode(&encoded), encoded);
    }

    #[test]
    fn m5_a_gsm_text_is_left_alone(text in "[ -_a-~\n€éñÄ]{0,300}") {
        prop_assert_eq!(segments::smart_encode(&text), text);
    }
}
