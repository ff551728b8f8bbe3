//! A mail server of a test's own, which speaks SMTP (RFC 5321) with TLS, STARTTLS and AUTH, keeps
//! the mails that it takes, and refuses as the test says. It listens on this machine alone and ends
//! with the test.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufStream},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// The name and the password that a server with a login takes.
pub const SMTP_LOGIN: (&str, &str) = ("muster", "what-only-the-mail-server-knows");

/// A mail that was taken.
#[derive(Debug, Clone, Default)]
pub struct TakenMail {
    /// The address of `MAIL FROM`.
    pub from: String,
    /// The addresses of `RCPT TO`.
    pub to: Vec<String>,
    /// The mail, with the dots of the protocol taken away.
    pub text: String,
    /// It came over TLS.
    pub is_secure: bool,
    /// Somebody had signed in.
    pub has_login: bool,
}

/// The server's ways.
#[derive(Debug, Default)]
pub struct SmtpWays {
    /// TLS from the first byte.
    pub implicit: bool,
    /// A login is needed.
    pub login: bool,
    /// Bytes that a stranger on the way puts behind the answer to STARTTLS.
    pub injected: &'static str,
}

#[derive(Debug, Default)]
struct Told {
    mails: Vec<TakenMail>,
    commands: Vec<String>,
    /// Answers to coming commands of these beginnings, in their order.
    answers: VecDeque<(&'static str, String)>,
}

/// A running server.
#[derive(Debug)]
pub struct Smtp {
    port: u16,
    told: Arc<Mutex<Told>>,
    _server: JoinSet<()>,
}

impl Smtp {
    /// Starts a server; without an acceptor it has no TLS.
    pub async fn start(ways: SmtpWays, acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port for the mail server");
        let port = listener.local_addr().expect("the port of the mail server").port();
        let told = Arc::new(Mutex::new(Told::default()));
        let (ways, kept) = (Arc::new(ways), Arc::clone(&told));
        let mut server = JoinSet::new();
        server.spawn(async move {
            let mut clients = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let client = Client { ways: Arc::clone(&ways), acceptor: acceptor.clone(), told: Arc::clone(&kept) };
                // A client that breaks off is none of the server's faults.
                clients.spawn(async move { drop(client.serve(tcp).await) });
            }
        });
        Self { port, told, _server: server }
    }

    /// Returns its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Answers the next command that begins like this with a refusal.
    pub fn refuse(&self, command: &'static str, answer: &str) {
        self.told(|told| told.answers.push_back((command, answer.to_owned())));
    }

    /// Returns the mails that it has taken.
    pub fn mails(&self) -> Vec<TakenMail> {
        self.told(|told| told.mails.clone())
    }

    /// Returns the commands that it was told; of a login no more than its kind.
    pub fn commands(&self) -> Vec<String> {
        self.told(|told| told.commands.clone())
    }

