//! What roles are worth, all that they inherit written out.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{PolicyError, PolicyErrorKind};
use super::lists::Lists;
use super::names::Names;

/// What the rules say of one role, before anything is inherited.
#[derive(Clone, Debug, Default)]
pub(super) struct Own {
    pub(super) juniors: Vec<u32>,
    pub(super) allow: Vec<u32>,
    pub(super) deny: Vec<u32>,
}

/// By role: what is said without a tenant, or what is said in one.
pub(super) type Rules = BTreeMap<u32, Own>;

/// What roles are worth: all of them outside of tenants, or in one tenant those that are worth something else there.
#[derive(Debug)]
pub(super) struct Scope {
    /// The roles in it, sorted; each list below has their places.
    roles: Roles,
    /// The role itself and those that it inherits.
    covers: Lists,
    /// What it allows and what it denies, of each role one after the other: a check reads both, from one line of memory.
    rights: Lists,
    /// Without what is inherited: for explanations.
    juniors: Lists,
    own: Lists,
}

#[derive(Debug)]
enum Roles {
    All,
    Some(Vec<u32>),
}

/// What roles are worth in one place.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    everywhere: &'a Scope,
    here: Option<&'a Scope>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

impl<'a> View<'a> {
    #[inline]
    pub(super) fn new(everywhere: &'a Scope, here: Option<&'a Scope>) -> Self {
        Self { everywhere, here }
    }

    /// Whether `role` has a rule of that effect about `permission`, inherited ones counted.
    #[inline]
    pub(super) fn says(self, effect: Effect, role: u32, permission: u32) -> bool {
        let (scope, place) = self.at(role);
        scope.rights.holds(effect.index(place), permission)
    }

    /// What `role` is allowed and what it is denied.
    #[inline]
    pub(super) fn rights(self, role: u32) -> (&'a [u32], &'a [u32]) {
        let (scope, place) = self.at(role);
        scope.rights.pair(Effect::Allow.index(place))
    }

    /// What `role` may do, but for denials.
    pub(super) fn allowed(self, role: u32) -> &'a [u32] {
        let (scope, place) = self.at(role);
        scope.rights.list(Effect::Allow.index(place))
    }

    /// `role` and those that it inherits.
    pub(super) fn covers(self, role: u32) -> &'a [u32] {
        let (scope, place) = self.at(role);
        scope.covers.list(place)
    }

    /// The roles that `role` inherits directly.
    pub(super) fn juniors(self, role: u32) -> &'a [u32] {
        let (scope, place) = self.at(role);
        scope.juniors.list(place)
    }

    /// What rules about `role` itself say.
    pub(super) fn own(self, effect: Effect, role: u32) -> &'a [u32] {
        let (scope, place) = self.at(role);
        scope.own.list(effect.index(place))
    }

    #[inline]
    fn at(self, role: u32) -> (&'a Scope, u32) {
        let here = self.here.and_then(|scope| Some((scope, scope.roles.place(role)?)));
        here.unwrap_or((self.everywhere, role))
    }
}

impl Scope {
    /// What all `roles` are worth by the rules that hold everywhere. What is written out is taken from the `budget` before it
    /// is: a policy's text may be hostile, or grow.
    pub(super) fn everywhere(rules: &Rules, roles: &Names, budget: &mut usize) -> Result<Self, PolicyError> {
        spend(budget, roles.len())?;
        let nothing = Own::default();
        let own = (0..roles.count()).map(|role| rules.get(&role).unwrap_or(&nothing).clone()).collect();
        Self::of(Roles::All, own, None, roles, budget)
    }

