use std::collections::BTreeSet;

use super::*;

#[test]
fn every_reason_comes_back_from_its_number_and_detail() {
    for reason in samples::one_of_each() {
        let (number, detail) = (reason.code().number(), reason.detail());
        let code = ReasonCode::from_number(number).unwrap();
        assert_eq!(Reason::read(code, detail.as_deref()), Some(reason));
    }
    assert_eq!(ReasonCode::from_number(0), None);
    assert_eq!(Reason::read(ReasonCode::DuplicateOf, Some("x")), None);
    assert_eq!(Reason::read(ReasonCode::NotTaken, Some("x")), None);
}

#[test]
fn numbers_and_names_are_each_of_one_reason() {
    let numbers: BTreeSet<i64> = ReasonCode::ALL.into_iter().map(ReasonCode::number).collect();
    let names: BTreeSet<&str> = ReasonCode::ALL.into_iter().map(ReasonCode::name).collect();
    assert_eq!((numbers.len(), names.len()), (ReasonCode::ALL.len(), ReasonCode::ALL.len()));
}

#[test]
fn server_words_of_any_length_and_form_keep_the_parts_apart() {
    let trigger = RepairTrigger::Refused(ServerWords { code: None, text: "no\r\n".repeat(4_000) });
    let reason = Reason::Exported { trigger, file: "a.eml".to_owned() };
    let detail = reason.detail().unwrap();
    assert!(detail.chars().count() < FIELD_CHARS + 100);
    let Some(Reason::Exported { file, .. }) = Reason::read(ReasonCode::Exported, Some(&detail)) else {
        panic!("{detail}")
    };
    assert_eq!(file, "a.eml");
}

#[test]
fn checks_of_flags_come_back_from_their_numbers() {
    for check in [None, Some(FlagCheck::Unseen), Some(FlagCheck::InDoubt)] {
        assert_eq!(FlagCheck::from_number(FlagCheck::number(check)), Some(check));
    }
    assert_eq!(FlagCheck::from_number(3), None);
}
