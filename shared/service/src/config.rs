//! Configuration: environment variables `MUSTER_*` over an optional TOML file named by `MUSTER_CONFIG`.
//!
//! Every process reads the same keys, so that one file serves a whole installation; a key that no process knows is an error.

mod default;

use std::time::Duration;

use figment::{
    Figment, Metadata, Profile, Provider,
    error::{Actual, Kind},
    providers::{Env, Format, Toml},
    value::{Dict, Map, Value},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};

/// What is in force. Secrets are redacted in `Debug` and when it is serialized.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Postgres, `postgres://user:password@host:port/database`.
    #[serde(serialize_with = "redacted")]
    pub database_url: SecretString,
    /// Connections to Postgres at most, for each process.
    #[serde(default = "default::database_max_connections")]
    pub database_max_connections: u32,
    /// Of these, how many one tenant's requests use at once at most; a quarter unless it is said. The rest waits in turn. Only the api uses it.
    #[serde(default)]
    pub database_tenant_connections: Option<u32>,
    /// RabbitMQ, `amqp://user:password@host:port/vhost`.
    #[serde(serialize_with = "redacted")]
    pub amqp_url: SecretString,
    /// RabbitMQ's management API, `http://user:password@host:port`. Only operators' commands use it: `muster broker apply` and
    /// `muster doctor`.
    #[serde(default, serialize_with = "redacted_if_set")]
    pub rabbitmq_management_url: Option<SecretString>,
    /// Where uploaded files live: `file:///ABSOLUTE/PATH`, a folder that every process shares, or `s3://BUCKET/PREFIX`.
    pub object_store_url: String,
    /// Base URL of an S3 server that is not AWS's.
    #[serde(default)]
    pub object_store_endpoint: Option<String>,
    /// Its region.
    #[serde(default = "default::object_store_region")]
    pub object_store_region: String,
    /// Id of an access key there, and its secret; without them, the role of the machine, the task or the pod.
    #[serde(default)]
    pub object_store_key_id: Option<String>,
    /// The secret of that key.
    #[serde(default, serialize_with = "redacted_if_set")]
    pub object_store_key_secret: Option<SecretString>,
    /// Is the bucket in the path of a request and not in the name of its host? Unless it is said: where there is an endpoint.
    #[serde(default)]
    pub object_store_path_style: Option<bool>,
    /// Base URL of the carrier's API.
    pub carrier_url: String,
    /// Base URL of the carrier's Lookup API; without it, nobody is looked up. Lookups cost money: an organization can do without.
    #[serde(default)]
    pub lookup_url: Option<String>,
    /// Account at the carrier.
    pub carrier_account_sid: String,
    /// Its secret; also verifies the carrier's webhooks.
    #[serde(serialize_with = "redacted")]
    pub carrier_auth_token: SecretString,
    /// The longest a request to the carrier may take.
    #[serde(default = "default::carrier_timeout_ms")]
    pub carrier_timeout_ms: u64,
    /// Requests to the carrier at once, for each `send` job.
    #[serde(default = "default::carrier_concurrency")]
    pub carrier_concurrency: usize,
    /// The api's base URL as the carrier sees it; receipts are posted below it.
    pub public_url: String,
    /// 64 hexadecimal digits: the key under which phones of redacted people are hashed. Keep it out of the database and its backups.
    #[serde(serialize_with = "redacted")]
    pub phone_hash_key: SecretString,
    /// While the key is rotated: the other key, under which hashes may be as well. Written with is `phone_hash_key` alone.
    #[serde(default, serialize_with = "redacted_if_set")]
    pub phone_hash_key_previous: Option<SecretString>,
    /// Address on which this process listens: the api for everything, daemons for health and metrics.
    #[serde(default = "default::listen")]
    pub listen: String,
    /// Address on which the api answers `/livez`, `/readyz` and `/metrics`; without it, it does so on `listen`.
    #[serde(default)]
    pub health_listen: Option<String>,
    /// Connections of clients at most that the api serves at once.
    #[serde(default = "default::listen_max_connections")]
    pub listen_max_connections: usize,
    /// How long the head of a request may take to come.
    #[serde(default = "default::header_timeout_seconds")]
    pub header_timeout_seconds: u64,
    /// How long a connection stays open on which nothing is asked.
    #[serde(default = "default::idle_timeout_seconds")]
    pub idle_timeout_seconds: u64,
    /// How long a client may take nothing of an answer that it is sent.
    #[serde(default = "default::write_timeout_seconds")]
    pub write_timeout_seconds: u64,
    /// How long a request to the api may take, its body included. Uploads may take longer as long as they move, and campaigns take four times as long.
    #[serde(default = "default::request_timeout_seconds")]
    pub request_timeout_seconds: u64,
    /// The slowest pace of an upload, looked at once every `request_timeout_seconds`.
    #[serde(default = "default::upload_bytes_per_second")]
    pub upload_bytes_per_second: u64,
    /// What this process is called in logs, traces and the broker. Unique among the processes that run.
    #[serde(default = "default::process_name")]
    pub process_name: String,
    /// Base URL of an OTLP/HTTP collector; without it, no traces are exported.
    #[serde(default)]
    pub otlp_endpoint: Option<String>,
    /// Filter of the log, in tracing's syntax.
    #[serde(default = "default::log")]
    pub log: String,
    /// How long a worker holds a job before it must say that it is alive.
    #[serde(default = "default::job_lease_seconds")]
    pub job_lease_seconds: u64,
    /// The upper bound of the first delay between attempts; it doubles with each.
    #[serde(default = "default::retry_base_ms")]
    pub retry_base_ms: u64,
    /// The upper bound of any delay between attempts.
    #[serde(default = "default::retry_max_ms")]
    pub retry_max_ms: u64,
    /// How often the relay looks for due jobs when nothing wakes it.
    #[serde(default = "default::relay_poll_ms")]
    pub relay_poll_ms: u64,
    /// How often timers are looked at when nothing wakes whoever fires them, which the next one's time does; at most 2,000.
    #[serde(default = "default::timer_poll_ms")]
    pub timer_poll_ms: u64,
    /// How often expired leases and lost messages are looked for.
    #[serde(default = "default::sweep_interval_ms")]
    pub sweep_interval_ms: u64,
    /// After how long a published job that nobody claimed is published again.
    #[serde(default = "default::republish_after_seconds")]
    pub republish_after_seconds: u64,
    /// After how long a hand-over without an outcome is settled by asking the carrier. At least four times `carrier_timeout_ms`.
    #[serde(default = "default::reconcile_after_seconds")]
    pub reconcile_after_seconds: u64,
    /// For how many days jobs that are over are kept, at least; they leave by whole months.
    #[serde(default = "default::job_history_days")]
    pub job_history_days: u64,
    /// For how many days what became of schedules' ticks is kept. The last tick of each stays, and the last two days that it was decided about.
    #[serde(default = "default::tick_history_days")]
    pub tick_history_days: u64,
    /// For how many days messages of the broker that could not be decoded are kept.
    #[serde(default = "default::dead_letter_history_days")]
    pub dead_letter_history_days: u64,
    /// For how many days the name of a process that is gone is kept.
    #[serde(default = "default::process_history_days")]
    pub process_history_days: u64,
    /// How long a process that is asked to stop may take to finish what it has.
    #[serde(default = "default::shutdown_grace_seconds")]
    pub shutdown_grace_seconds: u64,
    /// The largest file that can be uploaded.
    #[serde(default = "default::upload_limit_bytes")]
    pub upload_limit_bytes: u64,
    /// Hosts with their ports, `files.internal:8443`, from which files may be fetched although they are not public; also without TLS.
    #[serde(default)]
    pub import_allowed_hosts: Vec<String>,
    /// Bytes of text in a part of a contacts file; a worker holds about three times as much while it reads one, and reads up to three
    /// at a time.
    #[serde(default = "default::import_part_bytes")]
    pub import_part_bytes: u64,
    /// Bytes of text for each shard in which a file's rows are applied, as long as there are no more than 1,024.
    #[serde(default = "default::import_shard_bytes")]
    pub import_shard_bytes: u64,
    /// Rejected rows that are kept of a file at most; all are counted.
    #[serde(default = "default::import_rejects_kept")]
    pub import_rejects_kept: u64,
    /// Bytes that the rejected rows of a file may take at most; of a small file it is four times its size and 1 MiB.
    #[serde(default = "default::import_rejects_kept_bytes")]
    pub import_rejects_kept_bytes: u64,
    /// For how many days rejected rows are kept once the import is over.
    #[serde(default = "default::import_rejects_days")]
    pub import_rejects_days: u64,
}

