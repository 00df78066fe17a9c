use std::fmt;

use super::permission::Permission;
use super::set::PermSet;

/// A named set of permissions that does not change.
///
/// ```
/// use palisade::rbac::Role;
/// palisade::permissions! { enum DocPerm in perm { Read = "doc:read", Write = "doc:write" } }
///
/// const READER: Role<DocPerm> = Role::new("reader", DocPerm::set(&[DocPerm::Read]));
/// const EDITOR: Role<DocPerm> = Role::new("editor", READER.permissions().union(DocPerm::set(&[DocPerm::Write])));
/// assert!(EDITOR.has(DocPerm::Read) && !READER.has(DocPerm::Write));
/// ```
pub struct Role<P> {
    name: &'static str,
    permissions: PermSet<P>,
}

impl<P> Role<P> {
    /// A role of that name with these permissions.
    pub const fn new(name: &'static str, permissions: PermSet<P>) -> Self {
        Self { name, permissions }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it may do.
    pub const fn permissions(&self) -> PermSet<P> {
        self.permissions
    }
}

impl<P> Role<P> {
    /// What several roles may do together.
    pub const fn all(roles: &[Self]) -> PermSet<P> {
        let mut all = PermSet::EMPTY;
        let mut rest = roles;
        while let [first, others @ ..] = rest {
            all = all.union(first.permissions);
            rest = others;
        }
        all
    }
}

impl<P: Copy> Role<P> {
    /// The role of that name, as a table of users holds it.
    ///
    /// ```
    /// use palisade::rbac::Role;
    /// palisade::permissions! { enum DocPerm in perm { Read = "doc:read" } }
    ///
    /// const ROLES: &[Role<DocPerm>] = &[Role::new("reader", DocPerm::set(&[DocPerm::Read]))];
    /// assert!(Role::find(ROLES, "reader").is_some_and(|role| role.has(DocPerm::Read)));
    /// assert!(Role::find(ROLES, "Reader").is_none()); // an unknown name is no role
    /// ```
    pub fn find(roles: &[Self], name: &str) -> Option<Self> {
        roles.iter().find(|role| role.name == name).copied()
    }
}

impl<P: Permission> Role<P> {
    /// Whether it has `permission`.
    pub fn has(&self, permission: P) -> bool {
        self.permissions.contains(permission)
    }
}

impl<P> Clone for Role<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Role<P> {}

impl<P> PartialEq for Role<P> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.permissions == other.permissions
    }
}

impl<P> Eq for Role<P> {}

impl<P: Permission> fmt::Debug for Role<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Role").field("name", &self.name).field("permissions", &self.permissions).finish()
    }
}
