//! Values and their origins: the environment, the TOML file, a secret's own file, or a command.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use figment::{
    Provider,
    providers::{Format, Toml},
    value::{Dict, Value},
};

use super::{
    error::ConfigError,
    key::{Form, Key},
    key_of_environment, keys, secret_command, secret_file,
};

const PREFIX: &str = "MUSTER_";
/// Ends the name of a key that says in which file a secret is.
const FILE: &str = "_file";
/// Ends the name of a key that says which command tells a secret.
const COMMAND: &str = "_command";
/// Variables of the prefix that are no keys: where the file is, and the addresses, tokens and names
/// of `muster`'s own commands.
const NOT_KEYS: [&str; 7] = ["config", "api_url", "operator", "operator_token", "profile", "profiles", "token"];

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nothing was set.
    Default,
    /// A variable of the environment.
    Environment(String),
    /// A key of the TOML file.
    File(PathBuf, String),
    /// A TOML text.
    Text(String),
    /// A file of its own, and the variable or key that names it.
    SecretFile(PathBuf, Box<Self>),
    /// The output of a command, and the variable or key that names it. Its arguments may be secret.
    SecretCommand(String, Box<Self>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Environment(name) | Self::Text(name) => f.write_str(name),
            Self::File(file, name) => write!(f, "{name} in {}", file.display()),
            Self::SecretFile(file, by) => write!(f, "the file {}, named by {by}", file.display()),
            Self::SecretCommand(program, by) => write!(f, "the command {program}, named by {by}"),
        }
    }
}

struct Given {
    value: Value,
    origin: Origin,
}

impl fmt::Debug for Given {
    /// The value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// Every value that is set, by its key's name in the environment. The names are known to be right;
/// values are not looked at.
#[derive(Debug, Default)]
pub struct Source {
    values: BTreeMap<&'static str, Given>,
    files: BTreeMap<&'static str, Given>,
    commands: BTreeMap<&'static str, Given>,
}

impl Source {
    /// Reads the environment and the file that it names.
    pub fn load() -> Result<Self, ConfigError> {
        let mut source = Self::default();
        let mut problems = Vec::new();
        if let Some(file) = std::env::var_os("MUSTER_CONFIG") {
            let file = PathBuf::from(file);
            let text = std::fs::read_to_string(&file).map_err(|error| {
                ConfigError::of(format!("{}, named by MUSTER_CONFIG, cannot be read: {error}", file.display()))
            })?;
            source.add_toml(&text, Some(&file), &mut problems)?;
        }
        let variables = std::env::vars_os().filter_map(|(name, text)| Some((name.into_string().ok()?, text)));
        for (name, text) in variables.filter(|(name, _)| name.starts_with(PREFIX)) {
            match text.into_string() {
                Ok(text) => source.add_variable(&name, text, &mut problems),
                Err(_) => problems.push(format!("{name} is not UTF-8")),
            }
        }
        source.unless(problems)
    }

    /// Reads a TOML text alone.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let (mut source, mut problems) = (Self::default(), Vec::new());
        source.add_toml(text, None, &mut problems)?;
        source.unless(problems)
    }

    /// Reads these variables alone.
    pub fn from_environment<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ConfigError> {
        let (mut source, mut problems) = (Self::default(), Vec::new());
        for (name, text) in variables {
            source.add_variable(name, text.to_owned(), &mut problems);
        }
        source.unless(problems)
    }

    fn unless(self, problems: Vec<String>) -> Result<Self, ConfigError> {
        if problems.is_empty() { Ok(self) } else { Err(ConfigError(problems)) }
    }

    fn add_variable(&mut self, name: &str, text: String, problems: &mut Vec<String>) {
        let flat = name.trim_start_matches(PREFIX).to_ascii_lowercase();
        if NOT_KEYS.contains(&flat.as_str()) {
            return;
        }
        let origin = Origin::Environment(name.to_owned());
        if let Some(key) = key_of_environment(&flat) {
            let value = match key.form {
                Form::Text | Form::Secret => Value::from(text),
                // Numbers, switches and lists are written as in TOML; parsing gives a text where
                // they are not.
                Form::Number | Form::Switch | Form::List => text.parse().unwrap_or_else(|_| Value::from(text)),
            };
            self.values.insert(key.flat, Given { value, origin });
        } else if let Some(key) = flat.strip_suffix(FILE).and_then(secret) {
            self.files.insert(key.flat, Given { value: Value::from(text), origin });
        } else if let Some(key) = flat.strip_suffix(COMMAND).and_then(secret) {
            let value = text.parse().unwrap_or_else(|_| Value::from(text));
            self.commands.insert(key.flat, Given { value, origin });
        } else {
            let names = keys().flat_map(|key| {
                let file = key.may_be_in_a_file().then(|| format!("{}_FILE", key.environment()));
                [Some(key.environment()), file].into_iter().flatten()
            });
            problems.push(format!("{name} is no key of the configuration; the nearest is {}", nearest(name, names)));
        }
    }

    fn add_toml(&mut self, text: &str, file: Option<&Path>, problems: &mut Vec<String>) -> Result<(), ConfigError> {
        let shown = file.map_or_else(String::new, |file| format!("{}: ", file.display()));
        let read = Toml::string(text).data().map_err(|error| ConfigError::of(format!("{shown}{}", syntax(&error))))?;
        for (name, value) in read.into_values().flatten() {
            let section = keys().any(|key| key.section == name);
            match value {
                Value::Dict(_, keys) if section => self.add_section(&name, keys, file, problems),
                value => problems.push(format!("{shown}{}", misplaced(&name, &value, section))),
            }
        }
        Ok(())
    }

