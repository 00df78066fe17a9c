//! Where limits are kept on the server.

use sha2::{Digest, Sha256};

use crate::encoding;
use crate::rate_limit::store::{self, Limit, StoreError, StoreErrorKind};

/// How keys are named: `<prefix>:{<digest>}:<limit>`, or `<prefix>:{<hash tag>}:<digest>:<limit>`.
///
/// The digest is SHA-256 of the caller's key, cut to 128 bits: of a fixed length whatever the key holds, and without what
/// has a meaning in names. A cluster puts names of the same text in braces on the same server.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) prefix: String,
    pub(super) hash_tag: Option<String>,
    /// Whether keys of different callers may lie on different servers.
    pub(super) is_cluster: bool,
}

impl Names {
    /// Whether prefix and tag leave the form of names as it is.
    pub(super) fn are_valid(&self) -> bool {
        store::is_name(&self.prefix) && self.hash_tag.as_deref().is_none_or(store::is_name)
    }

    pub(super) fn of(&self, limits: &[Limit<'_>]) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::with_capacity(limits.len());
        let mut last: Option<(&Limit<'_>, String)> = None;
        for limit in limits {
            let digest = match last.take() {
                Some((earlier, digest)) if earlier.key == limit.key => digest,
                Some(_) if self.is_cluster && self.hash_tag.is_none() => {
                    return Err(StoreErrorKind::CrossSlot.into());
                }
                _ => digest(limit.key.as_bytes()),
            };
            names.push(match &self.hash_tag {
                Some(tag) => format!("{}:{{{tag}}}:{digest}:{}", self.prefix, limit.name),
                None => format!("{}:{{{digest}}}:{}", self.prefix, limit.name),
            });
            last = Some((limit, digest));
        }
        Ok(names)
    }
}

fn digest(key: &[u8]) -> String {
    let digest = Sha256::digest(key);
    let (half, _) = digest.split_at(16);
    encoding::base64url(half)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate_limit::{Quota, RateKey};

    fn names(is_cluster: bool, hash_tag: Option<&str>) -> Names {
        Names { prefix: "palisade".to_owned(), hash_tag: hash_tag.map(str::to_owned), is_cluster }
    }

    fn limit<'a>(name: &'a str, key: &'a RateKey) -> Limit<'a> {
        Limit { name, key, quota: Quota::per_second(1), cost: 1 }
    }

    #[test]
    fn names_have_one_length_and_show_nothing() {
        let long = vec![0; 1 << 20];
        for key in [
            RateKey::new("ann@example.com"),
            RateKey::new("").part("}{\0:*\n\r").part([0xff, 0xfe]),
            RateKey::new("big").part(long),
        ] {
            let name = names(false, None).of(&[limit("burst", &key)]).unwrap().remove(0);
            let digest = name.strip_prefix("palisade:{").unwrap().strip_suffix("}:burst").unwrap();
            assert_eq!(digest.len(), 22);
            assert!(digest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        }
    }

    #[test]
    fn the_form_of_names_is_kept() {
        // Servers in operation hold these names: another form would give every caller a full quota.
        let key = RateKey::new("ann");
        let name = |tag| names(false, tag).of(&[limit("daily", &key)]).unwrap().remove(0);
        assert_eq!(name(None), "palisade:{CWYIUwDhtrjvDDOwqL6EJw}:daily");
        assert_eq!(name(Some("all")), "palisade:{all}:CWYIUwDhtrjvDDOwqL6EJw:daily");
    }

    #[test]
    fn callers_share_a_decision_on_a_cluster_only_under_one_tag() {
        let (ann, bob) = (RateKey::new("ann"), RateKey::new("bob"));
        let two = [limit("burst", &ann), limit("burst", &bob)];
        let same = [limit("burst", &ann), limit("daily", &ann)];
        assert_eq!(names(true, None).of(&two).unwrap_err().kind(), StoreErrorKind::CrossSlot);
        assert!(names(true, None).of(&same).is_ok() && names(true, Some("t")).of(&two).is_ok());
        let named = names(false, None).of(&[two[0], two[1], two[0]]).unwrap();
        assert!(named[0] != named[1] && named[0] == named[2]);
    }

    #[test]
    fn prefix_and_tag_cannot_change_the_form() {
        for (text, valid) in
            [("palisade", true), ("a.b-c_d", true), ("", false), ("a:b", false), ("{", false)]
        {
            let prefixed = Names { prefix: text.to_owned(), ..names(false, None) };
            assert_eq!(prefixed.are_valid(), valid, "{text:?}");
            assert_eq!(names(false, Some(text)).are_valid(), valid, "{text:?}");
        }
    }
}
