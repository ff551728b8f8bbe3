//! The state and the time zones of a ZIP code (rule S5).
//!
//! The table is `data/us_postal_codes.txt`, compiled in: ranges of codes. Its header names its source and what was changed, and
//! `scripts/postal_codes.py` writes it. A code that lies on a line between zones, or in a county that does, answers all of them.

use std::sync::LazyLock;

use crate::state::State;

const DATA: &str = include_str!("../data/us_postal_codes.txt");

static TABLE: LazyLock<Vec<Range>> = LazyLock::new(|| with_gaps(DATA.lines().filter_map(Range::parse).collect()));

/// What a postal code tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// IANA names of the zones it may be in: sorted, without repeats, never empty.
    pub zones: &'static [&'static str],
    /// Its state; both neighbours' for a code that is not in use between two states.
    pub states: &'static [State],
}

/// Looks up a ZIP code: five digits, or nine with or without a hyphen. `None` for what is not a ZIP code, for codes of the armed
/// forces and of other countries, and where no code with the same first three digits is in use.
///
/// A code that is not in the table, but between others with the same first three digits, answers what its neighbours on both
/// sides answer together: new codes are made where there is room.
pub fn place_of(postal_code: &str) -> Option<Place> {
    let code = read(postal_code)?;
    let table = &*TABLE;
    let index = table.partition_point(|range| range.first <= code).checked_sub(1)?;
    let range = table.get(index).filter(|range| code <= range.last)?;
    Some(Place { zones: &range.zones, states: &range.states })
}

/// The zones that a ZIP code may be in; empty where [`place_of`] answers nothing.
pub fn zones_of_postal_code(postal_code: &str) -> &'static [&'static str] {
    place_of(postal_code).map_or(&[], |place| place.zones)
}

