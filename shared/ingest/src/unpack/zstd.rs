//! Zstd: frame after frame, with their checksums. A frame's window is the memory it takes, and is
//! bounded.

use std::io::{self, BufRead, BufReader, Read};

use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

use crate::{Refused, limits::MAX_WINDOW};

/// The contents of all frames.
pub(super) struct Frames<R> {
    source: BufReader<R>,
    decoder: FrameDecoder,
    window: u64,
    in_frame: bool,
}

impl<R: Read> Frames<R> {
    /// Takes windows of up to so many bytes. Only the largest that is ever taken is a reason to
    /// refuse the file.
    pub(super) fn new(source: R, window: u64) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(window);
        Self { source: BufReader::with_capacity(64 * 1024, source), decoder, window, in_frame: false }
    }

    /// Begins the next frame; says whether there is one.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            if self.source.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.reset(&mut self.source) {
                Ok(()) => {
                    self.in_frame = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let skipped = io::copy(&mut self.source.by_ref().take(length.into()), &mut io::sink())?;
                    if skipped < length.into() {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(FrameDecoderError::WindowSizeTooBig { .. }) if self.window < MAX_WINDOW => {
                    return Err(io::ErrorKind::OutOfMemory.into());
                }
                Err(FrameDecoderError::WindowSizeTooBig { .. }) => {
                    let mib = MAX_WINDOW / 1024 / 1024;
                    return Err(Refused(format!("the zstd file needs a window of more than {mib} MiB")).into());
                }
                Err(FrameDecoderError::DictNotProvided { .. }) => {
                    return Err(Refused("the zstd file needs a dictionary".to_owned()).into());
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }

    /// The checksum behind a frame is right, if it is there.
    fn end_frame(&mut self) -> io::Result<()> {
        let (told, found) = (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum());
        if told.is_some() && told != found {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.in_frame = false;
        Ok(())
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.in_frame && !self.next_frame()? {
                return Ok(0);
            }
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(out);
            }
            if self.decoder.is_finished() {
                self.end_frame()?;
            } else {
                self.decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(io::Error::other)?;
            }
        }
    }
}