const REDACTED: &str = "[REDACTED]";

fn redacted<S: Serializer>(_: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(REDACTED)
}

#[expect(clippy::ref_option, reason = "what serde gives")]
fn redacted_if_set<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(|_| REDACTED).serialize(serializer)
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A key is missing, unknown, or of the wrong form; or the file cannot be read. Says which and where, and shows no text that was given.
    #[error("configuration: {0}")]
    Read(String),
    /// A value is of the right form and wrong.
    #[error("configuration: {key} {problem}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// Variables of the prefix that are not keys of the configuration: where it is, and what `muster`'s commands for admins go by.
const NOT_KEYS: [&str; 3] = ["config", "api_url", "token"];

/// Last words of the keys that hold numbers, lists and switches. All others hold text.
const NOT_TEXT: [&str; 10] =
    ["_kept", "_ms", "_second", "_seconds", "_days", "_bytes", "_connections", "_concurrency", "_hosts", "_style"];

/// The environment, in which text stays text: a password of digits is no number.
struct Environment(Env);

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        self.0.metadata()
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let values = self.0.iter().map(|(key, text)| (key.to_string(), value_of(key.as_str(), text)));
        Ok(Profile::Default.collect(values.collect()))
    }
}

fn value_of(key: &str, text: String) -> Value {
    match text.parse() {
        Ok(value) if NOT_TEXT.iter().any(|last| key.ends_with(last)) => value,
        _ => Value::from(text),
    }
}