    fn told<T>(&self, look: impl FnOnce(&mut Told) -> T) -> T {
        look(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A client's connection.
struct Client {
    ways: Arc<SmtpWays>,
    acceptor: Option<TlsAcceptor>,
    told: Arc<Mutex<Told>>,
}

/// How a dialogue ended.
enum End {
    Farewell,
    StartTls,
}

impl Client {
    async fn serve(self, tcp: TcpStream) -> std::io::Result<()> {
        match &self.acceptor {
            Some(acceptor) if self.ways.implicit => {
                let tls = acceptor.accept(tcp).await?;
                self.talk(&mut BufStream::new(tls), true, true).await?;
            }
            acceptor => {
                let mut plain = BufStream::new(tcp);
                if let (End::StartTls, Some(acceptor)) = (self.talk(&mut plain, false, true).await?, acceptor) {
                    let tls = acceptor.accept(plain.into_inner()).await?;
                    self.talk(&mut BufStream::new(tls), true, false).await?;
                }
            }
        }
        Ok(())
    }

    fn told<T>(&self, look: impl FnOnce(&mut Told) -> T) -> T {
        look(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the refusal that the test wants for a command, if it wants one.
    fn refusal(&self, command: &str) -> Option<String> {
        self.told(|told| {
            let nth = told.answers.iter().position(|(beginning, _)| command.starts_with(beginning))?;
            told.answers.remove(nth).map(|(_, answer)| answer)
        })
    }

    fn extensions(&self, is_secure: bool) -> String {
        let mut lines = vec!["mail.example.org", "8BITMIME"];
        if self.acceptor.is_some() && !is_secure {
            lines.push("STARTTLS");
        }
        if self.ways.login {
            lines.push("AUTH PLAIN LOGIN");
        }
        let last = lines.len() - 1;
        let line = |(nth, line): (usize, &&str)| format!("250{}{line}", if nth == last { ' ' } else { '-' });
        lines.iter().enumerate().map(line).collect::<Vec<_>>().join("\r\n")
    }

    async fn talk<S>(&self, stream: &mut BufStream<S>, is_secure: bool, greets: bool) -> std::io::Result<End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if greets {
            say(stream, "220 mail.example.org ready").await?;
        }
        let (mut mail, mut has_login) = (TakenMail { is_secure, ..TakenMail::default() }, false);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(End::Farewell);
            }
            let line = line.trim_end();
            let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
            let verb = verb.to_ascii_uppercase();
            let kept = if verb == "AUTH" { verb.clone() } else { line.to_owned() };
            self.told(|told| told.commands.push(kept));
            if let Some(refusal) = self.refusal(line) {
                say(stream, &refusal).await?;
                continue;
            }
            match verb.as_str() {
                "EHLO" => say(stream, &self.extensions(is_secure)).await?,
                "STARTTLS" if self.acceptor.is_some() && !is_secure => {
                    say(stream, &format!("220 go on{}", self.ways.injected)).await?;
                    return Ok(End::StartTls);
                }
                "AUTH" if self.ways.login => {
                    has_login = login(stream, rest).await?;
                    say(stream, if has_login { "235 welcome" } else { "535 5.7.8 not muster@example.org" }).await?;
                }
                "NOOP" => say(stream, "250 well").await?,
                "QUIT" => {
                    say(stream, "221 farewell").await?;
                    return Ok(End::Farewell);
                }
                "MAIL" if self.ways.login && !has_login => say(stream, "530 5.7.0 sign in first").await?,
                "MAIL" => {
                    mail = TakenMail { from: address(rest), is_secure, has_login, ..TakenMail::default() };
                    say(stream, "250 well").await?;
                }
                "RCPT" if !mail.from.is_empty() => {
                    mail.to.push(address(rest));
                    say(stream, "250 well").await?;
                }
                "DATA" if !mail.to.is_empty() => {
                    say(stream, "354 go on").await?;
                    mail.text = text(stream).await?;
                    if let Some(refusal) = self.refusal(".") {
                        say(stream, &refusal).await?;
                    } else {
                        let taken = std::mem::take(&mut mail);
                        self.told(|told| told.mails.push(taken));
                        say(stream, "250 taken").await?;
                    }
                }
                _ => say(stream, "503 not now").await?,
            }
        }
    }
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufStream<S>, answer: &str) -> std::io::Result<()> {
    stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    stream.flush().await
}

/// Returns whether a client knows the password, by PLAIN or LOGIN.
async fn login<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufStream<S>, rest: &str) -> std::io::Result<bool> {
    let decoded = |word: &str| String::from_utf8(STANDARD.decode(word.trim_end()).unwrap_or_default());
    let (kind, word) = rest.split_once(' ').unwrap_or((rest, ""));
    if kind == "PLAIN" {
        return Ok(decoded(word).is_ok_and(|said| said == format!("\0{}\0{}", SMTP_LOGIN.0, SMTP_LOGIN.1)));
    }
    let mut said = Vec::new();
    for question in ["VXNlcm5hbWU6", "UGFzc3dvcmQ6"] {
        say(stream, &format!("334 {question}")).await?;
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        said.push(decoded(&line).unwrap_or_default());
    }
    Ok(said == [SMTP_LOGIN.0, SMTP_LOGIN.1])
}

/// Returns the address of `FROM:<address>` and `TO:<address>`.
fn address(rest: &str) -> String {
    let inner = rest.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or_else(String::new, |(address, _)| address.to_owned())
}

/// Reads a mail to the line with a dot alone.
async fn text<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufStream<S>) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
