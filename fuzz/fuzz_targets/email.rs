//! An address that is accepted is one by the slow checker too, and is accepted again unchanged.
#![no_main]

#[path = "../../tests/support/names.rs"]
#[allow(dead_code, reason = "host names are another target")]
mod names;

use libfuzzer_sys::fuzz_target;
use palisade::validate::{Email, Hostname, RfcEmail};

fuzz_target!(|text: &str| {
    let plain = text.is_ascii() && !text.to_ascii_lowercase().contains("xn--");
    let (email, rfc) = (Email::parse(text), Email::parse_rfc(text));
    if plain {
        assert_eq!(email.is_ok(), names::is_email(text));
        assert_eq!(rfc.is_ok(), names::is_rfc_email(text));
    }
    if let Ok(email) = email {
        assert!(names::is_email(email.as_str()));
        assert!(Hostname::parse(email.domain()).is_ok());
        assert_eq!(format!("{}@{}", email.local_part(), email.domain()), email.as_str());
        assert_eq!(Email::parse(email.as_str()).as_ref(), Ok(&email));
        assert_eq!(RfcEmail::parse(email.as_str()), Ok(email.into()));
    }
    if let Ok(rfc) = rfc {
        assert!(names::is_rfc_email(rfc.as_str()));
        assert_eq!(format!("{}@{}", rfc.local_part(), rfc.domain()), rfc.as_str());
        assert_eq!(RfcEmail::parse(rfc.as_str()), Ok(rfc));
    }
});
