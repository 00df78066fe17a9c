//! What is looked for: one file a kind.