    fn add_section(&mut self, section: &str, given: Dict, file: Option<&Path>, problems: &mut Vec<String>) {
        for (name, value) in given {
            let path = format!("{section}.{name}");
            let origin = match file {
                Some(file) => Origin::File(file.to_owned(), path.clone()),
                None => Origin::Text(path.clone()),
            };
            let named = |name: &str| keys().find(|key| key.section == section && key.name == name);
            if let Some(key) = named(&name) {
                self.values.insert(key.flat, Given { value, origin });
            } else if let Some(key) = name.strip_suffix(FILE).and_then(named).filter(|key| key.may_be_in_a_file()) {
                self.files.insert(key.flat, Given { value, origin });
            } else if let Some(key) = name.strip_suffix(COMMAND).and_then(named).filter(|key| key.may_be_in_a_file()) {
                self.commands.insert(key.flat, Given { value, origin });
            } else {
                let nearest = nearest(&path, paths());
                problems.push(format!("{origin} is no key of the configuration; the nearest is {nearest}"));
            }
        }
    }

    /// Returns where the value of a key comes from.
    pub fn origin(&self, key: &Key) -> Origin {
        if let Some(given) = self.values.get(key.flat) {
            return given.origin.clone();
        }
        if let Some(named) = self.files.get(key.flat) {
            let file = named.value.as_str().unwrap_or_default();
            return Origin::SecretFile(PathBuf::from(file), Box::new(named.origin.clone()));
        }
        match self.commands.get(key.flat) {
            Some(named) => {
                let program = words(&named.value).into_iter().flatten().next().unwrap_or_default();
                Origin::SecretCommand(program, Box::new(named.origin.clone()))
            }
            None => Origin::Default,
        }
    }

    /// Returns the value of a key that is set. A secret's file is read now, and its command run
    /// now: another process need not be able to.
    pub(super) fn value(&self, key: &Key) -> Result<Option<Value>, String> {
        let given: Vec<_> =
            [&self.values, &self.files, &self.commands].iter().filter_map(|by| by.get(key.flat)).collect();
        if let [one, other, ..] = given.as_slice() {
            return Err(format!(
                "{} is set twice, by {} and by {}: leave one out",
                key.path(),
                one.origin,
                other.origin
            ));
        }
        if let Some(given) = self.values.get(key.flat) {
            return Ok(Some(given.value.clone()));
        }
        let told = |named: &Given, text: Result<String, String>| {
            text.map(|text| Some(Value::from(text)))
                .map_err(|problem| format!("{} ({}): {problem}", key.path(), named.origin))
        };
        if let Some(named) = self.files.get(key.flat) {
            let text = match named.value.as_str() {
                Some(file) => secret_file::read(Path::new(file)).map_err(|problem| format!("{file} {problem}")),
                None => Err("the name of a file must be a text".to_owned()),
            };
            return told(named, text);
        }
        let Some(named) = self.commands.get(key.flat) else { return Ok(None) };
        let text = match words(&named.value) {
            Some(words) => secret_command::read(&words)
                .map_err(|problem| format!("{} {problem}", words.first().map_or("", String::as_str))),
            None => Err("a command must be a list of texts: its program and its arguments".to_owned()),
        };
        told(named, text)
    }
}

/// Returns a command's program and arguments.
fn words(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|word| word.as_str().map(ToOwned::to_owned)).collect()
}

fn secret(flat: &str) -> Option<&'static Key> {
    key_of_environment(flat).filter(|key| key.may_be_in_a_file())
}

/// Returns the keys as the TOML file names them.
fn paths() -> impl Iterator<Item = String> {
    keys().flat_map(|key| {
        let file = key.may_be_in_a_file().then(|| format!("{}{FILE}", key.path()));
        [Some(key.path()), file].into_iter().flatten()
    })
}

/// Returns the fault of a member of the file that is no section.
fn misplaced(name: &str, value: &Value, section: bool) -> String {
    if section {
        return format!("{name} is a section: write [{name}] and its keys below it");
    }
    if let Some(key) = key_of_environment(name) {
        return format!("{name} is now {} in the section [{}]", key.name, key.section);
    }
    if matches!(value, Value::Dict(..)) {
        let sections = keys().map(|key| key.section.to_owned());
        return format!("[{name}] is no section of the configuration; the nearest is [{}]", nearest(name, sections));
    }
    format!("{name} is no key of the configuration; the nearest is {}", nearest(name, paths()))
}

/// Returns the name that is most like another.
fn nearest(name: &str, names: impl Iterator<Item = String>) -> String {
    let alike = |other: &String| strsim::jaro_winkler(name, other);
    names.max_by(|one, other| alike(one).total_cmp(&alike(other))).unwrap_or_default()
}

/// Returns a mistake in the file's syntax, on one line. It comes with the line that it is in, which
/// may have a secret and is not shown.
fn syntax(error: &figment::Error) -> String {
    let shown = error.to_string();
    let lines = shown.lines().map(str::trim).filter(|line| !line.is_empty() && !line.contains('|'));
    lines.collect::<Vec<_>>().join(": ")
}
