use std::collections::BTreeSet;
use std::time::Duration;

use super::cors::Origins;
use super::{CorsError, CorsPolicy, CorsProblem, Header, origin};

/// Puts a [`CorsPolicy`] together.
///
/// Of methods, `GET`, `HEAD` and `POST` are allowed; of headers none but those that any form sends. Answers to preflights are kept
/// for ten minutes.
#[derive(Clone, Debug)]
#[must_use = "a policy is made by build()"]
pub struct CorsBuilder {
    listed: BTreeSet<String>,
    any: bool,
    credentials: bool,
    methods: BTreeSet<String>,
    headers: BTreeSet<String>,
    exposed: BTreeSet<String>,
    max_age: Duration,
    problems: Vec<CorsProblem>,
}

impl CorsBuilder {
    /// Allows the pages of one origin, spelt as browsers write it: `https://app.example`, or `http://` on the same machine.
    ///
    /// # Errors
    /// [`CorsError`].
    pub fn origin(self, origin: &str) -> Result<Self, CorsError> {
        self.origins([origin])
    }

    /// Allows the pages of several origins.
    ///
    /// # Errors
    /// [`CorsError`], with the problems of all that are wrong.
    pub fn origins<'a>(mut self, origins: impl IntoIterator<Item = &'a str>) -> Result<Self, CorsError> {
        let mut problems = Vec::new();
        for text in origins {
            match origin::problem(text) {
                Some(problem) => problems.push(problem),
                None => _ = self.listed.insert(text.to_owned()),
            }
        }
        if problems.is_empty() { Ok(self) } else { Err(CorsError::new(problems)) }
    }

    /// Allows all pages, without cookies: for what is public.
    pub fn any_origin(mut self) -> Self {
        self.any = true;
        self
    }

    /// Pages may read what is answered to requests with their user's cookies.
    pub fn credentials(mut self) -> Self {
        self.credentials = true;
        self
    }

    /// Allows a method, in capitals.
    pub fn method(mut self, method: &str) -> Self {
        let is_capital = |byte: u8| byte.is_ascii_uppercase() || byte == b'-';
        if (1..=32).contains(&method.len())
            && method.bytes().all(is_capital)
            && !FORBIDDEN_METHODS.contains(&method)
        {
            self.methods.insert(method.to_owned());
        } else {
            self.problems.push(CorsProblem::Method);
        }
        self
    }

    /// Allows a header of requests.
    pub fn header(mut self, name: &str) -> Self {
        if is_field_name(name) {
            self.headers.insert(name.to_ascii_lowercase());
        } else {
            self.problems.push(CorsProblem::Header);
        }
        self
    }

    /// Lets pages read a header of responses.
    pub fn expose(mut self, name: &str) -> Self {
        if is_field_name(name) {
            self.exposed.insert(name.to_ascii_lowercase());
        } else {
            self.problems.push(CorsProblem::Header);
        }
        self
    }

    /// How long browsers keep the answer to a preflight, in whole seconds; at most a day.
    pub fn max_age(mut self, time: Duration) -> Self {
        self.max_age = time;
        self
    }

    /// Makes the policy.
    ///
    /// # Errors
    /// [`CorsError`], with all problems.
    pub fn build(self) -> Result<CorsPolicy, CorsError> {
        let mut problems = self.problems;
        if self.any && self.credentials {
            problems.push(CorsProblem::AnyWithCredentials);
        }
        if self.any != self.listed.is_empty() {
            problems.push(CorsProblem::Origins);
        }
        if self.max_age > DAY {
            problems.push(CorsProblem::MaxAge);
        }
        if !problems.is_empty() {
            return Err(CorsError::new(problems));
        }
        let credentials = self.credentials.then(|| ("Access-Control-Allow-Credentials", "true".to_owned()));
        let mut of_answers: Vec<Header> = credentials.into_iter().collect();
        let mut of_preflights = of_answers.clone();
        of_answers.extend(listed("Access-Control-Expose-Headers", &self.exposed));
        of_preflights.extend(listed("Access-Control-Allow-Methods", &self.methods));
        of_preflights.extend(listed("Access-Control-Allow-Headers", &self.headers));
        of_preflights.push(("Access-Control-Max-Age", self.max_age.as_secs().to_string()));
        Ok(CorsPolicy {
            origins: if self.any { Origins::Any } else { Origins::Listed(self.listed) },
            methods: self.methods,
            headers: self.headers,
            of_answers,
            of_preflights,
        })
    }
}

impl Default for CorsBuilder {
    fn default() -> Self {
        Self {
            listed: BTreeSet::new(),
            any: false,
            credentials: false,
            methods: SAFE_METHODS.map(str::to_owned).into(),
            headers: BTreeSet::new(),
            exposed: BTreeSet::new(),
            max_age: Duration::from_secs(600),
            problems: Vec::new(),
        }
    }
}

/// A header that lists names, if there are any.
fn listed(header: &'static str, names: &BTreeSet<String>) -> Option<Header> {
    let text = names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    (!text.is_empty()).then_some((header, text))
}

/// RFC 9110 §5.1, without `*`, which stands for all names.
fn is_field_name(name: &str) -> bool {
    let is_character = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'+-.^_`|~".contains(&byte);
    (1..=128).contains(&name.len()) && name.bytes().all(is_character)
}

/// Fetch Standard, "CORS-safelisted method": browsers allow them whatever is answered.
const SAFE_METHODS: [&str; 3] = ["GET", "HEAD", "POST"];
/// Fetch Standard, "forbidden method".
const FORBIDDEN_METHODS: [&str; 3] = ["CONNECT", "TRACE", "TRACK"];
const DAY: Duration = Duration::from_secs(86_400);
