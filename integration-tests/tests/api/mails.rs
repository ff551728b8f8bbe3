//! Mails by SMTP (rule A6): to a server that speaks it, over TLS, with a password, and refused for
//! now and for good.

use std::{path::Path, time::Duration};

use muster_integration_tests::{
    SMTP_LOGIN, Smtp, SmtpWays, World, certificates, eventually, holds, seconds, text, tls_acceptor,
};
use muster_local::programs::Binary;
use muster_mail::{BadSettings, Error, Mail, Mailer, ServerAddress};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, process::Command};

/// A folder with certificates of a private CA.
async fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path()).await;
    folder
}

async fn server(folder: &TempDir, ways: SmtpWays) -> Smtp {
    Smtp::start(ways, Some(tls_acceptor(folder.path()))).await
}

fn with_login() -> SmtpWays {
    SmtpWays { login: true, ..SmtpWays::default() }
}

/// A way to a server, changed by the test.
struct Way<'a> {
    host: &'a str,
    port: u16,
    tls: &'a str,
    password: Option<&'a str>,
    ca: Option<&'a Path>,
    seconds: u64,
}

impl Way<'_> {
    fn open(&self) -> Result<Mailer, BadSettings> {
        let password = self.password.map(SecretString::from);
        let address = ServerAddress {
            host: self.host,
            port: self.port,
            tls: self.tls,
            login: password.as_ref().map(|password| (SMTP_LOGIN.0, password)),
            ca_file: self.ca.and_then(Path::to_str),
            timeout: Duration::from_secs(self.seconds),
        };
        Mailer::open(Some("Muster <muster@example.org>"), None, Some(address)).map(Option::unwrap)
    }

    async fn send(&self) -> Result<(), Error> {
        self.open().unwrap().send(mail()).await
    }
}

fn mail() -> Mail<'static> {
    Mail {
        to: "ada@example.org",
        id: "sign-in.7",
        subject: "Su código".to_owned(),
        plain: "BCDF-2345\n.\n.. two dots\n".to_owned(),
        html: "<p>BCDF-2345</p>".to_owned(),
    }
}

fn way<'a>(smtp: &Smtp, tls: &'a str) -> Way<'a> {
    Way { host: "localhost", port: smtp.port(), tls, password: None, ca: None, seconds: 20 }
}

#[tokio::test]
async fn a6_a_mail_goes_out_over_tls_with_the_password_and_in_the_clear_without() {
    let folder = folder().await;
    let ca = folder.path().join("ca.pem");
    for (tls, host) in [("implicit", "localhost"), ("implicit", "127.0.0.1"), ("starttls", "localhost")] {
        let smtp = server(&folder, SmtpWays { implicit: tls == "implicit", ..with_login() }).await;
        Way { host, password: Some(SMTP_LOGIN.1), ca: Some(&ca), ..way(&smtp, tls) }.send().await.unwrap();
        let mails = smtp.mails();
        let [taken] = mails.as_slice() else { panic!("{mails:?}") };
        assert!(taken.is_secure && taken.has_login, "{taken:?}");
        assert_eq!(
            (taken.from.as_str(), taken.to.as_slice()),
            ("muster@example.org", &["ada@example.org".to_owned()][..])
        );
        for line in [
            "From: Muster <muster@example.org>\r\n",
            "To: ada@example.org\r\n",
            "Subject: Su =?utf-8?b?",
            "Message-ID: <sign-in.7@example.org>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Date: ",
            "\r\nBCDF-2345\r\n.\r\n.. two dots\r\n",
            "<p>BCDF-2345</p>",
        ] {
            assert!(taken.text.contains(line), "{line:?}: {}", taken.text);
        }
        assert_eq!(smtp.commands().last().map(String::as_str), Some("QUIT"));
    }
    let plain = Smtp::start(SmtpWays::default(), None).await;
    way(&plain, "none").send().await.unwrap();
    assert!(!plain.mails()[0].is_secure);
}