/// The first five digits as a number.
fn read(postal_code: &str) -> Option<u32> {
    let text = postal_code.trim();
    let (five, four) = text.split_at_checked(5)?;
    let four = four.strip_prefix('-').unwrap_or(four);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_code = digits(five) && digits(four) && matches!((text.len(), four.len()), (5, 0) | (9 | 10, 4));
    is_code.then(|| five.parse().ok()).flatten()
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Range {
    first: u32,
    last: u32,
    states: Vec<State>,
    zones: Vec<&'static str>,
}

impl Range {
    /// Reads `first-last<TAB>state<TAB>Zone1,Zone2`.
    fn parse(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        let (first, last) = columns.next()?.split_once('-')?;
        let states = vec![columns.next()?.parse().ok()?];
        let zones = columns.next()?.split(',').collect();
        Some(Self { first: first.parse().ok()?, last: last.parse().ok()?, states, zones })
    }

    /// The codes from `first` to `last`, if there are any, with what this range and perhaps another answer.
    fn gap(&self, other: Option<&Self>, first: u32, last: u32) -> Option<Self> {
        let (mut states, mut zones) = (self.states.clone(), self.zones.clone());
        states.extend(other.iter().flat_map(|other| &other.states));
        zones.extend(other.iter().flat_map(|other| &other.zones));
        states.sort_unstable();
        states.dedup();
        zones.sort_unstable();
        zones.dedup();
        (first <= last).then_some(Self { first, last, states, zones })
    }
}

/// Codes with the same first three digits.
const SECTION: u32 = 100;

/// Adds the codes between ranges to what they are next to, as far as the first three digits are the same.
fn with_gaps(ranges: Vec<Range>) -> Vec<Range> {
    let mut gaps = Vec::new();
    for pair in ranges.windows(2) {
        let [before, after] = pair else { continue };
        let (section, next) = (before.last / SECTION, after.first / SECTION);
        if section == next {
            gaps.extend(before.gap(Some(after), before.last + 1, after.first - 1));
        } else {
            gaps.extend(before.gap(None, before.last + 1, section * SECTION + SECTION - 1));
            gaps.extend(after.gap(None, next * SECTION, after.first - 1));
        }
    }
    let mut all = ranges;
    all.extend(gaps);
    all.sort_unstable_by_key(|range| range.first);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const CENTRAL: &str = "America/Chicago";
    const EASTERN: &str = "America/New_York";
    const MOUNTAIN: &str = "America/Denver";
    const PACIFIC: &str = "America/Los_Angeles";

    fn states(code: &str) -> Vec<String> {
        place_of(code).map(|place| place.states.iter().map(ToString::to_string).collect()).unwrap_or_default()
    }

    #[test]
    fn no_line_of_the_data_is_dropped_and_ranges_do_not_overlap() {
        let lines: Vec<&str> = DATA.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines.iter().copied().filter_map(Range::parse).count(), lines.len());
        assert!(TABLE.is_sorted_by(|one, next| one.first <= one.last && one.last < next.first));
        assert!(TABLE.iter().all(|range| range.zones.is_sorted_by(|a, b| a < b)));
        for zone in TABLE.iter().flat_map(|range| &range.zones) {
            assert!(jiff::tz::TimeZone::get(zone).is_ok(), "{zone}");
        }
    }

    #[test]
    fn s5_a_code_tells_its_zone_where_the_state_does_not() {
        for (code, state, zones) in [
            ("79901", "TX", vec![MOUNTAIN]),
            ("78701", "TX", vec![CENTRAL]),
            ("32401", "FL", vec![CENTRAL]),
            ("32301", "FL", vec![EASTERN]),
            ("37402", "TN", vec![EASTERN]),
            ("57701", "SD", vec![MOUNTAIN]),
            ("83501", "ID", vec![PACIFIC]),
            ("96799", "AS", vec!["Pacific/Pago_Pago"]),
            ("00601", "PR", vec!["America/Puerto_Rico"]),
        ] {
            assert_eq!(zones_of_postal_code(code), zones, "{code}");
            assert_eq!(states(code), [state], "{code}");
        }
    }

    #[test]
    fn s5_codes_on_a_line_answer_both_sides() {
        assert_eq!(zones_of_postal_code("86515"), [MOUNTAIN, "America/Phoenix"], "the Navajo Nation");
        assert_eq!(zones_of_postal_code("32456"), [CENTRAL, EASTERN], "Gulf County, Florida");
        assert_eq!(zones_of_postal_code("89883"), [MOUNTAIN, PACIFIC], "West Wendover, Nevada");
        assert_eq!(zones_of_postal_code("69201"), [CENTRAL, MOUNTAIN], "Cherry County, Nebraska");
    }

    #[test]
    fn s5_codes_are_read_with_and_without_the_last_four() {
        for code in ["10001", " 10001 ", "10001-1234", "100011234"] {
            assert_eq!(zones_of_postal_code(code), [EASTERN], "{code:?}");
        }
        for code in ["", "1001", "1000", "K1A 0B1", "10001-12", "10001-", "1000112345", "1000é", "09001", "34001"] {
            assert!(zones_of_postal_code(code).is_empty(), "{code:?}");
        }
    }

    #[test]
    fn s5_a_new_code_answers_what_its_neighbours_do() {
        let row = TABLE.windows(2).find(|pair| pair[0].states != pair[1].states && pair[0].last + 1 == pair[1].first);
        assert!(row.is_some(), "ranges of two states meet somewhere");
        let text =
            "32400-32400\tFL\tAmerica/New_York\n32410-32420\tAL\tAmerica/Chicago\n32601-32602\tFL\tAmerica/New_York";
        let ranges = with_gaps(text.lines().filter_map(Range::parse).collect());
        let bounds: Vec<(u32, u32, usize)> = ranges.iter().map(|row| (row.first, row.last, row.zones.len())).collect();
        let expected = [
            (32400, 32400, 1),
            (32401, 32409, 2),
            (32410, 32420, 1),
            (32421, 32499, 1),
            (32600, 32600, 1),
            (32601, 32602, 1),
        ];
        assert_eq!(bounds, expected);
    }
}
