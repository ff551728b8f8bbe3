//! The people of a campaign: made up from a seed, so that the same seed makes the same files.

use fastrand::Rng;

/// A person as a file has them.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// Ten digits.
    pub(crate) phone: String,
    /// May be blank.
    pub(crate) first_name: &'static str,
    /// Of syllables that no word of a log has.
    pub(crate) last_name: String,
    pub(crate) postal_code: String,
    pub(crate) ward: usize,
}

/// Within Latin-1 for the Windows file, and within GSM 03.38 so that a text stays one segment.
const FIRST_NAMES: [&str; 16] = [
    "Ana",
    "Ben",
    "Carla",
    "Dmitri",
    "Jos\u{e9}",
    "Fay",
    "Gus",
    "Bego\u{f1}a",
    "Ivo",
    "J\u{fc}rgen",
    "Kim",
    "Lou",
    "Zo\u{e9}",
    "Ned",
    "Olga",
    "",
];
const STARTS: [&str; 12] =
    ["Vrank", "Qizz", "Thrup", "Zhol", "Kwem", "Xand", "Pfen", "Dvor", "Gyorb", "Sklav", "Bhum", "Wrisk"];
const MIDDLES: [&str; 12] = ["olu", "azi", "eko", "umi", "oja", "iwu", "ara", "ebo", "uxa", "iny", "ogu", "afe"];
const ENDS: [&str; 12] =
    ["dwyk", "zmeth", "kvist", "prusk", "ngolt", "xley", "brandt", "tzow", "lmeq", "shvar", "ffny", "ckzel"];

/// Makes people of one area code with numbers that all differ.
#[derive(Debug)]
pub(crate) struct People {
    area_code: &'static str,
    dice: Rng,
    next: u64,
}

impl People {
    pub(crate) fn new(area_code: &'static str, seed: u64) -> Self {
        let mut dice = Rng::with_seed(seed ^ area_code.parse::<u64>().unwrap_or_default());
        let next = dice.u64(..LINES);
        Self { area_code, dice, next }
    }

    pub(crate) fn person(&mut self) -> Person {
        let dice = &mut self.dice;
        let last_name =
            [STARTS, MIDDLES, MIDDLES, ENDS].map(|syllables| syllables[dice.usize(..syllables.len())]).concat();
        Person {
            first_name: FIRST_NAMES[dice.usize(..FIRST_NAMES.len())],
            last_name,
            postal_code: format!("{:05}", 10_000 + dice.usize(..89_999)),
            ward: 1 + dice.usize(..30),
            phone: self.phone(),
        }
    }

    /// Returns a number that nobody else has. Numbers of exchange 555 are left to the senders.
    pub(crate) fn phone(&mut self) -> String {
        self.next = (self.next + STEP) % LINES;
        let (exchange, line) = (200 + self.next / 10_000, self.next % 10_000);
        let exchange = if exchange == 555 { 800 } else { exchange };
        format!("{}{exchange}{line:04}", self.area_code)
    }
}

/// Lines of the exchanges 200 to 799.
const LINES: u64 = 6_000_000;
/// Has no divisor in common with `LINES`, so that every line comes once before any comes again.
const STEP: u64 = 3_141_593;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_number_comes_twice() {
        let mut people = People::new("212", 7);
        let numbers: HashSet<String> = (0..20_000).map(|_| people.phone()).collect();
        assert_eq!(numbers.len(), 20_000);
    }
}
