//! The states of the United States, its District and territories, and which of them a number is
//! from.
//!
//! Area codes keep to states' borders. The table is `data/nanp_states.txt`; its header names its
//! source.

use std::{fmt, sync::LazyLock};

use serde::{Deserialize, Serialize};

const DATA: &str = include_str!("../../data/nanp_states.txt");

static BY_AREA_CODE: LazyLock<Vec<(&str, State)>> = LazyLock::new(|| {
    let lines = DATA.lines().filter_map(|line| line.split_once('\t'));
    let states = lines.filter_map(|(state, codes)| Some((state.parse().ok()?, codes)));
    let mut rows: Vec<(&str, State)> =
        states.flat_map(|(state, codes)| codes.split(' ').map(move |code| (code, state))).collect();
    rows.sort_unstable();
    rows
});

/// A state, by its postal abbreviation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct State([u8; 2]);

/// Not two capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a state is written as two capital letters, such as TX")]
pub struct NotState;

impl State {
    /// The state with these two letters.
    pub(crate) const fn of(letters: [u8; 2]) -> Self {
        Self(letters)
    }

    /// Returns the abbreviation.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Returns the state in which a number was issued; `national` is the number without its country
    /// code, as ten digits. None for toll-free numbers, other countries, and area codes that the
    /// table does not know.
    pub fn of_number(national: &str) -> Option<Self> {
        let code = national.get(..3)?;
        let index = BY_AREA_CODE.binary_search_by_key(&code, |(known, _)| known).ok()?;
        Some(BY_AREA_CODE[index].1)
    }
}

impl std::str::FromStr for State {
    type Err = NotState;

    fn from_str(text: &str) -> Result<Self, NotState> {
        match *text.as_bytes() {
            [first @ b'A'..=b'Z', second @ b'A'..=b'Z'] => Ok(Self([first, second])),
            _ => Err(NotState),
        }
    }
}

impl TryFrom<String> for State {
    type Error = NotState;

    fn try_from(text: String) -> Result<Self, NotState> {
        text.parse()
    }
}

impl From<State> for String {
    fn from(state: State) -> Self {
        state.as_str().to_owned()
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(national: &str) -> Option<String> {
        State::of_number(national).map(String::from)
    }

    #[test]
    fn s5_an_area_code_tells_its_state() {
        for (number, expected) in [
            ("2125550100", "NY"),
            ("5125550100", "TX"),
            ("2055550100", "AL"),
            ("9395550100", "PR"),
            ("4365550100", "OH"),
        ] {
            assert_eq!(state(number).as_deref(), Some(expected), "{number}");
        }
        for number in ["8005550100", "4165550100", "9995550100", "", "21"] {
            assert_eq!(state(number), None, "{number}");
        }
    }

    #[test]
    fn every_line_of_the_data_is_a_state_with_codes_that_no_other_has() {
        let lines = DATA.lines().filter(|line| !line.starts_with('#')).count();
        let mut states: Vec<State> = BY_AREA_CODE.iter().map(|(_, state)| *state).collect();
        states.sort_unstable();
        states.dedup();
        assert_eq!((lines, states.len()), (56, 56));
        assert!(BY_AREA_CODE.is_sorted_by(|one, next| one.0 < next.0));
        assert!(BY_AREA_CODE.iter().all(|(code, _)| code.len() == 3));
    }

    #[test]
    fn states_are_read_as_they_are_written() {
        assert_eq!(serde_json::to_string(&State::of(*b"TX")).unwrap(), r#""TX""#);
        assert!(serde_json::from_str::<State>(r#""Texas""#).is_err());
    }
}