    /// What those roles are worth in one tenant whose worth its `rules` change: the roles that it speaks of, and all that
    /// inherit them. So a tenant costs as much as its rules reach, and not as much as the policy has roles.
    pub(super) fn of_tenant(
        rules: &Rules,
        everywhere: &Self,
        seniors: &Lists,
        roles: &Names,
        budget: &mut usize,
    ) -> Result<Self, PolicyError> {
        let mut seniors_here: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (&senior, own) in rules {
            for &junior in &own.juniors {
                seniors_here.entry(junior).or_default().push(senior);
            }
        }
        let mut reached: BTreeSet<u32> = rules.keys().copied().collect();
        let mut queue: Vec<u32> = reached.iter().copied().collect();
        while let Some(role) = queue.pop() {
            spend(budget, 1)?;
            let here = seniors_here.get(&role).into_iter().flatten();
            for &senior in seniors.list(role).iter().chain(here) {
                if reached.insert(senior) {
                    queue.push(senior);
                }
            }
        }
        let view = View::new(everywhere, None);
        let merged = |role: &u32| {
            let mut own = rules.get(role).cloned().unwrap_or_default();
            own.juniors.extend(view.juniors(*role));
            own.allow.extend(view.own(Effect::Allow, *role));
            own.deny.extend(view.own(Effect::Deny, *role));
            own
        };
        let own = reached.iter().map(merged).collect();
        Self::of(Roles::Some(reached.into_iter().collect()), own, Some(everywhere), roles, budget)
    }

    fn of(
        places: Roles,
        mut rules: Vec<Own>,
        everywhere: Option<&Self>,
        roles: &Names,
        budget: &mut usize,
    ) -> Result<Self, PolicyError> {
        for role in &mut rules {
            for list in [&mut role.juniors, &mut role.allow, &mut role.deny] {
                list.sort_unstable();
                list.dedup();
            }
        }
        let covers = closure(&places, &rules, everywhere, roles, budget)?;
        let mut rights = Lists::new();
        for covered in &covers {
            for effect in [Effect::Allow, Effect::Deny] {
                let of = |&role: &u32| match places.place(role) {
                    Some(place) => rules.get(place as usize).map_or(&[][..], |own| own.of(effect)),
                    None => everywhere.map_or(&[][..], |scope| View::new(scope, None).own(effect, role)),
                };
                let lists = covered.iter().map(of);
                spend(budget, lists.clone().map(<[u32]>::len).sum())?;
                rights.push(lists.flatten().copied().collect());
            }
        }
        let (mut juniors, mut own) = (Lists::new(), Lists::new());
        for role in rules {
            juniors.push(role.juniors);
            own.push(role.allow);
            own.push(role.deny);
        }
        Ok(Self { roles: places, covers: covers.into_iter().collect(), rights, juniors, own })
    }

    /// The roles in it, if they are not all.
    pub(super) fn roles(&self) -> &[u32] {
        match &self.roles {
            Roles::All => &[],
            Roles::Some(roles) => roles,
        }
    }

    /// The permissions that its rules allow.
    pub(super) fn allowed_by_rules(&self) -> impl Iterator<Item = u32> {
        (0..self.own.count()).step_by(2).flat_map(|index| self.own.list(index)).copied()
    }

    /// Of each role, those that inherit it directly.
    pub(super) fn seniors(&self, roles: u32) -> Lists {
        let mut seniors = vec![Vec::new(); roles as usize];
        for senior in 0..roles {
            for &junior in self.juniors.list(senior) {
                if let Some(list) = seniors.get_mut(junior as usize) {
                    list.push(senior);
                }
            }
        }
        seniors.into_iter().collect()
    }
}

impl Roles {
    #[inline]
    fn place(&self, role: u32) -> Option<u32> {
        match self {
            Self::All => Some(role),
            Self::Some(roles) => roles.binary_search(&role).ok().and_then(|place| u32::try_from(place).ok()),
        }
    }

    /// The role at a place.
    fn role(&self, place: usize) -> u32 {
        let role = match self {
            Self::All => u32::try_from(place).ok(),
            Self::Some(roles) => roles.get(place).copied(),
        };
        role.expect("a place of a scope is one of its roles'")
    }
}

