//! Decide who may do what, by roles, so that a check cannot be forgotten.
//!
//! A check returns a proof; a function that needs the permission takes the proof as an argument, and without it the program
//! does not compile.
//!
//! ```
//! use palisade::rbac::{Authorizable, Granted, PermSet, Role};
//!
//! palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read", Write = "doc:write" } }
//! const EDITOR: Role<DocPerm> = Role::new("editor", DocPerm::set(&[DocPerm::Read, DocPerm::Write]));
//!
//! struct User { roles: Vec<Role<DocPerm>> }
//! impl Authorizable<DocPerm> for User {
//!     fn effective(&self) -> PermSet<DocPerm> {
//!         Role::all(&self.roles)
//!     }
//! }
//!
//! fn rename(_: Granted<'_, perm::Write>, document: u64, title: &str) { /* no way here without the permission */ }
//!
//! let ann = User { roles: vec![EDITOR] };
//! rename(ann.grant::<perm::Write>()?, 17, "minutes");
//! # Ok::<(), palisade::rbac::Denied>(())
//! ```
//!
//! | to decide | there is |
//! |---|---|
//! | by permissions that the program knows | [`permissions!`](crate::permissions), [`Authorizable`], [`Granted`] |
//! | about one resource, such as its owner's | [`Authorizable::authorize`], [`Authorized`] |
//! | in an extractor or a task, which borrow nothing | [`Permit`] |
//! | before a function is called | [`require_permission`] |
//! | before a handler of axum | `GuardedRouter`, [`Permit`] as an extractor (feature `axum`) |
//! | before another service of tower | `RequirePermission` (feature `tower`) |
//! | when the program is compiled | [`StaticRole`], [`PermSet`] in a `const` |
//! | by names from a file, a database, an administrator's page | [`Policy`], [`LivePolicy`], `PolicyFile` (feature `serde`) |
//! | by such names, with typed proofs | [`Policy::bind`] |
//! | with the roles that a task needs | [`Session`] |
//! | why, who else, and what a change would change | [`Policy::explain`], [`Policy::users_with`], [`Policy::diff`] |
//! | what is misspelt | [`PolicyBuilder::only_permissions_of`], [`Policy::loose_ends`] |
//!
//! It keeps no users and reads no database: the application says what a subject has. It knows no wildcards; all permissions
//! of a list are [`Permission::every`], by name.
//!
//! # Security
//! What is not granted is denied: a name that no rule knows, a subject without a role, a tenant that nobody named. A denial
//! counts more than any permission. What a refusal says is for operators; callers are told `public_message()`, which is the
//! same for all.
//!
//! # Source
//! Core, hierarchical and constrained RBAC: INCITS 359-2012.

mod authorizable;
#[cfg(feature = "axum")]
mod axum;
mod denied;
mod guard;
#[cfg(feature = "tower")]
mod layer;
mod permission;
mod policy;
mod proof;
mod requirement;
mod role;
mod set;

#[cfg(feature = "axum")]
pub use self::axum::{DeclaredRoute, GuardedRouter};
pub use authorizable::{Authorizable, StaticRole};
pub use denied::{Denied, DeniedReason};
pub use guard::{Guarded, require_permission};
#[cfg(feature = "tower")]
pub use layer::{GuardedFuture, GuardedService, Refused, RequirePermission};
#[doc(hidden)]
pub use permission::check_names;
pub use permission::{Marker, Permission};
#[cfg(feature = "serde")]
pub use policy::PolicyFile;
pub use policy::{
    Asked, Bound, BoundSubject, Change, Explanation, LivePolicy, LooseEnd, Path, Policy, PolicyAuthorized,
    PolicyBuilder, PolicyDecision, PolicyDenied, PolicyError, PolicyErrorKind, PolicyGrant, PolicyRule,
    Session,
};
pub use proof::{Authorized, Granted, Permit};
pub use requirement::{AnyOf, Requirement};
pub use role::Role;
pub use set::PermSet;
