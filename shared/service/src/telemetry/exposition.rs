//! A scrape's text, read back into metrics: Prometheus and a collector get the same.

/// The type of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// A metric with its samples.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Family {
    pub(super) name: String,
    pub(super) help: String,
    pub(super) kind: Kind,
    pub(super) samples: Vec<Sample>,
}

/// A line of a scrape.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    /// The part of its name after the metric's: `_total`, `_bucket`, `_sum`, `_count`, or nothing.
    pub(super) suffix: String,
    pub(super) labels: Vec<(String, String)>,
    pub(super) value: f64,
    pub(super) exemplar: Option<Exemplar>,
}

/// An observation that stands for those of its bucket.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Exemplar {
    pub(super) labels: Vec<(String, String)>,
    pub(super) value: f64,
    /// Seconds since 1970.
    pub(super) at: Option<f64>,
}

/// Reads a scrape. Metrics of other types, and lines of none, are left out.
pub(super) fn read(text: &str) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    let mut help = "";
    for line in text.lines() {
        if let Some(told) = line.strip_prefix("# HELP ") {
            help = told.split_once(' ').map_or("", |(_, help)| help);
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|told| told.split_once(' ')) {
            let kind = match kind {
                "counter" => Kind::Counter,
                "gauge" => Kind::Gauge,
                "histogram" => Kind::Histogram,
                _ => continue,
            };
            families.push(Family { name: name.to_owned(), help: help.to_owned(), kind, samples: Vec::new() });
        } else if let Some(family) = families.last_mut()
            && let Some(sample) = sample(line, &family.name)
        {
            family.samples.push(sample);
        }
    }
    families.retain(|family| !family.samples.is_empty());
    families
}

fn sample(line: &str, name: &str) -> Option<Sample> {
    let rest = line.strip_prefix(name)?;
    let start = rest.find(['{', ' '])?;
    let (labels, rest_of_line) = labels(&rest[start..])?;
    let (value, exemplar) = match rest_of_line.split_once(" # ") {
        Some((value, told)) => (value, exemplar(told)),
        None => (rest_of_line, None),
    };
    Some(Sample { suffix: rest[..start].to_owned(), labels, value: value.trim().parse().ok()?, exemplar })
}

fn exemplar(text: &str) -> Option<Exemplar> {
    let (labels, rest) = labels(text)?;
    let mut numbers = rest.split_whitespace();
    Some(Exemplar { labels, value: numbers.next()?.parse().ok()?, at: numbers.next().and_then(|at| at.parse().ok()) })
}

/// Reads labels in braces, if there are any; returns the rest of the line too.
fn labels(text: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut labels = Vec::new();
    let Some(mut rest) = text.strip_prefix('{') else { return Some((labels, text)) };
    loop {
        rest = rest.trim_start_matches(',');
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        let (name, after) = rest.split_once("=\"")?;
        let (value, after) = quoted(after)?;
        labels.push((name.to_owned(), value));
        rest = after;
    }
}

/// Reads up to the closing quote, and takes escapes away.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match letters.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_is_read_with_its_types_labels_and_exemplars() {
        let text = "\
# HELP muster_jobs Deliveries.
# TYPE muster_jobs counter
muster_jobs_total{kind=\"send\",route=\"/v1/{x}\"} 3
# HELP muster_turns Turns.
# TYPE muster_turns gauge
muster_turns 4
# TYPE muster_job_seconds histogram
muster_job_seconds_sum{kind=\"a\\\"b\"} 0.5
muster_job_seconds_bucket{le=\"0.1\",kind=\"a\\\"b\"} 1 # {trace_id=\"ab\"} 0.05 1700000000.5
# TYPE muster_info info
muster_info_info{a=\"b\"} 1
# EOF
";
        let read = read(text);
        let names: Vec<_> = read.iter().map(|family| (family.name.as_str(), family.kind)).collect();
        let expected =
            [("muster_jobs", Kind::Counter), ("muster_turns", Kind::Gauge), ("muster_job_seconds", Kind::Histogram)];
        assert_eq!(names, expected);
        assert_eq!(read[0].help, "Deliveries.");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(read[0].samples[0].labels, [pair("kind", "send"), pair("route", "/v1/{x}")]);
        assert_eq!((read[0].samples[0].suffix.as_str(), read[1].samples[0].suffix.as_str()), ("_total", ""));
        let bucket = &read[2].samples[1];
        assert_eq!((bucket.suffix.as_str(), bucket.value, &bucket.labels[1]), ("_bucket", 1.0, &pair("kind", "a\"b")));
        let exemplar = bucket.exemplar.as_ref().unwrap();
        assert_eq!(
            (exemplar.value, exemplar.at, &exemplar.labels[0]),
            (0.05, Some(1_700_000_000.5), &pair("trace_id", "ab"))
        );
    }
}
