use std::collections::HashMap;
use std::sync::Arc;

use super::error::{PolicyError, PolicyErrorKind};

/// Names and their numbers, in the order in which they were first seen.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<Arc<str>, u32>,
    names: Vec<Arc<str>>,
}

impl Names {
    pub(super) fn number_or_add(&mut self, name: &str) -> u32 {
        if let Some(number) = self.number(name) {
            return number;
        }
        let number = self.count();
        let name: Arc<str> = name.into();
        self.numbers.insert(Arc::clone(&name), number);
        self.names.push(name);
        number
    }

    #[inline]
    pub(super) fn number(&self, name: &str) -> Option<u32> {
        self.find(name).map(|(_, number)| number)
    }

    /// The name as it is held, and its number.
    #[inline]
    pub(super) fn find(&self, name: &str) -> Option<(&str, u32)> {
        // What is too long to be one is not hashed: callers choose what they ask for.
        if name.len() > MOST_BYTES {
            return None;
        }
        self.numbers.get_key_value(name).map(|(name, number)| (&**name, *number))
    }

    /// The number of a role that a rule speaks of.
    pub(super) fn known(&self, role: &str, rule: impl FnOnce() -> String) -> Result<u32, PolicyError> {
        self.number(role).ok_or_else(|| PolicyError::new(PolicyErrorKind::UnknownRole, rule()))
    }

    pub(super) fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", |name| name)
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// How many there are, as a number beyond the last.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.names.len()).expect("fewer than 2^32 names fit into memory")
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }
}

/// Of a name.
pub(super) const MOST_BYTES: usize = 256;
