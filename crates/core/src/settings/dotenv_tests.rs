//! python-dotenv's own answers for the same texts, recorded; the environment holds `HOME_X=home`.

use super::*;

/// What is set at the end, sorted by name.
fn values(text: &str) -> Vec<(String, String)> {
    let env = |name: &str| (name == "HOME_X").then(|| "home".to_owned());
    let mut values: Vec<_> =
        interpolate(parse(text).0, &env).unwrap().into_iter().map(|(_, n, v)| (n, v)).collect();
    values.sort();
    values
}

#[test]
fn as_python_dotenv_reads_it() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("A=b", &[("A", "b")]),
        ("A = b ", &[("A", "b")]),
        ("export A=b", &[("A", "b")]),
        ("export  A=b", &[("A", "b")]),
        ("exportA=b", &[("exportA", "b")]),
        ("  A=b", &[("A", "b")]),
        ("A=", &[("A", "")]),
        ("A", &[]),
        ("A #c", &[]),
        ("A=b #c", &[("A", "b")]),
        ("A=b#c", &[("A", "b#c")]),
        ("A=#c", &[("A", "#c")]),
        ("A= #c", &[("A", "")]),
        ("#A=b\nB=1", &[("B", "1")]),
        ("A='b c' # x", &[("A", "b c")]),
        ("A=\"b\\nc\"", &[("A", "b\nc")]),
        ("A='b\\nc'", &[("A", "b\\nc")]),
        ("A='it\\'s'", &[("A", "it's")]),
        ("A=\"q\\\"q\"", &[("A", "q\"q")]),
        ("A=\"a\nb\"\nB=2", &[("A", "a\nb"), ("B", "2")]),
        ("A='a\nb'\nB=2", &[("A", "a\nb"), ("B", "2")]),
        ("A='x\nB=2", &[("B", "2")]),
        ("A=\"x' \nB=2", &[("B", "2")]),
        ("A='b' c\nB=2", &[("B", "2")]),
        ("A='b'c", &[]),
        ("'A B'=c", &[("A B", "c")]),
        ("A B=c\nC=1", &[("C", "1")]),
        ("A=b=c", &[("A", "b=c")]),
        ("=b\nC=1", &[("C", "1")]),
        ("A==b", &[("A", "=b")]),
        ("A=b\r\nB=c\r\n", &[("A", "b"), ("B", "c")]),
        ("A=b\rB=c", &[("A", "b"), ("B", "c")]),
        ("A=$X ${X}", &[("A", "$X ")]),
        ("A=1\nB=${A}2\nA=3\nC=${A}", &[("A", "3"), ("B", "12"), ("C", "3")]),
        ("A='${B}'\nB=1", &[("A", ""), ("B", "1")]),
        ("A=${HOME_X}\nHOME_X=mine\nB=${HOME_X}", &[("A", "home"), ("HOME_X", "mine"), ("B", "home")]),
        ("A=${NO:-dflt}", &[("A", "dflt")]),
        ("A=${NO:-}", &[("A", "")]),
        ("A=${NO-x}", &[("A", "")]),
        ("A=${:-x}", &[("A", "x")]),
        ("A=${NO", &[("A", "${NO")]),
        ("A=${a${B}}", &[("A", "}")]),
        ("A=a\\nb", &[("A", "a\\nb")]),
        ("A=\"\\q\\t\"", &[("A", "\\q\t")]),
        ("A=é # ü", &[("A", "é")]),
        ("A='a\\\\'", &[("A", "a\\")]),
        ("A='a\\'", &[]),
        ("A='a\\'\nB='c'", &[]),
        ("A=\tb\t", &[("A", "b")]),
        ("A=b  c", &[("A", "b  c")]),
        ("\n\n\nA=1\n\nB=2", &[("A", "1"), ("B", "2")]),
        ("A=1\nA", &[]),
        ("A=\"a\" \"b\"\nB=1", &[("B", "1")]),
        ("export\nB=1", &[("B", "1")]),
        ("export=1", &[("export", "1")]),
        ("A=`x`", &[("A", "`x`")]),
        ("A=b\u{b}c", &[("A", "b\u{b}c")]),
        ("A='b'#c", &[("A", "b")]),
        ("A=\"\"", &[("A", "")]),
        ("A=''", &[("A", "")]),
        ("A.B-C=1", &[("A.B-C", "1")]),
        ("1A=2", &[("1A", "2")]),
        ("A:b\nC=1", &[("C", "1")]),
        ("A=${HOME_X:-no}", &[("A", "home")]),
        ("A=\\${X}", &[("A", "\\")]),
        ("A=\"${HOME_X}\\n\"", &[("A", "home\n")]),
        ("''=b\nC=1", &[("C", "1")]),
        ("A=b;c", &[("A", "b;c")]),
        ("A= 'b'", &[("A", "b")]),
        ("A=x'b'", &[("A", "x'b'")]),
        ("A=\u{a0}b\u{a0}", &[("A", "b")]),
        ("A=b\u{a0}#c", &[("A", "b")]),
        ("A=\"a\\u0041\"", &[("A", "a\\u0041")]),
        ("A=${B:-${C}}", &[("A", "${C}")]),
        ("\u{feff}A=1", &[("A", "1")]),
    ];
    for (text, expected) in cases {
        let mut expected: Vec<_> = expected.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        expected.sort();
        assert_eq!(values(text), expected, "{text:?}");
    }
}

#[test]
fn an_unreadable_line_is_passed_over_with_a_warning() {
    let text = "SECRET_KEY='canary\nOTHER = 1\nSEKISHO_LOG=debug\n";
    let layer = layer_from_dotenv(text, ".env", &|_| None).unwrap();
    assert_eq!(layer.warnings, [".env:1: this line could not be read"]);
    assert_eq!(layer.entries.len(), 1);
    assert_eq!(layer.entries[0].origin.to_string(), ".env:3 (SEKISHO_LOG)");
}

#[test]
fn errors_name_the_line() {
    let text = "A=\"1\n2\"\n\nSEKISHO_LGO=debug\n";
    let errors = layer_from_dotenv(text, ".env", &|_| None).unwrap_err();
    assert_eq!(
        errors[0].to_string(),
        ".env:4 (SEKISHO_LGO): unknown name SEKISHO_LGO; did you mean SEKISHO_LOG?"
    );
}

#[test]
fn no_value_grows_without_measure() {
    let doubled: String = (1..40).map(|i| format!("A{i}=${{A{0}}}${{A{0}}}\n", i - 1)).collect();
    let errors = layer_from_dotenv(&format!("A0=xx\n{doubled}"), ".env", &|_| None).unwrap_err();
    assert!(errors[0].message.contains("1 MiB"), "{errors:?}");
}

#[test]
fn a_name_of_many_lines_is_shown_on_one() {
    let errors = layer_from_dotenv("'SEKISHO_A\nB\u{1}'=1\n", ".env", &|_| None).unwrap_err();
    assert_eq!(
        errors[0].to_string(),
        ".env:1 (SEKISHO_A\\nB\\u{1}): unknown name SEKISHO_A\\nB\\u{1}; `sekisho config default` lists all settings"
    );
}
