//! The table of notes, whose texts only the key ring opens, and only as the note of that user.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use palisade::rbac::Authorized;
use palisade::seal::{Context, Sealer};
use palisade::secret::SecretString;
use palisade::sql::Query;
use palisade::token::Token;

use crate::database::{Database, DatabaseError, Row};
use crate::permissions::may;

/// A row, its text still sealed.
pub(crate) struct Note {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) created: SystemTime,
    body: Vec<u8>,
}

impl Note {
    pub(crate) fn open(&self, sealer: &Sealer) -> Result<SecretString, DatabaseError> {
        Ok(SecretString::from_utf8(sealer.open(&self.body, place(&self.owner, &self.id))?)?)
    }
}

pub(crate) async fn insert(
    database: &Database,
    sealer: &Sealer,
    owner: &str,
    text: &str,
) -> Result<(), DatabaseError> {
    let id = Token::generate_bytes::<16>()?; // nobody counts the notes of others
    let id = id.expose();
    let created = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
    let query = Query::new("INSERT INTO notes (id, owner, body, created) VALUES (")
        .bind(id)
        .push(", ")
        .bind(owner)
        .push(", ")
        .bind(sealer.seal(text.as_bytes(), place(owner, id))?)
        .push(", ")
        .bind(created)
        .push(")");
    database.execute(query).await.map(drop)
}

pub(crate) async fn find(database: &Database, id: &str) -> Result<Option<Note>, DatabaseError> {
    let query = Query::new("SELECT id, owner, created, body FROM notes WHERE id = ").bind(id);
    database.rows(query).await?.into_iter().next().map(read).transpose()
}

pub(crate) async fn list(database: &Database, owner: &str) -> Result<Vec<Note>, DatabaseError> {
    let query = Query::new("SELECT id, owner, created, body FROM notes WHERE owner = ").bind(owner);
    let rows = database.rows(query.push(" ORDER BY created DESC LIMIT 100")).await?;
    rows.into_iter().map(read).collect()
}

/// Deletes a note. Without a proof for this very one, this cannot be called.
pub(crate) async fn delete(
    database: &Database,
    note: Authorized<'_, may::UseNotes, Note>,
) -> Result<(), DatabaseError> {
    let query = Query::new("DELETE FROM notes WHERE id = ").bind(note.into_resource().id);
    database.execute(query).await.map(drop)
}

fn place(owner: &str, id: &str) -> Context {
    ["notes.body", owner, id].into()
}

fn read(mut row: Row) -> Result<Note, DatabaseError> {
    let (id, owner) = (row.text()?, row.text()?);
    let created = UNIX_EPOCH + Duration::from_secs(u64::try_from(row.integer()?)?);
    let body = row.bytes()?.ok_or("a note has no body")?;
    Ok(Note { id, owner, created, body })
}
