//! An export's file, line by line.

use super::{Chosen, ColumnForm, ExportFormat};
use crate::csv;

/// The writer of an export's lines. Values come as the database writes them: instants with an
/// offset of zero, flags as `t` and `f`, texts of a list as a JSON array.
#[derive(Debug, Clone)]
pub struct Lines {
    format: ExportFormat,
    forms: Vec<ColumnForm>,
    /// The header of CSV; the beginning of each member of a JSON object.
    names: Vec<String>,
}

impl Lines {
    /// Returns the writer for these columns.
    pub fn new(format: ExportFormat, columns: &[Chosen]) -> Self {
        let names = columns.iter().map(|column| match format {
            ExportFormat::Csv => csv::cell(&column.name()),
            // A page has no lines.
            ExportFormat::Html => String::new(),
            ExportFormat::JsonLines => {
                let mut name = String::new();
                json_text(&mut name, &column.name());
                name.push(':');
                name
            }
        });
        Self { format, forms: columns.iter().map(Chosen::form).collect(), names: names.collect() }
    }

    /// Writes the lines before the first record.
    pub fn begin(&self, file: &mut String) {
        match self.format {
            ExportFormat::Csv => {
                file.push_str(&self.names.join(","));
                file.push_str("\r\n");
            }
            ExportFormat::JsonLines | ExportFormat::Html => {}
        }
    }

    /// Writes a record's line. There is a value for each column, or none.
    pub fn put<'v>(&self, file: &mut String, values: impl IntoIterator<Item = Option<&'v str>>) {
        match self.format {
            ExportFormat::Csv => {
                for (nth, (form, value)) in self.forms.iter().zip(values).enumerate() {
                    if nth > 0 {
                        file.push(',');
                    }
                    if let Some(value) = value {
                        csv_value(file, *form, value);
                    }
                }
                file.push_str("\r\n");
            }
            ExportFormat::JsonLines => {
                file.push('{');
                for (nth, ((form, name), value)) in self.forms.iter().zip(&self.names).zip(values).enumerate() {
                    if nth > 0 {
                        file.push(',');
                    }
                    file.push_str(name);
                    match value {
                        Some(value) => json_value(file, *form, value),
                        None => file.push_str("null"),
                    }
                }
                file.push_str("}\n");
            }
            ExportFormat::Html => {}
        }
    }
}

fn csv_value(file: &mut String, form: ColumnForm, value: &str) {
    match form {
        ColumnForm::Word | ColumnForm::Number => file.push_str(value),
        ColumnForm::Flag => file.push_str(flag(value)),
        ColumnForm::Instant => instant(file, value),
        ColumnForm::Text => csv::put(file, value),
        ColumnForm::Texts => {
            // The database's own array.
            let texts: Vec<String> = serde_json::from_str(value).unwrap_or_default();
            let texts: Vec<_> = texts.iter().map(|text| text.replace('\\', "\\\\").replace('|', "\\|")).collect();
            csv::put(file, &texts.join("|"));
        }
    }
}

fn json_value(file: &mut String, form: ColumnForm, value: &str) {
    match form {
        ColumnForm::Word | ColumnForm::Text => json_text(file, value),
        // An array is one already, on one line.
        ColumnForm::Number | ColumnForm::Texts => file.push_str(value),
        ColumnForm::Flag => file.push_str(flag(value)),
        ColumnForm::Instant => {
            file.push('"');
            instant(file, value);
            file.push('"');
        }
    }
}

fn flag(value: &str) -> &'static str {
    if value == "t" { "true" } else { "false" }
}

/// Writes `2026-11-03 10:00:00.5+00` as `2026-11-03T10:00:00.5Z`.
fn instant(file: &mut String, value: &str) {
    let value = value.strip_suffix("+00").unwrap_or(value);
    match value.split_once(' ') {
        Some((day, time)) => {
            file.push_str(day);
            file.push('T');
            file.push_str(time);
            file.push('Z');
        }
        None => file.push_str(value),
    }
}

fn json_text(file: &mut String, text: &str) {
    let plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(plain) {
        file.push('"');
        file.push_str(text);
        file.push('"');
    } else {
        file.push_str(&serde_json::Value::from(text).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::export::ExportKind;

    fn of(format: ExportFormat, columns: &[&str], values: &[Option<&str>]) -> String {
        let names: Vec<_> = columns.iter().map(|name| (*name).to_owned()).collect();
        let lines = Lines::new(format, &Chosen::read(ExportKind::Contacts, &names).unwrap());
        let mut file = String::new();
        lines.begin(&mut file);
        lines.put(&mut file, values.iter().copied());
        file
    }

    const COLUMNS: [&str; 5] = ["contact_id", "phone", "tags", "created_at", "field:a \"b\""];
    const VALUES: [Option<&str>; 5] =
        [Some("7"), Some("+12125550100"), Some(r#"["a|b", "c"]"#), Some("2026-11-03 10:00:00.5+00"), None];

    #[test]
    fn e1_a_record_is_a_line_of_csv() {
        assert_eq!(
            of(ExportFormat::Csv, &COLUMNS, &VALUES),
            "\"contact_id\",\"phone\",\"tags\",\"created_at\",\"field:a \"\"b\"\"\"\r\n\
             7,\"+12125550100\",\"a\\|b|c\",2026-11-03T10:00:00.5Z,\r\n"
        );
    }

    #[test]
    fn e1_a_record_is_an_object_on_a_line() {
        let line = of(ExportFormat::JsonLines, &COLUMNS, &VALUES);
        assert_eq!(line.matches('\n').count(), 1);
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        let wanted = serde_json::json!({ "contact_id": "7", "phone": "+12125550100", "tags": ["a|b", "c"],
            "created_at": "2026-11-03T10:00:00.5Z", "field:a \"b\"": null });
        assert_eq!(read, wanted);
    }

    #[test]
    fn c7_texts_of_a_file_are_no_formulas_and_break_no_line_of_json() {
        let csv = of(ExportFormat::Csv, &["notes"], &[Some("=cmd()\r\nx")]);
        assert_eq!(csv, "\"notes\"\r\n\"'=cmd()\r\nx\"\r\n");
        let json = of(ExportFormat::JsonLines, &["notes"], &[Some("=cmd()\r\nx\u{1}\"")]);
        assert_eq!(json, "{\"notes\":\"=cmd()\\r\\nx\\u0001\\\"\"}\n");
        assert_eq!(of(ExportFormat::Csv, &["field:=x"], &[Some("y")]), "\"field:=x\"\r\n\"y\"\r\n");
    }
}
