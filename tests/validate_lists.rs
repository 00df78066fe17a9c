//! Allowlists, closed lists and patterns, and the names that SQL is written with: each beside a slow model of its own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::collections::BTreeSet;

use palisade::validate::{Allowlist, InvalidKind, Pattern, PatternErrorKind, SqlIdent};
use proptest::prelude::*;

palisade::one_of! {
    /// What a list is sorted by.
    #[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(try_from = "String"))]
    pub enum SortBy { Name = "name", Joined = "created_at" }
}

#[test]
fn allowlists_answer_with_their_own_value() {
    let asked = String::from("desc");
    let order: &'static str = Allowlist::new(["asc", "desc"]).parse(&asked).unwrap();
    assert_eq!(order, "desc"); // its lifetime says that it is not `asked`
    assert_eq!(Allowlist::new(vec![String::from("asc")]).parse("asc").unwrap(), "asc");
    assert_eq!(Allowlist::of([("1", 1), ("2", 2), ("1", 3)]).parse("1"), Ok(1));
    assert_eq!(Allowlist::of([(String::from("a"), 'a')]).parse("a"), Ok('a'));
    let columns = Allowlist::new([palisade::sql_ident!("name"), palisade::sql_ident!("age")]);
    assert_eq!(columns.parse("age"), Ok(SqlIdent::parse("age").unwrap()));
}

#[test]
fn allowlists_refuse_all_else_and_do_not_repeat_it() {
    let list = Allowlist::new(["asc", "desc"]);
    for text in ["", "ASC", "asc ", " asc", "asc\n", "asc\0", "as", "ascdesc", "asc,desc", "ａsc", "aſc"] {
        let error = list.parse(text).unwrap_err();
        assert_eq!(error.kind(), InvalidKind::NotAllowed, "{text:?}");
        assert_eq!(error.to_string(), "choice: one of the choices that are allowed");
    }
    assert!(list.parse(&"a".repeat(1 << 20)).is_err());
    assert!(Allowlist::new([""]).parse("").is_ok());
    assert!(Allowlist::<&str>::new([]).parse("").is_err());
}

