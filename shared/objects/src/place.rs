//! Where a store is, and opening it: a folder, or a bucket of anything that speaks S3.

use std::{sync::Arc, time::Duration};

use object_store::{
    ClientOptions, ObjectStore, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    local::LocalFileSystem,
    path::Path,
};
use secrecy::{ExposeSecret, SecretString};

use crate::Error;

/// The longest waits: for a connection, and for an answer or its next bytes.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const STALL_TIMEOUT: Duration = Duration::from_secs(30);
/// How long, and how often, a request that fails is made again before its caller hears of it.
const RETRY_FOR: Duration = Duration::from_secs(20);
const RETRY_LIMIT: usize = 8;

/// Bytes of a piece in which objects are written. S3 takes no parts below 5 MiB, and no more than
/// 10,000 of them.
const FOLDER_PIECE: usize = 1024 * 1024;
const S3_PIECE: usize = 8 * 1024 * 1024;

/// Variables that the platform sets for a process with a role, on ECS and EKS. They are not
/// configured by hand, so they keep their names.
const ROLE: [(&str, AmazonS3ConfigKey); 6] = [
    ("AWS_WEB_IDENTITY_TOKEN_FILE", AmazonS3ConfigKey::WebIdentityTokenFile),
    ("AWS_ROLE_ARN", AmazonS3ConfigKey::RoleArn),
    ("AWS_ROLE_SESSION_NAME", AmazonS3ConfigKey::RoleSessionName),
    ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", AmazonS3ConfigKey::ContainerCredentialsRelativeUri),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", AmazonS3ConfigKey::ContainerCredentialsFullUri),
    ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", AmazonS3ConfigKey::ContainerAuthorizationTokenFile),
];

/// Where a store is, and how to get at it. All but the URL is for S3.
#[derive(Debug, Clone, Copy)]
pub struct StoreAddress<'a> {
    /// `file:///ABSOLUTE/PATH`, `s3://BUCKET` or `s3://BUCKET/PREFIX`.
    pub url: &'a str,
    /// The server's base URL; without it, AWS's for the region.
    pub endpoint: Option<&'a str>,
    /// The region; most servers beside AWS's take any.
    pub region: &'a str,
    /// An access key's id and its secret; without it, the role of the machine, the task or the pod.
    pub key: Option<(&'a str, &'a SecretString)>,
    /// Is the bucket in the path of a request and not in its host's name? Unless it is said: where
    /// there is an endpoint.
    pub path_style: Option<bool>,
}

/// An open store.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn ObjectStore>,
    /// Beginning of every key.
    pub(crate) prefix: Path,
    /// Bytes that are written at a time.
    pub(crate) piece: usize,
}

impl<'a> StoreAddress<'a> {
    /// Returns a place, in the order in which settings tell it.
    pub const fn new(
        url: &'a str,
        endpoint: Option<&'a str>,
        region: &'a str,
        key: Option<(&'a str, &'a SecretString)>,
        path_style: Option<bool>,
    ) -> Self {
        Self { url, endpoint, region, key, path_style }
    }

    pub(crate) fn open(&self) -> Result<Opened, Error> {
        if let Some(folder) = self.url.strip_prefix("file://").filter(|path| path.starts_with('/')) {
            std::fs::create_dir_all(folder)?;
            let store = Arc::new(LocalFileSystem::new_with_prefix(folder)?);
            return Ok(Opened { store, prefix: Path::ROOT, piece: FOLDER_PIECE });
        }
        let (bucket, prefix) = self.bucket()?;
        let store = Arc::new(self.s3(bucket)?.build()?);
        Ok(Opened { store, prefix, piece: S3_PIECE })
    }

    /// Returns the bucket and the prefix of an S3 URL.
    fn bucket(&self) -> Result<(&'a str, Path), Error> {
        let wrong = Error::Place("the URL is neither file:///ABSOLUTE/PATH nor s3://BUCKET or s3://BUCKET/PREFIX");
        let Some(rest) = self.url.strip_prefix("s3://") else { return Err(wrong) };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if bucket.is_empty() || !bucket.bytes().all(plain) || !prefix.bytes().all(|byte| byte == b'/' || plain(byte)) {
            return Err(wrong);
        }
        Ok((bucket, Path::parse(prefix)?))
    }

