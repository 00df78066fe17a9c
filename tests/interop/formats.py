"""Palisade's formats, written again from their description alone, with Python's cryptography package.

    python3 tests/interop/formats.py vectors         # writes tests/vectors/{seal,signed,audit}/* and web/formats.txt
    python3 tests/interop/formats.py check FILE      # opens what tests/interop.rs wrote
"""

import base64
import hashlib
import hmac
import json
import pathlib
import re
import struct
import sys

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK = 65536


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def extract(key: bytes) -> bytes:
    return hmac.new(b"palisade key ring v1", key, hashlib.sha256).digest()


def expand(prk: bytes, info: bytes, length: int) -> bytes:
    out, block, number = b"", b"", 1
    while len(out) < length:
        block = hmac.new(prk, block + info + bytes([number]), hashlib.sha256).digest()
        out, number = out + block, number + 1
    return out[:length]


def context(fields: list[bytes]) -> bytes:
    return b"".join(struct.pack(">Q", len(field)) + field for field in fields)


def head(form: int, key: bytes, key_id: bytes, nonce: bytes, fields: list[bytes]) -> tuple[AESGCM, bytes]:
    start = bytes([form]) + key_id + nonce
    okm = expand(extract(key), b"seal" + start + context(fields), 64)
    return AESGCM(okm[:32]), start + okm[32:]


def seal(key: bytes, key_id: bytes, nonce: bytes, fields: list[bytes], plain: bytes) -> bytes:
    cipher, start = head(1, key, key_id, nonce, fields)
    return start + cipher.encrypt(bytes(12), plain, None)


def open_sealed(key: bytes, fields: list[bytes], sealed: bytes) -> bytes:
    cipher, start = head(1, key, sealed[1:5], sealed[5:29], fields)
    assert sealed[:61] == start, "commitment"
    return cipher.decrypt(bytes(12), sealed[61:], None)


def seal_stream(key: bytes, key_id: bytes, nonce: bytes, fields: list[bytes], plain: bytes) -> bytes:
    cipher, out = head(2, key, key_id, nonce, fields)
    chunks = [plain[at : at + CHUNK] for at in range(0, len(plain), CHUNK)] or [b""]
    for number, chunk in enumerate(chunks):
        last = number == len(chunks) - 1
        out += cipher.encrypt(struct.pack(">Q", number) + bytes([0, 0, 0, last]), chunk, None)
    return out


def sign(key: bytes, key_id: bytes, purpose: bytes, expires: int, unique: bytes, payload: bytes, state: bytes | None) -> str:
    mac_key = expand(extract(key), b"palisade token v1" + purpose, 32)
    body = bytes([1 if state is None else 2]) + key_id + struct.pack(">Q", expires) + unique
    if state is not None:
        body += hmac.new(mac_key, b"state" + body[1:] + state, hashlib.sha256).digest()
    body += payload
    return b64(body + hmac.new(mac_key, b"token" + body, hashlib.sha256).digest())


def unb64(text: str) -> bytes:
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert b64(data) == text, "one spelling"
    return data


def open_stream(key: bytes, fields: list[bytes], sealed: bytes) -> bytes:
    cipher, start = head(2, key, sealed[1:5], sealed[5:29], fields)
    assert sealed[:61] == start, "commitment"
    chunks = [sealed[at : at + CHUNK + 16] for at in range(61, len(sealed), CHUNK + 16)]
    nonces = [struct.pack(">Q", number) + bytes([0, 0, 0, number == len(chunks) - 1]) for number in range(len(chunks))]
    return b"".join(cipher.decrypt(nonce, chunk, None) for nonce, chunk in zip(nonces, chunks, strict=True))


def verify(key: bytes, purpose: bytes, token: str, state: bytes | None) -> bytes:
    data = unb64(token)
    body, tag = data[:-32], data[-32:]
    mac_key = expand(extract(key), b"palisade token v1" + purpose, 32)
    assert tag == hmac.new(mac_key, b"token" + body, hashlib.sha256).digest(), "tag"
    assert body[0] == (1 if state is None else 2), "form"
    if state is None:
        return body[29:]
    assert body[29:61] == hmac.new(mac_key, b"state" + body[1:29] + state, hashlib.sha256).digest(), "state"
    return body[61:]


