use palisade::rbac::{Authorizable, PermSet, Role};
use palisade::session::RecentSecondFactor;

use crate::users::User;

palisade::permissions! {
    pub(crate) enum Permission in may {
        UseAccount = "account:use",
        UseNotes = "notes:use",
        ManageUsers = "users:manage",
        ReadAudit = "audit:read",
    }
}

/// Everybody who has registered.
pub(crate) const MEMBER: Role<Permission> =
    Role::new("member", Permission::set(&[Permission::UseAccount, Permission::UseNotes]));

pub(crate) const ADMIN: Role<Permission> = Role::new(
    "admin",
    MEMBER.permissions().union(Permission::set(&[Permission::ManageUsers, Permission::ReadAudit])),
);

/// What the column may say; another name is no role.
pub(crate) const ROLES: &[Role<Permission>] = &[MEMBER, ADMIN];

/// What administrators show for each step that matters: a second factor, in the last ten minutes.
pub(crate) type JustNow = RecentSecondFactor<600>;

impl Authorizable<Permission> for User {
    fn effective(&self) -> PermSet<Permission> {
        Role::find(ROLES, &self.role).map_or(PermSet::EMPTY, |role| role.permissions())
    }
}
