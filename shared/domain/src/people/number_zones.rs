//! The time zones a North American number may be in, by its prefix (rule S5).
//!
//! The table of the numbering plan and its lookup live here. The choice between a postal code and
//! the number, and the effect of zones on sending, do not.
//!
//! The table is `data/nanp_zones.txt`, compiled in. It comes from libphonenumber; its header names
//! the version and the changes, and `scripts/number_zones.py` writes it.
//!
//! A number says where it was issued, not where its owner is. Callers that know a postal
//! code should prefer that.

use std::sync::LazyLock;

const DATA: &str = include_str!("../../data/nanp_zones.txt");

/// Digits of a national number: area code, exchange and line.
const NATIONAL_DIGITS: usize = 10;

/// The shortest prefix of the table: an area code.
const SHORTEST_PREFIX: usize = 3;

/// The longest prefix of the table: an area code and an exchange.
const LONGEST_PREFIX: usize = 6;

/// Three digits.
const AREA_CODES: usize = 1_000;

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::parse(DATA));

/// The IANA names of every zone the number may be in: sorted, without repeats, never empty.
///
/// `national` is the number without its country code, as ten digits: `8502224321`. The
/// longest known prefix answers, of six digits down to the three of the area code.
///
/// Toll-free codes, area codes the table doesn't know, and text that is not ten digits
/// answer every zone of the table, from Guam to American Samoa. That is the safe side: a
/// text has to be inside the sending hours in all zones the contact may be in, so a number
/// that tells nothing leaves the fewest hours, and none when the hours are tight.
pub fn zones_of(national: &str) -> &'static [&'static str] {
    TABLE.zones_of(national)
}

/// Returns whether there is a prefix of this area code in the numbering plan, as far as the table
/// knows it. New codes go live before tables know them, so that a no is a reason to look again, and
/// none to refuse the number (rule C4).
pub fn knows_area_code(code: &str) -> bool {
    TABLE.knows_area_code(code)
}

/// One line of the data.
struct Row {
    prefix: &'static str,
    zones: Vec<&'static str>,
}

struct Table {
    /// Sorted by prefix, for the binary search.
    rows: Vec<Row>,
    /// Every zone that a row names, sorted.
    every_zone: Vec<&'static str>,
    /// By area code: is there a row for it or for a part of it? Asked for every row of a file.
    area_codes: Box<[bool; AREA_CODES]>,
}

impl Table {
    /// Lines that are not data are passed over; a test proves that these are comments only.
    fn parse(data: &'static str) -> Self {
        let mut rows: Vec<Row> = data.lines().filter_map(Row::parse).collect();
        rows.sort_unstable_by_key(|row| row.prefix);

        let mut every_zone: Vec<&'static str> = rows.iter().flat_map(|row| &row.zones).copied().collect();
        every_zone.sort_unstable();
        every_zone.dedup();

        let mut area_codes = Box::new([false; AREA_CODES]);
        for index in rows.iter().filter_map(|row| index_of(row.prefix.get(..SHORTEST_PREFIX)?)) {
            area_codes[index] = true;
        }

        Self { rows, every_zone, area_codes }
    }

    fn knows_area_code(&self, code: &str) -> bool {
        index_of(code).and_then(|index| self.area_codes.get(index)).copied().unwrap_or_default()
    }

    fn zones_of(&self, national: &str) -> &[&'static str] {
        if national.len() != NATIONAL_DIGITS || !is_digits(national) {
            return &self.every_zone;
        }
        (SHORTEST_PREFIX..=LONGEST_PREFIX)
            .rev()
            .filter_map(|length| national.get(..length))
            .find_map(|prefix| self.row(prefix))
            .map_or(&self.every_zone, |row| &row.zones)
    }

    fn row(&self, prefix: &str) -> Option<&Row> {
        let index = self.rows.binary_search_by_key(&prefix, |row| row.prefix).ok()?;
        self.rows.get(index)
    }
}

