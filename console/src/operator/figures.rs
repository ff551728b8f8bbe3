//! Figures as operators' pages show them.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The figures of the whole installation.
#[derive(Debug, Deserialize)]
pub(crate) struct Figures {
    /// When they were taken.
    pub(crate) taken_at: Option<String>,
    /// All of them.
    pub(crate) figures: Vec<Figure>,
}

/// A figure.
#[derive(Debug, Deserialize)]
pub(crate) struct Figure {
    /// Its name.
    pub(crate) name: String,
    /// In a sentence.
    pub(crate) help: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Figure {
    /// Returns its labels as a text.
    pub(crate) fn labels(&self) -> String {
        self.labels.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
    }

    /// Returns its value as a text.
    pub(crate) fn shown(&self) -> String {
        if self.name.ends_with("_seconds") { span(self.value) } else { count(self.value) }
    }

    /// Returns its value.
    pub(crate) const fn value(&self) -> f64 {
        self.value
    }

    /// Returns the value of a label.
    pub(crate) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

impl Figures {
    /// Returns the figures of a name.
    pub(crate) fn named<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f Figure> {
        self.figures.iter().filter(move |figure| figure.name == name)
    }

    /// Returns the sum of a name's figures; with a label, of those that have this value of it.
    pub(crate) fn sum(&self, name: &str, label: Option<(&str, &str)>) -> f64 {
        let is = |figure: &&Figure| label.is_none_or(|(label, value)| figure.label(label) == value);
        self.named(name).filter(is).map(|figure| figure.value).sum()
    }

    /// Returns the greatest figure of a name.
    pub(crate) fn greatest<'f>(&'f self, name: &'f str) -> Option<(&'f Figure, f64)> {
        let all = self.named(name).map(|figure| (figure, figure.value));
        all.max_by(|(_, one), (_, other)| one.total_cmp(other))
    }
}

/// Returns a count with its thousands parted, or a fraction with one digit.
pub(crate) fn count(value: f64) -> String {
    if value.fract() != 0.0 && value.abs() < 1_000.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}

/// Returns seconds as people say them.
pub(crate) fn span(seconds: f64) -> String {
    let units = [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min")];
    let Some(at) = units.iter().position(|(unit, _)| seconds >= *unit) else { return format!("{seconds:.0} s") };
    let (unit, name) = units[at];
    let whole = (seconds / unit).floor();
    let (next, rest_name) = units.get(at + 1).copied().unwrap_or((1.0, "s"));
    let rest = ((seconds - whole * unit) / next).floor();
    if whole >= 10.0 || rest == 0.0 {
        format!("{whole:.0} {name}")
    } else {
        format!("{whole:.0} {name} {rest:.0} {rest_name}")
    }
}

/// Bars of counts, one below the other: a picture for those that would rather look.
#[derive(Debug, Clone)]
pub(crate) struct Bars(Vec<Bar>);

/// A bar.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    /// Its words.
    pub(crate) label: String,
    /// Its count.
    pub(crate) shown: String,
    /// Its length, in percent of the longest.
    pub(crate) length: String,
    /// How far below the top it is.
    pub(crate) top: usize,
}

/// The height of a bar with its words.
const HEIGHT: usize = 34;
/// Bars of a picture at most.
const MOST: usize = 12;

impl Bars {
    /// Returns the bars of the greatest counts; those of nothing are left out.
    pub(crate) fn of(counts: impl IntoIterator<Item = (String, f64)>) -> Self {
        let mut counts: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 0.0).collect();
        counts.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        counts.truncate(MOST);
        let most = counts.first().map_or(1.0, |(_, count)| *count);
        let length = |value: f64| format!("{:.1}%", (value / most * 100.0).max(0.5));
        let bar = |(nth, (label, value)): (usize, (String, f64))| Bar {
            label,
            shown: count(value),
            length: length(value),
            top: nth * HEIGHT,
        };
        Self(counts.into_iter().enumerate().map(bar).collect())
    }

    /// Returns them from the top.
    pub(crate) fn all(&self) -> &[Bar] {
        &self.0
    }

    /// Returns the height of the picture.
    pub(crate) fn height(&self) -> usize {
        self.0.len() * HEIGHT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_said_as_people_say_them() {
        assert_eq!(
            [0.0, 7.0, 999.0, 1_000.0, 1_234_567.0, 2.5, -1_000.0].map(count),
            ["0", "7", "999", "1,000", "1,234,567", "2.5", "-1,000"]
        );
        let spans = [0.4, 59.0, 60.0, 95.0, 3_600.0, 5_400.0, 90_000.0, 1_000_000.0].map(span);
        assert_eq!(spans, ["0 s", "59 s", "1 min", "1 min 35 s", "1 h", "1 h 30 min", "1 d 1 h", "11 d"]);
    }

    #[test]
    fn bars_are_in_order_and_the_longest_is_whole() {
        let bars = Bars::of([("a".to_owned(), 1.0), ("b".to_owned(), 10_000.0), ("c".to_owned(), 0.0)]);
        let seen: Vec<_> = bars.all().iter().map(|bar| (bar.label.as_str(), bar.length.as_str(), bar.top)).collect();
        assert_eq!(seen, [("b", "100.0%", 0), ("a", "0.5%", 34)]);
        assert_eq!(bars.height(), 68);
    }
}
