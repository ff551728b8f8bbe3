//! Secrets in files of their own, as Docker, Kubernetes and systemd hand them over.

use std::{fs::File, io::Read, path::Path};

/// Bytes of a secret's file at most.
pub(super) const SECRET_LIMIT: u64 = 16 * 1_024;

/// Reads a secret, without the line break at its end. Errors continue a sentence that begins with
/// the path, and never show the content.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(SECRET_LIMIT + 1).read_to_end(&mut bytes));
    read.map_err(|error| format!("cannot be read: {error}"))?;
    text_of(bytes)
}

/// Returns a secret without the line break at its end.
pub(super) fn text_of(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.len() as u64 > SECRET_LIMIT {
        return Err(format!("is longer than {SECRET_LIMIT} bytes"));
    }
    let mut text = String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.is_empty() { Err("is empty".to_owned()) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read_bytes(bytes: &[u8]) -> Result<String, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        read(file.path())
    }

    #[test]
    fn one_line_break_at_the_end_is_no_part_of_a_secret() {
        for text in ["hush", "hush\n", "hush\r\n"] {
            assert_eq!(read_bytes(text.as_bytes()).unwrap(), "hush");
        }
        assert_eq!(read_bytes(b"hush\n\n").unwrap(), "hush\n");
        assert_eq!(read_bytes(b" hush ").unwrap(), " hush ");
    }

    #[test]
    fn a_file_that_has_no_secret_says_why_and_not_what_it_has() {
        assert_eq!(read_bytes(b"").unwrap_err(), "is empty");
        assert_eq!(read_bytes(b"\n").unwrap_err(), "is empty");
        assert_eq!(read_bytes(b"hush\xff").unwrap_err(), "is not UTF-8");
        let longest = "x".repeat(usize::try_from(SECRET_LIMIT).unwrap());
        assert!(read_bytes(longest.as_bytes()).is_ok());
        assert_eq!(read_bytes(format!("{longest}x").as_bytes()).unwrap_err(), "is longer than 16384 bytes");
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap_err().starts_with("cannot be read: "));
        assert!(read(&folder.path().join("none")).unwrap_err().starts_with("cannot be read: No such file"));
    }
}
