//! The page, piece by piece: its head, its sections record by record, and the JSON behind them.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    Form, Section,
    value::{embedded, escaped, is_empty, shown},
};

/// The line before the JSON.
pub const DATA_BEGIN: &str = "<script type=\"application/json\" id=\"data\">\n";
/// The line behind the JSON. The JSON has no `<`.
pub const DATA_END: &str = "\n</script>\n";

/// Nothing is loaded and nothing runs, with any text.
const HEAD: &str = "\
<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<meta name=\"referrer\" content=\"no-referrer\">
<meta name=\"robots\" content=\"noindex\">
<meta name=\"viewport\" content=\"width=device-width\">
<style>
body { font: 16px/1.5 sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
section { margin-top: 3rem }
dl { display: grid; grid-template-columns: minmax(8rem, 1fr) 3fr; gap: .1rem 1rem; margin: 0 }
dt { color: #555 }
dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere }
section > dl { border-top: 1px solid #ccc; padding: .7rem 0 }
ul { margin: 0; padding-left: 1.2rem }
</style>
";

/// The writer of a file.
#[derive(Debug, Clone)]
pub struct Page {
    organization: String,
    request_id: Uuid,
    made_at: DateTime<Utc>,
    sections: Vec<Section>,
}

impl Page {
    /// Returns the writer of a request's file, with these sections.
    pub const fn new(organization: String, request_id: Uuid, made_at: DateTime<Utc>, sections: Vec<Section>) -> Self {
        Self { organization, request_id, made_at, sections }
    }

    /// Writes all before the first section: the subject, and how many records each section has.
    pub fn begin(&self, out: &mut String, counts: &[i64]) {
        out.push_str(HEAD);
        out.push_str("<title>Everything that is held of you</title>\n</head>\n<body>\n<h1>Everything that ");
        escaped(out, &self.organization);
        out.push_str(" holds of you</h1>\n<p>");
        escaped(out, &self.organization);
        let at = self.made_at.format("%Y-%m-%d %H:%M:%S");
        // Writing into a text cannot fail.
        let _ = write!(
            out,
            " sends texts with Muster. This is everything that Muster held of you and your number on {at} UTC. \
             All times are UTC. Names of staff and of other people are left out, and so are technical \
             marks that say nothing of you.</p>\n\
             <p>The end of this file has the same records for programs, as JSON. Request {}.</p>\n<h2>Contents</h2>\n<ul>\n",
            self.request_id
        );
        for (section, count) in self.sections.iter().zip(counts) {
            let _ = write!(out, "<li><a href=\"#{}\">", section.name);
            escaped(out, &section.title);
            let _ = writeln!(out, "</a>: {count}</li>");
        }
        out.push_str("</ul>\n");
    }

    /// Writes the heading of a section with so many records.
    pub fn section(&self, out: &mut String, nth: usize, count: i64) {
        let Some(section) = self.sections.get(nth) else { return };
        let _ = write!(out, "<section id=\"{}\">\n<h2>", section.name);
        escaped(out, &section.title);
        out.push_str("</h2>\n");
        if !section.about.is_empty() {
            out.push_str("<p>");
            escaped(out, section.about);
            out.push_str("</p>\n");
        }
        if count == 0 {
            out.push_str("<p>Nothing.</p>\n");
        }
    }

    /// Writes a record of a section: the values that are there.
    ///
    /// # Errors
    /// When the record is no JSON object.
    pub fn record(&self, out: &mut String, nth: usize, record: &str) -> serde_json::Result<()> {
        let Some(section) = self.sections.get(nth) else { return Ok(()) };
        let values: Map<String, Value> = serde_json::from_str(record)?;
        out.push_str("<dl>\n");
        for column in &section.columns {
            let Some(value) = values.get(&column.name).filter(|value| !is_empty(value)) else { continue };
            if column.form == (Form::Id { named: true }) {
                continue;
            }
            out.push_str("<dt>");
            escaped(out, &column.heading);
            out.push_str("</dt><dd>");
            shown(out, value, column.form);
            out.push_str("</dd>\n");
        }
        out.push_str("</dl>\n");
        Ok(())
    }

    /// Writes the end of a section.
    pub fn section_end(out: &mut String) {
        out.push_str("</section>\n");
    }

    /// Writes the beginning of the JSON.
    pub fn data(&self, out: &mut String) {
        out.push_str("<p>Behind this line stands the JSON for programs.</p>\n");
        out.push_str(DATA_BEGIN);
        let head = json!({ "request_id": self.request_id, "organization": self.organization, "made_at": self.made_at });
        let head = head.to_string();
        embedded(out, head.strip_suffix('}').unwrap_or(&head));
        out.push_str(",\"records\":{");
    }

    /// Writes the beginning of a section's records in the JSON.
    pub fn table(&self, out: &mut String, nth: usize) {
        let Some(section) = self.sections.get(nth) else { return };
        // Writing into a text cannot fail.
        let _ = write!(out, "{}\n\"{}\":[", if nth == 0 { "" } else { "," }, section.name);
    }

    /// Writes a record in the JSON. `first` has no record of its section before it.
    pub fn datum(out: &mut String, first: bool, record: &str) {
        out.push_str(if first { "\n" } else { ",\n" });
        embedded(out, record);
    }

    /// Writes the end of a section's records in the JSON.
    pub fn table_end(out: &mut String) {
        out.push(']');
    }

    /// Writes the end of the file.
    pub fn end(out: &mut String) {
        out.push_str("}}");
        out.push_str(DATA_END);
        out.push_str("</body>\n</html>\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::access::Column;

    const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror='alert(2)'>";

    fn page() -> Page {
        let column = |name: &str, form| Column { name: name.to_owned(), heading: name.to_owned(), form };
        let columns = vec![
            column("body", Form::Text),
            column("goal_id", Form::Id { named: true }),
            column("goal", Form::Text),
            column("sent_at", Form::Fact),
        ];
        let section = Section { name: "message", title: "Texts".to_owned(), about: "To and from you.", columns };
        let nothing = Section { name: "target", title: HOSTILE.to_owned(), about: "", columns: Vec::new() };
        Page::new(HOSTILE.to_owned(), Uuid::nil(), DateTime::UNIX_EPOCH, vec![section, nothing])
    }

    fn written(records: &[&str]) -> String {
        let (page, mut out) = (page(), String::new());
        page.begin(&mut out, &[1, 0]);
        page.section(&mut out, 0, 1);
        for record in records {
            page.record(&mut out, 0, record).unwrap();
        }
        Page::section_end(&mut out);
        page.section(&mut out, 1, 0);
        Page::section_end(&mut out);
        page.data(&mut out);
        page.table(&mut out, 0);
        for (nth, record) in records.iter().enumerate() {
            Page::datum(&mut out, nth == 0, record);
        }
        Page::table_end(&mut out);
        page.table(&mut out, 1);
        Page::table_end(&mut out);
        Page::end(&mut out);
        out
    }

    #[test]
    fn r8_a_file_is_a_page_and_has_the_same_as_json_between_two_lines() {
        let record = json!({ "body": HOSTILE, "goal_id": "7", "goal": "Vote", "sent_at": null }).to_string();
        let file = written(&[&record, "{\"body\": \"Yes\\nplease\"}"]);
        assert!(file.contains("<dt>body</dt><dd>Yes\nplease</dd>"), "{file}");
        assert!(file.contains("<dt>goal</dt><dd>Vote</dd>") && !file.contains("<dt>goal_id</dt>"), "{file}");
        assert!(!file.contains("<dt>sent_at</dt>") && file.contains("<p>Nothing.</p>"), "{file}");
        let data = file.split(DATA_BEGIN).nth(1).unwrap().split(DATA_END).next().unwrap();
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["organization"], HOSTILE);
        assert_eq!(data["records"]["message"][0]["body"], HOSTILE);
        assert_eq!(data["records"]["message"][0]["goal_id"], "7");
        assert_eq!(
            (data["records"]["message"][1]["body"].as_str(), &data["records"]["target"]),
            (Some("Yes\nplease"), &json!([]))
        );
    }

    #[test]
    fn r8_no_text_of_anybody_runs_in_the_readers_browser() {
        let file = written(&[&json!({ "body": HOSTILE }).to_string()]);
        assert_eq!(file.matches("<script").count(), 1, "the JSON alone, which does not run: {file}");
        assert!(!file.contains("<img") && file.contains("default-src 'none'"), "{file}");
        for outside in ["http://", "https://", "src=", "@import"] {
            let texts = file.replace("src=x onerror", "");
            assert!(!texts.contains(outside), "{outside}: {file}");
        }
    }
}
