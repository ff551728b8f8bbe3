//! Reading the header row of an import (rule C2).
//!
//! A header is compared without regard to case, spaces, underscores, hyphens, marks that are not
//! seen and other forms of its characters. An explicit mapping wins over the recognition here. How
//! a file's records are split is `muster-ingest`'s business.

mod names;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use names::recognised;

use crate::stated_opt_out::Asks;
use muster_domain::cell::{is_invisible, plain};

/// Content of a column of a file. It is written as its field's name: `first_name`, `phone`, …,
/// `custom:NAME` or `ignore`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
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
    /// The e-mail address of the contact's agent.
    AssignedAgent,
    /// Have they opted out of texts? (rule C17)
    OptOut,
    /// Have they opted in to texts?
    OptIn,
    /// How they stand to texts, in a word.
    OptOutStatus,
    /// A custom field of this name.
    Custom(String),
    /// Not imported: a blank header.
    Ignored,
}

/// Known fields, with their names in mappings and for people.
const FIELDS: [(&str, &str, Column); 12] = [
    ("first_name", "first name", Column::FirstName),
    ("last_name", "last name", Column::LastName),
    ("phone", "phone", Column::Phone),
    ("email", "email", Column::Email),
    ("postal_code", "postal code", Column::PostalCode),
    ("notes", "notes", Column::Notes),
    ("tags", "tags", Column::Tags),
    ("external_id", "external id", Column::ExternalId),
    ("assigned_agent", "assigned agent", Column::AssignedAgent),
    ("opt_out", "opt-out", Column::OptOut),
    ("opt_in", "opt-in", Column::OptIn),
    ("opt_out_status", "opt-out status", Column::OptOutStatus),
];

impl Column {
    /// Returns the field's name as mappings and reports use it.
    pub fn field(&self) -> String {
        match self {
            Self::Custom(name) => format!("custom:{name}"),
            Self::Ignored => "ignore".to_owned(),
            known => FIELDS.iter().find(|(_, _, column)| column == known).map_or("", |(name, ..)| name).to_owned(),
        }
    }

    /// Returns the column that holds the field of this name.
    pub fn of_field(name: &str) -> Option<Self> {
        if let Some(custom) = name.strip_prefix("custom:") {
            return (!custom.trim().is_empty()).then(|| Self::Custom(custom.trim().to_owned()));
        }
        if name == "ignore" {
            return Some(Self::Ignored);
        }
        FIELDS.iter().find(|(field, ..)| *field == name).map(|(_, _, column)| column.clone())
    }

    /// Returns whether a second column of the same header can be kept beside the first without a
    /// doubt about the row's person.
    const fn may_repeat(&self) -> bool {
        matches!(self, Self::Email | Self::PostalCode | Self::Notes | Self::ExternalId)
    }

    /// Returns the column's question about opting out, if it has one.
    pub const fn asks_of_opting_out(&self) -> Option<Asks> {
        match self {
            Self::OptOut => Some(Asks::OptedOut),
            Self::OptIn => Some(Asks::OptedIn),
            Self::OptOutStatus => Some(Asks::Status),
            _ => None,
        }
    }

    /// Returns the name of a column that a file can have only once, in words. Of tags and of
    /// opt-outs there can be several columns.
    fn unique_name(&self) -> Option<&'static str> {
        if *self == Self::Tags || self.asks_of_opting_out().is_some() {
            return None;
        }
        FIELDS.iter().find(|(_, _, column)| column == self).map(|(_, words, _)| *words)
    }
}

impl From<Column> for String {
    fn from(column: Column) -> Self {
        column.field()
    }
}

impl TryFrom<String> for Column {
    type Error = HeaderError;
    fn try_from(name: String) -> Result<Self, HeaderError> {
        Self::of_field(&name).ok_or(HeaderError::NoSuchField(name))
    }
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
    /// The explicit mapping sends two columns to one custom field.
    #[error("the mapping sends the columns {0:?} and {1:?} both to the custom field {2:?}")]
    SameCustom(String, String, String),
    /// The explicit mapping names a column that the file does not have.
    #[error("the mapping names the column {0:?}, which the file does not have")]
    NoSuchColumn(String),
    /// The explicit mapping names a field that Muster does not know.
    #[error("the mapping names the field {0:?}, which is neither a known field nor custom:NAME")]
    NoSuchField(String),
}

