use super::*;

fn headers(row: &str) -> Vec<String> {
    row.split(',').map(ToOwned::to_owned).collect()
}

fn mapped(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, field)| ((*name).to_owned(), (*field).to_owned())).collect()
}

fn fields(row: &str) -> Vec<String> {
    read(&headers(row), &BTreeMap::new()).unwrap().iter().map(Column::field).collect()
}

#[test]
fn c2_recognises_common_exports() {
    assert_eq!(
        fields("\u{feff}FirstName,LastName,Pref Phone ,Voter File VANID,ZipOrPostal,Precinct"),
        ["first_name", "last_name", "phone", "external_id", "postal_code", "custom:Precinct"]
    );
    assert_eq!(
        fields("email,first_name,last_name,zip_code,can2_phone,can2_county"),
        ["email", "first_name", "last_name", "postal_code", "phone", "custom:can2_county"]
    );
    assert_eq!(
        fields("first_name,last_name,can2_phone,can2_user_address,can2_user_city")[2..],
        ["phone", "custom:can2_user_address", "custom:can2_user_city"]
    );
    assert_eq!(
        fields("phoneNumber,firstName,lastName,email,postalCode,notes"),
        ["phone", "first_name", "last_name", "email", "postal_code", "notes"]
    );
    for spoke in ["cell", "mobile", "number", "phone", "phone_number", "cellphone", "mobilenumber"] {
        assert_eq!(fields(&format!("firstName,lastName,{spoke}"))[2], "phone", "{spoke}");
    }
}

#[test]
fn c2_phone_books_and_other_exports_are_recognised() {
    for (row, wanted) in [
        (
            "Given Name,Family Name,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value,Address 1 - Postal Code",
            "email,-,phone,postal_code",
        ),
        ("First Name,Last Name,Phone 1 - Label,Phone 1 - Value,Phone 2 - Value", "-,phone,-"),
        (
            "First Name,Last Name,E-mail Address,Home Phone,Business Phone,Mobile Phone,Primary Phone,Home Postal Code,Business Postal Code",
            "email,-,-,phone,-,postal_code,-",
        ),
        ("First name,Last name,Phone (mobile),E-mail", "phone,email"),
        ("Email Address,First Name,Last Name,SMS Phone Number,Phone Number", "email,phone,-"),
        (
            "first_name,last_name,mobile_number,phone_number,work_phone_number,email1,primary_zip,nationbuilder_id",
            "phone,-,-,email,postal_code,external_id",
        ),
        ("First Name,Last Name,Mobile,Phone,Mailing Zip/Postal Code,Email", "phone,-,postal_code,email"),
        ("First Name,Last Name,Phone Number,Mobile Phone Number,Postal Code,Record ID", "-,phone,postal_code,-"),
        ("Donor First Name,Donor Last Name,Donor ZIP,Donor Phone,Donor Email", "postal_code,phone,email"),
        ("first,last,Mobile #,Zip Code:", "phone,postal_code"),
    ] {
        let told = fields(row);
        let mut others: Vec<&str> =
            told.iter().map(String::as_str).filter(|field| !matches!(*field, "first_name" | "last_name")).collect();
        others.iter_mut().filter(|field| field.starts_with("custom:")).for_each(|field| *field = "-");
        assert_eq!(told.len() - others.len(), 2, "{row}: {told:?}");
        assert_eq!(others.join(","), wanted, "{row}: {told:?}");
    }
}

#[test]
fn c4_a_mark_that_is_not_seen_hides_no_header() {
    for mark in ["\u{200b}", "\u{feff}", "\u{2060}", "\u{ad}", "\u{200e}", "\u{202a}", "\u{fe0f}", "\u{a0}", "\u{2009}"]
    {
        for row in [
            format!("{mark}first,last{mark},pho{mark}ne,{mark}Ward{mark},{mark}zip"),
            format!("fi{mark}rst,{mark}la{mark}st,Mobile{mark}Phone,Ward,zip{mark}code"),
        ] {
            assert_eq!(fields(&row), ["first_name", "last_name", "phone", "custom:Ward", "postal_code"], "{row:?}");
        }
    }
    assert_eq!(fields("\u{ff26}\u{ff49}rst,last,cell\u{2010}phone")[..], ["first_name", "last_name", "phone"]);
}

#[test]
fn c17_columns_that_state_opt_outs_are_recognised() {
    for header in ["can2_sms_status", "SMS Opt-In Status", "smsOptInStatus", "Opt In Status"] {
        assert_eq!(fields(&format!("first,last,phone,{header}"))[3], "opt_out_status", "{header}");
    }
    for header in [
        "opted_out",
        "is_opted_out",
        "optOut",
        "NoTexts",
        "Do Not Text",
        "do_not_text",
        "SMS Opt Out",
        "SMS Opt-Out?",
        "unsubscribed",
        "opted_out_at",
        "HasOptedOutOfSMS",
        "do_not_contact",
    ] {
        assert_eq!(fields(&format!("first,last,phone,{header}"))[3], "opt_out", "{header}");
    }
    for header in ["sms_opt_in", "mobile_opt_in", "SMS Consent", "Accepts SMS Marketing"] {
        assert_eq!(fields(&format!("first,last,phone,{header}"))[3], "opt_in", "{header}");
    }
    // A column on e-mail or calls is a field like others.
    for header in ["can2_subscription_status", "email_opt_out", "do_not_call", "email_opt_in", "opted_in"] {
        assert_eq!(fields(&format!("first,last,phone,{header}"))[3], format!("custom:{header}"));
    }
    // There may be several, and a mapping wins.
    assert_eq!(fields("first,last,phone,opted_out,opted_out,sms_opt_in")[3..], ["opt_out", "opt_out", "opt_in"]);
    let mapping = mapped(&[("opted_out", "custom:Left"), ("Texts?", "opt_in")]);
    let columns = read(&headers("first,last,phone,opted_out,Texts?"), &mapping).unwrap();
    assert_eq!(columns[3..], [Column::Custom("Left".into()), Column::OptIn]);
}

