//! `[database]`: Postgres.

use secrecy::SecretString;

use super::{
    key::{default, required, unset},
    section::{Check, section},
};

section! {
    /// Postgres.
    Database in "database" {
        /// `postgres://user:password@host:port/database`. Of several servers, with commas between
        /// each `host:port`, connections go to the one that can be written to.
        url: SecretString = required();
        /// Connections at most, for each process. A worker runs one job fewer at once, and has six
        /// more for its own upkeep; the api has one more, to look whether the database is there.
        max_connections: u32 = default(20_u32), within 4..=10_000;
        /// Connections that one tenant's requests use at once at most, in each api. The other
        /// requests wait in turn.
        tenant_connections: Option<u32> = unset(), within 1..=9_999, shown "all that are not kept for others";
    }
}

impl Check for Database {
    fn problem(&self) -> Option<String> {
        let whole = self.tenant_connections.is_some_and(|share| share >= self.max_connections);
        whole.then(|| "database.tenant_connections must be less than database.max_connections".to_owned())
    }
}
