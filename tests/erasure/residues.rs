//! What is left and known to be left: where, how much of it, why, and what it is worth to who reads it.

use crate::memory::{Found, Place};

/// Something that an operation leaves.
pub(crate) struct Residue {
    pub(crate) operation: &'static str,
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    /// At most.
    pub(crate) bytes: usize,
    /// It is not there each time.
    pub(crate) is_sporadic: bool,
    pub(crate) reason: &'static str,
    pub(crate) risk: &'static str,
}

impl Residue {
    pub(crate) fn covers(&self, found: &Found) -> bool {
        found.place == self.place && found.name == self.name
    }
}

/// All of them.
pub(crate) const RESIDUES: &[Residue] = &[
    Residue {
        operation: "config, from the environment",
        name: "text",
        place: Place::Environment,
        bytes: 40,
        is_sporadic: false,
        reason: "The kernel lays the variables above the stack, and no safe code can write there.",
        risk: "High: it stays as long as the process, in /proc/PID/environ too, and children inherit it. Use files.",
    },
    Residue {
        operation: "config, from the environment",
        name: "key in hex",
        place: Place::Environment,
        bytes: 64,
        is_sporadic: false,
        reason: "As above.",
        risk: "High, as above.",
    },
    #[cfg(feature = "tls")]
    Residue {
        operation: "TLS, a private key",
        name: "key's number in ring's form",
        place: Place::Heap,
        bytes: 64,
        is_sporadic: false,
        reason: "ring does not erase a key that is dropped.",
        risk: "High: it is the key, until the allocator gives its place to something else.",
    },
];
