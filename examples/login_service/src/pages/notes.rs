use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use palisade::audit::{Event, Kind};
use palisade::rbac::{Authorizable, Permit};
use palisade::secret::{ExposeSecret, SecretString};
use palisade::validate::SafeLines;
use serde::Deserialize;
use std::sync::Arc;

use super::logout::Nothing;
use super::{page, page_with};
use crate::app::App;
use crate::extract::{Facts, Page, Submitted};
use crate::failure::Failure;
use crate::notes::{self, Note};
use crate::permissions::may;
use crate::users::User;

#[derive(Template)]
#[template(path = "notes.html")]
struct NotesPage<'a> {
    page: Page,
    notes: Vec<(Note, Option<SecretString>)>,
    text: &'a str,
    error: &'a str,
}

#[derive(Deserialize)]
pub(crate) struct NoteForm {
    text: String,
}

pub(crate) async fn show(
    State(app): State<App>,
    facts: Facts,
    permit: Permit<Arc<User>, may::UseNotes>,
    page_parts: Page,
) -> Result<Response, Failure> {
    let notes = opened(&app, &facts, permit.subject()).await?;
    page(&NotesPage { page: page_parts, notes, text: "", error: "" })
}

pub(crate) async fn create(
    State(app): State<App>,
    facts: Facts,
    permit: Permit<Arc<User>, may::UseNotes>,
    page: Page,
    Submitted(form): Submitted<NoteForm>,
) -> Result<Response, Failure> {
    let user = permit.subject();
    // Browsers end lines of a form by CR LF.
    let text = form.text.replace("\r\n", "\n");
    let text = match SafeLines::parse(&text) {
        Ok(text) => text,
        Err(error) => {
            app.audit.record(facts.of(Event::invalid_input_rejected()).subject(&user.name).action("note"));
            let notes = opened(&app, &facts, user).await?;
            let again = NotesPage { page, notes, text: &form.text, error: &error.to_string() };
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &again);
        }
    };
    notes::insert(&app.database, &app.sealer, &user.name, text.as_str()).await?;
    Ok(Redirect::to("/notes").into_response())
}

pub(crate) async fn delete(
    State(app): State<App>,
    facts: Facts,
    permit: Permit<Arc<User>, may::UseNotes>,
    Path(id): Path<String>,
    _: Submitted<Nothing>,
) -> Result<Response, Failure> {
    let user = permit.subject();
    let note = notes::find(&app.database, &id).await?.ok_or(Failure::NotFound)?;
    let own = user.authorize::<may::UseNotes, _>(note, |user, note| user.name == note.owner);
    let own = own.map_err(|denied| {
        let event = Event::authorization_denied().subject(&user.name).resource(format!("note {id}"));
        app.audit.record(facts.of(event).reason(denied.to_string()));
        Failure::NotFound // as if there were none
    })?;
    notes::delete(&app.database, own).await?;
    Ok(Redirect::to("/notes").into_response())
}

/// The user's notes, with their texts; without that of a note that somebody has changed in the database.
async fn opened(app: &App, facts: &Facts, user: &User) -> Result<Vec<(Note, Option<SecretString>)>, Failure> {
    let notes = notes::list(&app.database, &user.name).await?;
    let open = |note: Note| {
        let text = note.open(&app.sealer).inspect_err(|_| {
            let event =
                Event::new(Kind::DecryptFail).subject(&user.name).resource(format!("note {}", note.id));
            app.audit.record(facts.of(event));
        });
        (note, text.ok())
    };
    Ok(notes.into_iter().map(open).collect())
}
