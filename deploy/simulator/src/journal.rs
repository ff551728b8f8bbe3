//! Files of JSON lines that outlive the process: append, and read back at the start.
//!
//! A line is written whole before the call returns, so a killed process loses none that it spoke
//! of. A crash of the machine may take the page cache: nothing is synced to the disk.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Write as _},
    path::Path,
};

use anyhow::Context as _;
use serde::{Serialize, de::DeserializeOwned};

/// One file of JSON lines, open for appending.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    /// The length of the whole lines.
    len: u64,
}

impl Journal {
    /// Opens or creates the file and hands over each of its entries. A last line that was torn by a
    /// kill is cut off: nobody has been told of it.
    pub(crate) fn open<T: DeserializeOwned>(
        path: &Path,
        mut each: impl FnMut(T) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let context = || format!("the log {}", path.display());
        let file = OpenOptions::new().read(true).append(true).create(true).open(path).with_context(context)?;
        let mut reader = BufReader::new(&file);
        let mut line = Vec::new();
        let mut len = 0;
        for number in 1_u64.. {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).with_context(context)?;
            if read == 0 || line.last() != Some(&b'\n') {
                break;
            }
            serde_json::from_slice(&line)
                .map_err(anyhow::Error::from)
                .and_then(&mut each)
                .with_context(|| format!("line {number} of the log {}", path.display()))?;
            len += read as u64;
        }
        file.set_len(len).with_context(context)?;
        Ok(Self { file, len })
    }

    /// Appends one entry.
    pub(crate) fn append<T: Serialize>(&mut self, entry: &T) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        if let Err(error) = self.file.write_all(&line) {
            // A line that is there in part would make the next one unreadable.
            self.file.set_len(self.len)?;
            return Err(error);
        }
        self.len += line.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> anyhow::Result<(Journal, Vec<u32>)> {
        let mut entries = Vec::new();
        let journal = Journal::open(path, |entry| {
            entries.push(entry);
            Ok(())
        })?;
        Ok((journal, entries))
    }

    fn file(name: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("sim-{}-{name}", std::process::id()));
        std::fs::remove_file(&path).ok();
        path
    }

    #[test]
    fn entries_are_read_back_in_order_and_added_to() {
        let path = file("order");
        let (mut journal, _) = read(&path).unwrap();
        journal.append(&1).unwrap();
        journal.append(&2).unwrap();
        let (mut journal, entries) = read(&path).unwrap();
        assert_eq!(entries, [1, 2]);
        journal.append(&3).unwrap();
        assert_eq!(read(&path).unwrap().1, [1, 2, 3]);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_torn_last_line_is_cut_off() {
        let path = file("torn");
        std::fs::write(&path, "1\n2\n3").unwrap();
        let (mut journal, entries) = read(&path).unwrap();
        assert_eq!(entries, [1, 2]);
        journal.append(&4).unwrap();
        assert_eq!(read(&path).unwrap().1, [1, 2, 4]);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_broken_line_in_the_middle_is_an_error_that_names_it() {
        let path = file("broken");
        std::fs::write(&path, "1\n{\n3\n").unwrap();
        let error = read(&path).unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
        std::fs::remove_file(path).unwrap();
    }
}