/// Neither the password nor a mail goes to a server that is not the one that is meant, or to a
/// stranger on the way.
#[tokio::test]
async fn a6_a_server_without_the_right_certificate_is_told_nothing() {
    let folder = folder().await;
    let (ca, other) = (folder.path().join("ca.pem"), folder.path().join("other.pem"));
    let login = Some(SMTP_LOGIN.1);
    for tls in ["implicit", "starttls"] {
        let smtp = server(&folder, SmtpWays { implicit: tls == "implicit", ..with_login() }).await;
        // 0.0.0.0 is this machine too, and not in its certificate.
        for (host, ca) in [("localhost", &other), ("0.0.0.0", &ca)] {
            let refused = Way { host, password: login, ca: Some(ca), ..way(&smtp, tls) }.send().await;
            assert!(matches!(&refused, Err(Error::Later(why)) if why.contains(": TLS: ")), "{host} {tls}: {refused:?}");
        }
        let told = smtp.commands();
        assert!(told.iter().all(|command| command.starts_with("EHLO") || command == "STARTTLS"), "{told:?}");
    }
    let without = Smtp::start(with_login(), None).await;
    let refused = Way { password: login, ca: Some(&ca), ..way(&without, "starttls") }.send().await.unwrap_err();
    assert_eq!(refused.to_string(), "the mail server: STARTTLS: it offers no TLS");
    assert_eq!(without.commands(), ["EHLO example.org"]);

    let stranger = SmtpWays { injected: "\r\n250-mail\r\n250 AUTH PLAIN", ..with_login() };
    let injected = server(&folder, stranger).await;
    let refused = Way { password: login, ca: Some(&ca), ..way(&injected, "starttls") }.send().await.unwrap_err();
    assert_eq!(refused.to_string(), "the mail server: STARTTLS: it said more than it was asked");
    assert_eq!(injected.commands(), ["EHLO example.org", "STARTTLS"]);
}

#[tokio::test]
async fn a6_settings_of_which_no_connection_can_be_made_are_refused_at_once() {
    let folder = folder().await;
    let smtp = server(&folder, SmtpWays::default()).await;
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    for (host, tls, ca, why) in [
        ("localhost", "maybe", None, "none of implicit, starttls and none"),
        ("not a name", "implicit", None, "neither a name nor an address"),
        ("localhost", "implicit", Some(folder.path().join("missing.pem")), "cannot be read"),
        ("localhost", "implicit", Some(empty), "no certificate of a CA"),
    ] {
        let refused = Way { host, ca: ca.as_deref(), ..way(&smtp, tls) }.open().unwrap_err().to_string();
        assert!(refused.contains(why), "{why}: {refused}");
    }
    let address = ServerAddress { host: "x", port: 1, tls: "none", login: None, ca_file: None, timeout: seconds(1) };
    for from in [None, Some("nobody")] {
        assert!(Mailer::open(from, None, Some(address)).is_err(), "{from:?}");
    }
    assert!(Mailer::open(None, None, None).unwrap().is_none());
}

/// A refusal of the mail with 5xx is for good; one for now, of this machine or of its password is
/// not. No word of the server's is told.
#[tokio::test]
async fn a6_a_refusal_is_passing_or_for_good_and_names_nobody() {
    let smtp = Smtp::start(SmtpWays::default(), None).await;
    for (command, answer, told, is_final) in [
        ("RCPT", "550 5.1.1 <ada@example.org> unknown", "handing a mail over: refused with 550 5.1.1", true),
        ("RCPT", "450 ada@example.org is greylisted", "handing a mail over: refused with 450", false),
        ("MAIL", "553 5.7.1 not muster@example.org", "handing a mail over: refused with 553 5.7.1", true),
        ("DATA", "451 4.3.0 later, ada@example.org", "handing a mail over: refused with 451 4.3.0", false),
        (".", "554 5.6.0 spam for ada@example.org", "handing a mail over: refused with 554 5.6.0", true),
        (".", "452-ada@example.org\r\n452 is full", "handing a mail over: refused with 452", false),
        ("EHLO", "550 not you, ada@example.org", "greeting: refused with 550", false),
        (
            "RCPT",
            "ada@example.org",
            "handing a mail over: the server ended the connection, or its answer cannot be read",
            false,
        ),
    ] {
        smtp.refuse(command, answer);
        let refused = way(&smtp, "none").send().await.unwrap_err();
        assert_eq!(refused.to_string(), format!("the mail server: {told}"), "{command} {answer}");
        assert_eq!(matches!(refused, Error::Never(_)), is_final, "{command} {answer}");
    }
    assert_eq!(smtp.mails().len(), 0);
    way(&smtp, "none").send().await.unwrap();
    assert_eq!(smtp.mails().len(), 1);

    let locked = Smtp::start(with_login(), None).await;
    let wrong = Way { password: Some("a wrong one"), ..way(&locked, "none") }.send().await.unwrap_err();
    assert_eq!(wrong.to_string(), "the mail server: signing in: refused with 535 5.7.8");
    assert!(matches!(wrong, Error::Later(_)));
    // A server that knows no login gets no password.
    let open = Smtp::start(SmtpWays::default(), None).await;
    let refused = Way { password: Some("hush"), ..way(&open, "none") }.send().await.unwrap_err();
    assert!(refused.to_string().starts_with("the mail server: signing in: "), "{refused}");
    assert!(open.commands().iter().all(|command| command.starts_with("EHLO")), "{:?}", open.commands());
    let nowhere = Mail { to: "nobody", ..mail() };
    assert!(matches!(way(&open, "none").open().unwrap().send(nowhere).await, Err(Error::Never(_))));
}

