use records::{DEPTH_MAX, DOCUMENT_BYTES_MAX, read};
use serde_json::json;

fn refused(document: &str) -> String {
    let finding = read(document.as_bytes()).unwrap_err();
    assert_eq!(finding.rule, "strict");
    finding.message
}

#[test]
fn a_plain_document_is_read_as_it_stands() {
    let value = read(br#"{"a":[1,-2,1.5,true,null,"\u00e9"],"b":{}}"#).unwrap();
    assert_eq!(value, json!({"a": [1, -2, 1.5, true, null, "é"], "b": {}}));
}

#[test]
fn a_name_that_stands_twice_is_refused_at_any_depth() {
    assert!(refused(r#"{"case":1,"case":2}"#).contains("`case` stands twice"));
    assert!(refused(r#"[{"x":[{"y":1,"z":2,"y":1}]}]"#).contains("`y` stands twice"));
    assert!(refused(r#"{"a":1,"\u0061":2}"#).contains("stands twice"), "an escape hides nothing");
}

#[test]
fn a_name_that_may_be_case_data_is_not_repeated() {
    let message = refused(r#"{"Jane Roe":1,"Jane Roe":2}"#);
    assert!(!message.contains("Jane"), "{message}");
}

#[test]
fn integers_beyond_2_to_the_53_are_refused() {
    assert_eq!(read(b"9007199254740992").unwrap(), json!(9_007_199_254_740_992_u64));
    for over in ["9007199254740993", "-9007199254740993", "18446744073709551616", "1e300", "[9223372036854775807]"] {
        assert!(refused(over).contains("2^53"), "{over}");
    }
}

#[test]
fn a_number_that_is_not_finite_is_refused() {
    for text in ["1e999", "-1e999", "NaN", "Infinity"] {
        assert!(read(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn nesting_has_a_floor() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(nested(DEPTH_MAX).as_bytes()).is_ok());
    assert!(refused(&nested(DEPTH_MAX + 1)).contains("nested deeper"));
    assert!(read(nested(100_000).as_bytes()).is_err());
}

#[test]
fn too_many_bytes_or_values_are_refused() {
    let long = format!("\"{}\"", "x".repeat(DOCUMENT_BYTES_MAX));
    assert!(refused(&long).contains("longer than"));
    let many = format!("[{}1]", "1,".repeat(500_000));
    assert!(refused(&many).contains("too many values"));
}

#[test]
fn what_is_not_utf_8_and_what_stands_behind_the_document_is_refused() {
    assert!(read(b"\"\xff\"").unwrap_err().message.contains("UTF-8"));
    for text in ["", "{} {}", "{},", "\u{feff}{}", r#""\ud800""#, "{'a':1}", "[1,]", "01"] {
        assert!(read(text.as_bytes()).is_err(), "{text}");
    }
}