#[test]
fn c2_the_cell_phone_is_the_phone_and_the_others_are_custom_fields() {
    assert_eq!(
        fields("VanID,LastName,FirstName,HomePhone,WorkPhone,Cell Phone,Pref Phone ,IsHomePhoneACellExchange"),
        [
            "external_id",
            "last_name",
            "first_name",
            "custom:HomePhone",
            "custom:WorkPhone",
            "phone",
            "custom:Pref Phone",
            "custom:IsHomePhoneACellExchange"
        ]
    );
    assert_eq!(fields("first,last,phone,Pref Phone")[2..], ["custom:phone", "phone"]);
    assert_eq!(fields("first,last,number,phone")[2..], ["custom:number", "phone"]);
    assert_eq!(read(&headers("first,last,HomePhone"), &BTreeMap::new()), Err(HeaderError::Missing("phone")));
}

#[test]
fn c2_an_explicit_mapping_wins() {
    let mapping = mapped(&[("HomePhone", "ignore"), ("tel", "phone")]);
    let columns = read(&headers("first,last,HomePhone,tel,cell"), &mapping).unwrap();
    assert_eq!(columns[2..], [Column::Ignored, Column::Phone, Column::Custom("cell".into())]);
    let wrong = mapped(&[("tel", "fone")]);
    assert_eq!(read(&headers("first,last,tel"), &wrong), Err(HeaderError::NoSuchField("fone".into())));
    let absent = mapped(&[("tel", "phone")]);
    assert_eq!(read(&headers("first,last,cell"), &absent), Err(HeaderError::NoSuchColumn("tel".into())));
    let agent = mapped(&[("Canvasser", "assigned_agent")]);
    assert_eq!(read(&headers("first,last,cell,canvasser"), &agent).unwrap()[3], Column::AssignedAgent);
}

#[test]
fn c3_of_two_custom_fields_with_one_name_both_are_kept() {
    assert_eq!(
        fields("first,last,phone,Ward,Ward (2), Ward ,Ward")[3..],
        ["custom:Ward", "custom:Ward (2)", "custom:Ward (3)", "custom:Ward (4)"]
    );
    let twice = mapped(&[("a", "custom:Ward"), ("b", "custom:Ward")]);
    assert_eq!(
        read(&headers("first,last,phone,a,b"), &twice),
        Err(HeaderError::SameCustom("a".into(), "b".into(), "Ward".into()))
    );
    let once = mapped(&[("b", "custom:Ward")]);
    let columns = read(&headers("first,last,phone,Ward,b"), &once).unwrap();
    assert_eq!(columns[3..], [Column::Custom("Ward (2)".into()), Column::Custom("Ward".into())]);
}

#[test]
fn c3_of_the_same_header_twice_the_first_is_the_field_and_the_second_a_custom_field() {
    assert_eq!(
        fields("first,last,phone,email,Email,Notes,notes,Notes")[3..],
        ["email", "custom:Email", "notes", "custom:notes", "custom:Notes"]
    );
    let second = mapped(&[("Email (2)", "email"), ("email", "custom:Old")]);
    let columns = read(&headers("first,last,phone,email,Email"), &second).unwrap();
    assert_eq!(columns[3..], [Column::Custom("Old".into()), Column::Email]);
    let ignored = mapped(&[("Phone (2)", "ignore")]);
    assert_eq!(read(&headers("first,last,Phone,Phone"), &ignored).unwrap()[2..], [Column::Phone, Column::Ignored]);
    let first = mapped(&[("Phone", "phone")]);
    let columns = read(&headers("first,last,Phone,Phone"), &first).unwrap();
    assert_eq!(columns[2..], [Column::Phone, Column::Custom("Phone".into())]);
    // A column that is called so itself is meant first.
    let itself = mapped(&[("Email (2)", "ignore")]);
    assert_eq!(
        read(&headers("first,last,phone,email,Email,Email (2)"), &itself).unwrap()[3..],
        [Column::Email, Column::Custom("Email".into()), Column::Ignored]
    );
    let absent = mapped(&[("Email (3)", "ignore")]);
    assert!(read(&headers("first,last,phone,email,Email"), &absent).is_err());
}

#[test]
fn c15_a_file_without_a_phone_column_is_refused() {
    assert_eq!(read(&headers("first,last,email"), &BTreeMap::new()), Err(HeaderError::Missing("phone")));
    for (row, one, other) in [("first,last,cell,mobile", "cell", "mobile"), ("first,last,cell,Cell", "cell", "Cell")] {
        let twice = read(&headers(row), &BTreeMap::new());
        assert_eq!(twice, Err(HeaderError::Twice(one.into(), other.into(), "phone")));
    }
}

#[test]
fn a_column_is_written_as_its_field() {
    for field in
        ["first_name", "phone", "assigned_agent", "opt_out", "opt_in", "opt_out_status", "custom:Ward", "ignore"]
    {
        let column = Column::of_field(field).unwrap();
        assert_eq!(serde_json::to_value(&column).unwrap(), field);
        assert_eq!(serde_json::from_value::<Column>(field.into()).unwrap(), column);
    }
    assert!(serde_json::from_value::<Column>("fone".into()).is_err());
}
