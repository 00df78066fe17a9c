//! Reads the known-answer files under `tests/vectors`: blocks of `key = value`, `#` comments, blank lines between.

use std::collections::BTreeMap;

pub(crate) type Case = BTreeMap<String, String>;

/// All cases of a file; a file that yields none, or a line that is neither, fails the test.
pub(crate) fn cases(text: &str) -> Vec<Case> {
    let mut cases = vec![Case::new()];
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let case = cases.last_mut().expect("there is always one");
        if let Some((key, value)) = line.split_once(" =") {
            let value = value.strip_prefix(' ').unwrap_or(value);
            let earlier = case.insert(key.trim().to_owned(), value.to_owned());
            assert!(earlier.is_none(), "{key} stands twice in one case");
        } else {
            assert!(line.is_empty(), "neither a field nor a comment: {line:?}");
            cases.push(Case::new());
        }
    }
    cases.retain(|case| !case.is_empty());
    assert!(!cases.is_empty(), "the file has no case");
    cases
}
