//! Sections: groups of keys that are read together.

use super::{
    error::ConfigError,
    key::{Field, Key},
    source::Source,
};

/// A key and the part of its value that may be shown: `[REDACTED]` for a secret, null for no value.
pub type Shown = (&'static Key, serde_json::Value);

/// A group of keys that processes read as a whole.
pub(super) trait Section: Sized {
    /// Its keys and its documentation.
    const DECLARED: Declared;

    /// Reads it; problems are left with the reader.
    fn read(reader: &mut Reader<'_>) -> Option<Self>;

    /// Returns the part of it that may be shown.
    fn shown(&self) -> Vec<Shown>;
}

/// Conditions between the keys of a section.
pub(super) trait Check {
    /// Returns the fault of values that are each within their bounds.
    fn problem(&self) -> Option<String> {
        None
    }
}

/// A section as the documentation has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Declared {
    /// The type's name, by which sections are told apart that share a table.
    pub(super) name: &'static str,
    /// The table in the TOML file.
    pub(super) table: &'static str,
    pub(super) doc: &'static str,
    pub(super) keys: &'static [Key],
}

/// Reads sections from a source and gathers the faults.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    source: &'a Source,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(source: &'a Source) -> Self {
        Self { source, problems: Vec::new() }
    }

    /// Reads the value of a key.
    pub(super) fn field<T: Field>(&mut self, key: &'static Key, fallback: Option<T>) -> Option<T> {
        match self.source.value(key) {
            Ok(Some(value)) => match T::read(&value).and_then(|value| within(key, value)) {
                Ok(value) => return Some(value),
                Err(problem) => self.problem(format!("{} ({}) {problem}", key.path(), self.source.origin(key))),
            },
            Ok(None) if fallback.is_some() => return fallback,
            Ok(None) => {
                let file = if key.may_be_in_a_file() { format!(", {}_FILE", key.environment()) } else { String::new() };
                self.problem(format!("{} ({}{file}) is missing", key.path(), key.environment()));
            }
            Err(problem) => self.problem(problem),
        }
        None
    }

    /// Notes a problem.
    pub(super) fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    /// Returns the result if there is no fault.
    pub(super) fn end<T>(self, read: Option<T>) -> Result<T, ConfigError> {
        match read {
            Some(read) if self.problems.is_empty() => Ok(read),
            _ => Err(ConfigError(self.problems)),
        }
    }
}

fn within<T: Field>(key: &Key, value: T) -> Result<T, String> {
    match (key.bounds, value.number()) {
        (Some((least, most)), Some(number)) if !(least..=most).contains(&number) => {
            Err(format!("must be {least} to {most}"))
        }
        _ => Ok(value),
    }
}

/// Declares a section: `name: type = required() | unset() | default(value)`, then for numbers
/// `within least..=most`, `env "name"` where the name in the environment is not table and name, and
/// `shown "text"` for a default that is no constant.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $section:ident in $table:literal {
            $(
                $(#[doc = $doc:literal])+
                $name:ident: $type:ty = $fallback:expr
                    $(, within $bounds:expr)? $(, env $flat:literal)? $(, shown $shown:literal)?;
            )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone)]
        pub struct $section {
            $($(#[doc = $doc])+ pub $name: $type,)+
        }

        impl $crate::config::section::Section for $section {
            const DECLARED: $crate::config::section::Declared = $crate::config::section::Declared {
                name: stringify!($section),
                table: $table,
                doc: concat!($($about),+),
                keys: &[$($crate::config::key::Key {
                    section: $table,
                    name: stringify!($name),
                    flat: section!(@flat $table, $name $(, $flat)?),
                    form: <$type as $crate::config::key::Field>::FORM,
                    bounds: section!(@bounds $($bounds)?),
                    fallback: || $crate::config::key::fallback::<$type>($fallback),
                    shown: section!(@shown $($shown)?),
                    doc: concat!($($doc),+),
                }),+],
            };

            fn read(reader: &mut $crate::config::section::Reader<'_>) -> Option<Self> {
                let mut keys = Self::DECLARED.keys.iter();
                // Every key is read before one that is missing ends this.
                $(let $name = keys.next().and_then(|key| reader.field::<$type>(key, $fallback));)+
                let section = Self { $($name: $name?),+ };
                if let Some(problem) = $crate::config::section::Check::problem(&section) {
                    reader.problem(problem);
                }
                Some(section)
            }

            fn shown(&self) -> Vec<$crate::config::section::Shown> {
                let values = [$($crate::config::key::Field::show(&self.$name)),+];
                Self::DECLARED.keys.iter().zip(values).collect()
            }
        }
    };
    (@flat $table:literal, $name:ident) => { concat!($table, "_", stringify!($name)) };
    (@flat $table:literal, $name:ident, $flat:literal) => { $flat };
    (@bounds) => { None };
    (@bounds $bounds:expr) => { Some($crate::config::key::bounds(&$bounds)) };
    (@shown) => { None };
    (@shown $shown:literal) => { Some($shown) };
}

pub(super) use section;