#[tokio::test]
async fn a6_a_server_that_is_away_or_says_nothing_is_asked_again_later() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let to = |port| Way { host: "127.0.0.1", port, tls: "none", password: None, ca: None, seconds: 1 };
    let late = to(port).send().await.unwrap_err();
    assert_eq!(late.to_string(), "the mail server: no answer within 1 s");
    assert!(matches!(late, Error::Later(_)));
    drop(silent);
    let away = to(port).send().await.unwrap_err();
    assert!(matches!(&away, Error::Later(why) if why.starts_with("the mail server: connecting: ")), "{away:?}");
}

async fn doctor(world: &World) -> Value {
    let file = world.folder().join("muster.toml");
    std::fs::write(&file, world.settings("muster").toml()).unwrap();
    let mut command = Command::new(Binary::Cli.path().unwrap());
    let output = command.env_clear().env("MUSTER_CONFIG", file).args(["doctor", "--json"]).output().await.unwrap();
    let checks: Value = serde_json::from_slice(&output.stdout).unwrap();
    checks.as_array().unwrap().iter().find(|check| check["check"] == "mails").unwrap().clone()
}

/// The worker sends a mail that is refused for now again, and parks one that is refused for good;
/// neither the job nor the doctor has the address.
#[tokio::test]
async fn a6_codes_and_invites_go_out_by_smtp_again_after_a_refusal_for_now_and_not_after_one_for_good() {
    let folder = folder().await;
    let smtp = server(&folder, with_login()).await;
    let ca = folder.path().join("ca.pem");
    smtp.refuse("RCPT", "451 4.7.1 ada@example.org is greylisted");
    smtp.refuse("AUTH", "454 4.7.0 not now");
    World::with_engine()
        .without("mail_folder")
        .with("mail_smtp_host", "\"localhost\"")
        .with("mail_smtp_port", smtp.port().to_string())
        .with("mail_smtp_tls", "\"starttls\"")
        .with("mail_smtp_user", format!("{:?}", SMTP_LOGIN.0))
        .with("mail_smtp_password", format!("{:?}", SMTP_LOGIN.1))
        .with("mail_smtp_ca", format!("{:?}", ca.to_str().unwrap()))
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let body = json!({ "role": "agent", "first_name": "Ada", "last_name": "L", "email": "ada@example.org" });
            let id = text(&ours.admin.post(&ours.at("members"), body).await.ok()["id"]);
            world.nobody().post("/v1/sign-in", json!({ "email": "ada@example.org" })).await.ok();
            let sent = async |count| {
                eventually(seconds(20), async || holds(smtp.mails().len() == count, format!("{:?}", smtp.mails())))
                    .await;
            };
            sent(1).await;
            let code = &smtp.mails()[0];
            assert!(code.is_secure && code.has_login && code.to == ["ada@example.org"], "{code:?}");
            world.jobs().kind("mail-send").state("succeeded").until(1).await;
            let job = world.jobs().kind("mail-send");
            assert!(job.the::<i32>("attempt").await >= 3, "two refusals for now");

            smtp.refuse("RCPT", "550 5.1.1 ada@example.org is unknown");
            ours.admin.put(&ours.at(&format!("members/{id}/invite")), json!({})).await.ok();
            world.jobs().kind("mail-send").state("parked").until(1).await;
            let jobs: String = world.row("select to_json(string_agg(j::text, ' ')) from job j").await;
            assert!(jobs.contains("refused with 550 5.1.1") && jobs.contains("refused with 451 4.7.1"), "{jobs}");
            assert!(!jobs.contains("example.org"), "{jobs}");
            ours.admin.put(&ours.at(&format!("members/{id}/invite")), json!({})).await.ok();
            sent(2).await;
            assert!(smtp.mails()[1].text.contains("Message-ID: <invite."), "{:?}", smtp.mails()[1]);

            let told = doctor(&world).await;
            assert_eq!((&told["ok"], &told["detail"]), (&json!(true), &json!("the mail server takes mails from here")));
            assert_eq!(smtp.mails().len(), 2, "the doctor sends nothing");
            smtp.refuse("AUTH", "535 5.7.8 not muster@example.org");
            let told = doctor(&world).await;
            let refused = json!("the mail server: signing in: refused with 535 5.7.8");
            assert_eq!((&told["ok"], &told["detail"]), (&json!(false), &refused));
        })
        .await;
}
