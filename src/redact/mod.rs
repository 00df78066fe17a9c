//! Keep secrets and personal data out of logs.

mod detect;