/// What is wrong, on one line. What was given for a text is not shown: it may be a secret.
fn told(errors: figment::Error) -> String {
    let hide = |mut error: figment::Error| {
        if let Kind::InvalidType(given, wanted) = &mut error.kind
            && wanted.contains("string")
        {
            *given = Actual::Other("something else".to_owned());
        }
        // A mistake in a file's syntax comes with the line that it is in.
        let shown = error.to_string();
        let lines = shown.lines().map(str::trim).filter(|line| !line.is_empty() && !line.contains('|'));
        lines.collect::<Vec<_>>().join(": ")
    };
    errors.into_iter().map(hide).collect::<Vec<_>>().join("; ")
}

impl Settings {
    /// Reads the environment and the file that it names.
    pub fn load() -> Result<Self, ConfigError> {
        let mut figment = Figment::new();
        if let Some(file) = std::env::var_os("MUSTER_CONFIG") {
            figment = figment.merge(Toml::file_exact(file));
        }
        Self::extract(&figment.merge(Environment(Env::prefixed("MUSTER_").ignore(&NOT_KEYS))))
    }

    /// Reads a TOML text alone.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Self::extract(&Figment::from(Toml::string(text)))
    }

    fn extract(figment: &Figment) -> Result<Self, ConfigError> {
        let settings: Self = figment.extract().map_err(|error| ConfigError::Read(told(error)))?;
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let problem = |key, problem| Err(ConfigError::Value { key, problem });
        if self.reconcile_after_seconds * 1_000 < 4 * self.carrier_timeout_ms {
            return problem("reconcile_after_seconds", "must be at least four times carrier_timeout_ms");
        }
        if self.import_part_bytes == 0 || self.import_part_bytes > 1 << 30 || self.import_shard_bytes == 0 {
            return problem("import_part_bytes", "must be 1 to 1,073,741,824, and import_shard_bytes at least 1");
        }
        if self.import_rejects_days == 0 {
            return problem("import_rejects_days", "must be at least 1");
        }
        if [self.tick_history_days, self.dead_letter_history_days, self.process_history_days].contains(&0) {
            return problem(
                "tick_history_days",
                "must be at least 1, and so must the days of dead letters and processes",
            );
        }
        if self.object_store_key_id.is_some() != self.object_store_key_secret.is_some() {
            return problem("object_store_key_id", "and object_store_key_secret come together");
        }
        if self.job_lease_seconds < 3 {
            return problem("job_lease_seconds", "must be at least 3");
        }
        let times = [
            self.header_timeout_seconds,
            self.idle_timeout_seconds,
            self.write_timeout_seconds,
            self.request_timeout_seconds,
        ];
        if self.listen_max_connections == 0 || times.iter().any(|time| !(1..=86_400).contains(time)) {
            return problem(
                "listen_max_connections",
                "must be at least 1, and the times of headers, idle connections, writing and requests 1 to 86,400 seconds",
            );
        }
        if self.database_tenant_connections.is_some_and(|share| share == 0 || share >= self.database_max_connections) {
            return problem("database_tenant_connections", "must be at least 1 and less than database_max_connections");
        }
        if self.carrier_concurrency == 0 || self.database_max_connections < 4 {
            return problem("carrier_concurrency", "must be at least 1, and database_max_connections at least 4");
        }
        self.phone_hash_keys_bytes().map(|_| ())
    }

    /// The key as bytes.
    pub fn phone_hash_key_bytes(&self) -> Result<[u8; 32], ConfigError> {
        key_bytes("phone_hash_key", &self.phone_hash_key)
    }

    /// The key and, while it is rotated, the other one.
    pub fn phone_hash_keys_bytes(&self) -> Result<([u8; 32], Option<[u8; 32]>), ConfigError> {
        let previous = self.phone_hash_key_previous.as_ref();
        let previous = previous.map(|key| key_bytes("phone_hash_key_previous", key)).transpose()?;
        Ok((self.phone_hash_key_bytes()?, previous))
    }

    /// Where the object store is, made into what whoever opens it takes, because this crate knows none of ours: URL, endpoint, region, key, and
    /// whether the bucket is in the path.
    pub fn object_store<'a, P>(
        &'a self,
        place: impl FnOnce(&'a str, Option<&'a str>, &'a str, Option<(&'a str, &'a SecretString)>, Option<bool>) -> P,
    ) -> P {
        place(
            &self.object_store_url,
            self.object_store_endpoint.as_deref(),
            &self.object_store_region,
            self.object_store_key(),
            self.object_store_path_style,
        )
    }

    /// The key for the object store.
    pub fn object_store_key(&self) -> Option<(&str, &SecretString)> {
        self.object_store_key_id.as_deref().zip(self.object_store_key_secret.as_ref())
    }

    /// The bounds of the listener for clients.
    pub const fn listen_limits(&self) -> crate::serve::Limits {
        crate::serve::Limits {
            connections: self.listen_max_connections,
            header: Duration::from_secs(self.header_timeout_seconds),
            idle: Duration::from_secs(self.idle_timeout_seconds),
            write: Duration::from_secs(self.write_timeout_seconds),
        }
    }

    /// The job lease.
    pub const fn job_lease(&self) -> Duration {
        Duration::from_secs(self.job_lease_seconds)
    }

    /// The time a process has to stop in.
    pub const fn shutdown_grace(&self) -> Duration {
        Duration::from_secs(self.shutdown_grace_seconds)
    }
}

