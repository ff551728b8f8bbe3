//! Zip: the one file in an archive. The archive's directory is read by the `zip` crate, the bytes
//! that it points to by ourselves, so that the contents are a stream like others.

use std::io::{self, Read, Seek, SeekFrom};

use flate2::Crc;
use zip::{CompressionMethod, ZipArchive, result::ZipError};

use crate::{ReadError, Refused, limits::MAX_ZIP_ENTRIES};

/// Place of a file within an archive, with the expected size and checksum.
pub(super) struct Entry {
    pub(super) start: u64,
    pub(super) packed: u64,
    pub(super) deflated: bool,
    unpacked: u64,
    crc: u32,
}

/// Finds the only file of an archive, besides directories and the files that macOS adds.
pub(super) fn only_file<R: Read + Seek>(mut source: R) -> Result<(R, Entry), ReadError> {
    refuse_many(&mut source)?;
    let mut archive = ZipArchive::new(source).map_err(damaged)?;
    let (mut files, mut names) = (Vec::new(), Vec::new());
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index).map_err(damaged)?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        if !entry.is_dir() && !is_ignored(&name) {
            files.push(index);
        }
        names.push(name);
    }
    if let Some(document) = document(&names) {
        return Err(is_document(document).into());
    }
    let [index] = files[..] else {
        return Err(ReadError::refused(match files.len() {
            0 => "the zip file has no file in it".to_owned(),
            count => format!("the zip file has {count} files in it; there must be exactly one"),
        }));
    };
    let entry = {
        let file = archive.by_index_raw(index).map_err(damaged)?;
        if file.encrypted() {
            return Err(ReadError::refused("the zip file is encrypted"));
        }
        let deflated = match file.compression() {
            CompressionMethod::Stored => false,
            CompressionMethod::Deflated => true,
            other => {
                return Err(ReadError::refused(format!(
                    "the zip file is compressed with {other}; only deflate is read"
                )));
            }
        };
        let start = file.data_start().ok_or_else(|| damaged(ZipError::FileNotFound))?;
        Entry { start, packed: file.compressed_size(), deflated, unpacked: file.size(), crc: file.crc32() }
    };
    Ok((archive.into_inner(), entry))
}

/// Returns where the packed bytes of an archive's first file begin, told by its beginning alone:
/// `None` where that does not say whether, or how, an import would read it.
pub(super) fn first_file(beginning: &[u8]) -> Result<Option<usize>, Refused> {
    /// Every file has a header of its own, so many bytes before its name.
    const FIXED: usize = 30;
    const MARK: &[u8] = b"PK\x03\x04";
    /// The usual method of packing.
    const DEFLATE: u16 = 8;
    let short = |at: usize| beginning.get(at..at + 2).map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
    let name = |at: usize| {
        let length = usize::from(short(at + FIXED - 4));
        beginning.get(at + FIXED..at + FIXED + length).map(|name| String::from_utf8_lossy(name).into_owned())
    };
    let names: Vec<String> = memchr::memmem::find_iter(beginning, MARK).filter_map(name).collect();
    if let Some(document) = document(&names) {
        return Err(is_document(document));
    }
    let (encrypted, method, start) =
        (short(6) & 1 == 1, short(8), FIXED + usize::from(short(26)) + usize::from(short(28)));
    let is_list =
        |name: &String| !name.ends_with('/') && !is_ignored(name) && !PARTS.iter().any(|part| name.starts_with(part));
    let told = beginning.starts_with(MARK) && names.first().is_some_and(is_list) && !encrypted && method == DEFLATE;
    Ok((told && start <= beginning.len()).then_some(start))
}

/// Names of documents' parts that may stand before the part that tells the document.
const PARTS: [&str; 4] = ["_rels/", "docProps/", "xl/", "mimetype"];

fn is_document(document: &str) -> Refused {
    Refused(format!("the file looks like {document}; save the sheet as CSV"))
}

/// macOS adds these to archives.
fn is_ignored(name: &str) -> bool {
    name.starts_with("__MACOSX/") || name.ends_with(".DS_Store")
}

/// Returns the kind of an archive that is not a mere archive.
fn document(names: &[String]) -> Option<&'static str> {
    let has = |start: &str| names.iter().any(|name| name.starts_with(start));
    if has("[Content_Types].xml") {
        return Some(if has("xl/") { "an Excel workbook" } else { "an Office document" });
    }
    if has("mimetype") && has("content.xml") {
        return Some("an OpenDocument sheet");
    }
    has("Index/Document.iwa").then_some("an Apple Numbers sheet")
}

/// The directory is held in memory. The entries that the archive's end tells are looked at before
/// it is read.
fn refuse_many<R: Read + Seek>(source: &mut R) -> Result<(), ReadError> {
    /// Bytes of the directory's end records, also of a large archive's, and of a comment behind
    /// them.
    const TAIL: u64 = 56 + 20 + 22 + 65_535;
    let length = source.seek(SeekFrom::End(0))?;
    source.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    source.by_ref().take(TAIL).read_to_end(&mut tail)?;
    source.seek(SeekFrom::Start(0))?;
    // An archive with a longer directory than this has too many entries as well, whichever number
    // it states.
    let directory = MAX_ZIP_ENTRIES * 1024;
    let too_many = memchr::memmem::find_iter(&tail, b"PK\x05\x06").any(|at| {
        let field = |from: usize| tail.get(at + from..at + from + 4).and_then(|bytes| bytes.try_into().ok());
        let (entries, size) = (tail.get(at + 10..at + 12), field(12).map(u32::from_le_bytes));
        let entries = entries.map_or(0, |bytes| u64::from(bytes[0]) | u64::from(bytes[1]) << 8);
        // All ones: the numbers are in the record for large archives, see below.
        (entries > MAX_ZIP_ENTRIES && entries != 0xffff)
            || size.is_some_and(|size| size != u32::MAX && u64::from(size) > directory)
    });
    let too_many_large = memchr::memmem::find_iter(&tail, b"PK\x06\x06").any(|at| {
        let field = |from: usize| tail.get(at + from..at + from + 8).and_then(|bytes| bytes.try_into().ok());
        field(32).map(u64::from_le_bytes).is_some_and(|entries| entries > MAX_ZIP_ENTRIES)
            || field(40).map(u64::from_le_bytes).is_some_and(|size| size > directory)
    });
    if too_many || too_many_large {
        return Err(ReadError::refused(format!(
            "the zip file has more than {MAX_ZIP_ENTRIES} files in it; there must be exactly one"
        )));
    }
    Ok(())
}

fn damaged(error: ZipError) -> ReadError {
    match error {
        ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => error.into(),
        _ => ReadError::refused("the zip file is damaged or not complete"),
    }
}

/// Compares the unpacked bytes with the directory's record.
pub(super) struct Checked<R> {
    inner: R,
    crc: Crc,
    unpacked: u64,
    wanted: u32,
}

impl<R> Checked<R> {
    pub(super) fn new(inner: R, entry: &Entry) -> Self {
        Self { inner, crc: Crc::new(), unpacked: entry.unpacked, wanted: entry.crc }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let size = self.inner.read(out)?;
        self.crc.update(&out[..size]);
        self.unpacked = self.unpacked.checked_sub(size as u64).ok_or(io::ErrorKind::InvalidData)?;
        if size == 0 && !out.is_empty() && (self.unpacked > 0 || self.crc.sum() != self.wanted) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(size)
    }
}
