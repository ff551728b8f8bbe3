//! Words that conversations are searched for.

use crate::{bounds, problem::Problem};

/// Digits that a search for a number has at least.
const DIGITS_LEAST: usize = 4;

/// A search as storage asks it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sought {
    /// Its words, in small letters.
    pub(crate) words: Vec<String>,
    /// Its digits, where it may be a number or a part of one.
    pub(crate) digits: Option<String>,
}

impl Sought {
    /// Reads a parameter; none seeks nothing.
    pub(crate) fn read(search: Option<&str>) -> Result<Self, Problem> {
        let Some(search) = search else { return Ok(Self::default()) };
        let search = bounds::Search::read("search", search)
            .map_err(|_| Problem::invalid_parameter("search must be 1 to 100 characters"))?;
        let digits: String = search.chars().filter(char::is_ascii_digit).collect();
        let number = digits.len() >= DIGITS_LEAST && !search.chars().any(char::is_alphabetic);
        Ok(Self {
            words: search.to_lowercase().split_whitespace().map(ToOwned::to_owned).collect(),
            digits: number.then_some(digits),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w7_a_search_is_words_and_perhaps_a_number() {
        let read = |search| Sought::read(Some(search)).unwrap();
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(read(" Who  IS this? "), Sought { words: words(&["who", "is", "this?"]), digits: None });
        assert_eq!(read("(646) 555-0001").digits.as_deref(), Some("6465550001"));
        assert_eq!(read("7:30").digits, None);
        assert_eq!(read("555-0001 Ada").digits, None);
        assert_eq!(Sought::read(None).unwrap(), Sought::default());
        assert!(Sought::read(Some(" ")).is_err());
    }
}
