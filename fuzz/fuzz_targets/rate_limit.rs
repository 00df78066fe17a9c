//! A caller cannot talk a limit into another address, and a quota that is read is written as it was read.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use palisade::rate_limit::{Fields, Quota, RateKey, client_ip, ip_key, network_key};

fuzz_target!(|input: (&[u8], &str, &str, u8)| {
    let (header, one, other, hops) = input;
    let (proxy, caller) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([203, 0, 113, 9]));

    // Whatever the caller wrote, on a line of its own or before the proxy's comma.
    assert_eq!(client_ip(proxy, [header, b"203.0.113.9"], 1), caller);
    assert_eq!(client_ip(proxy, [&[header, b",203.0.113.9"].concat()], 1), caller);
    // What the proxy quotes.
    if let Ok(text) = str::from_utf8(header) {
        let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
        assert_eq!(client_ip(proxy, [format!("for=203.0.113.9;host=\"{quoted}\"")], 1), caller);
    }
    assert_eq!(client_ip(proxy, [header], 0), proxy);
    let client = client_ip(proxy, [header], usize::from(hops));
    assert_eq!(ip_key(client), ip_key(client_ip(client, [header], 0)));
    assert!(network_key(client).prefix() < ip_key(client).prefix());

    if let Ok(quota) = one.parse::<Quota>() {
        assert_eq!(quota.to_string().parse(), Ok(quota));
        if let Ok(fields) = Fields::new(other, quota) {
            let policy = fields.policy().to_string();
            assert!(policy.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && policy.starts_with('"'));
        }
    }
    let key = |parts: [&str; 2]| RateKey::new("fuzz").part(parts[0]).part(parts[1]);
    assert_eq!(key([one, other]) == key([other, one]), one == other);
});
