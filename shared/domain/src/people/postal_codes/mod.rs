//! The state and the time zones of a ZIP code (rule S5).
//!
//! The table is `data/us_postal_codes.txt`, compiled in: ranges of codes. Its header names its
//! source and the changes, and `scripts/postal_codes.py` writes it. A code that lies on a line
//! between zones, or in a county that does, answers all of them.

mod names;
mod written;

use std::{borrow::Cow, sync::LazyLock};

use crate::people::state::State;

const DATA: &str = include_str!("../../../data/us_postal_codes.txt");

static TABLE: LazyLock<Vec<Range>> = LazyLock::new(|| with_gaps(DATA.lines().filter_map(Range::parse).collect()));

/// Place of a postal code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostalArea {
    /// IANA names of the zones it may be in: sorted, without repeats, never empty.
    pub zones: &'static [&'static str],
    /// Its state; both neighbours' for a code that is not in use between two states.
    pub states: &'static [State],
    /// Is it certainly this place? Else the place of the phone's number counts as well: the code
    /// has lost a leading zero, or is no code.
    pub sure: bool,
}

/// Looks up a ZIP code as people and spreadsheets write it: five digits, or nine with or without
/// something between; wrapped as `="02134"` or `'02134`; in full-width digits and with marks that
/// are not seen; with decimals; with a state or the country beside it. Three or four digits, or
/// seven or eight, have lost their leading zeros, and the place is not [sure](PostalArea::sure).
/// `None` for a text that is no ZIP code, for codes of the armed forces and of other countries, and
/// where no code with the same first three digits is in use.
///
/// A code that is not in the table, but between others with the same first three digits, answers
/// the common answer of its neighbours on both sides: new codes are made where there is room.
pub fn place_of(postal_code: &str) -> Option<PostalArea> {
    let written = written::read(postal_code)?;
    place(written.code).map(|place| PostalArea { sure: written.sure, ..place })
}

/// Returns a postal code as it is kept: a ZIP code in five digits, or nine with a hyphen; a code
/// that has lost its leading zeros with the digits that are left; anything else as it is written.
/// It tells the same place.
pub fn clean(postal_code: &str) -> Cow<'_, str> {
    written::clean(postal_code)
}

/// Returns the zones that a ZIP code may be in; empty where [`place_of`] answers nothing.
pub fn zones_of_postal_code(postal_code: &str) -> &'static [&'static str] {
    place_of(postal_code).map_or(&[], |place| place.zones)
}

