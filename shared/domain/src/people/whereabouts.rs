//! Where a contact may be: by postal code if known, else by the number (rule S5).

use std::borrow::Cow;

use crate::people::{
    number_zones,
    postal_codes::{self, PostalArea},
    state::State,
};

/// The zones and states that a contact may be in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    /// IANA names: sorted, without repeats, never empty.
    pub zones: Cow<'static, [&'static str]>,
    /// Where the law of a state may apply; empty when nothing tells.
    states: States,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum States {
    PostalCode(&'static [State]),
    Number(Option<State>),
    Both(Vec<State>),
}

impl Whereabouts {
    /// Of a contact with this postal code as it was written, if one is known, and this national
    /// number of ten digits. A postal code that the table does not know tells nothing, and the
    /// number answers. One that may have been another, because a spreadsheet has taken its leading
    /// zero, answers together with the number.
    pub fn of(postal_code: Option<&str>, national: &str) -> Self {
        let of_number = || (number_zones::zones_of(national), State::of_number(national));
        match postal_code.and_then(postal_codes::place_of) {
            Some(PostalArea { zones, states, sure: true }) => {
                Self { zones: Cow::Borrowed(zones), states: States::PostalCode(states) }
            }
            Some(place) => Self::of_both(&place, of_number()),
            None => {
                let (zones, state) = of_number();
                Self { zones: Cow::Borrowed(zones), states: States::Number(state) }
            }
        }
    }

    /// Wherever the code or the number may be.
    fn of_both(place: &PostalArea, (number_zones, number_state): (&[&'static str], Option<State>)) -> Self {
        let mut zones = [place.zones, number_zones].concat();
        zones.sort_unstable();
        zones.dedup();
        let mut states: Vec<State> = place.states.iter().copied().chain(number_state).collect();
        states.sort_unstable();
        states.dedup();
        Self { zones: Cow::Owned(zones), states: States::Both(states) }
    }

    /// Returns the states that the contact may be in; empty when nothing tells.
    pub fn states(&self) -> &[State] {
        match &self.states {
            States::PostalCode(states) => states,
            States::Number(state) => state.as_slice(),
            States::Both(states) => states,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s5_the_postal_code_answers_before_the_number() {
        let moved = Whereabouts::of(Some("79901"), "2125550100");
        assert_eq!((&moved.zones[..], moved.states()), (&["America/Denver"][..], &[State::of(*b"TX")][..]));
        for unknown in [None, Some("K1A 0B1"), Some("")] {
            let stayed = Whereabouts::of(unknown, "2125550100");
            assert_eq!((&stayed.zones[..], stayed.states()), (&["America/New_York"][..], &[State::of(*b"NY")][..]));
        }
    }

    #[test]
    fn s5_a_code_that_has_lost_its_zero_answers_together_with_the_number() {
        for code in ["2134", "2134.0", "2134-1000", "21341000", "=\"2134\""] {
            let both = Whereabouts::of(Some(code), "3105550100");
            assert_eq!(&both.zones[..], ["America/Los_Angeles", "America/New_York"], "{code}");
            assert_eq!(both.states(), [State::of(*b"CA"), State::of(*b"MA")], "{code}");
            let same = Whereabouts::of(Some(code), "6175550100");
            assert_eq!(
                (&same.zones[..], same.states()),
                (&["America/New_York"][..], &[State::of(*b"MA")][..]),
                "{code}"
            );
        }
        // No code begins so.
        assert_eq!(Whereabouts::of(Some("100"), "3105550100"), Whereabouts::of(None, "3105550100"));
    }

    #[test]
    fn s5_a_code_is_where_it_is_however_it_is_written() {
        for code in [
            "=\"02134\"",
            "'02134",
            "02134\u{200b}",
            "\u{ff10}\u{ff12}\u{ff11}\u{ff13}\u{ff14}",
            "02134\u{2013}1000",
            "MA 02134",
        ] {
            assert_eq!(
                Whereabouts::of(Some(code), "3105550100"),
                Whereabouts::of(Some("02134"), "3105550100"),
                "{code}"
            );
        }
    }

    #[test]
    fn s5_a_toll_free_number_may_be_in_any_zone_and_tells_no_state() {
        let anywhere = Whereabouts::of(None, "8005550100");
        assert!(anywhere.zones.len() > 30);
        assert!(anywhere.states().is_empty());
    }
}
