//! A set of phone numbers in little memory: by area code, a set of seven digits each, and a
//! megabyte of bits once that is smaller.

use std::collections::{HashMap, HashSet};

use muster_domain::people::e164::E164;

/// Seven-digit numbers of an area code.
const NUMBERS_OF_AREA_CODE: usize = 10_000_000;

/// Numbers of an area code from which on bits take less than the numbers do.
const DENSE_FROM: usize = NUMBERS_OF_AREA_CODE / 64;

/// Phone numbers, each once.
#[derive(Debug, Default)]
pub struct Phones(HashMap<u32, Area>);

#[derive(Debug)]
enum Area {
    Sparse(HashSet<u32>),
    Dense(Vec<u64>),
}

impl Phones {
    /// Adds a number; says whether it is new.
    pub fn insert(&mut self, phone: &E164) -> bool {
        let value = phone.value();
        // Ten digits: three and seven.
        let area = u32::try_from(value / NUMBERS_OF_AREA_CODE as u64).unwrap_or_default();
        let line = u32::try_from(value % NUMBERS_OF_AREA_CODE as u64).unwrap_or_default();
        self.0.entry(area).or_insert_with(|| Area::Sparse(HashSet::new())).insert(line)
    }
}

impl Area {
    fn insert(&mut self, line: u32) -> bool {
        match self {
            Self::Sparse(lines) => {
                let new = lines.insert(line);
                if lines.len() > DENSE_FROM {
                    let mut bits = vec![0; NUMBERS_OF_AREA_CODE.div_ceil(64)];
                    for line in lines.iter() {
                        set(&mut bits, *line);
                    }
                    *self = Self::Dense(bits);
                }
                new
            }
            Self::Dense(bits) => set(bits, line),
        }
    }
}

/// Sets a bit; says whether it was not set before.
fn set(bits: &mut [u64], line: u32) -> bool {
    let (word, bit) = (line as usize / 64, 1 << (line % 64));
    let new = bits[word] & bit == 0;
    bits[word] |= bit;
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c6_a_phone_is_new_once_however_many_there_are() {
        let mut phones = Phones::default();
        let number = |n: usize| E164::from_national(&format!("212{}", 2_000_000 + n)).unwrap();
        for n in 0..DENSE_FROM + 1_000 {
            assert!(phones.insert(&number(n)));
        }
        for n in (0..DENSE_FROM + 1_000).step_by(97) {
            assert!(!phones.insert(&number(n)));
        }
        assert!(phones.insert(&E164::from_national("6462000000").unwrap()));
    }
}
