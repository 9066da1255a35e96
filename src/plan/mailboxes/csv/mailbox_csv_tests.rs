use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Result<Vec<CsvRow>, CsvError> {
    parse_mailboxes(text.as_bytes())
}

#[test]
fn the_common_forms_read_alike() {
    let plain = "address,source_user,source_password,destination_user,destination_password\n\
        anna@example.org,anna,\"a,;\"\"b\",anna@new.example,geheim\n\
        ben@example.org,,,,\n";
    let rows = read(plain).unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].source_password.as_ref().map(Secret::expose), Some("a,;\"b"));
    assert_eq!(
        (rows[0].source_user.as_str(), rows[0].destination_user.as_str()),
        ("anna", "anna@new.example")
    );
    assert_eq!((rows[1].source_user.as_str(), rows[1].source_password.clone()), ("ben@example.org", None));
    let forms = [
        format!("\u{feff}{plain}"),
        plain.replace('\n', "\r\n"),
        plain.replace("address", " E-Mail ").replace("source_password", "Password1"),
        "sep=;\naddress;source_user;source_password;destination_user;destination_password\n\
            anna@example.org;anna;\"a,;\"\"b\";anna@new.example;geheim\nben@example.org;;;;\n"
            .to_owned(),
        "# people\n\nuser1\taddress\tpassword1\tuser2\tpassword2\tcost centre\n\
            anna\tanna@example.org\t\"a,;\"\"b\"\tanna@new.example\tgeheim\t7\n\t\t\n#x\nanna\tben@example.org\t\t\t\t\n"
            .replace("anna\tben", "\tben"),
    ];
    for form in forms {
        let mut read_back = read(&form).unwrap_or_else(|error| panic!("{form}: {error}"));
        for (row, expected) in read_back.iter_mut().zip(&rows) {
            row.line = expected.line;
        }
        assert_eq!(read_back, rows, "{form}");
    }
}

#[test]
fn a_row_says_which_user_columns_there_were() {
    for (columns, expected) in [
        ("address,source_password", (false, false)),
        ("address,user1", (true, false)),
        ("address,new_user", (false, true)),
        ("user2,address,source_user", (true, true)),
    ] {
        let fields = columns.split(',').map(|name| if name == "address" { "a@b.example" } else { "" });
        let text = format!("{columns}\n{}\n", fields.collect::<Vec<_>>().join(","));
        let row = read(&text).unwrap().remove(0);
        assert_eq!((row.has_source_user_column, row.has_destination_user_column), expected, "{columns}");
        assert_eq!((row.source_user.as_str(), row.destination_user.as_str()), ("a@b.example", "a@b.example"));
    }
}

#[test]
fn what_is_wrong_is_reported_with_its_line() {
    let head = "address,source_password,destination_password\n";
    for (text, expected) in [
        (String::new(), CsvError::Empty),
        ("\n# nothing\n \n".to_owned(), CsvError::Empty),
        ("anna@example.org,x,y\n".to_owned(), CsvError::NoHeader { line: 1 }),
        (
            "\nsource_user,source_password\n".to_owned(),
            CsvError::MissingColumn { line: 2, column: "address" },
        ),
        ("address,Password\n".to_owned(), CsvError::UnclearColumn { line: 1, column: "Password".to_owned() }),
        (
            "address,source_passwrod\n".to_owned(),
            CsvError::UnclearColumn { line: 1, column: "source_passwrod".to_owned() },
        ),
        ("address,email\n".to_owned(), CsvError::DoubleColumn { line: 1, column: "email".to_owned() }),
        (format!("{head}a@b.example,x\n"), CsvError::FieldCount { line: 2, expected: 3, found: 2 }),
        (format!("{head}a@b.example,x,y,z\n"), CsvError::FieldCount { line: 2, expected: 3, found: 4 }),
        (format!("{head}a@b.example,\"x,y\nb@b.example,,\n"), CsvError::OpenQuote { line: 2 }),
        (
            format!("{head}a@b.example,,\n\nA@B.example,,\n"),
            CsvError::DuplicateAddress { line: 4, first_line: 2, address: "A@b.example".to_owned() },
        ),
    ] {
        assert_eq!(read(&text), Err(expected), "{text:?}");
    }
    assert!(matches!(read(&format!("{head}#\nnobody,,\n")), Err(CsvError::BadAddress { line: 3, .. })));
    assert!(
        read(&format!("{head}a@b.example,x,y,,\n")).is_ok(),
        "empty fields behind the last column are noise"
    );
}

