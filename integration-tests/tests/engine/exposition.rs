//! Scrapes of daemons as series, and the metrics and labels that queries of Prometheus name.

use std::collections::{BTreeMap, BTreeSet};

use muster_integration_tests::{eventually, seconds};

/// One value of a scrape.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

/// Scrapes a daemon. One that has just begun may not listen yet.
pub(crate) async fn scrape(url: &str) -> Vec<Series> {
    let get = async || reqwest::get(format!("{url}/metrics")).await.map_err(|error| error.to_string());
    let text = eventually(seconds(20), get).await.text().await.unwrap();
    text.lines().filter(|line| !line.starts_with('#')).filter_map(series).collect()
}

/// Reads a line of a scrape.
fn series(line: &str) -> Option<Series> {
    // A bucket may end with the trace of one of its values.
    let line = line.split_once(" # ").map_or(line, |(line, _)| line);
    let (head, value) = line.rsplit_once(' ')?;
    let (name, labels) = match head.split_once('{') {
        Some((name, labels)) => (name, matchers(labels.strip_suffix('}')?)),
        None => (head, Vec::new()),
    };
    let labels = labels.into_iter().map(|matcher| (matcher.label, matcher.value)).collect();
    Some(Series { name: name.to_owned(), labels, value: value.parse().ok()? })
}

/// A label's value as a scrape has it, or as a query asks for it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Matcher {
    pub(crate) label: String,
    /// `=`, `=~`, `!=` or `!~`.
    pub(crate) operator: String,
    pub(crate) value: String,
}

/// Reads the part between braces. Values are in quotes and may hold braces and commas.
fn matchers(text: &str) -> Vec<Matcher> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((head, after)) = rest.split_once('"') {
        let end = closing_quote(after);
        let head = head.trim_start_matches([',', ' ']);
        let label = head.trim_end_matches(['=', '~', '!', ' ']);
        let operator = head[label.len()..].trim().to_owned();
        found.push(Matcher { label: label.to_owned(), operator, value: after[..end].to_owned() });
        rest = &after[end + 1..];
    }
    found
}

fn closing_quote(text: &str) -> usize {
    let mut escaped = false;
    let closes = |(_, letter): &(usize, char)| {
        let ends = *letter == '"' && !escaped;
        escaped = *letter == '\\' && !escaped;
        ends
    };
    text.char_indices().find(closes).unwrap_or_else(|| panic!("no closing quote in {text}")).0
}

/// The metrics and labels that a query names.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Query {
    /// Each metric with its matchers.
    pub(crate) metrics: Vec<(String, Vec<Matcher>)>,
    /// Labels in `by`, `on` and their like.
    pub(crate) labels: BTreeSet<String>,
}

/// Words before a list of labels.
const LISTS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// Beginnings of metrics: Muster's own, and those of OpenTelemetry's conventions.
const PREFIXES: [&str; 3] = ["muster_", "db_client_", "messaging_"];

impl Query {
    pub(crate) fn read(text: &str) -> Self {
        let mut query = Self::default();
        let mut rest = text;
        while let Some(start) = rest.find(is_of_a_name) {
            let end = rest[start..].find(|letter| !is_of_a_name(letter)).map_or(rest.len(), |end| start + end);
            let (word, after) = (&rest[start..end], rest[end..].trim_start());
            rest = after;
            if LISTS.contains(&word) {
                let Some((labels, after)) = after.strip_prefix('(').and_then(|after| after.split_once(')')) else {
                    continue;
                };
                let labels = labels.split(',').map(str::trim).filter(|label| !label.is_empty());
                query.labels.extend(labels.map(ToOwned::to_owned));
                rest = after;
            } else if PREFIXES.iter().any(|prefix| word.starts_with(prefix)) {
                let (matched, after) = match after.strip_prefix('{') {
                    Some(inner) => inner.split_at(closing_brace(inner)),
                    None => ("", after),
                };
                query.metrics.push((word.to_owned(), matchers(matched)));
                rest = after;
            }
        }
        query
    }
}

fn is_of_a_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == ':'
}

