//! Statements on a real PostgreSQL, which the test starts for itself.
//!
//! `cargo test --all-features --test sql_postgres -- --ignored`

#![cfg(all(feature = "postgres", unix))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

#[path = "support/postgres_server.rs"]
mod postgres_server;

use palisade::sql::postgres::parameters;
use palisade::sql::{Dialect, Like, Query};
use palisade::sql_ident;
use postgres_server::Server;
use tokio_postgres::{Client, Error, NoTls, Row};

async fn run(client: &Client, query: Query) -> Result<Vec<Row>, Error> {
    let (text, values) = query.render(Dialect::Postgres);
    client.query(&text, &parameters(&values)).await
}

async fn names(client: &Client, condition: Query) -> Vec<String> {
    let query = Query::new("SELECT name FROM users WHERE ").append(condition).push(" ORDER BY age");
    run(client, query).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn connect(server: &Server) -> Client {
    let mut config = tokio_postgres::Config::new();
    config.host_path(server.folder()).user("palisade").dbname("postgres");
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let tables = "CREATE TABLE users (name text, age int, \"Order\" varchar(9), small smallint, ratio float8, ok bool, raw bytea); \
                  INSERT INTO users (name, age, \"Order\") VALUES ('ann', 30, 'b'), ('100%', 20, 'a'), ('bob', 40, 'c')";
    client.batch_execute(tables).await.unwrap();
    client
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn statements_run_on_postgresql() {
    let server = Server::start();
    let client = connect(&server).await;

    let hostile = "x'; DROP TABLE users; --";
    let insert = Query::new("INSERT INTO users VALUES (").bind(hostile).push(", ").bind(50).push(", ");
    let insert =
        insert.bind(None::<&str>).push(", ").bind(7).push(", ").bind(0.5).push(", ").bind(true).push(", ");
    run(&client, insert.bind(vec![0_u8, 255]).push(")")).await.unwrap();
    let stored = run(&client, Query::new("SELECT * FROM users WHERE name = ").bind(hostile)).await.unwrap();
    let row = &stored[0];
    assert_eq!((row.get::<_, i32>(1), row.get::<_, Option<&str>>(2), row.get::<_, i16>(3)), (50, None, 7));
    assert_eq!(
        (row.get::<_, f64>(4), row.get::<_, bool>(5), row.get::<_, &[u8]>(6)),
        (0.5, true, &[0, 255][..])
    );

    assert_eq!(names(&client, Query::new("name = ").bind("' OR '1'='1")).await, [""; 0]);
    assert_eq!(names(&client, Query::new("").bind_in("age", [20, 40])).await, ["100%", "bob"]);
    assert_eq!(names(&client, Query::new("NOT ").bind_in("age", [20_i64; 0])).await.len(), 4);
    assert_eq!(names(&client, Query::new("").bind_in("age", [20_i64; 0])).await, [""; 0]);
    assert_eq!(names(&client, Query::new("name LIKE ").bind_like(Like::containing("%"))).await, ["100%"]);
    assert_eq!(names(&client, Query::new("name LIKE ").bind_like(Like::containing("\\"))).await, [""; 0]);

    let sorted =
        Query::new("SELECT name FROM users ORDER BY ").ident(&sql_ident!("Order")).push(" LIMIT").bind(1);
    assert_eq!(run(&client, sorted).await.unwrap()[0].get::<_, &str>(0), "100%");
    let folded = Query::new("SELECT name FROM users ORDER BY ").ident(&sql_ident!("order"));
    assert!(run(&client, folded).await.is_err());

    let uuid = "2f1d7bb0-6a5c-4a3e-9f0e-3c8f8f0b1a11";
    let read = run(&client, Query::new("SELECT (").bind(uuid).push("::text::uuid)::text")).await.unwrap();
    assert_eq!(read[0].get::<_, &str>(0), uuid);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn values_that_do_not_fit_are_errors_that_do_not_show_them() {
    let server = Server::start();
    let client = connect(&server).await;
    for query in [
        Query::new("SELECT * FROM users WHERE age = ").bind(4_711_471_147_i64),
        Query::new("SELECT * FROM users WHERE small = ").bind(47_114),
        Query::new("SELECT * FROM users WHERE age = ").bind("4711"),
        Query::new("SELECT * FROM users WHERE name = ").bind(4711),
        Query::new("SELECT ").bind("4711").push("::uuid"),
    ] {
        let error = run(&client, query).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("4711"), "{error:?}");
    }
}
