//! A file that another program writes by the book comes back as it was (rule C3).

use proptest::prelude::*;

use crate::support::{Told, try_told};

proptest! {
    #[test]
    fn c3_rows_written_by_the_book_come_back(
        rows in prop::collection::vec(prop::collection::vec("[a-z,;\"|\\r\\n\\t é漢]{0,8}", 4), 1..20),
        delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|']),
        crlf in any::<bool>(),
        always in any::<bool>(),
    ) {
        // A cell that could be the end of one row and the beginning of the next is told instead
        // (`quotes`).
        let many = |cell: &String| cell.contains(['\r', '\n']) && cell.matches(char::from(delimiter)).count() >= 4;
        prop_assume!(!rows.iter().flatten().any(many));
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let mut out = csv::WriterBuilder::new().delimiter(delimiter).terminator(terminator).quote_style(style).from_writer(Vec::new());
        out.write_record(["first", "last", "phone", "email", "notes", "Ward"]).unwrap();
        for row in &rows {
            out.write_record([&row[0], &row[1], "2125550001", &row[2], &row[3], "x"]).unwrap();
        }
        let told = try_told(&out.into_inner().unwrap()).unwrap();
        prop_assert_eq!(told.len(), rows.len());
        for (told, row) in told.iter().zip(&rows) {
            let names = ["phone", "first_name", "last_name", "email", "notes", "Ward"];
            let values = ["+12125550001", row[0].trim(), row[1].trim(), row[2].trim(), row[3].trim(), "x"];
            let wanted: Vec<(String, String)> = names
                .into_iter().zip(values).filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            let Told::Row { values, .. } = told else { panic!("{told:?}") };
            prop_assert_eq!(values, &wanted);
        }
    }
}
