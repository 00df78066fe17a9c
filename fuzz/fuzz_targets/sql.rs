//! The text of a statement is the same whatever its values are, has a placeholder for each, and SQLite answers them as sent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade::sql::{Dialect, Like, Query};
use palisade::validate::SqlIdent;

fuzz_target!(|input: (&str, Vec<&str>, i64, &[u8])| {
    let (name, texts, number, bytes) = input;
    let ident = SqlIdent::parse(name);
    assert_eq!(ident.is_ok(), is_name(name));
    let ident = ident.unwrap_or(palisade::sql_ident!("t"));

    let build = |texts: &[&str], number: i64, bytes: &[u8]| {
        let query = Query::new("SELECT ").ident(&ident).push(" WHERE ").bind_in("id", texts.iter().copied());
        let query = query.push(" AND n =").bind(number).bind(bytes).push("0");
        texts.iter().fold(query, |query, text| query.push(" OR name LIKE ").bind_like(Like::containing(text)))
    };
    for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql] {
        let (text, values) = build(&texts, number, bytes).render(dialect);
        assert_eq!(text, build(&vec!["x"; texts.len()], 0, b"").render(dialect).0);
        assert_eq!(values.len(), 2 * texts.len() + 2);
        assert_eq!(values.len(), text.matches(if dialect == Dialect::Postgres { '$' } else { '?' }).count());
        let quote = if dialect == Dialect::Postgres { '"' } else { '`' };
        assert_eq!(text.split(quote).nth(1), Some(ident.as_str()));
        assert_eq!(text.matches(quote).count(), 2);
    }
});

fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    matches!(characters.next(), Some('a'..='z' | 'A'..='Z' | '_'))
        && characters.all(|c| matches!(c, 'a'..='z' | 'A'..='Z' | '0'..='9' | '_'))
        && text.len() < 64
}
