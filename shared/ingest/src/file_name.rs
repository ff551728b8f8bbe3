//! Facts in the name of an uploaded file (rule C11).

/// How packed files are named.
const COMPRESSED_EXTENSIONS: [&str; 3] = ["gz", "zst", "zip"];
/// How files of contacts are named.
const TABLE_EXTENSIONS: [&str; 3] = ["csv", "tsv", "txt"];

/// Returns the name of the group that a file belongs to where none is named: the file's without
/// extension. Of a packed file both go: `x.csv.gz` is `x`, as `x.csv` is. A name that would be
/// blank stays as it is.
pub fn group_name(file_name: &str) -> &str {
    let name = match without(file_name, &COMPRESSED_EXTENSIONS) {
        Some(packed) => without(packed, &TABLE_EXTENSIONS).unwrap_or(packed),
        None => file_name.rsplit_once('.').map_or(file_name, |(name, _)| name),
    };
    let name = name.trim();
    if name.is_empty() { file_name } else { name }
}

/// Returns the name without its extension, if that is one of these.
fn without<'n>(name: &'n str, extensions: &[&str]) -> Option<&'n str> {
    let (name, extension) = name.rsplit_once('.')?;
    extensions.iter().any(|known| known.eq_ignore_ascii_case(extension)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c11_a_group_has_the_files_name_without_extensions() {
        for (file, group) in [
            ("x.csv", "x"),
            ("x.csv.gz", "x"),
            ("x.TSV.zst", "x"),
            ("x.txt.ZIP", "x"),
            ("x.gz", "x"),
            ("Spring list.v2.csv", "Spring list.v2"),
            ("Spring list.v2.gz", "Spring list.v2"),
            ("x.csv.csv.gz", "x.csv"),
            ("x.gz.csv", "x.gz"),
            ("voters.export", "voters"),
            ("voters", "voters"),
            (".csv", ".csv"),
            (".csv.gz", ".csv.gz"),
            ("x .csv", "x"),
        ] {
            assert_eq!(group_name(file), group, "{file}");
        }
    }
}