/// Returns the place of a code.
fn place(code: u32) -> Option<PostalArea> {
    let table = &*TABLE;
    let index = table.partition_point(|range| range.first <= code).checked_sub(1)?;
    let range = table.get(index).filter(|range| code <= range.last)?;
    Some(PostalArea { zones: &range.zones, states: &range.states, sure: true })
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

    /// Returns the codes from `first` to `last`, if there are any, with the answers of this range
    /// and perhaps another.
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
const SECTION_SIZE: u32 = 100;

/// Adds the codes between ranges to their neighbours, as far as the first three digits are the
/// same.
fn with_gaps(ranges: Vec<Range>) -> Vec<Range> {
    let mut gaps = Vec::new();
    for pair in ranges.windows(2) {
        let [before, after] = pair else { continue };
        let (section, next) = (before.last / SECTION_SIZE, after.first / SECTION_SIZE);
        if section == next {
            gaps.extend(before.gap(Some(after), before.last + 1, after.first - 1));
        } else {
            gaps.extend(before.gap(None, before.last + 1, section * SECTION_SIZE + SECTION_SIZE - 1));
            gaps.extend(after.gap(None, next * SECTION_SIZE, after.first - 1));
        }
    }
    let mut all = ranges;
    all.extend(gaps);
    all.sort_unstable_by_key(|range| range.first);
    all
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

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

    /// Boston, however it is written.
    const BOSTON: [&str; 42] = [
        "02134",
        " 02134 ",
        "02134-1000",
        "021341000",
        "=\"02134\"",
        "=\"02134-1000\"",
        "'02134",
        "\u{2019}02134",
        "\"02134\"",
        "\u{feff}02134",
        "\u{200b}02134\u{200e}",
        "021\u{2060}34",
        "\u{ad}02134",
        "\u{ff10}\u{ff12}\u{ff11}\u{ff13}\u{ff14}",
        "02134 1000",
        "02134\u{a0}1000",
        "02134\u{2009}1000",
        "02134\t1000",
        "02134\u{2013}1000",
        "02134\u{2014}1000",
        "02134\u{2212}1000",
        "02134\u{2011}1000",
        "02134 - 1000",
        "02134+1000",
        "02134-",
        "02134 -",
        "02134\u{2013}",
        "02134-10",
        "02134.0",
        "02134.00",
        "02134,0",
        "021341000.0",
        "(02134)",
        "02134.",
        "MA 02134",
        "MA02134",
        "ma, 02134-1000",
        "02134 MA",
        "02134, USA",
        "Boston, MA 02134 U.S.A.",
        "12 Main St, Allston, Massachusetts 02134-1000, United States",
        "ZIP: 02134",
    ];

    #[test]
    fn s5_a_code_is_cleaned_as_a_phone_is() {
        for code in BOSTON {
            let place = place_of(code).unwrap_or_else(|| panic!("{code:?}"));
            assert_eq!((place.zones, place.sure), (&[EASTERN][..], true), "{code:?}");
            let kept = clean(code);
            assert!(kept == "02134" || kept == "02134-1000", "{code:?} becomes {kept:?}");
        }
        assert_eq!(zones_of_postal_code("90,210"), [PACIFIC]);
        assert_eq!(clean("90,210"), "90210");
        assert_eq!(zones_of_postal_code("New York, NY 10001"), [EASTERN]);
    }

    #[test]
    fn s5_a_code_that_has_lost_zeros_may_be_another() {
        for (code, kept) in [
            ("2134", "2134"),
            ("2134.0", "2134"),
            ("2134.00", "2134"),
            ("2,134", "2134"),
            ("=\"2134\"", "2134"),
            ("2134-1000", "2134-1000"),
            ("2134 1000", "2134-1000"),
            ("2134\u{2013}1000", "2134-1000"),
            ("21341000", "2134-1000"),
            ("21341000.0", "2134-1000"),
            ("21,341,000", "2134-1000"),
            ("MA 2134", "2134"),
            ("501", "501"),
            ("501-1234", "501-1234"),
            ("5011234", "501-1234"),
        ] {
            let place = place_of(code).unwrap_or_else(|| panic!("{code:?}"));
            assert_eq!((place.zones, place.sure), (&[EASTERN][..], false), "{code:?}");
            assert_eq!(clean(code), kept, "{code:?}");
        }
        assert_eq!(place_of("601").map(|place| place.zones), Some(&["America/Puerto_Rico"][..]));
    }

    #[test]
    fn s5_a_code_behind_words_that_do_not_agree_with_it_may_be_none() {
        for code in ["CA 02134", "02134 Texas", "Boston 02134", "Jamaica Plain, 02130"] {
            let place = place_of(code).unwrap_or_else(|| panic!("{code:?}"));
            assert_eq!((place.zones, place.sure), (&[EASTERN][..], false), "{code:?}");
            assert_eq!(clean(code), code);
        }
    }

    #[test]
    fn s5_what_is_no_code_tells_nothing() {
        for code in [
            "",
            " ",
            "-",
            "10",
            "1",
            "K1A 0B1",
            "k1a0b1",
            "V6B-4Y8",
            "SW1A 1AA",
            "10001 Berlin",
            "D-10115",
            "12345 Main St",
            "PO Box 12345",
            "Apt 2134",
            "Boston CA 02134",
            "100011",
            "1000112345",
            "12125550101",
            "10001-12345",
            "10001 10002",
            "1000\u{e9}",
            "9.021E+04",
            "09001",
            "34001",
            "00000",
            "NULL",
            "n/a",
            "\u{200b}",
            "02134;90210",
            "02134 02134 02134",
        ] {
            assert!(place_of(code).is_none(), "{code:?}");
            assert_eq!(clean(code), code.trim());
        }
        assert!(place_of(&format!("{} MA 02134", "Boston ".repeat(10_000))).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn s5_no_mark_that_is_not_seen_changes_a_code(
            code in 501_u32..99_951,
            at in prop::collection::vec((0_usize..6, select(vec!['\u{200b}', '\u{feff}', '\u{2060}', '\u{ad}', '\u{200e}', '\u{fe0f}'])), 0..4),
            wrap in select(vec![("", ""), ("=\"", "\""), ("'", ""), (" ", "\u{a0}"), ("\"", "\""), ("", ".0"), ("", "-"), ("", "-1234"), ("", "\u{2014}1234"), ("", " USA")]),
            wide in any::<bool>(),
        ) {
            let plain = format!("{code:05}");
            let mut text: Vec<char> = plain.chars().collect();
            if wide {
                text = text.into_iter().filter_map(|c| char::from_u32(u32::from(c) + 0xfee0)).collect();
            }
            for (at, mark) in at {
                text.insert(at.min(text.len()), mark);
            }
            let written = format!("{}{}{}", wrap.0, text.into_iter().collect::<String>(), wrap.1);
            prop_assert_eq!(place_of(&written), place_of(&plain), "{:?}", &written);
            let kept = clean(&written).into_owned();
            prop_assert_eq!(&kept[..5], plain.as_str());
        }

        #[test]
        fn s5_a_code_that_is_kept_is_clean_and_tells_the_same(
            pieces in prop::collection::vec(select(vec![
                "0", "02134", "2134", "501", "90210", "1000", "12", "-", " ", ".0", ",", "MA", "CA", "USA", "New York", "Boston", "=\"", "\"", "'", "\u{200b}",
                "\u{ff12}", "\u{2013}", "K1A", "#", "/",
            ]), 0..6),
        ) {
            let written = pieces.concat();
            let kept = clean(&written).into_owned();
            prop_assert_eq!(place_of(&kept), place_of(&written), "{:?} {:?}", &written, &kept);
            prop_assert_eq!(clean(&kept).into_owned(), kept.clone(), "{:?}", &written);
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