fn closing_brace(text: &str) -> usize {
    let mut at = 0;
    loop {
        let next = text[at..].find(['"', '}']).unwrap_or_else(|| panic!("no closing brace in {text}")) + at;
        if text[next..].starts_with('}') {
            return next;
        }
        at = next + 1 + closing_quote(&text[next + 1..]) + 1;
    }
}

/// Returns the faults of a query: metrics, labels and values that no series of a scrape has.
/// `templates` are the labels that its legend or its annotations name.
pub(crate) fn faults(text: &str, templates: &BTreeSet<String>, live: &[Series]) -> Vec<String> {
    let query = Query::read(text);
    let mut faults = Vec::new();
    for (name, matchers) in &query.metrics {
        let of_name: Vec<_> = live.iter().filter(|series| series.name == *name).collect();
        if of_name.is_empty() {
            faults.push(format!("{name} is not there: {text}"));
        }
        for Matcher { label, operator, value } in matchers {
            let values: BTreeSet<_> = of_name.iter().filter_map(|series| series.labels.get(label)).collect();
            // Not every status is answered in a run.
            let is_status = label == "status" && value.len() == 3 && value.parse::<u16>().is_ok();
            let is_known = if operator == "=" && !is_status { values.contains(value) } else { !values.is_empty() };
            if !of_name.is_empty() && !is_known {
                faults.push(format!("{name} has no {label}{operator}{value}, only {values:?}: {text}"));
            }
        }
    }
    let named = |series: &&Series| query.metrics.iter().any(|(name, _)| *name == series.name);
    let mut labels: BTreeSet<_> = live.iter().filter(named).flat_map(|series| series.labels.keys()).cloned().collect();
    // Prometheus adds it.
    labels.insert("instance".to_owned());
    faults.extend(
        query
            .labels
            .iter()
            .filter(|label| !labels.contains(*label))
            .map(|label| format!("no metric has {label}: {text}")),
    );
    // A query without a list of labels gives none to its legend, but those of its series.
    let given = |label: &&String| query.labels.contains(*label) || (query.labels.is_empty() && labels.contains(*label));
    faults.extend(
        templates.iter().filter(|label| !given(label)).map(|label| format!("the query gives no {label}: {text}")),
    );
    faults
}

#[test]
fn queries_are_read_with_their_metrics_matchers_and_labels() {
    let query = Query::read(
        r#"60 * sum by (route, le) (rate(muster_a_total{route=~"/v1/{x}/.+",status="2\"}"}[5m])) and on() max(muster_b)"#,
    );
    let matcher = |label: &str, operator: &str, value: &str| Matcher {
        label: label.to_owned(),
        operator: operator.to_owned(),
        value: value.to_owned(),
    };
    let matchers = vec![matcher("route", "=~", "/v1/{x}/.+"), matcher("status", "=", r#"2\"}"#)];
    assert_eq!(query.metrics, [("muster_a_total".to_owned(), matchers), ("muster_b".to_owned(), Vec::new())]);
    assert_eq!(query.labels, ["le", "route"].map(ToOwned::to_owned).into());
}

#[test]
fn a_query_of_a_wrong_metric_label_value_or_legend_is_told() {
    let live = [series(r#"muster_jobs_total{kind="send",outcome="ok"} 3"#).unwrap()];
    let templates = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect::<BTreeSet<_>>();
    let told = |query: &str, labels: &[&str]| faults(query, &templates(labels), &live).len();
    assert_eq!(told(r#"sum by (kind) (muster_jobs_total{outcome="ok"})"#, &["kind"]), 0);
    assert_eq!(told("muster_jobs_total", &["kind"]), 0);
    assert_eq!(told("sum(muster_job_total)", &[]), 1);
    assert_eq!(told("sum by (kinds) (muster_jobs_total)", &[]), 1);
    assert_eq!(told(r#"sum(muster_jobs_total{outcome="good"})"#, &[]), 1);
    assert_eq!(told(r#"sum(muster_jobs_total{result=~"ok|no"})"#, &[]), 1);
    assert_eq!(told("sum by (outcome) (muster_jobs_total)", &["kind"]), 1);
}
