//! What statements are rendered as, and that nothing a caller sends gets into their text.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use palisade::sql::{Dialect, Like, Query, Value};
use palisade::sql_ident;
use palisade::validate::{Allowlist, SqlIdent};
use proptest::prelude::*;

const DIALECTS: [Dialect; 3] = [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql];

fn text(query: Query, dialect: Dialect) -> String {
    query.render(dialect).0
}

#[test]
fn each_dialect_has_its_placeholders_and_quotes() {
    let query = || {
        Query::new("SELECT ")
            .ident(&sql_ident!("order"))
            .push(" FROM t WHERE a = ")
            .bind(1)
            .push(" AND b = ")
            .bind("x")
    };
    assert_eq!(text(query(), Dialect::Sqlite), "SELECT `order` FROM t WHERE a = ?1 AND b = ?2");
    assert_eq!(text(query(), Dialect::Postgres), "SELECT \"order\" FROM t WHERE a = $1 AND b = $2");
    assert_eq!(text(query(), Dialect::MySql), "SELECT `order` FROM t WHERE a = ? AND b = ?");
    assert_eq!(query().render(Dialect::MySql).1, [Value::Integer(1), Value::Text("x".into())]);
}

#[test]
fn values_of_all_forms_are_bound() {
    let query = Query::new("VALUES (")
        .bind(true)
        .bind(1_u8)
        .bind(-1_i64)
        .bind(u32::MAX)
        .bind(0.5_f32)
        .bind(0.5)
        .bind("a")
        .bind(String::from("b"))
        .bind(&[0_u8, 1][..])
        .bind(vec![2_u8])
        .bind(Some("c"))
        .bind(None::<i64>)
        .bind(Value::Null);
    let expected = [
        Value::Bool(true),
        Value::Integer(1),
        Value::Integer(-1),
        Value::Integer(4_294_967_295),
        Value::Real(0.5),
        Value::Real(0.5),
        Value::Text("a".into()),
        Value::Text("b".into()),
        Value::Bytes(vec![0, 1]),
        Value::Bytes(vec![2]),
        Value::Text("c".into()),
        Value::Null,
        Value::Null,
    ];
    assert_eq!(query.render(Dialect::Sqlite).1, expected);
}

#[test]
fn pieces_do_not_run_into_each_other() {
    let (a, b) = (sql_ident!("a"), sql_ident!("b"));
    for (query, expected) in [
        (Query::new("LIMIT ").bind(1).push("0"), "LIMIT $1 0"),
        (Query::new("LIMIT ").bind(1).push("").push("0"), "LIMIT $1 0"),
        (Query::new("LIMIT").bind(1).push("OFFSET").bind(2), "LIMIT $1 OFFSET $2"),
        (Query::new("").bind(1).bind(2), "$1 $2"),
        (Query::new("SELECT").ident(&a).ident(&b), "SELECT \"a\" \"b\""),
        (Query::new("\"a\"").ident(&b), "\"a\" \"b\""),
        (Query::new("SELECT ").ident(&a).push(".").ident(&b), "SELECT \"a\".\"b\""),
        (Query::new("").bind("x").push("::uuid"), "$1::uuid"),
        (Query::new("(").bind(1).push(")"), "($1)"),
        (Query::new("SELECT * FROM log_").push("2026"), "SELECT * FROM log_2026"), // text is as it was written
    ] {
        assert_eq!(text(query, Dialect::Postgres), expected);
    }
}

#[test]
fn appended_statements_are_numbered_on() {
    let condition = |city: &str| Query::new("city = ").bind(city);
    let query = Query::new("SELECT * FROM t WHERE id = ")
        .bind(1)
        .push(" AND ")
        .append(condition("Graz"))
        .push(" AND ")
        .bind_in("x", [2, 3])
        .append(Query::new(" AND y = ").bind(4));
    let (text, values) = query.render(Dialect::Postgres);
    assert_eq!(text, "SELECT * FROM t WHERE id = $1 AND city = $2 AND x IN ($3, $4) AND y = $5");
    assert_eq!(values, [1.into(), "Graz".into(), 2.into(), 3.into(), 4.into()]);
}

