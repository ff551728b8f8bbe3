//! A mail server: a connection to it for each mail.

use std::{fmt, sync::Arc, time::Duration};

use lettre::{
    Message,
    transport::smtp::{
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::AsyncSmtpConnection,
        extension::ClientId,
    },
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    },
};

use crate::{
    error::{BadSettings, Error, words},
    line::{GREETED, Line, ask_for_tls},
};

/// How long the server may take for its farewell; the mail is its already.
const FAREWELL: Duration = Duration::from_secs(2);

/// A mail server as settings tell it.
#[derive(Debug, Clone, Copy)]
pub struct ServerAddress<'a> {
    /// Its name or address, which its certificate must have.
    pub host: &'a str,
    /// Its port.
    pub port: u16,
    /// `implicit`, `starttls` or `none`.
    pub tls: &'a str,
    /// A name and a password there.
    pub login: Option<(&'a str, &'a SecretString)>,
    /// A PEM file of CAs that take the place of this machine's.
    pub ca_file: Option<&'a str>,
    /// The longest that it may take for a mail.
    pub timeout: Duration,
}

impl<'a> ServerAddress<'a> {
    /// Returns an address, in the order in which settings tell it.
    pub const fn new(
        host: &'a str,
        port: u16,
        tls: &'a str,
        login: Option<(&'a str, &'a SecretString)>,
        ca_file: Option<&'a str>,
        timeout: Duration,
    ) -> Self {
        Self { host, port, tls, login, ca_file, timeout }
    }

    /// Returns the server, to which this machine calls itself `hello`.
    pub(crate) fn open(self, hello: &str) -> Result<Server, BadSettings> {
        let secure = match self.tls {
            "implicit" => Some(Secure::new(self.host, self.ca_file, false)?),
            "starttls" => Some(Secure::new(self.host, self.ca_file, true)?),
            "none" => None,
            _ => return Err(BadSettings("mail.smtp_tls is none of implicit, starttls and none".to_owned())),
        };
        let credentials = |(name, password): (&str, &SecretString)| {
            Credentials::new(name.to_owned(), password.expose_secret().to_owned())
        };
        Ok(Server {
            host: self.host.to_owned(),
            port: self.port,
            secure,
            login: self.login.map(credentials),
            hello: ClientId::Domain(hello.to_owned()),
            timeout: self.timeout,
        })
    }
}

/// A mail server.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    host: String,
    port: u16,
    secure: Option<Secure>,
    login: Option<Credentials>,
    hello: ClientId,
    timeout: Duration,
}

/// TLS to it.
#[derive(Clone)]
struct Secure {
    connector: TlsConnector,
    name: ServerName<'static>,
    /// It is asked for, and does not begin with the connection.
    is_asked_for: bool,
}

impl fmt::Debug for Secure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secure").field("is_asked_for", &self.is_asked_for).finish_non_exhaustive()
    }
}

impl Secure {
    fn new(host: &str, ca_file: Option<&str>, is_asked_for: bool) -> Result<Self, BadSettings> {
        let bad = |why: String| BadSettings(format!("TLS to the mail server: {why}"));
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| bad("mail.smtp_host is neither a name nor an address".to_owned()))?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(match ca_file {
            Some(file) => CertificateDer::pem_file_iter(file)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .map_err(|error| bad(format!("mail.smtp_ca cannot be read: {error}")))?,
            None => rustls_native_certs::load_native_certs().certs,
        });
        if roots.is_empty() {
            return Err(bad("there is no certificate of a CA".to_owned()));
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| bad(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name, is_asked_for })
    }
}

impl Server {
    /// Hands a mail over. A refusal of this machine or its password is passing: the settings are
    /// wrong, and not the mail.
    pub(crate) async fn send(&self, message: &Message) -> Result<(), Error> {
        let mut connection = self
            .within(async {
                let mut connection = self.connect().await?;
                let taken = connection.send(message.envelope(), &message.formatted()).await;
                taken.map_err(|error| Error::handing_over(&error))?;
                Ok(connection)
            })
            .await?;
        let _farewell = timeout(FAREWELL, connection.quit()).await;
        Ok(())
    }

    /// Signs in and leaves.
    pub(crate) async fn check(&self) -> Result<(), Error> {
        let mut connection = self.within(self.connect()).await?;
        let _farewell = timeout(FAREWELL, connection.quit()).await;
        Ok(())
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let late = || Error::Later(format!("the mail server: no answer within {} s", self.timeout.as_secs()));
        timeout(self.timeout, work).await.map_err(|_| late())?
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let away = |error: std::io::Error| Error::connecting("connecting", error);
        let mut tcp = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(away)?;
        let peer = tcp.peer_addr().map_err(away)?;
        let greeted = match &self.secure {
            None => AsyncSmtpConnection::connect_with_transport(Box::new(Line::new(tcp, peer, b"")), &self.hello).await,
            Some(secure) => {
                if secure.is_asked_for {
                    ask_for_tls(&mut tcp, &self.hello).await.map_err(|why| Error::connecting("STARTTLS", why))?;
                }
                let stream = secure.connector.connect(secure.name.clone(), tcp).await;
                let stream = stream.map_err(|error| Error::connecting("TLS", error))?;
                let greeting: &'static [u8] = if secure.is_asked_for { GREETED } else { b"" };
                let line = Box::new(Line::new(stream, peer, greeting));
                AsyncSmtpConnection::connect_with_transport(line, &self.hello).await
            }
        };
        let mut connection = greeted.map_err(|error| Error::connecting("greeting", words(&error)))?;
        if let Some(login) = &self.login {
            let known = connection.auth(DEFAULT_MECHANISMS, login).await;
            known.map_err(|error| Error::connecting("signing in", words(&error)))?;
        }
        Ok(connection)
    }
}
