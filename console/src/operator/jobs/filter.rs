//! The filter of jobs, as it stands in an address and in a form.

use crate::form::Fields;

/// Its members, in the order of the form.
pub(crate) const NAMES: [&str; 6] = ["kind", "state", "organization_id", "goal_id", "failed_since", "error"];

/// A filter: the members that are there, with their values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter(Vec<(&'static str, String)>);

impl Filter {
    /// Reads the members out of an address or a form. Blank ones are none.
    pub(crate) fn of(fields: &Fields) -> Self {
        let value = |name: &'static str| {
            let value = fields.some(name)?;
            // A browser's form has a minute without a zone; it is meant as UTC.
            let is_minute = name == "failed_since" && value.len() == "2026-01-01T00:00".len() && !value.ends_with('Z');
            Some((name, if is_minute { format!("{value}:00Z") } else { value.to_owned() }))
        };
        Self(NAMES.into_iter().filter_map(value).collect())
    }

    /// Returns a member; empty where it is absent.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(member, _)| *member == name).map_or("", |(_, value)| value)
    }

    /// Returns the instant as the form's field has it.
    pub(crate) fn minute(&self) -> &str {
        let since = self.get("failed_since");
        since.get(.."2026-01-01T00:00".len()).unwrap_or(since)
    }

    /// Returns its members.
    pub(crate) fn members(&self) -> &[(&'static str, String)] {
        &self.0
    }

    /// Returns whether it narrows nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns it as the query of an address, with `&` behind it where it has members.
    pub(crate) fn address(&self) -> String {
        let query = serde_urlencoded::to_string(&self.0).unwrap_or_default();
        if query.is_empty() { query } else { query + "&" }
    }

    /// Returns it as a body of the api.
    pub(crate) fn body(&self) -> serde_json::Value {
        self.0.iter().map(|(name, value)| ((*name).to_owned(), serde_json::Value::from(value.as_str()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_stands_in_the_address_as_it_was_given() {
        let fields = Fields::of(Some("kind=send&state=&error=a%26b&failed_since=2026-11-03T10:00&cursor=1"));
        let filter = Filter::of(&fields);
        assert_eq!(filter.address(), "kind=send&failed_since=2026-11-03T10%3A00%3A00Z&error=a%26b&");
        assert_eq!((filter.get("error"), filter.get("state"), filter.minute()), ("a&b", "", "2026-11-03T10:00"));
        let again = filter.address();
        assert_eq!(Filter::of(&Fields::of(Some(&again))), filter);
        assert_eq!(Filter::default().address(), "");
        assert_eq!(filter.body()["kind"], "send");
    }
}
