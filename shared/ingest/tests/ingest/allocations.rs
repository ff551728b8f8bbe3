//! Memory that reading takes: none for a row, with any cells.

use std::{collections::BTreeMap, fmt::Write as _, hint::black_box, io::Cursor};

use muster_ingest::{
    file::open,
    rows::{RowOrReject, RowReader},
};

/// Rows with cells as they are, cells in quotes, with quotes and over several lines, nulls and
/// tags.
fn text(rows: usize) -> String {
    let mut text = String::new();
    for nth in 0..rows {
        let first = ["Ada", "\"Ada \"\"A.\"\" Lovelace\"", " Ada\u{a0}", "NULL"][nth % 4];
        writeln!(text, "{first},L,(212) 555-{:04},\"one; two\",Ward {},\"Two\nlines\"", nth % 10_000, nth % 9).unwrap();
    }
    text
}

fn allocations(rows: usize) -> u64 {
    let header = open(Cursor::new("first,last,phone,tags,Ward,notes\n"), &BTreeMap::new(), 1_000).unwrap().header;
    let text = text(rows);
    let mut read = 0;
    let taken = allocation_counter::measure(|| {
        let mut reader = RowReader::new(&header, 2, text.as_bytes());
        while let Some(line) = reader.next_line().unwrap() {
            read += 1;
            let RowOrReject::Row(row) = line else { panic!("{line:?}") };
            black_box((row.first_name(), row.last_name(), row.notes()));
            row.fields().for_each(|field| _ = black_box(field));
            row.tags().for_each(|tag| _ = black_box(tag));
        }
    });
    assert_eq!(read, rows);
    taken.count_total
}

#[test]
fn c3_reading_a_hundred_times_the_rows_allocates_no_more() {
    let (_tables_are_made, few, many) = (allocations(1_000), allocations(1_000), allocations(100_000));
    assert!(few > 0, "nothing was counted");
    assert_eq!(few, many);
}