/// Lower case without spaces, underscores, hyphens and marks that are not seen, in ASCII as far as
/// characters are another form of it.
pub fn canonical(header: &str) -> String {
    header
        .chars()
        .filter(|c| !is_invisible(*c))
        .map(plain)
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// One header's claim: its column, and how good the claim is. The lowest rank of a file gets the
/// column.
struct Claim {
    column: Column,
    rank: u8,
}

/// The rank of the caller's explicit mappings.
const EXPLICIT: u8 = 0;

/// Returns each column's content. `mapping` goes from a header of the file to a field's name
/// (`first_name`, `phone`, …, `custom:NAME` or `ignore`) and wins over the recognition.
///
/// - Several columns can look like the same field. The better name gets it, and the others stay
///   custom fields: with `Cell Phone`, `Pref Phone ` and `Phone` in a file, the phone is
///   `Cell Phone`. Two equally good names (`cell` and `mobile`) need a guess: the file is refused.
///   Home and work phones are never taken for the phone.
/// - Of the same header twice, the first column has the name's meaning, and the second is a custom
///   field; but of two that look like the phone, a name or an agent, none is better. A mapping
///   means the first, and the second as `NAME (2)`, the third as `NAME (3)`.
/// - Two custom fields of the same name are both kept: the second becomes `NAME (2)`, the third
///   `NAME (3)`.
pub fn read(headers: &[String], mapping: &BTreeMap<String, String>) -> Result<Vec<Column>, HeaderError> {
    let wanted = numbered(headers);
    let names: BTreeSet<&str> = wanted.iter().map(|(name, _)| name.as_str()).collect();
    // A column that is called so itself is meant first.
    let nth = |name: &str, copy| nth(name, copy).filter(|name| !names.contains(name.as_str()));
    let copies: BTreeSet<String> = wanted.iter().filter_map(|(name, copy)| nth(name, *copy)).collect();
    let is_known = |name: &str| names.contains(name) || copies.contains(name);
    if let Some(name) = mapping.keys().find(|name| !is_known(&canonical(name))) {
        return Err(HeaderError::NoSuchColumn(name.clone()));
    }
    let mapping: BTreeMap<String, &String> = mapping.iter().map(|(name, field)| (canonical(name), field)).collect();
    let mut claims: Vec<Claim> = Vec::with_capacity(headers.len());
    for (name, copy) in &wanted {
        let of_copy = nth(name, *copy).and_then(|name| mapping.get(&name));
        claims.push(match of_copy.or_else(|| mapping.get(name)) {
            Some(field) => {
                let column = Column::of_field(field).ok_or_else(|| HeaderError::NoSuchField((*field).clone()))?;
                if of_copy.is_none() && *copy > 1 && column.unique_name().is_some() {
                    Claim { column: Column::Custom(String::new()), rank: u8::MAX }
                } else {
                    Claim { column, rank: EXPLICIT }
                }
            }
            None if name.is_empty() => Claim { column: Column::Ignored, rank: EXPLICIT },
            None => match recognised(name) {
                Some((column, _)) if *copy > 1 && column.may_repeat() => {
                    Claim { column: Column::Custom(String::new()), rank: u8::MAX }
                }
                Some((column, rank)) => Claim { column, rank },
                None => Claim { column: Column::Custom(String::new()), rank: u8::MAX },
            },
        });
    }
    settle(headers, &mut claims)?;
    name_customs(headers, &mut claims)?;
    for (column, name) in [(Column::Phone, "phone"), (Column::FirstName, "first name"), (Column::LastName, "last name")]
    {
        if !claims.iter().any(|claim| claim.column == column) {
            return Err(HeaderError::Missing(name));
        }
    }
    Ok(claims.into_iter().map(|claim| claim.column).collect())
}

/// Each header in its canonical form, and the how many-th of its name it is, from 1.
fn numbered(headers: &[String]) -> Vec<(String, usize)> {
    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    let names = headers.iter().map(|header| canonical(header));
    names
        .map(|name| {
            let copy = copies.entry(name.clone()).or_default();
            *copy += 1;
            (name, *copy)
        })
        .collect()
}

/// Returns a mapping's word for a later column of a name.
fn nth(name: &str, copy: usize) -> Option<String> {
    (copy > 1).then(|| format!("{name}({copy})"))
}

/// Gives each field to the best claim; the others become custom fields.
fn settle(headers: &[String], claims: &mut [Claim]) -> Result<(), HeaderError> {
    for (_, _, column) in &FIELDS {
        let Some(words) = column.unique_name() else { continue };
        let rivals: Vec<usize> = (0..claims.len()).filter(|index| claims[*index].column == *column).collect();
        let Some(best) = rivals.iter().map(|index| claims[*index].rank).min() else { continue };
        let mut winners = rivals.iter().filter(|index| claims[**index].rank == best);
        if let (Some(first), Some(second)) = (winners.next(), winners.next()) {
            return Err(HeaderError::Twice(headers[*first].clone(), headers[*second].clone(), words));
        }
        for index in rivals {
            if claims[index].rank != best {
                claims[index] = Claim { column: Column::Custom(String::new()), rank: u8::MAX };
            }
        }
    }
    Ok(())
}

/// Names the custom fields that the caller has not named, each differently.
fn name_customs(headers: &[String], claims: &mut [Claim]) -> Result<(), HeaderError> {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for (index, claim) in claims.iter().enumerate() {
        if let (Column::Custom(name), EXPLICIT) = (&claim.column, claim.rank)
            && let Some(before) = taken.insert(name.clone(), index)
        {
            return Err(HeaderError::SameCustom(headers[before].clone(), headers[index].clone(), name.clone()));
        }
    }
    // A thousand columns of one name must not be compared each with each.
    let mut copies: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, claim) in claims.iter_mut().enumerate() {
        if !matches!(claim.column, Column::Custom(_)) || claim.rank == EXPLICIT {
            continue;
        }
        // Joiners within a name belong to its script.
        let plain = headers[index].trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
        let copy = copies.entry(plain).or_insert(1);
        let mut name = plain.to_owned();
        while taken.contains_key(&name) {
            *copy += 1;
            name = format!("{plain} ({copy})");
        }
        taken.insert(name.clone(), index);
        claim.column = Column::Custom(name);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
