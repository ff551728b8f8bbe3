//! `[object_store]`: uploaded files, and the files that imports keep while they run.

use secrecy::SecretString;

use super::{
    key::{default, required, unset},
    section::{Check, section},
};

section! {
    /// The object store: uploaded files, and the files that imports keep while they run.
    ObjectStore in "object_store" {
        /// `file:///ABSOLUTE/PATH`, the same folder for every process, or `s3://BUCKET/PREFIX`.
        url: String = required();
        /// Base URL of a server that speaks S3 and is not AWS's.
        endpoint: Option<String> = unset();
        /// Region of the bucket.
        region: String = default("us-east-1");
        /// Id of an access key; without it, the role of the machine, the task or the pod.
        key_id: Option<String> = unset();
        /// Secret of that access key.
        key_secret: Option<SecretString> = unset();
        /// `true`: the bucket is in the path of a request; `false`: in its host's name.
        path_style: Option<bool> = unset(), shown "`true` where there is an endpoint";
    }
}

impl Check for ObjectStore {
    fn problem(&self) -> Option<String> {
        let half = self.key_id.is_some() != self.key_secret.is_some();
        half.then(|| "object_store.key_id and object_store.key_secret come together".to_owned())
    }
}

impl ObjectStore {
    /// Returns the object store in the terms of the crate that opens it, which this crate does not
    /// know: URL, endpoint, region, access key, and whether the bucket is in the path.
    pub fn place<'a, P>(
        &'a self,
        place: impl FnOnce(&'a str, Option<&'a str>, &'a str, Option<(&'a str, &'a SecretString)>, Option<bool>) -> P,
    ) -> P {
        place(&self.url, self.endpoint.as_deref(), &self.region, self.key(), self.path_style)
    }

    /// Returns the access key.
    pub fn key(&self) -> Option<(&str, &SecretString)> {
        self.key_id.as_deref().zip(self.key_secret.as_ref())
    }
}
