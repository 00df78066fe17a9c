use std::fmt;
use std::marker::PhantomData;

use super::permission::Permission;

/// A set of permissions: 256 bits, with algebra that the compiler can do.
///
/// ```
/// use palisade::rbac::PermSet;
/// palisade::permissions! { enum DocPerm in perm { Read = "doc:read", Write = "doc:write", Sign = "doc:sign" } }
///
/// const CLERK: PermSet<DocPerm> = DocPerm::set(&[DocPerm::Read, DocPerm::Write]);
/// const BOSS: PermSet<DocPerm> = DocPerm::set(&[DocPerm::Sign]);
/// const _: () = assert!(CLERK.is_disjoint(BOSS)); // nobody may sign what they wrote: held by the compiler
/// assert_eq!(format!("{:?}", CLERK.union(BOSS)), r#"{"doc:read", "doc:write", "doc:sign"}"#);
/// ```
///
/// Where the two overlap, the assertion does not compile; nor do sets of different lists mix:
///
/// ```compile_fail,E0080
/// palisade::permissions! { enum DocPerm in perm { Write = "doc:write", Sign = "doc:sign" } }
/// const CLERK: palisade::rbac::PermSet<DocPerm> = DocPerm::set(&[DocPerm::Write]);
/// const BOSS: palisade::rbac::PermSet<DocPerm> = DocPerm::set(&[DocPerm::Write, DocPerm::Sign]);
/// const _: () = assert!(CLERK.is_disjoint(BOSS));
/// ```
/// ```compile_fail,E0308
/// palisade::permissions! { enum DocPerm in perm { Write = "doc:write" } }
/// palisade::permissions! { enum BillPerm in bill { Pay = "bill:pay" } }
/// let mixed = DocPerm::set(&[DocPerm::Write]).union(BillPerm::set(&[BillPerm::Pay]));
/// ```
pub struct PermSet<P> {
    bits: [u64; WORDS],
    permission: PhantomData<fn() -> P>,
}

const WORDS: usize = 4;

impl<P> PermSet<P> {
    /// No permission.
    pub const EMPTY: Self = Self::of_bits([0; WORDS]);

    const fn of_bits(bits: [u64; WORDS]) -> Self {
        Self { bits, permission: PhantomData }
    }

    /// What [`permissions!`](crate::permissions) builds sets with.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_index(self, index: u8) -> Self {
        let [a, b, c, d] = self.bits;
        let bit = 1 << (index % 64);
        Self::of_bits(match index / 64 {
            0 => [a | bit, b, c, d],
            1 => [a, b | bit, c, d],
            2 => [a, b, c | bit, d],
            _ => [a, b, c, d | bit],
        })
    }

    /// What is in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        let (ours, theirs) = (self.bits, other.bits);
        Self::of_bits([ours[0] | theirs[0], ours[1] | theirs[1], ours[2] | theirs[2], ours[3] | theirs[3]])
    }

    /// What is in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        let (ours, theirs) = (self.bits, other.bits);
        Self::of_bits([ours[0] & theirs[0], ours[1] & theirs[1], ours[2] & theirs[2], ours[3] & theirs[3]])
    }

    /// What is in this one and not in the other.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        let (ours, theirs) = (self.bits, other.bits);
        Self::of_bits([
            ours[0] & !theirs[0],
            ours[1] & !theirs[1],
            ours[2] & !theirs[2],
            ours[3] & !theirs[3],
        ])
    }

    /// Whether it holds nothing.
    pub const fn is_empty(self) -> bool {
        let [a, b, c, d] = self.bits;
        a | b | c | d == 0
    }

    /// Whether the two have nothing in common.
    pub const fn is_disjoint(self, other: Self) -> bool {
        self.intersection(other).is_empty()
    }

    /// Whether all of it is in the other.
    pub const fn is_subset(self, other: Self) -> bool {
        self.minus(other).is_empty()
    }

    /// How many it holds.
    pub const fn len(self) -> u32 {
        let [a, b, c, d] = self.bits;
        a.count_ones() + b.count_ones() + c.count_ones() + d.count_ones()
    }

    pub(super) const fn has_index(self, index: u8) -> bool {
        let [a, b, c, d] = self.bits;
        let word = match index / 64 {
            0 => a,
            1 => b,
            2 => c,
            _ => d,
        };
        word >> (index % 64) & 1 == 1
    }
}

impl<P: Permission> PermSet<P> {
    /// Whether it holds `permission`.
    #[inline]
    pub fn contains(self, permission: P) -> bool {
        self.has_index(permission.index())
    }

    /// With `permission`.
    #[must_use]
    pub fn with(self, permission: P) -> Self {
        self.with_index(permission.index())
    }

    /// What it holds, in the order of declaration.
    pub fn iter(self) -> impl Iterator<Item = P> {
        P::ALL.iter().copied().filter(move |&permission| self.contains(permission))
    }
}

impl<P> Clone for PermSet<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for PermSet<P> {}

impl<P> PartialEq for PermSet<P> {
    fn eq(&self, other: &Self) -> bool {
        self.bits == other.bits
    }
}

impl<P> Eq for PermSet<P> {}

impl<P> Default for PermSet<P> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<P: Permission> FromIterator<P> for PermSet<P> {
    fn from_iter<I: IntoIterator<Item = P>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::EMPTY, Self::with)
    }
}

/// The names of what it holds.
impl<P: Permission> fmt::Debug for PermSet<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Permission::name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sets_have_what_their_bits_say(ours: [u64; WORDS], theirs: [u64; WORDS]) {
            let (ours, theirs) = (PermSet::<()>::of_bits(ours), PermSet::of_bits(theirs));
            let (either, both) = (ours.union(theirs), ours.intersection(theirs));
            let (only, mut count) = (ours.minus(theirs), 0);
            for index in 0..=u8::MAX {
                let (in_ours, in_theirs) = (ours.has_index(index), theirs.has_index(index));
                prop_assert_eq!(either.has_index(index), in_ours || in_theirs);
                prop_assert_eq!(both.has_index(index), in_ours && in_theirs);
                prop_assert_eq!(only.has_index(index), in_ours && !in_theirs);
                count += u32::from(in_ours);
            }
            prop_assert_eq!((ours.len(), ours.is_empty()), (count, count == 0));
            prop_assert_eq!((ours.is_disjoint(theirs), ours.is_subset(theirs)), (both.is_empty(), only.is_empty()));
            prop_assert!(both.is_subset(ours) && both.is_subset(theirs) && ours.is_subset(either));
            prop_assert!(only.is_disjoint(theirs) && only.union(both) == ours);
        }
    }

    /// As many as a list may have.
    #[test]
    fn each_of_256_has_a_place_of_its_own() {
        let mut all = PermSet::<()>::EMPTY;
        for index in 0..=u8::MAX {
            assert!(!all.has_index(index), "{index}");
            all = all.with_index(index);
            assert!(all.has_index(index) && all.len() == u32::from(index) + 1, "{index}");
            let alone = PermSet::EMPTY.with_index(index);
            assert!(alone.is_subset(all) && alone.intersection(all) == alone && !alone.is_disjoint(all));
            assert!(all.minus(alone).is_disjoint(alone) && all.minus(alone).union(alone) == all, "{index}");
            assert!(all.with_index(index) == all && !alone.is_empty(), "{index}");
            let twice = alone.with_index(index.wrapping_add(64)); // the same bit of another word
            assert!(!twice.is_empty() && twice.len() == 2, "{index}");
        }
    }
}
