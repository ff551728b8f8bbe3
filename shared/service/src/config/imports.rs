//! `[imports]`: files of contacts.

use super::{
    key::default,
    section::{Check, section},
};

section! {
    /// Files of contacts. See [imports](imports.md).
    Imports in "imports" {
        /// Bytes of the largest file that can be uploaded or fetched.
        upload_limit_bytes: u64 = default(10_737_418_240_u64), within 1..=1_099_511_627_776, env "upload_limit_bytes";
        /// Hosts with their ports, `files.internal:8443`, from which files may be fetched although
        /// they are not public; also without TLS.
        allowed_hosts: Vec<String> = default(Vec::<String>::new()), env "import_allowed_hosts", shown "none";
        /// Bytes of text in a part of a file, which one job reads. A worker holds about three times
        /// as much meanwhile, and reads up to three parts at a time.
        part_bytes: u64 = default(4_194_304_u64), within 1..=1_073_741_824, env "import_part_bytes";
        /// Bytes of text for each shard in which a file's rows are applied, as long as there are no
        /// more than 1,024 shards.
        shard_bytes: u64 = default(4_194_304_u64), within 1..=1_099_511_627_776, env "import_shard_bytes";
        /// Rejected rows that are kept of a file at most; all are counted.
        rejects_kept: u64 = default(100_000_u64), within 0..=1_000_000_000, env "import_rejects_kept";
        /// Bytes that the rejected rows of a file may take at most; of a small file it is four
        /// times its size and 1 MiB.
        rejects_kept_bytes: u64 = default(67_108_864_u64), within 0..=1_099_511_627_776, env "import_rejects_kept_bytes";
        /// Days that rejected rows are kept once the import is over. The schedule `import-rejects`
        /// (04:35 UTC) deletes them.
        rejects_days: u64 = default(90_u64), within 1..=36_500, env "import_rejects_days";
    }
}

impl Check for Imports {}
