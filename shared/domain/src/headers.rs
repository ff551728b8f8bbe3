//! Reading the header row of an import (rule C2).

use std::collections::BTreeMap;

/// What a column of a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// Given name.
    FirstName,
    /// Family name.
    LastName,
    /// The phone number.
    Phone,
    /// E-mail address.
    Email,
    /// Postal code.
    PostalCode,
    /// Free text for agents.
    Notes,
    /// Tags, parted by commas or semicolons.
    Tags,
    /// The caller's own id of the person.
    ExternalId,
    /// A custom field of this name.
    Custom(String),
    /// Not imported: a blank header.
    Ignored,
}

/// Why a header row is refused: the file as a whole is (rule C15).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// A required column is missing.
    #[error("no column for {0}")]
    Missing(&'static str),
    /// Two columns claim to be the same.
    #[error("columns {0:?} and {1:?} are both the {2}")]
    Twice(String, String, &'static str),
    /// The explicit mapping names a column that the file does not have.
    #[error("the mapping names the column {0:?}, which the file does not have")]
    NoSuchColumn(String),
    /// The explicit mapping names a field that Muster does not know.
    #[error("the mapping names the field {0:?}, which is neither a known field nor custom:NAME")]
    NoSuchField(String),
}

/// Names of known columns in their canonical form, from the exports of common tools.
fn known(canonical: &str) -> Option<Column> {
    Some(match canonical {
        "firstname" | "first" | "givenname" | "fname" => Column::FirstName,
        "lastname" | "last" | "surname" | "familyname" | "lname" => Column::LastName,
        "phone" | "phonenumber" | "cell" | "cellphone" | "mobile" | "mobilenumber" | "mobilephone" | "prefphone"
        | "can2phone" | "number" => Column::Phone,
        "email" | "emailaddress" => Column::Email,
        "postalcode" | "zip" | "zipcode" | "ziporpostal" | "zip5" => Column::PostalCode,
        "notes" | "note" => Column::Notes,
        "tags" | "tag" => Column::Tags,
        "externalid" | "voterfilevanid" | "vanid" => Column::ExternalId,
        _ => return None,
    })
}

/// Lower case without spaces, underscores, hyphens and byte-order marks.
pub fn canonical(header: &str) -> String {
    header
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '\u{feff}'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The name of a column as the mapping and reports use it.
fn field(name: &str) -> Option<Column> {
    if let Some(custom) = name.strip_prefix("custom:") {
        return (!custom.trim().is_empty()).then(|| Column::Custom(custom.trim().to_owned()));
    }
    match name {
        "ignore" => Some(Column::Ignored),
        "first_name" | "last_name" | "phone" | "email" | "postal_code" | "notes" | "tags" | "external_id" => {
            known(&canonical(name))
        }
        _ => None,
    }
}

const fn unique_name(column: &Column) -> Option<&'static str> {
    match column {
        Column::FirstName => Some("first name"),
        Column::LastName => Some("last name"),
        Column::Phone => Some("phone"),
        Column::Email => Some("email"),
        Column::PostalCode => Some("postal code"),
        Column::Notes => Some("notes"),
        Column::ExternalId => Some("external id"),
        Column::Tags | Column::Custom(_) | Column::Ignored => None,
    }
}

/// Says what each column holds. `mapping` goes from a header of the file to a field's name (`first_name`, `phone`, …, `custom:NAME`
/// or `ignore`) and wins over what is recognised.
pub fn read(headers: &[String], mapping: &BTreeMap<String, String>) -> Result<Vec<Column>, HeaderError> {
    for name in mapping.keys() {
        if !headers.iter().any(|header| canonical(header) == canonical(name)) {
            return Err(HeaderError::NoSuchColumn(name.clone()));
        }
    }
    let mut columns: Vec<Column> = Vec::with_capacity(headers.len());
    for header in headers {
        let explicit = mapping.iter().find(|(name, _)| canonical(name) == canonical(header));
        let column = match explicit {
            Some((_, name)) => field(name).ok_or_else(|| HeaderError::NoSuchField(name.clone()))?,
            None if canonical(header).is_empty() => Column::Ignored,
            None => known(&canonical(header))
                .unwrap_or_else(|| Column::Custom(header.trim().trim_start_matches('\u{feff}').to_owned())),
        };
        if let Some(name) = unique_name(&column)
            && let Some(before) = columns.iter().position(|other| *other == column)
        {
            return Err(HeaderError::Twice(headers[before].clone(), header.clone(), name));
        }
        columns.push(column);
    }
    for (column, name) in [(Column::Phone, "phone"), (Column::FirstName, "first name"), (Column::LastName, "last name")]
    {
        if !columns.contains(&column) {
            return Err(HeaderError::Missing(name));
        }
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(row: &str) -> Vec<String> {
        row.split(',').map(ToOwned::to_owned).collect()
    }

    #[test]
    fn c2_recognises_common_exports() {
        let columns = read(
            &headers("\u{feff}FirstName,LastName,Pref Phone ,Voter File VANID,ZipOrPostal,Precinct"),
            &BTreeMap::new(),
        );
        assert_eq!(
            columns.unwrap(),
            [
                Column::FirstName,
                Column::LastName,
                Column::Phone,
                Column::ExternalId,
                Column::PostalCode,
                Column::Custom("Precinct".into())
            ]
        );
    }

    #[test]
    fn c2_an_explicit_mapping_wins() {
        let mapping =
            BTreeMap::from([("HomePhone".to_owned(), "ignore".to_owned()), ("tel".to_owned(), "phone".to_owned())]);
        let columns = read(&headers("first,last,HomePhone,tel"), &mapping).unwrap();
        assert_eq!(columns[2..], [Column::Ignored, Column::Phone]);
        let wrong = BTreeMap::from([("tel".to_owned(), "fone".to_owned())]);
        assert_eq!(read(&headers("first,last,tel"), &wrong), Err(HeaderError::NoSuchField("fone".into())));
    }

    #[test]
    fn c15_a_file_without_a_phone_column_is_refused() {
        assert_eq!(read(&headers("first,last,email"), &BTreeMap::new()), Err(HeaderError::Missing("phone")));
        let twice = read(&headers("first,last,cell,mobile"), &BTreeMap::new());
        assert_eq!(twice, Err(HeaderError::Twice("cell".into(), "mobile".into(), "phone")));
    }
}
