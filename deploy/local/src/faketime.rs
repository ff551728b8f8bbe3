//! Wrong clocks, for tests: the library that lies to one process about the time, from Debian's
//! package `faketime`.

use std::path::Path;

use crate::install;

/// Finds `libfaketime`, installing it where that is allowed; to be named in `LD_PRELOAD`. `None`
/// where there is none.
pub async fn faketime_library() -> Option<String> {
    if let Some(library) = find() {
        return Some(library);
    }
    install::install("faketime").await.ok()?;
    find()
}

/// Debian keeps it below the folder of the machine's architecture.
fn find() -> Option<String> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten();
    let libraries = folders.map(|folder| folder.path().join("faketime/libfaketime.so.1"));
    libraries.into_iter().find(|library| Path::new(library).exists())?.to_str().map(str::to_owned)
}