#[test]
fn callers_choose_columns_from_lists() {
    let columns = Allowlist::new(["name", "age"].map(|name| SqlIdent::parse(name).unwrap()));
    let sorted = |by: &str| {
        columns
            .parse(by)
            .map(|column| text(Query::new("SELECT * FROM t ORDER BY ").ident(&column), Dialect::Sqlite))
    };
    assert_eq!(sorted("age").unwrap(), "SELECT * FROM t ORDER BY `age`");
    assert!(sorted("age; DROP TABLE t").is_err() && sorted("password").is_err());
}

#[test]
fn debug_shows_no_value() {
    let query = Query::new("SELECT ").bind("hunter2").push(", ").bind(4711).push(", ").bind(vec![104, 117]);
    assert_eq!(format!("{query:?}"), "Query { text: \"SELECT ?1, ?2, ?3\", values: 3 }");
    assert_eq!(format!("{:?}", query.render(Dialect::Sqlite).1), "[Text, Integer, Bytes]");
    assert_eq!(format!("{:?}", Like::containing("hunter2")), "Like");
}

/// One step of building, as a caller might choose it.
#[derive(Clone, Debug)]
enum Step {
    Push(&'static str),
    Bind(String),
    Ident(SqlIdent),
    In(Vec<String>),
    Like(String),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        prop::sample::select(vec![" AND ", "x = ", "", "1", "\"", "(", "select"]).prop_map(Step::Push),
        "\\PC{0,8}|['\";$?`-]{0,6}".prop_map(Step::Bind),
        "[a-z_][a-z0-9_]{0,5}".prop_map(|name| Step::Ident(SqlIdent::parse(&name).unwrap())),
        prop::collection::vec("['\";?$a]{0,3}", 0..3).prop_map(Step::In),
        "[%_!a']{0,5}".prop_map(Step::Like),
    ]
}

proptest! {
    #[test]
    fn the_text_is_the_same_whatever_the_values_are(steps in prop::collection::vec(step(), 0..12)) {
        let build = |is_masked: bool| {
            let value = |value: &str| if is_masked { "x".to_owned() } else { value.to_owned() };
            steps.iter().fold(Query::new("SELECT "), |query, step| match step {
                Step::Push(text) => query.push(text),
                Step::Bind(bound) => query.bind(value(bound)),
                Step::Ident(name) => query.ident(name),
                Step::In(bound) => query.bind_in("id", bound.iter().map(|bound| value(bound))),
                Step::Like(bound) => query.bind_like(Like::containing(&value(bound))),
            })
        };
        let count: usize = steps.iter().map(|step| match step {
            Step::Bind(_) | Step::Like(_) => 1,
            Step::In(bound) => bound.len(),
            _ => 0,
        }).sum();
        for dialect in DIALECTS {
            let (text, values) = build(false).render(dialect);
            prop_assert_eq!(&text, &build(true).render(dialect).0);
            prop_assert_eq!(values.len(), count);
            let numbers: Vec<usize> = match dialect {
                Dialect::MySql => (1..=text.matches('?').count()).collect(),
                _ => text
                    .split(['?', '$'])
                    .skip(1)
                    .map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap())
                    .collect(),
            };
            prop_assert_eq!(numbers, (1..=count).collect::<Vec<_>>(), "{}", text);
        }
    }
}

#[cfg(feature = "rusqlite")]
mod sqlite {
    use super::*;
    use rusqlite::Connection;

    fn database() -> Connection {
        let database = Connection::open_in_memory().unwrap();
        database
            .execute_batch("CREATE TABLE users (name TEXT, age INTEGER, \"order\" TEXT); INSERT INTO users VALUES ('ann', 30, 'b'), ('100%', 20, 'a'), ('bob', 40, 'c')")
            .unwrap();
        database
    }

    fn names(database: &Connection, condition: Query) -> Vec<String> {
        let query = Query::new("SELECT name FROM users WHERE ").append(condition).push(" ORDER BY age");
        query.rows(database, |row| row.get(0)).unwrap()
    }

