use std::fmt;
use std::hash::Hash;

use super::set::PermSet;

/// One permission out of a closed list: what [`permissions!`](crate::permissions) makes.
///
/// # Contract
/// [`index`](Self::index) is the place in [`ALL`](Self::ALL), which has at most 256 entries. One that gives two
/// permissions the same index grants either for the other, and is a security fault.
pub trait Permission: Copy + Eq + Hash + fmt::Debug + Send + Sync + 'static {
    /// All permissions, in order.
    const ALL: &'static [Self];

    /// The place in [`ALL`](Self::ALL).
    fn index(self) -> u8;

    /// The name in policies, logs and messages to operators, such as `doc:read`.
    fn name(self) -> &'static str;

    /// The permission of that name.
    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.name() == name)
    }

    /// All permissions: said by name, since nothing else grants what is added later.
    fn every() -> PermSet<Self> {
        Self::ALL.iter().copied().collect()
    }
}

/// A permission as a type: what [`permissions!`](crate::permissions) makes one of for each permission.
///
/// # Contract
/// [`INDEX`](Self::INDEX) is that of [`PERMISSION`](Self::PERMISSION). Another would prove the one permission for the other,
/// and is a security fault.
pub trait Marker: 'static {
    /// The list it is one of.
    type Permission: Permission;

    /// The permission as a value.
    const PERMISSION: Self::Permission;

    /// Its index, which the compiler can see.
    const INDEX: u8;
}

/// Declares permissions: an enum, and a module with a type for each.
///
/// ```
/// use palisade::rbac::Permission;
///
/// palisade::permissions! {
///     /// What may be done with documents.
///     pub enum DocPerm in perm { Read = "doc:read", Write = "doc:write", Delete = "doc:delete" }
/// }
///
/// assert_eq!(DocPerm::Write.name(), "doc:write");
/// assert_eq!(DocPerm::from_name("doc:delete"), Some(DocPerm::Delete));
/// const BOTH: palisade::rbac::PermSet<DocPerm> = DocPerm::set(&[DocPerm::Read, DocPerm::Write]);
/// assert!(BOTH.contains(DocPerm::Read) && !BOTH.contains(DocPerm::Delete));
/// ```
///
/// Names are 1 to 128 bytes, and no two are the same; there are at most 256. Both are checked when it is compiled:
///
/// ```compile_fail,E0080
/// palisade::permissions! { enum Twice in perm { A = "same", B = "same" } }
/// ```
#[macro_export]
macro_rules! permissions {
    ($(#[$attribute:meta])* pub enum $($rest:tt)*) => {
        $crate::permissions! { @declare [$(#[$attribute])*] [pub] pub enum $($rest)* }
    };
    ($(#[$attribute:meta])* pub(crate) enum $($rest:tt)*) => {
        $crate::permissions! { @declare [$(#[$attribute])*] [pub(crate)] pub(crate) enum $($rest)* }
    };
    ($(#[$attribute:meta])* pub(super) enum $($rest:tt)*) => {
        $crate::permissions! { @declare [$(#[$attribute])*] [pub(in super::super)] pub(super) enum $($rest)* }
    };
    ($(#[$attribute:meta])* pub(in $($path:ident)::+) enum $($rest:tt)*) => {
        $crate::permissions! { @declare [$(#[$attribute])*] [pub(in $($path)::+)] pub(in $($path)::+) enum $($rest)* }
    };
    ($(#[$attribute:meta])* enum $($rest:tt)*) => {
        $crate::permissions! { @declare [$(#[$attribute])*] [pub(super)] enum $($rest)* }
    };
    (@declare [$($attribute:tt)*] [$inside:vis] $visibility:vis enum $name:ident in $module:ident {
        $($(#[$of_variant:meta])* $variant:ident = $text:literal),+ $(,)?
    }) => {
        $($attribute)*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        $visibility enum $name { $($(#[$of_variant])* #[doc = concat!("`", $text, "`")] $variant),+ }

        #[allow(dead_code, reason = "a list may be used by its types alone")]
        impl $name {
            /// These permissions as a set.
            #[must_use]
            $visibility const fn set(permissions: &[Self]) -> $crate::rbac::PermSet<Self> {
                let mut set = $crate::rbac::PermSet::EMPTY;
                let mut rest = permissions;
                while let [first, others @ ..] = rest {
                    set = set.with_index(*first as u8);
                    rest = others;
                }
                set
            }
        }

        const _: () = $crate::rbac::check_names(&[$($text),+]);

        impl $crate::rbac::Permission for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn index(self) -> u8 {
                self as u8
            }

            fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str($crate::rbac::Permission::name(*self))
            }
        }

        #[doc = concat!("Each permission of [`", stringify!($name), "`] as a type.")]
        #[allow(dead_code, reason = "some permissions are used as values alone")]
        $visibility mod $module {
            $(
                #[doc = concat!("`", $text, "`")]
                #[derive(Debug)]
                $inside enum $variant {}
            )+
        }

        $(impl $crate::rbac::Marker for $module::$variant {
            type Permission = $name;
            const PERMISSION: $name = $name::$variant;
            const INDEX: u8 = $name::$variant as u8;
        })+
    };
}

/// Refuses names that are empty, too long, or twice in the list: called by [`permissions!`](crate::permissions) when it is
/// compiled.
///
/// # Panics
/// At compile time.
#[doc(hidden)]
pub const fn check_names(names: &[&str]) {
    let mut rest = names;
    while let [name, others @ ..] = rest {
        assert!(!name.is_empty() && name.len() <= 128, "a permission's name has 1 to 128 bytes");
        let mut others_left = others;
        while let [other, more @ ..] = others_left {
            assert!(!is_same(name.as_bytes(), other.as_bytes()), "two permissions have the same name");
            others_left = more;
        }
        rest = others;
    }
}

const fn is_same(mut one: &[u8], mut other: &[u8]) -> bool {
    loop {
        match (one, other) {
            ([], []) => return true,
            ([a, one_left @ ..], [b, other_left @ ..]) if *a == *b => {
                one = one_left;
                other = other_left;
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `permissions!` does while a program is compiled.
    #[test]
    fn names_of_a_list_differ() {
        check_names(&[]);
        check_names(&["doc:read", "doc:rea", "doc:reads", "Doc:read"]);
        let (longest, longer) = ("a".repeat(128), "a".repeat(129));
        check_names(&[&longest]);
        for refused in [&["doc:read", "doc:write", "doc:read"][..], &["doc:read", ""], &[&longer]] {
            assert!(std::panic::catch_unwind(|| check_names(refused)).is_err(), "{refused:?}");
        }
        assert!(is_same(b"doc:read", b"doc:read") && is_same(b"", b""));
        for other in ["doc:rea", "doc:reads", "doc:reaD", ""] {
            assert!(!is_same(b"doc:read", other.as_bytes()), "{other}");
        }
    }
}
