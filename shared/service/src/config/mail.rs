//! `[mail]`: the way of mails.

use std::{net::IpAddr, time::Duration};

use secrecy::SecretString;

use super::{
    key::{default, unset},
    section::{Check, section},
};

section! {
    /// Mails of sign-in, which workers send by SMTP. See [sign-in](sign-in.md#mail).
    Mail in "mail" {
        /// Sender of mails, such as `Muster <muster@example.org>`.
        from: Option<String> = unset();
        /// Host of the SMTP server, which its certificate must name.
        smtp_host: Option<String> = unset();
        /// Port of the SMTP server.
        smtp_port: Option<u32> = unset(), within 1..=65_535, shown "`465` with `implicit`, `587` with `starttls`, `25` with `none`";
        /// `implicit`: TLS from the first byte; `starttls`: asked for on a plain connection, and no
        /// mail without it; `none`: without TLS, which is allowed on this machine alone.
        smtp_tls: String = default("implicit");
        /// Name at the SMTP server; without it, nobody signs in there.
        smtp_user: Option<String> = unset();
        /// Password of that name.
        smtp_password: Option<SecretString> = unset();
        /// PEM file of the CAs that sign the SMTP server's certificate, in place of the machine's.
        smtp_ca: Option<String> = unset();
        /// Seconds that the SMTP server may take for a mail.
        smtp_timeout_seconds: u64 = default(30_u64), within 1..=240;
        /// Folder that mails are written into and not sent, one file each: for development and
        /// tests.
        folder: Option<String> = unset();
    }
}

impl Check for Mail {
    fn problem(&self) -> Option<String> {
        let is_here = |host: &String| host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let problem = if !["implicit", "starttls", "none"].contains(&self.smtp_tls.as_str()) {
            "mail.smtp_tls must be implicit, starttls or none"
        } else if self.smtp_tls == "none" && !self.smtp_host.as_ref().is_none_or(is_here) {
            "mail.smtp_tls is none: a server on another machine needs TLS"
        } else if self.smtp_user.is_some() != self.smtp_password.is_some() {
            "mail.smtp_user and mail.smtp_password come together"
        } else if self.smtp_host.is_some() && self.folder.is_some() {
            "mail.smtp_host and mail.folder are both set: mails have one way"
        } else if (self.smtp_host.is_some() || self.folder.is_some()) && self.from.is_none() {
            "mail.from is missing: mails need a sender"
        } else {
            return None;
        };
        Some(problem.to_owned())
    }
}

impl Mail {
    /// Returns the SMTP server in the terms of the crate that sends, which this crate does not
    /// know: host, port, TLS, name and password, file of CAs, and the longest that it may take.
    pub fn server<'a, S>(
        &'a self,
        server: impl FnOnce(&'a str, u16, &'a str, Option<(&'a str, &'a SecretString)>, Option<&'a str>, Duration) -> S,
    ) -> Option<S> {
        let host = self.smtp_host.as_deref()?;
        let usual = match self.smtp_tls.as_str() {
            "implicit" => 465,
            "starttls" => 587,
            _ => 25,
        };
        let port = self.smtp_port.and_then(|port| u16::try_from(port).ok()).unwrap_or(usual);
        let login = self.smtp_user.as_deref().zip(self.smtp_password.as_ref());
        let timeout = Duration::from_secs(self.smtp_timeout_seconds);
        Some(server(host, port, &self.smtp_tls, login, self.smtp_ca.as_deref(), timeout))
    }
}