impl Row {
    /// Reads `prefix<TAB>Zone1,Zone2`.
    fn parse(line: &'static str) -> Option<Self> {
        let (prefix, zones) = line.split_once('\t')?;
        let fits = (SHORTEST_PREFIX..=LONGEST_PREFIX).contains(&prefix.len()) && is_digits(prefix);
        (fits && !zones.is_empty()).then(|| Self { prefix, zones: zones.split(',').collect() })
    }
}

/// Returns the three digits of an area code as a number.
fn index_of(code: &str) -> Option<usize> {
    if code.len() == SHORTEST_PREFIX && is_digits(code) { code.parse().ok() } else { None }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CENTRAL: &str = "America/Chicago";
    const MOUNTAIN: &str = "America/Denver";
    const EASTERN: &str = "America/New_York";
    const PACIFIC: &str = "America/Los_Angeles";

    /// Any number with this prefix. The filler completes no longer prefix in these tests.
    fn zones_of_prefix(prefix: &str) -> &'static [&'static str] {
        zones_of(&format!("{prefix:0<10}"))
    }

    #[test]
    fn no_line_of_the_data_is_dropped() {
        let lines: Vec<&str> = DATA.lines().filter(|line| !line.starts_with('#')).collect();
        let rows: Vec<String> =
            TABLE.rows.iter().map(|row| format!("{}\t{}", row.prefix, row.zones.join(","))).collect();
        assert_eq!(rows, lines);
        assert!(rows.len() > 1_900, "only {} prefixes", rows.len());
    }

    #[test]
    fn prefixes_and_the_zones_of_each_are_sorted_without_repeats() {
        assert!(TABLE.rows.is_sorted_by(|a, b| a.prefix < b.prefix));
        for row in &TABLE.rows {
            assert!(row.zones.is_sorted_by(|a, b| a < b), "{}", row.prefix);
        }
    }

    #[test]
    fn every_zone_is_known_to_the_time_zone_database() {
        for zone in &TABLE.every_zone {
            assert!(jiff::tz::TimeZone::get(zone).is_ok(), "{zone}");
        }
    }

    #[test]
    fn every_prefix_of_the_data_answers_its_own_zones() {
        for row in &TABLE.rows {
            // A filler digit that completes no longer prefix, if there is one.
            let number = (b'0'..=b'9')
                .map(|filler| format!("{}{}", row.prefix, char::from(filler).to_string().repeat(7)))
                .map(|digits| digits[..NATIONAL_DIGITS].to_owned())
                .find(|number| {
                    (row.prefix.len() + 1..=LONGEST_PREFIX).all(|length| TABLE.row(&number[..length]).is_none())
                });
            let number = number.unwrap_or_else(|| panic!("{} is never the longest", row.prefix));
            assert_eq!(zones_of(&number), row.zones, "{number}");
        }
    }

    #[test]
    fn the_panhandle_exchanges_of_850_are_central_and_the_others_eastern() {
        assert_eq!(zones_of("8504320000"), [CENTRAL], "Pensacola, by 85043");
        assert_eq!(zones_of("8507690000"), [CENTRAL], "Panama City, by 850769");
        assert_eq!(zones_of("8502220000"), [EASTERN], "Tallahassee, by 850");
    }

    #[test]
    fn s5_the_central_prefixes_of_850_cover_226_exchanges() {
        let prefixes = TABLE.rows.iter().filter(|row| row.prefix.starts_with("850") && row.zones == [CENTRAL]);
        assert_eq!(prefixes.count(), 172, "some of five digits, for ten exchanges each");
        let exchanges = (200..1_000).map(|exchange| format!("850{exchange}0000"));
        assert_eq!(exchanges.filter(|number| zones_of(number) == [CENTRAL]).count(), 226);
    }

    #[test]
    fn s5_areas_that_are_split_answer_by_exchange() {
        for area in ["270", "423", "219", "906", "812", "541", "308", "785", "620", "606"] {
            let mut answers: Vec<_> = (200..1_000).map(|exchange| zones_of(&format!("{area}{exchange}0000"))).collect();
            answers.sort_unstable();
            answers.dedup();
            assert!(answers.len() > 1, "{area} answers {answers:?}");
        }
        for area in ["605", "701", "775", "907", "208", "986"] {
            let several = (200..1_000).any(|exchange| zones_of(&format!("{area}{exchange}0000")).len() > 1);
            assert!(several, "{area}");
        }
    }

    #[test]
    fn c4_codes_that_libraries_do_not_know_yet_are_in_the_zones_of_the_area_they_overlay() {
        for (code, area) in
            [("436", "440"), ("471", "662"), ("483", "334"), ("621", "713"), ("679", "313"), ("837", "530")]
        {
            assert_eq!(zones_of_prefix(code), zones_of_prefix(area), "{code} over {area}");
        }
        assert_eq!(zones_of_prefix("729"), [CENTRAL, EASTERN], "over 423");
    }

    #[test]
    fn c4_an_area_code_is_known_by_a_prefix_of_its_own_or_of_a_part_of_it() {
        for code in ["212", "850", "605", "436", "800"] {
            assert!(knows_area_code(code), "{code}");
        }
        for code in ["999", "555", "211", "", "21", "2125", "21x"] {
            assert!(!knows_area_code(code), "{code}");
        }
        let known = (0..1_000).filter(|code| knows_area_code(&format!("{code:03}"))).count();
        let mut codes: Vec<_> = TABLE.rows.iter().map(|row| &row.prefix[..3]).collect();
        codes.dedup();
        assert_eq!(known, codes.len());
    }

    #[test]
    fn western_kentucky_is_split_by_exchange() {
        assert_eq!(zones_of("2707810000"), [CENTRAL], "Bowling Green");
        assert_eq!(zones_of("2707650000"), [EASTERN], "Elizabethtown");
    }

    #[test]
    fn south_dakota_answers_several_zones_unless_the_exchange_tells() {
        assert_eq!(zones_of("6053320000"), [CENTRAL], "Sioux Falls, by 60533");
        assert_eq!(zones_of("6053410000"), [MOUNTAIN], "Rapid City, by 605341");
        let unlisted = zones_of("6059990000");
        assert_eq!(unlisted, [MOUNTAIN, "America/North_Dakota/Center"]);
    }

    #[test]
    fn overlays_answer_every_zone_of_the_area_they_overlay() {
        assert_eq!(zones_of_prefix("364"), [CENTRAL, EASTERN], "over 270");
        assert_eq!(zones_of_prefix("448"), [CENTRAL, EASTERN], "over 850");
        assert_eq!(zones_of_prefix("930"), [CENTRAL, EASTERN], "over 812");
        assert_eq!(zones_of_prefix("458"), [MOUNTAIN, PACIFIC], "over 541");
        for overlay in ["236", "257", "672", "778"] {
            let zones = ["America/Edmonton", "America/Vancouver"];
            assert_eq!(zones_of_prefix(overlay), zones, "{overlay} over 250");
        }
        for overlay in ["367", "581"] {
            let zones = ["America/Halifax", "America/Toronto"];
            assert_eq!(zones_of_prefix(overlay), zones, "{overlay} over 418");
        }
    }

    #[test]
    fn toll_free_numbers_answer_every_zone() {
        for code in ["800", "833", "844", "855", "866", "877", "888"] {
            assert!(TABLE.row(code).is_some(), "{code}");
            assert_eq!(zones_of_prefix(code), TABLE.every_zone, "{code}");
        }
    }

    #[test]
    fn an_unknown_area_answers_every_zone() {
        assert!(TABLE.row("999").is_none());
        assert_eq!(zones_of("9995550123"), TABLE.every_zone);
        for zone in ["Pacific/Guam", "Pacific/Pago_Pago", EASTERN, PACIFIC] {
            assert!(TABLE.every_zone.contains(&zone), "{zone}");
        }
    }

    #[test]
    fn text_that_is_not_ten_digits_answers_every_zone() {
        for text in
            ["", "850", "18504320000", "+18504320000", "850432000", "850432000x", "850-432-00", "85043é0000", "８５０4"]
        {
            assert_eq!(zones_of(text), TABLE.every_zone, "{text:?}");
        }
    }
}
