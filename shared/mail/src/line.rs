//! Connections to a mail server as the client library takes them, and the question for TLS.
//!
//! The library's own TLS would bring features that rebuild every crate with TLS, and keeps bytes
//! that come before TLS for after it: a stranger on the way could answer in the server's place.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use lettre::transport::smtp::{client::AsyncTokioStream, extension::ClientId};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    net::TcpStream,
};

use crate::error::BROKEN_OFF;

/// Bytes of an answer before TLS at most.
const LINE_LIMIT: usize = 8 * 1_024;

/// The greeting that stands in for the server's own, which came before TLS did.
pub(crate) const GREETED: &[u8] = b"220 after STARTTLS\r\n";

/// A connection, and a greeting that is read before the server's words.
pub(crate) struct Line<S> {
    stream: S,
    peer: SocketAddr,
    greeting: &'static [u8],
}

impl<S> Line<S> {
    pub(crate) const fn new(stream: S, peer: SocketAddr, greeting: &'static [u8]) -> Self {
        Self { stream, peer, greeting }
    }
}

impl<S> fmt::Debug for Line<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> AsyncTokioStream for Line<S> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Line<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let greeting = self.greeting;
        if greeting.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, into);
        }
        let (now, later) = greeting.split_at(greeting.len().min(into.remaining()));
        into.put_slice(now);
        self.greeting = later;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Line<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Asks the server for TLS (RFC 3207). A server that does not offer it, or that says more than it
/// was asked, gets nothing.
pub(crate) async fn ask_for_tls(tcp: &mut TcpStream, hello: &ClientId) -> Result<(), String> {
    answer(tcp).await?;
    say(tcp, &format!("EHLO {hello}\r\n")).await?;
    let offers = answer(tcp).await?;
    if !offers.iter().any(|offer| offer.trim_end().eq_ignore_ascii_case("STARTTLS")) {
        return Err("it offers no TLS".to_owned());
    }
    say(tcp, "STARTTLS\r\n").await?;
    answer(tcp).await?;
    Ok(())
}

async fn say(tcp: &mut TcpStream, command: &str) -> Result<(), String> {
    tcp.write_all(command.as_bytes()).await.map_err(|error| error.to_string())
}

/// Returns the lines of an answer, each without its code.
async fn answer(tcp: &mut TcpStream) -> Result<Vec<String>, String> {
    let (mut said, mut piece) = (Vec::new(), [0; 1_024]);
    loop {
        let read = tcp.read(&mut piece).await.map_err(|error| error.to_string())?;
        said.extend_from_slice(&piece[..read]);
        if read == 0 || said.len() > LINE_LIMIT {
            return Err(BROKEN_OFF.to_owned());
        }
        if let Some(lines) = whole(&said)? {
            return Ok(lines);
        }
    }
}

/// Returns the lines of an answer that has come to its end; none of one that has not.
fn whole(said: &[u8]) -> Result<Option<Vec<String>>, String> {
    let Some(lines) = said.strip_suffix(b"\r\n") else { return Ok(None) };
    let text = String::from_utf8_lossy(lines);
    let lines: Vec<&str> = text.split("\r\n").collect();
    let more = |line: &str| line.as_bytes().get(3) == Some(&b'-');
    for line in &lines {
        let code = line.get(..3).filter(|code| code.bytes().all(|digit| digit.is_ascii_digit()));
        match code {
            Some(code) if code.starts_with('2') => {}
            Some(code) => return Err(format!("refused with {code}")),
            None => return Err(BROKEN_OFF.to_owned()),
        }
    }
    let Some((last, others)) = lines.split_last() else { return Ok(None) };
    if !others.iter().all(|line| more(line)) {
        return Err("it said more than it was asked".to_owned());
    }
    let words = |line: &&str| line.get(4..).unwrap_or_default().to_owned();
    Ok((!more(last)).then(|| lines.iter().map(words).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a6_an_answer_before_tls_is_read_to_its_end_and_no_further() {
        assert_eq!(whole(b"220 ready\r\n").unwrap().unwrap(), ["ready"]);
        assert_eq!(whole(b"250-mail\r\n250 STARTTLS\r\n").unwrap().unwrap(), ["mail", "STARTTLS"]);
        assert_eq!(whole(b"220\r\n").unwrap().unwrap(), [""]);
        for part in ["", "2", "250-mail\r\n", "250-mail\r\n250 STAR", "250 mail\n"] {
            assert_eq!(whole(part.as_bytes()), Ok(None), "{part}");
        }
        assert_eq!(whole(b"554 5.7.1 no <ada@example.org>\r\n"), Err("refused with 554".to_owned()));
        assert_eq!(whole(b"220 go on\r\n250 AUTH PLAIN\r\n"), Err("it said more than it was asked".to_owned()));
        for unreadable in ["hello\r\n", "\r\n", "2\r\n", "2é0 x\r\n"] {
            assert_eq!(whole(unreadable.as_bytes()), Err(BROKEN_OFF.to_owned()), "{unreadable}");
        }
    }
}