def signed_cookie(key: bytes, key_id: bytes, name: bytes, value: bytes) -> str:
    tag = hmac.new(expand(extract(key), b"palisade cookie v1" + name, 32), value, hashlib.sha256).digest()
    return f"{key_id.hex()}.{b64(tag)}.{value.decode()}"


def csrf_token(key: bytes, key_id: bytes, unique: bytes, session: bytes) -> str:
    message = struct.pack(">Q", len(session)) + session + unique
    return b64(key_id + unique + hmac.new(expand(extract(key), b"palisade csrf v1", 32), message, hashlib.sha256).digest())


class AuditChain:
    """The MAC keys of one audit chain, and the MAC of the record before."""

    def __init__(self, key: bytes, key_id: bytes, chain: bytes, before: bytes, ratchet: bytes | None, epoch: int) -> None:
        self.key_id, self.chain, self.before, self.secret = key_id, chain, before, None
        if ratchet is None:
            self.mac_key = expand(extract(key), b"palisade audit v1" + chain, 32)
        else:
            self.secret = expand(extract(key), b"palisade audit ratchet v1" + ratchet, 32)
            for _ in range(epoch):
                self.secret = expand(self.secret, b"next", 32)
            self.mac_key = expand(self.secret, b"chain" + chain, 32)

    def turn(self) -> None:
        self.secret = expand(self.secret, b"next", 32)
        self.mac_key = expand(self.secret, b"chain" + self.chain, 32)

    def mac(self, signed: bytes) -> bytes:
        return hmac.new(self.mac_key, b"record" + self.before + signed, hashlib.sha256).digest()

    def append(self, record: dict) -> bytes:
        """Writes a record: our fields as they come, then the key's id and the MAC."""
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        signed = f'{text[:-1]},"key":"{self.key_id.hex()}","mac":"'.encode()
        self.before = self.mac(signed)
        return signed + self.before.hex().encode() + b'"}\n'


def verify_audit(key: bytes, written: bytes) -> list[dict]:
    """The records of a log, each of them checked."""
    text = written.decode()
    assert text.endswith("\n")
    assert text.splitlines() == text[:-1].split("\n"), "no character inside a record ends a line for anybody"
    records, chain, expected = [], None, None
    for line in written[:-1].split(b"\n"):
        record = json.loads(line, object_pairs_hook=unique)
        end = re.fullmatch(rb'(.*"mac":")([0-9a-f]{64})"\}', line, re.DOTALL)
        assert end, "the form of a record"
        if chain is None or "chain" in record:
            before = bytes.fromhex(record["before"])
            assert chain is None or (before == chain.before and bytes.fromhex(record["chain"]) == chain.chain), "continued"
            ratchet = bytes.fromhex(record["ratchet"]) if "ratchet" in record else None
            chain = AuditChain(key, bytes.fromhex(record["key"]), bytes.fromhex(record["chain"]), before, ratchet, record.get("epoch", 0))
        if record["event"] == "audit_epoch_started":
            chain.turn()
        assert expected is None or record["seq"] == expected, "numbers"
        assert chain.mac(end[1]) == bytes.fromhex(end[2].decode()), "MAC"
        chain.before, expected = bytes.fromhex(end[2].decode()), record["seq"] + 1
        records.append(record)
    return records


def unique(pairs: list[tuple[str, object]]) -> dict:
    assert len(dict(pairs)) == len(pairs), "a name is there twice"
    return dict(pairs)


def subjects(records: list[dict]) -> bytes:
    return "".join(record.get("subject", "") for record in records).encode()


