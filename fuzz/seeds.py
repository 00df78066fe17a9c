"""Writes seeds for the fuzz targets into fuzz/corpus: python3 fuzz/seeds.py. The known answers are the best there are.

A target of one text takes it as it is. One of several values takes them as the crate `arbitrary` reads them: numbers, and texts
without their lengths, from the front; lengths from the end; the last text is what remains.
"""

import hashlib
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).parent.parent
VECTORS = ROOT / "tests" / "vectors"


def seed(target, *values):
    """Texts and bytes are sized, but for the last; numbers are given as `(value, bytes)`."""
    data = b""
    for place, value in reversed(list(enumerate(values))):
        if isinstance(value, tuple):
            data = value[0].to_bytes(value[1], "little") + data
            continue
        value = value.encode() if isinstance(value, str) else value
        data = value + data
        if place + 1 < len(values):
            data += len(value).to_bytes(1 if len(data) < 256 else 2, "big")
    folder = ROOT / "fuzz" / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"known-{hashlib.sha256(data).hexdigest()[:16]}").write_bytes(data)


def lines(pattern, *files):
    """What the pattern's first group finds in the lines of files of vectors."""
    for file in files:
        for path in sorted(VECTORS.glob(file)):
            for line in path.read_text().splitlines():
                if found := re.match(pattern, line):
                    yield found[1]


def unescaped(text):
    """A text of tests/vectors/validate, as slug.txt tells."""
    text = re.sub(r"\\\*\{(.*?);(\d+)\}", lambda found: found[1] * min(int(found[2]), 300), text)
    named = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "s": " ", "p": "|", "\\": "\\"}
    return re.sub(r"\\(?:u\{([0-9a-fA-F]+)\}|(.))", lambda found: chr(int(found[1], 16)) if found[1] else named[found[2]], text)


def values(*names):
    """The texts of files of tests/vectors/validate."""
    return map(unescaped, lines(r"(?:ok|no) \| ([^|]*?) *(?:\||$)", *(f"validate/{name}.txt" for name in names)))


for target, names in {
    "hostname": ["hostname", "dns_name", "idn_hostname"],
    "email": ["email", "rfc_email"],
    "file_name": ["file_name", "rel_path", "command_arg"],
    "safe_text": ["safe_text", "safe_lines", "header_value"],
    "username": ["username", "username_ascii", "uuid", "slug"],
}.items():
    for text in values(*names):
        seed(target, text)
for text in values("uri", "outbound_url", "origin", "local_target"):
    seed("url", text, "https://example.com/page")
    seed("url", "https://example.com/page", text)
for text in values("cidr", "port"):
    seed("ip", f"{text},10.0.0.0/8,2001:db8::/32", (0x20010DB8 << 96 | 7, 16), (443, 2))
for text in values("sql_ident"):
    seed("sql", text, (0, 1), (7, 8), b"bytes")
for expression, text in [
    ("[a-z]{1,8}", "abc"),
    (r"\d{4}-\d\d?", "2026-11"),
    (r"(?i)ß|K", "ẞ"),
    (r"a|ab", "ab"),
    (r"(?m)^x$", "x\n"),
    (r"[^\x00-\x7f]+", "é"),
    (r"(?x) a # c", "a"),
]:
    seed("pattern", expression, text)

for stored in lines(r"stored *= (.*)", "password/*.txt"):
    seed("stored_password", stored)
for line in lines(r"([^#].*)", "token/format.txt"):
    prefix, _, text, *_ = line.split()
    seed("token_format", text)
    seed("token_format", prefix)
for token in lines(r"token *= (.*)", "signed/token.txt"):
    seed("signed", token, b"payload", (3, 2), (65, 1))
for sealed in lines(r"sealed *= ([0-9a-f]+)$", "seal/message.txt"):
    seed("sealed", bytes.fromhex(sealed), (3, 2), (1, 1))
seed("key_ring", "1a2b3c4d", (40, 2), "x")
for line in lines(r"(?:hit|miss)[^|]* \| (.*)", "redact/*.txt"):
    seed("redact", line.replace("¶", "\n"))
for text in lines(r"(?:origin|header) *= (.*)", "web/cookie.txt", "web/cors.txt", "web/csrf.txt"):
    seed("web", text, "https://example.com", (3, 2), (65, 1))
for path in sorted(VECTORS.glob("audit/*.jsonl")):
    for line in path.read_bytes().splitlines(keepends=True):
        seed("audit", line, "ann", (1, 1), (3, 2), (5, 2), (65, 1))
for header in ["203.0.113.9, 10.0.0.1", "for=192.0.2.43;proto=https, for=\"[2001:db8::1]:443\"", "unknown", "[::ffff:192.0.2.1]:80"]:
    for quota in ["100/s", "10/min, burst 50", "1/90s"]:
        seed("rate_limit", header, quota, "login", (1, 1))
for policy in [
    {
        "permissions": ["doc:read", "doc:write"],
        "roles": {"reader": {"allow": ["doc:read"]}, "editor": {"allow": ["doc:write"], "inherits": ["reader"]}},
        "subjects": {"ann": ["editor"]},
        "tenants": {"t": {"subjects": {"bob": ["reader"]}, "roles": {"editor": {"deny": ["doc:read"]}}}},
        "exclusive": [{"roles": ["reader", "editor"], "at_most": 1, "when": "active"}],
    },
    {"roles": {"leaver": {"deny": ["doc:read"]}}, "subjects": {"ann": ["leaver"]}},
]:
    seed("policy", json.dumps(policy), "ann", "doc:read")
