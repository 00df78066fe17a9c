use std::marker::PhantomData;

use super::permission::{Marker, Permission};
use super::proof::Granted;
use super::set::PermSet;

/// What a proof is for: one permission's type; a tuple of them, all of which are needed; or [`AnyOf`] a tuple.
///
/// ```
/// use palisade::rbac::{AnyOf, Authorizable, PermSet};
/// palisade::permissions! { enum DocPerm in perm { Read = "doc:read", Write = "doc:write", Sign = "doc:sign" } }
///
/// struct Clerk;
/// impl Authorizable<DocPerm> for Clerk {
///     fn effective(&self) -> PermSet<DocPerm> {
///         DocPerm::set(&[DocPerm::Read, DocPerm::Write])
///     }
/// }
/// let (_read, _write) = Clerk.grant::<(perm::Read, perm::Write)>()?.split();
/// assert!(Clerk.grant::<AnyOf<(perm::Write, perm::Sign)>>().is_ok());
/// assert_eq!(Clerk.grant::<(perm::Read, perm::Sign)>().unwrap_err().permission(), "doc:sign");
/// # Ok::<(), palisade::rbac::Denied>(())
/// ```
pub trait Requirement: sealed::Sealed + 'static {
    /// The list its permissions are of.
    type Permission: Permission;

    /// The first permission it names.
    #[doc(hidden)]
    const FIRST: Self::Permission;

    /// `Ok`, or a permission that is missing.
    #[doc(hidden)]
    fn is_met_by(held: PermSet<Self::Permission>) -> Result<(), Self::Permission>;

    /// The permissions it names.
    #[doc(hidden)]
    fn each(see: &mut dyn FnMut(Self::Permission));

    /// The same in words, such as `doc:read and any of (doc:write, doc:sign)`.
    #[doc(hidden)]
    fn in_words() -> String;
}

/// One of several permissions is enough.
#[derive(Debug)]
pub struct AnyOf<T>(PhantomData<fn(T) -> T>);

mod sealed {
    pub trait Sealed {}
}

impl<M: Marker> sealed::Sealed for M {}

impl<M: Marker> Requirement for M {
    type Permission = M::Permission;

    const FIRST: M::Permission = M::PERMISSION;

    #[inline]
    fn is_met_by(held: PermSet<M::Permission>) -> Result<(), M::Permission> {
        if held.contains(M::PERMISSION) { Ok(()) } else { Err(M::PERMISSION) }
    }

    fn each(see: &mut dyn FnMut(M::Permission)) {
        see(M::PERMISSION);
    }

    fn in_words() -> String {
        M::PERMISSION.name().to_owned()
    }
}

macro_rules! tuples {
    ($($first:ident $($other:ident)*;)*) => {
        $(
            impl<'subject, $first: Requirement, $($other: Requirement<Permission = $first::Permission>),*>
                Granted<'subject, ($first, $($other,)*)>
            {
                /// A proof for each.
                pub fn split(self) -> (Granted<'subject, $first>, $(Granted<'subject, $other>,)*) {
                    (Granted::passed(), $(Granted::<$other>::passed(),)*)
                }
            }

            impl<$first: Requirement, $($other: Requirement<Permission = $first::Permission>),*> sealed::Sealed
                for ($first, $($other,)*)
            {
            }

            impl<$first: Requirement, $($other: Requirement<Permission = $first::Permission>),*> Requirement
                for ($first, $($other,)*)
            {
                type Permission = $first::Permission;

                const FIRST: Self::Permission = $first::FIRST;

                fn is_met_by(held: PermSet<Self::Permission>) -> Result<(), Self::Permission> {
                    $first::is_met_by(held)?;
                    $($other::is_met_by(held)?;)*
                    Ok(())
                }

                fn each(see: &mut dyn FnMut(Self::Permission)) {
                    $first::each(see);
                    $($other::each(see);)*
                }

                fn in_words() -> String {
                    [$first::in_words(), $($other::in_words()),*].join(" and ")
                }
            }

            impl<$first: Requirement, $($other: Requirement<Permission = $first::Permission>),*> sealed::Sealed
                for AnyOf<($first, $($other,)*)>
            {
            }

            impl<$first: Requirement, $($other: Requirement<Permission = $first::Permission>),*> Requirement
                for AnyOf<($first, $($other,)*)>
            {
                type Permission = $first::Permission;

                const FIRST: Self::Permission = $first::FIRST;

                fn is_met_by(held: PermSet<Self::Permission>) -> Result<(), Self::Permission> {
                    let missing = $first::is_met_by(held);
                    $(let missing = missing.or_else(|first| $other::is_met_by(held).map_err(|_| first));)*
                    missing
                }

                fn each(see: &mut dyn FnMut(Self::Permission)) {
                    $first::each(see);
                    $($other::each(see);)*
                }

                fn in_words() -> String {
                    format!("any of ({})", [$first::in_words(), $($other::in_words()),*].join(", "))
                }
            }
        )*
    };
}

tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
}