/// A key of 64 hexadecimal digits.
fn key_bytes(name: &'static str, hex: &SecretString) -> Result<[u8; 32], ConfigError> {
    use secrecy::ExposeSecret;
    let hex = hex.expose_secret();
    let wrong = ConfigError::Value { key: name, problem: "must be 64 hexadecimal digits" };
    let mut key = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return Err(wrong);
    }
    for (byte, digits) in key.iter_mut().zip(hex.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).unwrap_or_default();
        let Ok(parsed) = u8::from_str_radix(digits, 16) else { return Err(wrong) };
        *byte = parsed;
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"
        database_url = "postgres://muster:secret@localhost/muster"
        amqp_url = "amqp://muster:secret@localhost/muster"
        object_store_url = "file:///var/lib/muster"
        carrier_url = "https://carrier.example"
        carrier_account_sid = "AC1"
        carrier_auth_token = "secret"
        public_url = "https://muster.example"
        phone_hash_key = "0000000000000000000000000000000000000000000000000000000000000001"
    "#;

    #[test]
    fn a_minimal_file_is_enough_and_secrets_are_not_shown() {
        let settings = Settings::from_toml(SAMPLE).unwrap();
        assert_eq!(settings.phone_hash_key_bytes().unwrap()[31], 1);
        for shown in [format!("{settings:?}"), serde_json::to_string(&settings).unwrap()] {
            let shown = shown.replace("object_store_key_secret", "");
            assert!(!shown.contains("secret"), "{shown}");
            assert!(!shown.contains("00001"), "{shown}");
            assert!(shown.contains("carrier.example"), "{shown}");
        }
    }

    #[test]
    fn a_key_for_the_object_store_is_whole_and_its_secret_is_not_shown() {
        let sample = SAMPLE.replace("file:///var/lib/muster", "s3://files/muster");
        assert!(Settings::from_toml(&sample).unwrap().object_store_key().is_none());
        let id = format!("{sample}\nobject_store_key_id = \"AKIA1\"");
        assert!(Settings::from_toml(&id).unwrap_err().to_string().contains("object_store_key_id"));
        let whole = Settings::from_toml(&format!("{id}\nobject_store_key_secret = \"secret\"")).unwrap();
        assert_eq!(whole.object_store_key().map(|(id, _)| id), Some("AKIA1"));
        assert!(format!("{whole:?}").contains("AKIA1"));
        assert!(!format!("{whole:?}").contains("secret\""));
    }

    #[test]
    fn text_in_the_environment_is_text_whatever_it_looks_like() {
        let sample = format!(
            "{SAMPLE}\nobject_store_path_style = true\nimport_allowed_hosts = [\"files:1\"]\ndatabase_tenant_connections = 4"
        );
        let settings = serde_json::to_value(Settings::from_toml(&sample).unwrap()).unwrap();
        for (key, value) in settings.as_object().unwrap() {
            let text = value.is_string() || value.is_null();
            let digits = value_of(key, "12".to_owned());
            assert_eq!(matches!(digits, Value::String(..)), text, "{key}");
        }
    }

    #[test]
    fn a_mistake_is_told_without_the_text_that_may_be_a_secret() {
        let number = SAMPLE.replace("carrier_auth_token = \"secret\"", "carrier_auth_token = 778899");
        let error = Settings::from_toml(&number).unwrap_err().to_string();
        assert!(error.contains("carrier_auth_token") && !error.contains("778899"), "{error}");
        let open = SAMPLE.replace("carrier_auth_token = \"secret\"", "carrier_auth_token = 'hush");
        let error = Settings::from_toml(&open).unwrap_err().to_string();
        assert!(error.contains("line 7") && !error.contains("hush") && !error.contains('\n'), "{error}");
        let word = format!("{SAMPLE}\njob_lease_seconds = \"ten\"");
        let error = Settings::from_toml(&word).unwrap_err().to_string();
        assert!(error.contains("job_lease_seconds") && error.contains("ten"), "{error}");
    }

    #[test]
    fn unknown_keys_and_wrong_values_are_errors() {
        let unknown = format!("{SAMPLE}\njob_lease = 3");
        assert!(Settings::from_toml(&unknown).unwrap_err().to_string().contains("job_lease"));
        let short = SAMPLE.replace("0000000000000000000000000000000000000000000000000000000000000001", "12");
        assert!(Settings::from_toml(&short).unwrap_err().to_string().contains("phone_hash_key"));
        let hasty = format!("{SAMPLE}\nreconcile_after_seconds = 5");
        assert!(Settings::from_toml(&hasty).unwrap_err().to_string().contains("reconcile_after_seconds"));
    }
}