impl Effect {
    /// Where a role's list of this effect stands.
    #[inline]
    fn index(self, place: u32) -> u32 {
        2 * place + u32::from(self == Self::Deny)
    }
}

impl Own {
    fn of(&self, effect: Effect) -> &[u32] {
        if effect == Effect::Allow { &self.allow } else { &self.deny }
    }
}

/// Takes what is about to be written out from what a policy may be.
pub(super) fn spend(budget: &mut usize, items: usize) -> Result<(), PolicyError> {
    let too_large = || PolicyError::new(PolicyErrorKind::TooLarge, "the policy");
    *budget = budget.checked_sub(items).ok_or_else(too_large)?;
    Ok(())
}

/// Each role with all that it inherits, by place.
///
/// Without recursion, since a policy's depth is its author's choice.
fn closure(
    places: &Roles,
    own: &[Own],
    everywhere: Option<&Scope>,
    roles: &Names,
    budget: &mut usize,
) -> Result<Vec<Vec<u32>>, PolicyError> {
    let mut covers: Vec<Option<Vec<u32>>> = vec![None; own.len()];
    // INVARIANT: the roles on the way are those that inherit the last of them, each with how many of its juniors are done.
    let mut way: Vec<(usize, usize)> = Vec::new();
    let mut is_on_way = vec![false; own.len()];
    for first in 0..own.len() {
        if covers.get(first).is_none_or(Option::is_some) {
            continue;
        }
        enter(first, &mut way, &mut is_on_way);
        while let Some((place, done)) = way.last_mut() {
            let place = *place;
            let juniors = own.get(place).map_or(&[][..], |own| &own.juniors);
            if let Some(&junior) = juniors.get(*done) {
                *done += 1;
                let Some(below) = places.place(junior).map(|place| place as usize) else { continue };
                if is_on_way.get(below) == Some(&true) {
                    return Err(cycle(&way, below, places, roles));
                }
                if covers.get(below).is_some_and(Option::is_none) {
                    enter(below, &mut way, &mut is_on_way);
                }
                continue;
            }
            let covered = |&junior: &u32| match places.place(junior) {
                Some(place) => covers.get(place as usize).and_then(Option::as_deref).unwrap_or(&[]),
                None => everywhere.map_or(&[][..], |scope| scope.covers.list(junior)),
            };
            let lists = juniors.iter().map(covered);
            spend(budget, lists.clone().map(<[u32]>::len).sum())?;
            let mut all: Vec<u32> = lists.flatten().copied().chain([places.role(place)]).collect();
            all.sort_unstable();
            all.dedup();
            if let (Some(covers), Some(is_on_way)) = (covers.get_mut(place), is_on_way.get_mut(place)) {
                (*covers, *is_on_way) = (Some(all), false);
            }
            way.pop();
        }
    }
    Ok(covers.into_iter().flatten().collect())
}

fn enter(place: usize, way: &mut Vec<(usize, usize)>, is_on_way: &mut [bool]) {
    way.push((place, 0));
    if let Some(is_on_way) = is_on_way.get_mut(place) {
        *is_on_way = true;
    }
}

/// `a > b > a`, shortened if it is long.
fn cycle(way: &[(usize, usize)], again: usize, places: &Roles, roles: &Names) -> PolicyError {
    let round: Vec<&str> = way
        .iter()
        .map(|(place, _)| *place)
        .skip_while(|&place| place != again)
        .chain([again])
        .map(|place| roles.name(places.role(place)))
        .collect();
    let shown = match &*round {
        [start @ .., last] if start.len() > MOST_SHOWN => {
            format!("{} > … > {last}", start.get(..MOST_SHOWN).unwrap_or(start).join(" > "))
        }
        all => all.join(" > "),
    };
    PolicyError::new(PolicyErrorKind::Cycle, format!("inherits {shown}"))
}

/// Roles of a cycle in an error's text.
const MOST_SHOWN: usize = 16;
