//! Instants and wall-clock times as people write them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use muster_domain::zone::Zone;

/// Returns an instant in UTC, for readers without a browser that shows it in their own time.
pub(crate) fn utc(at: &str) -> String {
    instant(at).map_or_else(String::new, |at| at.format("%b %-d, %Y, %-I:%M %p UTC").to_string())
}

/// Reads an instant of an answer.
pub(crate) fn instant(at: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(at).ok().map(|at| at.to_utc())
}

/// Returns an instant on a zone's clocks.
pub(crate) fn local(at: &str, zone: &str) -> String {
    match (instant(at), Zone::parse(zone)) {
        (Some(at), Ok(zone)) => long(zone.local(at)),
        _ => utc(at),
    }
}

/// Returns the hour of an instant on a zone's clocks, briefly.
pub(crate) fn hour(at: &str, zone: &str) -> String {
    match (instant(at), Zone::parse(zone)) {
        (Some(at), Ok(zone)) => zone.local(at).format("%b %-d, %-I %p").to_string(),
        _ => at.to_owned(),
    }
}

/// Returns the day of an instant on a zone's clocks.
pub(crate) fn day_of(at: &str, zone: &str) -> Option<NaiveDate> {
    Some(Zone::parse(zone).ok()?.local(instant(at)?).date())
}

/// Returns a wall-clock time of an answer: `2026-11-03T10:00:00`.
pub(crate) fn clock(local: &str) -> String {
    local.parse().map_or_else(|_| local.to_owned(), long)
}

fn long(local: NaiveDateTime) -> String {
    local.format("%a, %b %-d, %Y, %-I:%M %p").to_string()
}

/// Returns a day of an answer: `2026-11-03`.
pub(crate) fn day(day: NaiveDate) -> String {
    day.format("%b %-d").to_string()
}

/// Returns a zone's place: `New York` of `America/New_York`.
pub(crate) fn place(zone: &str) -> String {
    zone.rsplit('/').next().unwrap_or(zone).replace('_', " ")
}

/// Says that a wall-clock time does not exist in a zone, or comes twice: at a change of the clocks.
pub(crate) fn gap(local: &str, zone: &str) -> Option<String> {
    let (local, zone): (NaiveDateTime, _) = (local.parse().ok()?, Zone::parse(zone).ok()?);
    let at = zone.resolve(local);
    let shown = zone.local(at);
    if shown != local {
        let shown = shown.format("%-I:%M %p");
        return Some(format!("The clocks go forward that day, and this time does not exist. It means {shown}."));
    }
    // The same wall-clock time comes again within some hours where the clocks go back.
    let comes_again = (1..=12).map(|quarters| at + chrono::TimeDelta::minutes(15 * quarters));
    let again = comes_again.into_iter().any(|later| zone.local(later) == local);
    again.then(|| "The clocks go back that day, and this time comes twice. It means the first.".to_owned())
}

/// Returns a wall-clock time as a field of a form takes it: `2026-11-03T10:00`.
pub(crate) fn field(local: &str) -> String {
    local.get(..16).unwrap_or(local).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_on_the_zones_clocks() {
        assert_eq!(utc("2026-11-21T17:05:00Z"), "Nov 21, 2026, 5:05 PM UTC");
        assert_eq!(local("2026-11-21T17:05:00Z", "America/New_York"), "Sat, Nov 21, 2026, 12:05 PM");
        assert_eq!(hour("2026-11-21T17:00:00Z", "America/New_York"), "Nov 21, 12 PM");
        assert_eq!(day_of("2026-11-22T03:00:00Z", "America/New_York").map(day).as_deref(), Some("Nov 21"));
        assert_eq!([utc("nonsense"), place("America/Argentina/Buenos_Aires")], ["", "Buenos Aires"]);
        assert_eq!(
            (clock("2026-11-03T10:00:00").as_str(), field("2026-11-03T10:00:00").as_str()),
            ("Tue, Nov 3, 2026, 10:00 AM", "2026-11-03T10:00")
        );
    }

    #[test]
    fn g11_a_time_in_a_gap_and_one_that_comes_twice_are_marked() {
        let zone = "America/New_York";
        assert!(gap("2026-03-08T02:30:00", zone).unwrap().contains("It means 3:00 AM"));
        assert!(gap("2026-11-01T01:30:00", zone).unwrap().contains("comes twice"));
        assert_eq!(gap("2026-11-03T10:00:00", zone), None);
        assert_eq!(gap("2026-03-08T02:30:00", "America/Phoenix"), None);
    }
}