    fn s3(&self, bucket: &str) -> Result<AmazonS3Builder, Error> {
        // Another part of the process may have installed it already.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        // A large body may take its time, as long as it comes.
        let client = ClientOptions::new()
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_timeout_disabled()
            .with_read_timeout(STALL_TIMEOUT);
        let retry = RetryConfig { max_retries: RETRY_LIMIT, retry_timeout: RETRY_FOR, ..RetryConfig::default() };
        let path_style = self.path_style.unwrap_or(self.endpoint.is_some());
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(self.region)
            .with_virtual_hosted_style_request(!path_style)
            .with_client_options(client)
            .with_retry(retry);
        if let Some(endpoint) = self.endpoint {
            let (scheme, host) = match endpoint.split_once("://") {
                Some((scheme @ ("http" | "https"), host)) if !host.is_empty() && !host.contains('@') => (scheme, host),
                _ => return Err(Error::Place("the endpoint is not https://HOST or http://HOST, without a user")),
            };
            let host = if path_style { host.to_owned() } else { format!("{bucket}.{host}") };
            // Requests are signed all the same; an operator that names such an endpoint trusts the
            // network.
            builder = builder.with_endpoint(format!("{scheme}://{host}")).with_allow_http(scheme == "http");
        }
        Ok(match self.key {
            Some((id, secret)) => builder.with_access_key_id(id).with_secret_access_key(secret.expose_secret()),
            None => ROLE.iter().fold(builder, |builder, (name, key)| match std::env::var(name) {
                Ok(value) => builder.with_config(*key, value),
                Err(_) => builder,
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str) -> StoreAddress<'_> {
        StoreAddress { url, endpoint: None, region: "us-east-1", key: None, path_style: None }
    }

    #[test]
    fn a_url_names_a_bucket_and_what_keys_begin_with() {
        for (url, bucket, prefix) in [
            ("s3://files", "files", ""),
            ("s3://files/", "files", ""),
            ("s3://my.files-2/muster/prod/", "my.files-2", "muster/prod"),
        ] {
            let (found, before) = place(url).bucket().unwrap();
            assert_eq!((found, before.as_ref()), (bucket, prefix), "{url}");
        }
    }

    #[test]
    fn other_urls_are_refused_and_not_repeated() {
        for url in [
            "",
            "s3://",
            "s3:///a",
            "s3://id:secret@files",
            "s3://files/a//b",
            "s3://files/../b",
            "s3://files?secret=1",
            "https://files/secret",
            "file://secret/a",
            "secret",
        ] {
            let error = place(url).open().err().unwrap_or_else(|| panic!("{url} was opened"));
            assert!(!error.to_string().contains("secret"), "{url}: {error}");
        }
    }

    #[test]
    fn the_bucket_is_in_the_hosts_name_unless_the_endpoint_is_ones_own_or_it_is_said() {
        let secret = SecretString::from("the secret");
        let of = |endpoint, path_style| {
            let place = StoreAddress { endpoint, path_style, key: Some(("id", &secret)), ..place("s3://files") };
            let store = place.s3("files").unwrap().build().unwrap();
            let debug = format!("{store:?}");
            assert!(!debug.contains("the secret"), "{debug}");
            let (_, rest) = debug.split_once("bucket_endpoint: \"").unwrap();
            rest.split('"').next().unwrap().to_owned()
        };
        assert_eq!(of(None, None), "https://files.s3.us-east-1.amazonaws.com");
        assert_eq!(of(None, Some(true)), "https://s3.us-east-1.amazonaws.com/files");
        assert_eq!(of(Some("http://minio:9000"), None), "http://minio:9000/files");
        assert_eq!(of(Some("https://s3.example.org"), Some(false)), "https://files.s3.example.org");
        for endpoint in ["minio:9000", "ftp://minio", "https://id:secret@minio", "https://"] {
            let place = StoreAddress { endpoint: Some(endpoint), ..place("s3://files") };
            let error = place.s3("files").err().unwrap_or_else(|| panic!("{endpoint}"));
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
