//! Where a contact may be: by postal code if known, else by the number (rule S5).

use crate::{number_zones, postal_codes, state::State};

/// The zones and states that a contact may be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whereabouts {
    /// IANA names; never empty.
    pub zones: &'static [&'static str],
    /// Where the law of a state may apply; empty when nothing tells.
    states: States,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum States {
    OfPostalCode(&'static [State]),
    OfNumber(Option<State>),
}

impl Whereabouts {
    /// Of a contact with this postal code, if one is known, and this national number of ten digits. A postal code that the table does
    /// not know tells nothing, and the number answers.
    pub fn of(postal_code: Option<&str>, national: &str) -> Self {
        match postal_code.and_then(postal_codes::place_of) {
            Some(place) => Self { zones: place.zones, states: States::OfPostalCode(place.states) },
            None => {
                Self { zones: number_zones::zones_of(national), states: States::OfNumber(State::of_number(national)) }
            }
        }
    }

    /// The states that the contact may be in; empty when nothing tells.
    pub fn states(&self) -> &[State] {
        match &self.states {
            States::OfPostalCode(states) => states,
            States::OfNumber(state) => state.as_slice(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s5_the_postal_code_answers_before_the_number() {
        let moved = Whereabouts::of(Some("79901"), "2125550100");
        assert_eq!((moved.zones, moved.states()), (&["America/Denver"][..], &[State::of(*b"TX")][..]));
        for unknown in [None, Some("K1A 0B1"), Some("")] {
            let stayed = Whereabouts::of(unknown, "2125550100");
            assert_eq!((stayed.zones, stayed.states()), (&["America/New_York"][..], &[State::of(*b"NY")][..]));
        }
    }

    #[test]
    fn s5_a_toll_free_number_may_be_in_any_zone_and_tells_no_state() {
        let anywhere = Whereabouts::of(None, "8005550100");
        assert!(anywhere.zones.len() > 30);
        assert!(anywhere.states().is_empty());
    }
}
