#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people to read")]
//! Which text a type accepts, and what it says of the rest.
//!
//! ```text
//! cargo run --example validate                          which types there are
//! cargo run --example validate -- slug about-us 'A b'   checks each text
//! cargo run --example validate -- slug < FILE           checks each line
//! cargo run --example validate -- pattern:'[a-z]+' abc  with an expression of one's own
//! cargo run --example validate -- one-of:asc,desc asc   with a list of one's own
//! ```
//!
//! It fails if one was refused.

use std::fmt::Display;
use std::io::{self, BufRead};
use std::process::ExitCode;

use palisade::validate::{
    Allowlist, Cidr, CommandArg, DnsName, Email, FileName, HeaderValue, Hostname, IdnHostname, Invalid,
    Pattern, Port, RelPath, RfcEmail, SafeLines, SafeText, Slug, SqlIdent, Uri, Username, Uuid,
};

type Answer = Result<String, Invalid>;
type Parse = Box<dyn Fn(&str) -> Answer>;
type Type = (&'static str, &'static str, fn(&str) -> Answer);

/// Name, an example, the parser.
const TYPES: &[Type] = &[
    ("cidr", "10.0.0.0/8", |text| shown(Cidr::parse(text))),
    ("command-arg", "report.txt", |text| shown(CommandArg::parse(text))),
    ("dns-name", "_dmarc.example.com", |text| shown(DnsName::parse(text))),
    ("email", "ann@example.com", |text| shown(Email::parse(text))),
    ("file-name", "report.txt", |text| shown(FileName::parse(text))),
    ("header-value", "text/plain", |text| shown(HeaderValue::parse(text))),
    ("hostname", "www.example.com", |text| shown(Hostname::parse(text))),
    ("idn-hostname", "bücher.example", |text| shown(IdnHostname::parse(text))),
    ("port", "8080", |text| shown(Port::parse(text))),
    ("rel-path", "a/b.txt", |text| shown(RelPath::parse(text))),
    ("rfc-email", "\"a b\"@example.com", |text| shown(RfcEmail::parse(text))),
    ("safe-lines", "a few lines", |text| shown(SafeLines::parse(text))),
    ("safe-text", "a line of text", |text| shown(SafeText::parse(text))),
    ("slug", "release-notes-2", |text| shown(Slug::parse(text))),
    ("sql-ident", "created_at", |text| shown(SqlIdent::parse(text))),
    ("uri", "urn:isbn:0451450523", |text| shown(Uri::parse(text))),
    ("username", "ann.lee", |text| shown(Username::parse(text))),
    ("uuid", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", |text| shown(Uuid::parse(text))),
    #[cfg(feature = "url")]
    ("local-target", "/account?tab=2", |text| shown(palisade::validate::LocalTarget::parse(text))),
    #[cfg(feature = "url")]
    ("origin", "https://www.example.com", |text| shown(palisade::validate::Origin::parse(text))),
    #[cfg(feature = "url")]
    ("outbound-url", "https://www.example.com/feed", |text| {
        shown(palisade::validate::OutboundUrl::parse(text))
    }),
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(name) = arguments.next() else {
        println!("Usage: cargo run --example validate -- TYPE [TEXT…]\n");
        for (name, example, _) in TYPES {
            println!("  {name:<20} such as {example}");
        }
        println!("  {:<20} such as pattern:'[a-z]{{1,8}}'", "pattern:EXPRESSION");
        println!("  {:<20} such as one-of:asc,desc", "one-of:A,B…");
        return ExitCode::SUCCESS;
    };
    let parse = match parser(&name) {
        Ok(parse) => parse,
        Err(error) => {
            eprintln!("validate: {error}");
            return ExitCode::from(2);
        }
    };
    let mut texts: Vec<String> = arguments.collect();
    if texts.is_empty() {
        match io::stdin().lock().lines().collect() {
            Ok(lines) => texts = lines,
            Err(error) => {
                eprintln!("validate: standard input: {error}");
                return ExitCode::from(2);
            }
        }
    }
    let refused = texts.iter().filter(|text| !check(&parse, text)).count();
    if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn parser(name: &str) -> Result<Parse, String> {
    if let Some(expression) = name.strip_prefix("pattern:") {
        let pattern = Pattern::new(expression).map_err(|error| error.to_string())?;
        return Ok(Box::new(move |text| shown(pattern.parse(text))));
    }
    if let Some(list) = name.strip_prefix("one-of:") {
        let list = Allowlist::new(list.split(',').map(str::to_owned));
        return Ok(Box::new(move |text| list.parse(text)));
    }
    let found = TYPES.iter().find(|(known, ..)| *known == name);
    found.map(|(.., parse)| Box::new(*parse) as Parse).ok_or_else(|| format!("no type is named {name}"))
}

fn shown(parsed: Result<impl Display, Invalid>) -> Answer {
    parsed.map(|valid| valid.to_string())
}

/// Prints the answer, and in a refused text where it went wrong; whether it was accepted.
fn check(parse: &Parse, text: &str) -> bool {
    let escaped = text.escape_debug().to_string();
    match parse(text) {
        Ok(canonical) if canonical == text => println!("ok  {escaped}"),
        Ok(canonical) => println!("ok  {escaped} becomes {}", canonical.escape_debug()),
        Err(error) => {
            println!("no  {escaped}");
            let before = error.at().and_then(|at| text.get(..at));
            let caret = before.map(|before| " ".repeat(before.escape_debug().count()) + "^ ");
            println!("    {}{error}", caret.unwrap_or_default());
            return false;
        }
    }
    true
}
