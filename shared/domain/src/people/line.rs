//! Knowledge of a telephone line: its type (rule C5) and its carrier (rule S10).

use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// The type of a line, as far as texting goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum LineType {
    /// Unknown; texting is allowed.
    Unknown,
    /// A mobile telephone.
    Mobile,
    /// Telephony over the internet; most of these lines take texts.
    Voip,
    /// Takes no texts.
    Landline,
    /// A number that nobody has, by a carrier's word: it takes no texts either (rule S7).
    Invalid,
}

text_enum!(LineType);

/// A lookup's answer on a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineInfo {
    /// The type.
    pub line_type: LineType,
    /// The carrier, in the word that caps and rates know it by; none where its limits are not known
    /// to be its own.
    pub carrier: Option<&'static str>,
}

impl LineInfo {
    /// Of which nobody knows anything.
    pub const UNKNOWN: Self = Self { line_type: LineType::Unknown, carrier: None };
}

/// Carriers by parts of their names, in lower case, and the words that caps and rates know them by.
/// Brands that run on another's network are listed where they belong to it and count against its
/// limits. An unlisted one stays unknown and counts against the strictest cap, which may hold a
/// text back but never exceeds a cap. (US Cellular, which T-Mobile has taken over, is such a one.)
const CARRIERS: [(&str, &str); 10] = [
    ("t-mobile", "t-mobile"),
    ("tmobile", "t-mobile"),
    ("metropcs", "t-mobile"),
    ("metro pcs", "t-mobile"),
    ("sprint", "t-mobile"),
    ("at&t", "att"),
    ("cingular", "att"),
    ("cricket", "att"),
    ("verizon", "verizon"),
    ("cellco", "verizon"),
];

/// Returns the carrier of a name such as `T-Mobile USA, Inc.`.
pub fn carrier_of_name(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    CARRIERS.iter().find(|(part, _)| name.contains(part)).map(|(_, carrier)| *carrier)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sending::cap::STRICTEST_CARRIER;

    #[test]
    fn s10_carriers_are_known_by_what_they_call_themselves() {
        let names = [
            ("T-Mobile USA, Inc.", Some(STRICTEST_CARRIER)),
            ("Sprint Spectrum, L.P.", Some(STRICTEST_CARRIER)),
            ("AT&T Wireless", Some("att")),
            ("Verizon Wireless", Some("verizon")),
            ("CELLCO PARTNERSHIP DBA VERIZON", Some("verizon")),
            ("Bandwidth/13 - Bandwidth.com - SVR", None),
            ("", None),
        ];
        for (name, carrier) in names {
            assert_eq!(carrier_of_name(name), carrier, "{name}");
        }
    }
}