def check_ocsf(written: bytes) -> bytes:
    """Every line against the schema of its class, as the framework publishes it."""
    from jsonschema import Draft202012Validator
    from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

    schemas, classes = OcsfJsonSchemaEmbedded(get_ocsf_schema(version="1.8.0")), set()
    for line in written.decode().split("\n")[:-1]:
        event = json.loads(line, object_pairs_hook=unique)
        profiles = event["metadata"].get("profiles", [])
        name = schemas.lookup_class_name_from_uid(event["class_uid"])
        schema = schemas.get_class_schema(name, profiles=profiles)
        Draft202012Validator(schema).validate(event)
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        classes.add(event["class_uid"])
    assert classes == {0, 2004, 3001, 3002, 3005, 4001, 6002, 6003}, classes
    return b""


def check(path: str) -> None:
    """Lines of `kind key context-or-purpose plain written`, all but the kind in base64url; `-` stands for empty."""
    counts: dict[str, int] = {}
    for line in pathlib.Path(path).read_text(encoding="ascii").splitlines():
        kind, *rest = line.split(" ")
        key, where, plain, written = (unb64("" if field == "-" else field) for field in rest)
        opened = {
            "message": lambda: open_sealed(key, [where], written),
            "stream": lambda: open_stream(key, [where], written),
            "token": lambda: verify(key, where, written.decode(), None),
            "bound": lambda: verify(key, where, written.decode(), b"state"),
            "audit": lambda: subjects(verify_audit(key, written)),
            "ratchet": lambda: subjects(verify_audit(key, written)),
            "ocsf": lambda: check_ocsf(written),
        }[kind]()
        assert opened == plain, kind
        counts[kind] = counts.get(kind, 0) + 1
    assert set(counts) == {"message", "stream", "token", "bound", "audit", "ratchet", "ocsf"}, counts
    print("opened by the other implementation:", ", ".join(f"{count} {kind}" for kind, count in counts.items()))


