//! Any encoding to UTF-8, without a byte-order mark (rule C3). Line ends stay as they are.
//!
//! UTF-8 passes as it is, also where it is not UTF-8. Bytes that have no meaning in another
//! encoding (an unpaired surrogate, half a character at the end, a byte that Windows-1252 leaves
//! undefined) become the byte FF, which no UTF-8 text has. So a row that could not be decoded is
//! told by one rule, in any encoding of the file, and is rejected alone; and a U+FFFD that the file
//! really has is a character like others.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE};

use muster_domain::imports::FileEncoding;

/// Stands for bytes that could not be decoded.
pub const UNREADABLE: u8 = 0xff;

/// Bytes that are decoded at a time.
const BLOCK: usize = 64 * 1024;

/// UTF-8 text out of a file in another encoding.
pub struct Text<R> {
    source: R,
    decoding: Decoding,
    raw: Vec<u8>,
    /// The source has ended.
    ended: bool,
    /// Decoded text that has not been asked for yet.
    ready: Vec<u8>,
    ready_at: usize,
}

enum Decoding {
    AsIs,
    Windows1252,
    Utf16(Box<Decoder>),
}

impl<R: Read> Text<R> {
    /// Decodes a source, which begins behind its byte-order mark.
    pub fn new(source: R, encoding: FileEncoding) -> Self {
        let decoding = match encoding {
            FileEncoding::Utf8 => Decoding::AsIs,
            FileEncoding::Windows1252 => Decoding::Windows1252,
            FileEncoding::Utf16Le => Decoding::Utf16(Box::new(UTF_16LE.new_decoder_without_bom_handling())),
            FileEncoding::Utf16Be => Decoding::Utf16(Box::new(UTF_16BE.new_decoder_without_bom_handling())),
        };
        Self { source, decoding, raw: Vec::new(), ended: false, ready: Vec::new(), ready_at: 0 }
    }

    /// Decodes another block; nothing becomes ready at the end.
    fn decode(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.ready_at = 0;
        while self.ready.is_empty() && !self.ended {
            self.raw.resize(BLOCK, 0);
            let size = loop {
                match self.source.read(&mut self.raw) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other?,
                }
            };
            self.raw.truncate(size);
            self.ended = size == 0;
            match &mut self.decoding {
                Decoding::AsIs => self.ready.extend_from_slice(&self.raw),
                Decoding::Windows1252 => windows_1252(&self.raw, &mut self.ready),
                Decoding::Utf16(decoder) => utf_16(decoder, &self.raw, self.ended, &mut self.ready),
            }
        }
        Ok(())
    }
}

fn utf_16(decoder: &mut Decoder, mut raw: &[u8], last: bool, out: &mut Vec<u8>) {
    loop {
        let start = out.len();
        let room = decoder.max_utf8_buffer_length_without_replacement(raw.len()).unwrap_or(3 * BLOCK);
        out.resize(start + room, 0);
        let (result, used, written) = decoder.decode_to_utf8_without_replacement(raw, &mut out[start..], last);
        out.truncate(start + written);
        raw = &raw[used..];
        match result {
            DecoderResult::InputEmpty => return,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => out.push(UNREADABLE),
        }
    }
}

/// Meanings of the bytes from 80 on, where they differ from Latin-1; U+FFFD where they have none.
const UPPER: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž', '\u{fffd}', '\u{fffd}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}', 'ž', 'Ÿ',
];

fn windows_1252(raw: &[u8], out: &mut Vec<u8>) {
    for byte in raw {
        let meaning = match byte {
            0x80..=0x9f => UPPER[usize::from(byte - 0x80)],
            other => char::from(*other),
        };
        match meaning {
            '\u{fffd}' => out.push(UNREADABLE),
            meaning => out.extend_from_slice(meaning.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if matches!(self.decoding, Decoding::AsIs) {
            return self.source.read(out);
        }
        if self.ready_at == self.ready.len() {
            self.decode()?;
        }
        let size = out.len().min(self.ready.len() - self.ready_at);
        out[..size].copy_from_slice(&self.ready[self.ready_at..self.ready_at + size]);
        self.ready_at += size;
        Ok(size)
    }
}