    #[test]
    fn statements_run_with_their_values() {
        let database = database();
        let hostile = "x'; DROP TABLE users; --";
        let insert = Query::new("INSERT INTO users VALUES (")
            .bind(hostile)
            .push(", ")
            .bind(None::<i64>)
            .push(", 'd')");
        assert_eq!(insert.execute(&database).unwrap(), 1);
        assert_eq!(names(&database, Query::new("name = ").bind(hostile)), [hostile]);
        assert_eq!(names(&database, Query::new("name = ").bind("' OR '1'='1")), [""; 0]);
        assert_eq!(names(&database, Query::new("age > ").bind(25)), ["ann", "bob"]);
        let sorted =
            Query::new("SELECT name FROM users ORDER BY ").ident(&sql_ident!("order")).push(" LIMIT").bind(1);
        assert_eq!(sorted.rows(&database, |row| row.get::<_, String>(0)).unwrap(), ["100%"]);
    }

    #[test]
    fn none_of_no_values_is_in() {
        let database = database();
        let none: [i64; 0] = [];
        assert_eq!(names(&database, Query::new("").bind_in("age", [20, 40])), ["100%", "bob"]);
        assert_eq!(names(&database, Query::new("NOT ").bind_in("age", [20, 40])), ["ann"]);
        assert_eq!(names(&database, Query::new("").bind_in("age", none)), [""; 0]);
        assert_eq!(names(&database, Query::new("NOT ").bind_in("age", none)).len(), 3);
    }

    /// Between double quotes it would be a text, and the list would come unsorted.
    #[test]
    fn a_column_that_is_not_there_is_an_error() {
        let sorted = Query::new("SELECT name FROM users ORDER BY ").ident(&sql_ident!("nmae"));
        assert!(sorted.rows(&database(), |row| row.get::<_, String>(0)).is_err());
    }

    #[test]
    fn wildcards_stand_for_themselves() {
        let database = database();
        let found = |like| names(&database, Query::new("name LIKE ").bind_like(like));
        assert_eq!(found(Like::containing("%")), ["100%"]);
        assert_eq!(found(Like::containing("_")), [""; 0]);
        assert_eq!(found(Like::starting_with("a")), ["ann"]);
        assert_eq!(found(Like::ending_with("0%")), ["100%"]);
    }

    #[test]
    fn errors_show_no_value() {
        let query = Query::new("SELECT no_such_column FROM users WHERE name = ").bind("hunter2");
        let error = query.execute(&database()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    proptest! {
        #[test]
        fn values_come_back_as_they_were(text in "\\PC*|[\\x00-\\x7F]*", bytes: Vec<u8>, integer: i64, real in prop::num::f64::NORMAL) {
            let query = Query::new("SELECT ").bind(text.as_str()).push(", ").bind(bytes.clone()).push(", ")
                .bind(integer).push(", ").bind(real).push(", ").bind(true).push(", ").bind(None::<&str>);
            let rows = query.rows(&Connection::open_in_memory().unwrap(), |row| Ok((
                row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, i64>(2)?,
                row.get::<_, f64>(3)?, row.get::<_, bool>(4)?, row.get::<_, Option<String>>(5)?,
            )));
            prop_assert_eq!(rows.unwrap(), [(text, bytes, integer, real, true, None)]);
        }

        #[test]
        fn like_finds_what_the_text_stands_in(name in "[%_!a\\\\']{0,5}", part in "[%_!a\\\\'\0]{0,3}") {
            let database = Connection::open_in_memory().unwrap();
            for (like, expected) in [
                (Like::containing(&part), name.contains(&part)),
                (Like::starting_with(&part), name.starts_with(&part)),
                (Like::ending_with(&part), name.ends_with(&part)),
            ] {
                let query = Query::new("SELECT ").bind(name.as_str()).push(" LIKE ").bind_like(like);
                prop_assert_eq!(query.rows(&database, |row| row.get::<_, bool>(0)).unwrap(), [expected]);
            }
        }
    }
}
