//! Headers of real exports in real files (rule C2); names alone are tested in the domain.

use std::{collections::BTreeMap, io::Cursor};

use muster_ingest::{file::open, header::Header, headers::Column, limits::MAX_UNPACKED};

use crate::support::{header, refusal, told};

#[test]
fn c2_a_van_export_is_read_with_its_cell_phones() {
    let file = "Voter File VANID\tLastName\tFirstName\tHomePhone\tCell Phone\tPref Phone \tZipOrPostal\n\
                77\tLee\tAnn\t2125550001\t2125550002\t2125550001\t\\N\n";
    assert_eq!(told(file), ["2: +12125550002 Ann Lee 77 2125550001 2125550001"]);
}

#[test]
fn c3_columns_with_one_name_are_both_kept() {
    assert_eq!(told("first,last,phone,Ward,Ward\nA,B,2125550001,x,y\n"), ["2: +12125550001 A B x y"]);
    let header = header("first,last,phone,Ward,Ward,\n");
    assert_eq!(header.columns[3..5], [Column::Custom("Ward".into()), Column::Custom("Ward (2)".into())]);
    assert_eq!(
        header.fields()[3..],
        [("Ward".to_owned(), "custom:Ward".to_owned()), ("Ward (2)".to_owned(), "custom:Ward (2)".to_owned())]
    );
    assert!(refusal("first,last,phone,phone\nA,B,2125550001,\n").contains("both the phone"));
}

#[test]
fn c2_a_mapping_wins() {
    let mapping =
        BTreeMap::from([("tel home".to_owned(), "phone".to_owned()), ("x".to_owned(), "assigned_agent".to_owned())]);
    let opened = open(Cursor::new("first,last,cell,Tel_Home,x\n"), &mapping, MAX_UNPACKED).unwrap();
    assert_eq!(opened.header.columns[2..], [Column::Custom("cell".into()), Column::Phone, Column::AssignedAgent]);
}

#[test]
fn a_header_can_be_written_down_and_read_elsewhere() {
    let header = header("\u{feff}first;last;phone;Ward\r\n");
    let json = serde_json::to_string(&header).unwrap();
    assert_eq!(serde_json::from_str::<Header>(&json).unwrap(), header);
    assert_eq!((header.offset, header.first_line, header.delimiter), (23, 2, b';'));
}