def vectors() -> None:
    here = pathlib.Path(__file__).parent.parent / "vectors"
    key, key_id, nonce = bytes(range(32)), bytes.fromhex("1a2b3c4d"), bytes(range(100, 124))
    source = "made with tests/interop/formats.py (Python's cryptography package) from the format's description"

    with open(here / "seal" / "message.txt", "w", encoding="utf-8") as out:
        out.write(f"# Sealed values. Source: {source}.\n# key = 00 01 02 … 1f, key id = 1a2b3c4d, nonce = 64 65 … 7b; fields are hexadecimal, separated by spaces.\n")
        cases = [
            ("empty", [], b""),
            ("one-field", [b"users.card"], b"4111 1111 1111 1111"),
            ("two-fields", [b"users.card", b"17"], b"4111 1111 1111 1111"),
            ("empty-field", [b""], b"x"),
            ("long-context", [bytes(range(256)) * 2], bytes(range(256))),
        ]
        for name, fields, plain in cases:
            sealed = seal(key, key_id, nonce, fields, plain)
            shown = " ".join(field.hex() or "-" for field in fields)
            out.write(f"\nid      = {name}\ncontext = {shown}\nplain   = {plain.hex()}\nsealed  = {sealed.hex()}\n")

    with open(here / "seal" / "stream.txt", "w", encoding="utf-8") as out:
        out.write(f"# Sealed streams. Source: {source}.\n# Key, key id and nonce as in message.txt; context one field \"file\"; plain = len bytes, byte i being i mod 251;\n# sha256 is that of the whole sealed stream.\n")
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7]:
            plain = bytes(i % 251 for i in range(length))
            sealed = seal_stream(key, key_id, nonce, [b"file"], plain)
            out.write(f"\nlen    = {length}\nsealed = {len(sealed)}\nhead   = {sealed[:61].hex()}\nsha256 = {hashlib.sha256(sealed).hexdigest()}\ntail   = {sealed[-16:].hex()}\n")

    with open(here / "signed" / "token.txt", "w", encoding="utf-8") as out:
        out.write(f"# Signed tokens. Source: {source}.\n# key = 00 01 02 … 1f, key id = 1a2b3c4d, random bytes = 64 65 … 73; they expire at 2026-01-01T00:15:00Z.\n")
        cases = [
            ("empty-payload", "reset-password", b"", None),
            ("payload", "reset-password", b"user 17", None),
            ("empty-purpose", "", b"user 17", None),
            ("binary-payload", "invite", bytes(range(256)), None),
            ("bound", "reset-password", b"17", b"$scrypt$old"),
            ("bound-to-nothing", "reset-password", b"17", b""),
        ]
        for name, purpose, payload, state in cases:
            token = sign(key, key_id, purpose.encode(), 1767226500000, nonce[:16], payload, state)
            shown = "none" if state is None else state.hex() or "-"
            out.write(f"\nid      = {name}\npurpose = {purpose}\npayload = {payload.hex()}\nstate   = {shown}\ntoken   = {token}\n")

    with open(here / "web" / "formats.txt", "w", encoding="utf-8") as out:
        out.write(f"# Cookies and CSRF tokens. Source: {source}.\n# key = 00 01 02 … 1f, key id = 1a2b3c4d, nonce = 64 65 … 7b, random bytes = 64 65 … 73.\n")
        for name, value in [("__Host-session", "q2V9"), ("__Host-a", "with.dots.and=")]:
            written = signed_cookie(key, key_id, name.encode(), value.encode())
            out.write(f"\nid      = signed-{name[7:]}\nkind    = signed\nof      = {name}\nvalue   = {value}\nwritten = {written}\n")
        for name, value in [("__Host-login", "q2V9; grüße"), ("__Host-a", "")]:
            written = b64(seal(key, key_id, nonce, [b"palisade cookie", name.encode()], value.encode()))
            out.write(f"\nid      = sealed-{name[7:]}\nkind    = sealed\nof      = {name}\nvalue   = {value}\nwritten = {written}\n")
        for session in ["s", "an id of a session that is longer than one block of the hash under it"]:
            written = csrf_token(key, key_id, nonce[:16], session.encode())
            out.write(f"\nid      = csrf-{len(session)}\nkind    = csrf\nof      = {session}\nwritten = {written}\n")

    chain_id, ratchet_id = bytes(range(16)), bytes(range(16, 32))

    def dated(seq: int, start: dict, event: str, **fields: object) -> dict:
        rest = {"datetime": f"2026-01-01T00:00:{seq:02}.000000Z", "event": event, "level": "WARN", "outcome": "failure"}
        return {"v": 1, "seq": seq, **start, **rest, **fields}

    chain = AuditChain(key, key_id, chain_id, bytes(32), None, 0)
    start = {"chain": chain_id.hex(), "before": bytes(32).hex()}
    log = chain.append(dated(0, start, "audit_chain_started"))
    log += chain.append(dated(1, {}, "authentication_failure", subject="alice"))
    log += chain.append(dated(2, {}, "a_field_of_a_later_version", later={"a": [1, None]}, subject="é 漢"))
    start["before"] = chain.before.hex()
    log += chain.append(dated(3, start, "audit_chain_continued"))
    log += chain.append(dated(4, {}, "authorization_denied", subject="bob"))
    (here / "audit" / "chain.jsonl").write_bytes(log)

    chain = AuditChain(key, key_id, chain_id, bytes(32), ratchet_id, 2)
    start = {"chain": chain_id.hex(), "before": bytes(32).hex(), "ratchet": ratchet_id.hex(), "epoch": 2}
    log = chain.append(dated(0, start, "audit_chain_started"))
    log += chain.append(dated(1, {}, "authentication_failure", subject="alice"))
    chain.turn()
    log += chain.append(dated(2, {}, "audit_epoch_started", details={"epoch": 3}))
    log += chain.append(dated(3, {}, "authorization_denied", subject="bob"))
    (here / "audit" / "ratchet.jsonl").write_bytes(log)


if __name__ == "__main__":
    {"vectors": vectors, "check": check}[sys.argv[1]](*sys.argv[2:])
