//! Formats of files.

use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// The compression of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// A zip archive.
    Zip,
}

text_enum!(Compression);

/// The encoding of a file's characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum FileEncoding {
    /// UTF-8, with or without a byte-order mark.
    #[strum(serialize = "UTF-8")]
    Utf8,
    /// UTF-16 with a byte-order mark, small end first.
    #[strum(serialize = "UTF-16LE")]
    Utf16Le,
    /// UTF-16 with a byte-order mark, big end first.
    #[strum(serialize = "UTF-16BE")]
    Utf16Be,
    /// Windows-1252, which also reads Latin-1.
    #[strum(serialize = "windows-1252")]
    Windows1252,
}

text_enum!(FileEncoding);
