//! The table of users.

use palisade::password::StoredHash;
use palisade::rbac::{Granted, Role};
use palisade::session::Proven;
use palisade::sql::Query;
use palisade::validate::{Email, Username};

use crate::database::{Database, DatabaseError, Row};
use crate::permissions::{JustNow, MEMBER, Permission, may};

/// A row. Its name never changes, so it is what sessions and sealed values are bound to.
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) role: String,
    /// The sealed secret of the authenticator app, once its first code was shown.
    pub(crate) otp: Option<Vec<u8>>,
    /// The one that is being set up.
    pub(crate) otp_pending: Option<Vec<u8>>,
}

impl User {
    pub(crate) fn has_second_factor(&self) -> bool {
        self.otp.is_some()
    }
}

/// Adds a user; false if the name is taken.
pub(crate) async fn insert(
    database: &Database,
    name: &Username,
    email: &Email,
    password: &StoredHash,
) -> Result<bool, DatabaseError> {
    let query = Query::new("INSERT INTO users (name, email, password, role) VALUES (")
        .bind(name.as_str())
        .push(", ")
        .bind(email.as_str())
        .push(", ")
        .bind(password.as_str())
        .push(", ")
        .bind(MEMBER.name())
        .push(") ON CONFLICT (name) DO NOTHING");
    Ok(database.execute(query).await? == 1)
}

pub(crate) async fn find(database: &Database, name: &str) -> Result<Option<User>, DatabaseError> {
    let query = Query::new("SELECT name, email, password, role, otp, otp_pending FROM users WHERE name = ");
    database.rows(query.bind(name)).await?.into_iter().next().map(read).transpose()
}

/// All users, for those who manage them.
pub(crate) async fn list(
    _: Granted<'_, may::ManageUsers>,
    database: &Database,
) -> Result<Vec<User>, DatabaseError> {
    let query = "SELECT name, email, password, role, otp, otp_pending FROM users ORDER BY name LIMIT 1000";
    database.rows(Query::new(query)).await?.into_iter().map(read).collect()
}

/// Puts another password in the place of `old`; false if that is not the stored one any more.
pub(crate) async fn change_password(
    database: &Database,
    name: &str,
    old: &str,
    new: &StoredHash,
) -> Result<bool, DatabaseError> {
    let query = Query::new("UPDATE users SET password = ").bind(new.as_str());
    let query = query.push(" WHERE name = ").bind(name).push(" AND password = ").bind(old);
    Ok(database.execute(query).await? == 1)
}

/// Keeps a sealed secret until its first code is shown.
pub(crate) async fn begin_otp(database: &Database, name: &str, sealed: Vec<u8>) -> Result<(), DatabaseError> {
    let query = Query::new("UPDATE users SET otp_pending = ").bind(sealed);
    database.execute(query.push(" WHERE name = ").bind(name)).await.map(drop)
}

/// Makes the pending secret the one that codes are asked of; false if another one is pending by now.
pub(crate) async fn finish_otp(
    database: &Database,
    name: &str,
    sealed: &[u8],
) -> Result<bool, DatabaseError> {
    let query = Query::new("UPDATE users SET otp = otp_pending, otp_pending = NULL WHERE name = ");
    Ok(database.execute(query.bind(name).push(" AND otp_pending = ").bind(sealed)).await? == 1)
}

pub(crate) async fn remove_otp(database: &Database, name: &str) -> Result<(), DatabaseError> {
    let query = Query::new("UPDATE users SET otp = NULL, otp_pending = NULL WHERE name = ");
    database.execute(query.bind(name)).await.map(drop)
}

/// Gives a user another role, by an administrator who is surely there.
pub(crate) async fn set_role(
    _: Granted<'_, may::ManageUsers>,
    _: &Proven<'_, JustNow>,
    database: &Database,
    user: &User,
    role: Role<Permission>,
) -> Result<(), DatabaseError> {
    write_role(database, user, role).await
}

/// As [`set_role`], by whoever starts the program: the first administrator has nobody to be appointed by.
pub(crate) async fn set_role_at_start(
    database: &Database,
    user: &User,
    role: Role<Permission>,
) -> Result<(), DatabaseError> {
    write_role(database, user, role).await
}

async fn write_role(database: &Database, user: &User, role: Role<Permission>) -> Result<(), DatabaseError> {
    let query = Query::new("UPDATE users SET role = ").bind(role.name());
    database.execute(query.push(" WHERE name = ").bind(&user.name)).await.map(drop)
}

fn read(mut row: Row) -> Result<User, DatabaseError> {
    Ok(User {
        name: row.text()?,
        email: row.text()?,
        password: row.text()?,
        role: row.text()?,
        otp: row.bytes()?,
        otp_pending: row.bytes()?,
    })
}