#[test]
fn closed_lists_answer_with_the_choice() {
    assert_eq!(SortBy::parse("created_at"), Ok(SortBy::Joined));
    assert_eq!("name".parse(), Ok(SortBy::Name));
    assert_eq!(SortBy::try_from(String::from("name")), SortBy::try_from("name"));
    assert_eq!((SortBy::Joined.as_str(), format!("{:>6}", SortBy::Name)), ("created_at", "  name".into()));
    for choice in SortBy::ALL {
        assert_eq!(SortBy::parse(choice.as_ref()), Ok(*choice));
    }
    for text in ["", "Name", "NAME", "name ", "name\0", "created_at; --"] {
        let error = SortBy::parse(text).unwrap_err();
        assert_eq!((error.kind(), error.subject()), (InvalidKind::NotAllowed, "SortBy"), "{text:?}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn closed_lists_are_deserialised_through_parse() {
    assert_eq!(serde_json::from_str::<SortBy>("\"name\"").unwrap(), SortBy::Name);
    assert!(serde_json::from_str::<SortBy>("\"Name\"").is_err());
}

/// Expression, text, whether the one describes the whole of the other.
const PATTERNS: &[(&str, &str, bool)] = &[
    // never a part
    ("[a-z]+", "; DROP x", false),
    ("[a-z]+", "drop", true),
    ("[a-z]+", "drop;", false),
    ("[a-z]+", "", false),
    ("", "", true),
    ("", "a", false),
    // the longer alternative counts where the shorter leaves something over
    ("a|ab", "ab", true),
    ("a|ab", "a", true),
    ("a*?", "aaa", true),
    ("", "\n", false),
    // both ends hold for every alternative
    ("a|b", "ax", false),
    ("a|b", "xb", false),
    ("^a|b$", "ab", false),
    ("^a$|^b$", "b", true),
    // a line's end is not the text's
    ("[a-z]+$", "name\n", false),
    ("^[a-z]+$", "name\n", false),
    ("^[a-z]+$", "name\r\n", false),
    ("(?m)^[a-z]+$", "name\n", false),
    ("(?m)^[a-z]+$", "evil\nname", false),
    ("(?m)^[a-z]+$", "name", true),
    ("(?mR)^[a-z]+$", "name\r\n", false),
    (r"(?m)\A[a-z]+\z", "name\nevil", false),
    (".*", "a\nb", false),
    ("(?s).*", "a\nb", true),
    // a comment ends with the expression and not behind it
    ("(?x)a #", "a", true),
    ("(?x)a #", "ab", false),
    ("(?x)a # )", "a", true),
    ("(?x) a b", "ab", true),
    // ASCII
    (r"\d+", "123", true),
    (r"\d+", "١٢٣", false),
    (r"\w+", "é", false),
    (r"\s", "\u{a0}", false),
    (".", "é", false),
    ("..", "é", false),
    ("[^/]+", "é", false),
    ("[^/]+", "a b", true),
    (r"\D+", "é", false),
    (r"\W", "é", false),
    ("é", "é", true),
    ("é+", "éé", true),
    ("(?i)k", "\u{212a}", false),
    ("(?i)s", "ſ", false),
    ("(?i)k", "K", true),
    ("(?u:.)", "é", true), // asked for by name
    ("[[:alpha:]]+", "aé", false),
    (r"[^\x00-\x7F]", "é", false), // a class of nothing
    (r"(?:[^a]|b){2}", "cé", false),
    // the one that people write for a label of a host name
    ("(?i)^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", "Web-1", true),
    ("(?i)^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", "web-", false),
    ("(?i)^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", "web\n", false),
];

#[test]
fn patterns_describe_the_whole_text() {
    for (expression, text, expected) in PATTERNS {
        let outcome = Pattern::new(expression).unwrap().parse(text);
        assert_eq!(outcome.is_ok(), *expected, "{expression:?} on {text:?}");
        match outcome {
            Ok(parsed) => assert_eq!(parsed, *text),
            Err(error) => {
                assert_eq!(error.kind(), InvalidKind::Form);
                assert_eq!(error.to_string(), "text: what the pattern describes");
            }
        }
    }
}

#[test]
fn patterns_of_unicode_are_asked_for() {
    for (expression, text, expected) in [
        (r"\w{3}", "日本語", true),
        (r"\d", "٣", true),
        (".{1,2}", "éé", true),
        (".{1,2}", "ééé", false),
        ("(?i)k", "\u{212a}", true),
        ("(?i)ß", "ẞ", true),
        ("[^/]+", "é\n", true),
        (r"(?-u:\w)+", "é", false),
        ("a|ab", "ab", true),
        (r"\b\w+\b", "été", true),
    ] {
        let parsed = Pattern::unicode(expression).unwrap().parse(text);
        assert_eq!(parsed.is_ok(), expected, "{expression:?} on {text:?}");
    }
}

#[test]
fn what_is_no_expression_is_refused_and_says_where() {
    for (expression, at) in [
        ("a)|(b", 1),
        ("(", 0),
        ("[a-z", 0),
        ("*", 0),
        (r"(a)\1", 3),
        ("a(?=b)", 1),
        ("a(?!b)", 1),
        ("(?<=a)b", 0),
        ("(?<!a)b", 0),
        (r"a\Z", 1),
        ("a{2,1}", 1),
        ("(?x)a #\n)", 8),
        (r"[é-ü]", 1),
        (r"\p{Greek}", 0),
    ] {
        let error = Pattern::new(expression).unwrap_err();
        assert_eq!(error.kind(), PatternErrorKind::Syntax, "{expression}");
        assert_eq!(error.at(), Some(at), "{expression}: {error}");
        assert!(!error.to_string().contains(expression) || expression.len() < 2, "{error}");
    }
    assert_eq!(
        Pattern::new("a(?=b)").unwrap_err().to_string(),
        "pattern: look-around, including look-ahead and look-behind, is not supported, at byte 1"
    );
    assert_eq!(Pattern::new(r"\xFF").unwrap_err().to_string(), "pattern: it asks for bytes that are no text");
    assert!(Pattern::unicode(r"(?-u:.)").is_err());
}

#[test]
fn large_expressions_are_refused() {
    for expression in
        ["a{1000}{1000}{1000}", r"(?u:\w{1000}{1000})", "((a{0,900}){0,900}){0,900}", &"a".repeat(4097)]
    {
        assert_eq!(
            Pattern::new(expression).unwrap_err().kind(),
            PatternErrorKind::TooLarge,
            "{expression:.20}"
        );
    }
    assert_eq!(Pattern::new(&"(".repeat(4000)).unwrap_err().kind(), PatternErrorKind::Syntax);
    assert!(Pattern::new(&"a".repeat(4096)).unwrap().parse(&"a".repeat(4096)).is_ok());
    assert!(Pattern::unicode(r"\w{1,64}").unwrap().parse(&"é".repeat(64)).is_ok());
}

#[test]
fn long_text_is_refused_by_its_length() {
    let pattern = Pattern::new("a*").unwrap();
    assert!(pattern.parse(&"a".repeat(4096)).is_ok());
    assert_eq!(pattern.parse(&"a".repeat(4097)).unwrap_err().kind(), InvalidKind::TooLong);
    let pattern = pattern.max_bytes(3).named("code", "a, three times at most");
    assert!(pattern.parse("aaa").is_ok());
    assert_eq!(pattern.parse("aaaa").unwrap_err().to_string(), "code: a, three times at most");
    assert!(pattern.clone().max_bytes(1 << 20).parse(&"a".repeat(1 << 20)).is_ok());
}

/// An expression as a tree: written out for the parser, and matched by trying every way.
#[derive(Clone, Debug)]
enum Node {
    Letter(char),
    Class(bool, &'static str),
    Either(Vec<Node>),
    Sequence(Vec<Node>),
    Times(Box<Node>, usize, Option<usize>),
    Nothing,
}

impl Node {
    fn write(&self) -> String {
        match self {
            Self::Letter(letter) => letter.to_string(),
            Self::Class(negated, letters) => format!("[{}{letters}]", if *negated { "^" } else { "" }),
            Self::Either(nodes) => nodes.iter().map(Self::write).collect::<Vec<_>>().join("|"),
            Self::Sequence(nodes) => {
                nodes.iter().flat_map(|node| ["(?:".to_owned(), node.write(), ")".to_owned()]).collect()
            }
            Self::Times(node, least, None) => format!("({}){{{least},}}", node.write()),
            Self::Times(node, least, Some(most)) => format!("({}){{{least},{most}}}?", node.write()),
            Self::Nothing => String::new(),
        }
    }

    /// Where a match that begins at one of `starts` may end.
    fn ends(&self, text: &[char], starts: BTreeSet<usize>) -> BTreeSet<usize> {
        let one = |fits: &dyn Fn(char) -> bool| {
            starts.iter().filter(|&&at| text.get(at).is_some_and(|&c| fits(c))).map(|at| at + 1).collect()
        };
        match self {
            Self::Letter(letter) => one(&|c| c == *letter),
            Self::Class(negated, letters) => one(&|c| c.is_ascii() && letters.contains(c) != *negated),
            Self::Either(nodes) => nodes.iter().flat_map(|node| node.ends(text, starts.clone())).collect(),
            Self::Sequence(nodes) => nodes.iter().fold(starts, |starts, node| node.ends(text, starts)),
            Self::Times(node, least, most) => {
                let mut now = (0..*least).fold(starts, |starts, _| node.ends(text, starts));
                let mut all = now.clone();
                for _ in 0..most.map_or(text.len(), |most| most - least) {
                    now = node.ends(text, now);
                    all.extend(&now);
                }
                all
            }
            Self::Nothing => starts,
        }
    }
}

fn node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        prop::sample::select(vec!['a', 'b', 'é', '\n']).prop_map(Node::Letter),
        (any::<bool>(), prop::sample::select(vec!["a", "ab", "b\n"]))
            .prop_map(|(no, all)| Node::Class(no, all)),
        Just(Node::Nothing),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Node::Either),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Node::Sequence),
            (inner, 0_usize..3, prop::option::of(0_usize..3)).prop_map(|(node, least, more)| {
                Node::Times(Box::new(node), least, more.map(|more| least + more))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn patterns_accept_what_trying_every_way_does(node in node(), texts in prop::collection::vec("[abé\n]{0,6}", 8)) {
        let expression = node.write();
        let pattern = Pattern::new(&expression).unwrap();
        for text in texts {
            let letters: Vec<char> = text.chars().collect();
            let expected = node.ends(&letters, BTreeSet::from([0])).contains(&letters.len());
            prop_assert_eq!(pattern.parse(&text).is_ok(), expected, "{:?} on {:?}", expression, text);
        }
    }

    #[test]
    fn allowlists_find_what_a_search_of_all_finds(
        all in prop::collection::vec("[ab]{0,4}|[a-c]{5}", 0..40),
        texts in prop::collection::vec("[ab]{0,4}|[a-c]{5}|\\PC{0,6}", 20),
    ) {
        let list = Allowlist::of(all.iter().cloned().zip(0..));
        for text in all.iter().chain(&texts) {
            prop_assert_eq!(list.parse(text).ok(), all.iter().position(|allowed| allowed == text));
        }
    }

    #[test]
    fn names_of_columns_are_letters_digits_and_underscores(text in "[a-zA-Z_][a-z0-9_$-]{0,70}|[ -~é]{0,4}|\\PC{0,3}") {
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
        let expected = (1..=63).contains(&text.len())
            && text.starts_with(|c| letters.contains(c))
            && text.chars().all(|c| letters.contains(c) || "0123456789".contains(c));
        prop_assert_eq!(SqlIdent::parse(&text).is_ok(), expected);
    }
}
