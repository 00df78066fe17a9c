//! Names and addresses, held to checkers that are written differently: slowly, and from the standards' grammar.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

#[path = "support/names.rs"]
mod names;

use names::{is_dns_name, is_email, is_hostname, is_rfc_email};
use palisade::hostname;
use palisade::validate::{DnsName, Email, Hostname, IdnHostname, InvalidKind, RfcEmail};
use proptest::prelude::*;

#[test]
fn literals_are_checked_by_the_compiler() {
    const API: Hostname = hostname!("api-1.example.com");
    assert_eq!(Hostname::parse("API-1.example.com"), Ok(API));
}

#[test]
fn the_two_forms_of_a_name_lead_to_each_other() {
    // The samples of RFC 3492 §7.1 that are labels.
    for (unicode, ascii) in [
        ("他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"),
        ("למההםפשוטלאמדבריםעברית", "xn--4dbcagdahymbxekheh6e0a7fei0b"),
        ("यहलोगहिन्दीक्योंनहींबोलसकतेहैं", "xn--i1baa7eci9glrd9b2ae1bj0hfcgg6iyaf8o0a1dig0cd"),
        ("почемужеонинеговорятпорусски", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l"),
        ("3年b組金八先生", "xn--3b-ww4c5e180e575a65lsy2b"),
        ("bücher.example", "xn--bcher-kva.example"),
    ] {
        let (name, host) = (IdnHostname::parse(unicode).unwrap(), Hostname::parse(ascii).unwrap());
        assert_eq!(name.to_ascii(), host);
        assert_eq!(IdnHostname::parse(ascii).unwrap(), name);
        assert_eq!(IdnHostname::from(host), name);
    }
}

#[test]
fn an_address_that_people_type_is_one_that_servers_exchange() {
    let email = Email::parse("Ann+x@Bücher.example").unwrap();
    assert_eq!((email.local_part(), email.domain()), ("Ann+x", "xn--bcher-kva.example"));
    assert!(Hostname::parse(email.domain()).is_ok());
    assert_eq!(Email::parse_rfc(email.as_str()), Ok(RfcEmail::from(email)));
    let quoted = Email::parse_rfc("\"a@b\"@[IPv6:::1]").unwrap();
    assert_eq!((quoted.local_part(), quoted.domain()), ("\"a@b\"", "[IPv6:::1]"));
    assert_eq!(Email::parse(quoted.as_str()).unwrap_err().kind(), InvalidKind::Character);
}

#[test]
fn characters_of_labels_are_those_that_folding_leaves() {
    let accepted = ('\u{80}'..=char::MAX).filter(|char| {
        // Also behind a letter to stand on, from left to right and from right to left.
        let labels = [char.to_string(), format!("字{char}"), format!("א{char}")];
        labels.iter().any(|label| IdnHostname::parse(label).is_ok())
    });
    let accepted: Vec<char> = accepted.collect();
    let implausible: Vec<&char> = accepted.iter().filter(|char| !names::is_plausible(**char)).collect();
    assert!(implausible.is_empty(), "{implausible:?}");
    // 155,682 are PVALID or in context in Unicode 18; 37 of them are ASCII, and both joiners, the middle dot and the Greek
    // numeral sign have a context that none of the labels above is.
    assert_eq!(accepted.len(), 155_682 - 37 - 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn names_are_what_the_grammar_says(text in NAMES) {
        prop_assert_eq!(Hostname::parse(&text).is_ok(), is_hostname(&text), "{}", text);
        prop_assert_eq!(DnsName::parse(&text).is_ok(), is_dns_name(&text), "{}", text);
    }

    #[test]
    fn addresses_are_what_the_grammar_says(text in ADDRESSES) {
        if text.is_ascii() {
            prop_assert_eq!(Email::parse(&text).is_ok(), is_email(&text), "{}", text);
            prop_assert_eq!(RfcEmail::parse(&text).is_ok(), is_rfc_email(&text), "{}", text);
        }
        if let Ok(email) = Email::parse(&text) {
            prop_assert!(is_email(email.as_str()), "{}", email);
            prop_assert_eq!(RfcEmail::parse(email.as_str()), Ok(email.into()));
        }
        if let Ok(email) = RfcEmail::parse(&text) {
            prop_assert!(is_rfc_email(email.as_str()), "{}", email);
        }
    }

    #[test]
    fn labels_in_unicode_come_back_from_ascii(
        text in "[a-zßäöüéñøаяαωאבتبकम\u{94d}字ぁ一-丁가-각0-9-]{1,24}(\\.[a-zéя字]{1,8}){0,2}",
    ) {
        if let Ok(name) = IdnHostname::parse(&text) {
            let ascii = name.to_ascii();
            prop_assert!(is_hostname(ascii.as_str()), "{}", ascii);
            prop_assert_eq!(&IdnHostname::from(ascii), &name);
            prop_assert_eq!(IdnHostname::parse(name.as_str()), Ok(name));
        }
    }

    #[test]
    fn an_a_label_is_the_one_spelling_of_its_u_label(digits in "[a-z0-9-]{1,12}") {
        let a_label = format!("xn--{digits}");
        if let Ok(host) = Hostname::parse(&a_label) {
            let unicode = IdnHostname::from(host);
            prop_assert!(!unicode.as_str().is_ascii());
            prop_assert_eq!(String::from(unicode.to_ascii()), a_label);
        }
    }
}

/// Names that are nearly right, without A-labels.
const NAMES: &str =
    "[aA0x1._é-]{1,12}|([a-wyz0-9-]{0,20}\\.){0,4}[a-z0-9_-]{1,10}|(a{60,64}\\.){3,4}[a-z]{0,60}";

/// Addresses that are nearly right, without A-labels.
const ADDRESSES: &str = "[a@.\"\\\\ é]{1,12}|[a-z.+\"\\\\ -]{1,10}@[a-wyz0-9.-]{1,12}|\"[ -~]{0,12}\"@[a-z]{1,4}\\.(test|local|com|x1)\
                         |[a-zé]{60,66}@a\\.b|a@\\[(IPv6:|ipv6:)?[0-9a-f:.]{0,12}\\]";
