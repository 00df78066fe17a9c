//! Secrets in values of `serde_json`, by their keys at any depth.

use serde_json::{Map, Value};

use super::key::{self, Under, Verdict};
use super::redactor::Redactor;

impl Redactor {
    /// Hides what is secret in `value`, at any depth.
    ///
    /// Under a sensitive key, everything is hidden: text, numbers, and what lists and objects hold, but for fields that tell
    /// a kind, a time or a size (`"expires_in": 3600`). `null`, `true` and `false` stay. All other text is redacted as
    /// [`redact`](Self::redact) does, also where it holds JSON itself.
    ///
    /// ```
    /// use palisade::redact::Redactor;
    /// use serde_json::json;
    ///
    /// let mut event = json!({"user": "ann", "login": {"passwords": ["hunter2", 1234]}, "url": "/?token=c2VjcmV0"});
    /// Redactor::default().redact_json(&mut event);
    /// assert_eq!(
    ///     event,
    ///     json!({"user": "ann", "login": {"passwords": ["[REDACTED]", "[REDACTED]"]}, "url": "/?token=[REDACTED]"})
    /// );
    /// ```
    pub fn redact_json(&self, value: &mut Value) {
        // A list of places rather than recursion: how deep they are is the sender's to choose.
        let mut places = vec![(value, Under::NOTHING)];
        while let Some((value, under)) = places.pop() {
            match value {
                Value::Null | Value::Bool(_) => {}
                Value::String(text) => {
                    if let Some(redacted) = self.changed(under, text) {
                        *text = redacted;
                    }
                }
                Value::Number(number) => {
                    if let Some(redacted) = self.changed(under, &number.to_string()) {
                        *value = Value::String(redacted);
                    }
                }
                Value::Array(items) => places.extend(items.iter_mut().map(|item| (item, under))),
                Value::Object(fields) => {
                    self.redact_names(fields);
                    let told = told(fields);
                    places.extend(
                        fields.iter_mut().map(|(name, field)| (field, under_name(name, under, told))),
                    );
                }
            }
        }
    }

    fn changed(&self, under: Under, text: &str) -> Option<String> {
        let redacted = self.redact_under(under, text);
        (redacted != text).then(|| redacted.into_owned())
    }

    /// A token may be a key itself, as where objects are used as sets.
    fn redact_names(&self, fields: &mut Map<String, Value>) {
        if fields.keys().any(|name| self.changed(Under::NOTHING, name).is_some()) {
            let redacted = std::mem::take(fields)
                .into_iter()
                .map(|(name, field)| (self.redact(&name).into_owned(), field));
            *fields = redacted.collect();
        }
    }
}

/// What a field's name says of it, besides what is said by those it stands under.
fn under_name(name: &str, outer: Under, told: Under) -> Under {
    let own = key::judge(name.as_bytes());
    if own.verdict > Verdict::Plain {
        own
    } else if told.verdict > Verdict::Plain && name.eq_ignore_ascii_case("value") {
        told
    } else if outer.verdict > Verdict::Plain && key::is_about_something(name.as_bytes()) {
        Under::NOTHING
    } else {
        outer
    }
}

/// What `{"name": "DB_PASSWORD", "value": …}` says of its value.
fn told(fields: &Map<String, Value>) -> Under {
    let name = ["name", "key", "Name", "Key"].iter().find_map(|name| fields.get(*name)?.as_str());
    name.map_or(Under::NOTHING, |name| key::judge(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_judged_by_their_keys_at_any_depth() {
        let mut event = json!({
            "a": [{"b": {"apiKey": "abc", "Authorization": "Bearer abc", "cookie": "theme=dark; sid=1"}}],
            "token": {"type": "bearer", "expires_in": 3600, "value": "xyz", "extra": [1, null, true]},
            "env": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "HOME", "value": "/root"}],
            "text": "{\"password\":\"hunter2\",\"n\":1}",
            "password": null, "token_count": 17, "otp": 123_456,
        });
        Redactor::default().redact_json(&mut event);
        assert_eq!(
            event,
            json!({
                "a": [{"b": {"apiKey": "[REDACTED]", "Authorization": "Bearer [REDACTED]", "cookie": "theme=[REDACTED]; sid=[REDACTED]"}}],
                "token": {"type": "bearer", "expires_in": 3600, "value": "[REDACTED]", "extra": ["[REDACTED]", null, true]},
                "env": [{"name": "DB_PASSWORD", "value": "[REDACTED]"}, {"name": "HOME", "value": "/root"}],
                "text": "{\"password\":\"[REDACTED]\",\"n\":1}",
                "password": null, "token_count": 17, "otp": "[REDACTED]",
            })
        );
    }

    #[test]
    fn depth_is_no_matter() {
        let mut value = json!("password=hunter2");
        for _ in 0..100_000 {
            value = Value::Array(vec![value]);
        }
        Redactor::default().redact_json(&mut value);
        let mut depth = 0;
        while let Value::Array(mut items) = value {
            value = items.pop().unwrap_or_default();
            depth += 1;
        }
        assert_eq!((depth, value), (100_000, json!("password=[REDACTED]")));
    }
}