#[test]
fn other_encodings_are_refused_with_words() {
    let utf16: Vec<u8> = "address\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(parse_mailboxes(&utf16), Err(CsvError::Utf16));
    assert_eq!(parse_mailboxes(&[&[0xff, 0xfe][..], &utf16].concat()), Err(CsvError::Utf16));
    assert_eq!(parse_mailboxes(b"address,x\na@b.example,M\xfcller\n"), Err(CsvError::NotUtf8 { line: 2 }));
    assert_eq!(parse_mailboxes(&vec![b'a'; MAX_BYTES + 1]), Err(CsvError::TooLarge));
    assert!(CsvError::Utf16.to_string().contains("CSV UTF-8"));
}

#[test]
fn passwords_never_show() {
    let rows = read("address,source_password\na@b.example, geheim \n").unwrap();
    assert_eq!(rows[0].source_password.as_ref().map(Secret::expose), Some(" geheim "));
    assert!(!format!("{rows:?}").contains("geheim"));
    let error = read("address,source_password\na@b.example,ge,heim\n").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("heim"));
}

proptest! {
    #![proptest_config(crate::mutate::seeds::properties(256))]

    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _outcome = parse_mailboxes(&bytes);
    }

    #[test]
    fn never_panics_on_nearly_right(text in "(address|email)[,;\t](pass1|\"x)?\n[a-c@.\",;\n#\t]{0,80}") {
        let _outcome = parse_mailboxes(text.as_bytes());
    }
}

#[test]
fn each_side_may_have_its_own_way_to_sign_in() {
    let text = "address,source_admin,source_password,destination_token_file,destination_token_command\n\
        anna@example.org,root,geheim,,token 'for anna'\n\
        ben@example.org,,geheim,/run/token,\n\
        eva@example.org,,,,\n";
    let ways: Vec<_> = read(text)
        .unwrap()
        .into_iter()
        .map(|row| (row.source_way.unwrap().credential, row.destination_way.unwrap().credential))
        .collect();
    let command = CommandLine::parse("token 'for anna'").unwrap();
    let expected = [
        (Credential::Admin("root".to_owned()), Credential::TokenCommand(command)),
        (Credential::Password, Credential::TokenFile("/run/token".into())),
        (Credential::Password, Credential::Password),
    ];
    assert_eq!(ways, expected);
    let named = read("address;source_admin;source_admin_form\nanna@example.org;root;*\n").unwrap().remove(0);
    let form = NameForm::parse("*").unwrap();
    let expected = Credential::AdminByName { admin: "root".to_owned(), form };
    assert_eq!(named.source_way.unwrap().credential, expected);
    let silent = read("address\nanna@example.org\n").unwrap().remove(0);
    assert_eq!((silent.source_way, silent.destination_way), (None, None));
    for (text, words) in [
        (
            "address,source_password,source_token_file\nanna@example.org,geheim,/t\n",
            "line 2 has both source_token_file and source_password",
        ),
        (
            "address,source_admin,source_token_command\nanna@example.org,root,t\n",
            "line 2 has both source_token_command and source_admin",
        ),
        (
            "address,from_admin,from_admin_form\nanna@example.org,root,{x}\n",
            "line 2: “{x}” is not a valid name form",
        ),
        ("address,from_admin_form\nanna@example.org,*\n", "needs an admin"),
        ("address,to_token_command\nanna@example.org,a 'b\n", "line 2: the command opens a '"),
        ("address,token\nanna@example.org,x\n", "could belong to either side"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(words) && !error.contains("geheim"), "{error}");
    }
}
