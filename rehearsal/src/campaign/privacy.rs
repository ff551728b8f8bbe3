//! Rule R5 checked: the processes' logs are searched for the people of the files.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::csv::ContactFile;

/// The result of a search of the logs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    pub(crate) logs: usize,
    pub(crate) bytes: usize,
    /// The log and the line's number of each hit; the text of the hit stays out of the report.
    pub(crate) hits: Vec<String>,
}

/// Names and numbers that must not be in a log.
pub(crate) struct Needles {
    phones: HashSet<String>,
    last_names: HashSet<String>,
}

impl Needles {
    pub(crate) fn of(files: &[ContactFile]) -> Self {
        let people = || files.iter().flat_map(|file| &file.people);
        Self {
            phones: people().map(|person| person.phone.clone()).collect(),
            last_names: people().map(|person| person.last_name.to_lowercase()).collect(),
        }
    }

    fn are_in(&self, line: &str) -> bool {
        let words = line.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 8);
        words.into_iter().any(|word| self.last_names.contains(&word.to_lowercase())) || self.has_phone(line)
    }

    /// Returns a number of ten digits, or eleven with the country's, however it is punctuated.
    /// Digits that letters touch belong to an id in hexadecimal.
    fn has_phone(&self, line: &str) -> bool {
        let dialled = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')' | '+');
        let mut rest = line;
        let mut before = ' ';
        while let Some(start) = rest.find(dialled) {
            before = rest[..start].chars().next_back().unwrap_or(before);
            let run = &rest[start..];
            let end = run.find(|c| !dialled(c)).unwrap_or(run.len());
            let after = run[end..].chars().next().unwrap_or(' ');
            if !before.is_ascii_alphanumeric() && !after.is_ascii_alphanumeric() {
                let digits: String = run[..end].chars().filter(char::is_ascii_digit).collect();
                let national = digits.strip_prefix('1').filter(|rest| rest.len() == 10).unwrap_or(&digits);
                if self.phones.contains(national) {
                    return true;
                }
            }
            // Numbers beside other numbers: each by itself, unless a letter touches it.
            let words: Vec<&str> = run[..end].split([' ', '(', ')']).collect();
            let first = usize::from(before.is_ascii_alphanumeric());
            let last = words.len() - usize::from(after.is_ascii_alphanumeric());
            let mut alone = words.iter().take(last).skip(first).map(|word| word.trim_start_matches("+1"));
            if alone.any(|word| self.phones.contains(word)) {
                return true;
            }
            before = run[..end].chars().next_back().unwrap_or(' ');
            rest = &run[end..];
        }
        false
    }
}

/// Searches the logs of every process but the simulator, which is the carrier.
pub(crate) fn search(folder: &Path, needles: &Needles) -> anyhow::Result<Found> {
    let mut found = Found::default();
    for log in logs(folder)? {
        let bytes = std::fs::read(&log).with_context(|| format!("reading {}", log.display()))?;
        found.logs += 1;
        found.bytes += bytes.len();
        for (index, line) in String::from_utf8_lossy(&bytes).lines().enumerate() {
            if needles.are_in(line) {
                found.hits.push(format!("{}:{}", log.display(), index + 1));
            }
        }
    }
    Ok(found)
}

fn logs(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let listing = std::fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))?;
    let mut logs = Vec::new();
    for entry in listing {
        let path = entry.with_context(|| format!("listing {}", folder.display()))?.path();
        let is_log = path.extension().is_some_and(|extension| extension == "log");
        if is_log && path.file_stem().is_some_and(|stem| stem != "simulator") {
            logs.push(path);
        }
    }
    logs.sort();
    Ok(logs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_found_and_ids_are_not() {
        let needles = Needles {
            phones: HashSet::from(["2122345678".to_owned()]),
            last_names: HashSet::from(["vrankoluazidwyk".to_owned()]),
        };
        for line in [
            r#"{"to":"+12122345678"}"#,
            "to=2122345678 at 10",
            "10 2122345678 11",
            "(212) 234-5678",
            "Dear Ms Vrankoluazidwyk,",
        ] {
            assert!(needles.are_in(line), "{line}");
        }
        for line in ["trace=ab2122345678ff", "12122345678900", "2026-11-21T21:22:34.5678Z", "Dear Ms Vrank"] {
            assert!(!needles.are_in(line), "{line}");
        }
    }
}
