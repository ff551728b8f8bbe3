//! docs/adding-a-job.md shows the sources as they are, and files are where it says. That a kind
//! which is added so compiles, and one that is listed otherwise does not, is shown by the examples
//! of [`registry!`](crate::registry!).

use std::{
    fs,
    path::{Path, PathBuf},
};

use muster_jobs::JobKind;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_page_shows_the_sources_as_they_are() {
    let page = fs::read_to_string(root().join("docs/adding-a-job.md")).unwrap();
    let blocks: Vec<_> = page.split("```rust\n").skip(1).filter_map(|rest| rest.split_once("\n```")).collect();
    assert!(blocks.len() >= 7, "{} blocks", blocks.len());
    for (block, _) in blocks {
        let (first, code) = block.split_once('\n').unwrap();
        let path = first.strip_prefix("// ").unwrap();
        let source = fs::read_to_string(root().join(path)).unwrap();
        assert!(source.contains(&format!("{code}\n")), "not in {path}:\n{code}");
    }
}

#[test]
fn every_kind_has_a_payload_and_a_handler_of_its_name() {
    let chapters: Vec<_> =
        fs::read_dir(root().join("workers/src/handlers")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let mut payloads = 0;
    for kind in JobKind::ALL {
        let file = kind.as_str().replace('-', "_");
        assert!(root().join(format!("shared/jobs/src/kinds/{file}.rs")).is_file(), "{kind} has no payload");
        payloads += 1;
        let is_there = |chapter: &&PathBuf| {
            chapter.join(format!("{file}.rs")).is_file() || chapter.join(&file).join("mod.rs").is_file()
        };
        assert_eq!(chapters.iter().filter(is_there).count(), 1, "handlers of {kind}");
    }
    let files = fs::read_dir(root().join("shared/jobs/src/kinds")).unwrap().count();
    assert_eq!(files, payloads + 1, "each file beside mod.rs is a kind's");
}
