"""Passwords hashed by the programs that people come from: libpass, argon2-cffi, Django, Werkzeug, bcrypt and hashlib.

    python3 tests/interop/passwords.py vectors             # writes tests/vectors/password/<format>.txt
    python3 tests/interop/passwords.py check OURS THEIRS   # verifies what tests/interop.rs wrote, writes what it shall verify
"""

import base64
import hashlib
import json
import pathlib
import random
import sys
import unicodedata

import argon2
import bcrypt
import django.conf
from argon2.low_level import Type, hash_secret
from passlib.hash import argon2 as libpass_argon2
from passlib.hash import pbkdf2_sha256, pbkdf2_sha512
from passlib.hash import scrypt as libpass_scrypt
from werkzeug.security import check_password_hash, generate_password_hash

django.conf.settings.configure(PASSWORD_HASHERS=[f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ["Scrypt", "PBKDF2", "PBKDF2SHA1", "Argon2", "BCrypt", "BCryptSHA256"]])
from django.contrib.auth import hashers as django_hashers  # noqa: E402  settings come first

CRYPT64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def scrypt(password: str, salt: bytes, log_n: int, r: int, p: int, length: int = 64) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=1 << log_n, r=r, p=p, dklen=length, maxmem=1 << 30)


def crypt64(value: int, digits: int) -> str:
    return "".join(CRYPT64[value >> 6 * digit & 63] for digit in range(digits))


def mcf(password: str, salt: str, log_n: int, r: int, p: int) -> str:
    digest = scrypt(password, salt.encode(), log_n, r, p, 32)
    groups = [digest[at : at + 3] for at in range(0, 32, 3)]
    encoded = "".join(crypt64(int.from_bytes(group, "little"), -(-len(group) * 8 // 6)) for group in groups)
    return f"$7${CRYPT64[log_n]}{crypt64(r, 5)}{crypt64(p, 5)}{salt}${encoded}"


def spring_scrypt(password: str, salt: bytes, log_n: int, r: int, p: int) -> str:
    digest = scrypt(password, salt, log_n, r, p, 32)
    return f"${log_n << 16 | r << 8 | p:x}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def spring_pbkdf2(password: str, salt: bytes, name: str, iterations: int) -> str:
    return (salt + hashlib.pbkdf2_hmac(name, password.encode(), salt, iterations, 32)).hex()


def argon(kind: Type, version: int, salt: bytes, memory: int, passes: int, lanes: int, password: str) -> str:
    return hash_secret(password.encode(), salt, passes, memory, lanes, 32, kind, version).decode()


def django(name: str, password: str, salt: str) -> str:
    hasher = django_hashers.get_hasher(name)
    if name == "argon2":
        hasher.memory_cost, hasher.parallelism = 256, 2
        return "argon2" + argon(Type.ID, 19, salt.encode(), 256, 2, 2, password)
    if name == "scrypt":
        return hasher.encode(password, salt, n=1 << 10)
    if name.startswith("pbkdf2"):
        return hasher.encode(password, salt, iterations=1000)
    hasher.rounds = 4
    return hasher.encode(password, bcrypt.gensalt(4))


def firebase(password: str, salt: bytes, separator: bytes, signer_key: bytes, log_n: int, r: int) -> str:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    key = scrypt(password, salt + separator, log_n, r, 1)[:32]
    encrypted = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor().update(signer_key)
    return f"firebase${base64.b64encode(salt).decode()}${base64.b64encode(encrypted).decode()}"


PASSWORDS = ["correct horse battery staple", "", "pässwörd 🔑", "with\0nul", "x" * 200]


def vectors() -> None:
    folder = pathlib.Path(__file__).parent.parent / "vectors" / "password"

    def write(name: str, source: str, rows: list[tuple[str, str, str]]) -> None:
        with open(folder / f"{name}.txt", "w", encoding="utf-8") as out:
            out.write(f"# Source: made with {source}, by tests/interop/passwords.py. A password is a JSON string without its quotes.\n")
            for number, (password, stored, result) in enumerate(rows):
                shown = json.dumps(password, ensure_ascii=False)[1:-1]
                out.write(f"\nid       = {number}\npassword = {shown}\nstored   = {stored}\nresult   = {result}\n")

    def both(row) -> list[tuple[str, str, str]]:
        rows = [(password, row(password), "valid") for password in PASSWORDS]
        return rows + [("wrong", rows[0][1], "invalid")]

    salt, text = bytes(range(16)), "sixteen.letters/"
    for name, kind in [("argon2i", Type.I), ("argon2d", Type.D)]:
        rows = both(lambda password: argon(kind, 19, salt, 64, 2, 1, password))
        rows += both(lambda password: argon(kind, 19, salt, 256, 1, 4, password))
        old = both(lambda password: argon(kind, 16, salt, 64, 2, 1, password))
        rows += old + [(password, stored.replace("$v=16", ""), result) for password, stored, result in old]
        write(name, "argon2-cffi", rows)
    old = both(lambda password: argon(Type.ID, 16, salt, 64, 2, 1, password))
    new = both(lambda password: argon(Type.ID, 19, salt, 64, 2, 1, password))
    rows = old + [(password, stored.replace("$v=16", ""), result) for password, stored, result in old]
    rows += [(password, stored.replace("m=64,t=2,p=1", "t=2,p=1,m=64"), result) for password, stored, result in new]
    write("argon2_other_writers", "argon2-cffi, its version left out or its parameters in another order", rows)
    write("mcf_scrypt", "hashlib.scrypt", both(lambda password: mcf(password, text, 10, 8, 1)) + both(lambda password: mcf(password, "", 4, 1, 16)))
    rows = []
    for name in ["scrypt", "pbkdf2_sha256", "pbkdf2_sha1", "argon2"]:
        rows += both(lambda password: django(name, password, "seasalt.seasalt"))
    rows += [("", "!", "unusable"), ("anything", "!Ko2ZtFUkpSWZvB7wO4cM9kH7aQd1eJ0xYbR3sL5n", "unusable")]
    write("django", "Django's own hashers", rows)
    write("werkzeug", "hashlib as Werkzeug calls it", both(lambda password: f"scrypt:1024:8:1${text}${scrypt(password, text.encode(), 10, 8, 1).hex()}") + [row for name in ["sha1", "sha256", "sha512"] for row in both(lambda password: f"pbkdf2:{name}:1000${text}${hashlib.pbkdf2_hmac(name, password.encode(), text.encode(), 1000).hex()}")])
    rows = []
    for name, digest in [("pbkdf2", "sha1"), ("pbkdf2-sha256", "sha256"), ("pbkdf2-sha512", "sha512")]:
        ab64 = lambda data: base64.b64encode(data).decode().rstrip("=").replace("+", ".")
        rows += both(lambda password: f"${name}$1000${ab64(salt)}${ab64(hashlib.pbkdf2_hmac(digest, password.encode(), salt, 1000))}")
    write("passlib", "hashlib as passlib calls it", rows)
    rows = both(lambda password: "{scrypt}" + spring_scrypt(password, salt, 10, 8, 1))
    rows += both(lambda password: spring_scrypt(password, salt * 4, 10, 8, 2))
    rows += both(lambda password: "{scrypt@SpringSecurity_v5_8}" + spring_scrypt(password, salt, 10, 8, 1))
    rows += both(lambda password: "{argon2}" + argon(Type.ID, 19, salt, 64, 2, 1, password))
    rows += both(lambda password: "{pbkdf2}" + spring_pbkdf2(password, salt[:8], "sha1", 185_000))
    rows += both(lambda password: "{pbkdf2@SpringSecurity_v5_8}" + spring_pbkdf2(password, salt, "sha256", 310_000))
    write("spring", "hashlib and argon2-cffi as Spring Security's encoders call theirs", rows)
    write("simple_scrypt", "hashlib.scrypt", both(lambda password: f"1024$8$1${salt.hex()}${scrypt(password, salt, 10, 8, 1, 32).hex()}"))
    node = both(lambda password: f"{salt.hex()}:{scrypt(password, salt.hex().encode(), 14, 8, 1).hex()}")
    node += both(lambda password: f"{scrypt(password, salt.hex().encode(), 14, 8, 1).hex()}.{salt.hex()}")
    node += both(lambda password: f"{salt.hex()[:16]}.{scrypt(password, salt.hex()[:16].encode(), 14, 8, 1, 32).hex()}")
    write("node", "hashlib.scrypt as Node's snippets call theirs", node)
    rows = both(lambda password: f"{salt.hex()}:{scrypt(unicodedata.normalize('NFKC', password), salt.hex().encode(), 14, 16, 1).hex()}")
    composed = f"{salt.hex()}:{scrypt('fishé', salt.hex().encode(), 14, 16, 1).hex()}"
    write("better_auth", "hashlib.scrypt as better-auth calls Node's", rows + [("ﬁshe\u0301", composed, "valid")])
    short = [password for password in PASSWORDS if len(password.encode()) <= 72 and "\0" not in password]
    rows = []
    for prefix in [b"2a", b"2b", b"2y"]:
        rows += [(password, bcrypt.hashpw(password.encode(), b"$2b$04$abcdefghijklmnopqrstuu").decode().replace("$2b", "$" + prefix.decode()), "valid") for password in [*short, "x" * 72]]
    rows += [("x" * 73, rows[-1][1], "invalid"), ("wrong", rows[0][1], "invalid"), (short[0] + "\0more", rows[0][1], "invalid")]
    rows += [(password, django("bcrypt_sha256", password, ""), "valid") for password in PASSWORDS]
    rows += [(short[0], django("bcrypt", short[0], ""), "valid"), (short[0], "{bcrypt}" + rows[0][1], "valid")]
    write("bcrypt", "bcrypt and Django", rows)
    write("firebase", "hashlib.scrypt and cryptography's AES-CTR; signer key 00 01 02 … 3f, separator 07, rounds 8, mem_cost 10", both(lambda password: firebase(password, salt[:10], b"\x07", bytes(range(64)), 10, 8)))


def check(ours: str, theirs: str) -> None:
    """Lines of a JSON array: format, password, stored."""
    counts: dict[str, int] = {}
    for line in pathlib.Path(ours).read_text(encoding="utf-8").splitlines():
        kind, password, stored = json.loads(line)
        if kind == "argon2id":
            argon2.PasswordHasher().verify(stored, password)
            assert libpass_argon2.verify(password, stored) if "\0" not in password else True
            assert django_hashers.check_password(password, "argon2" + stored)
        else:
            assert libpass_scrypt.verify(password, stored) if "\0" not in password else True
            _, _, costs, salt, digest = stored.split("$")
            log_n, r, p = (int(cost.partition("=")[2]) for cost in costs.split(","))
            padded = [base64.b64decode(field + "=" * (-len(field) % 4)) for field in (salt, digest)]
            assert scrypt(password, padded[0], log_n, r, p, 32) == padded[1]
        counts[kind] = counts.get(kind, 0) + 1
    assert counts == {"scrypt": 50, "argon2id": 50}, counts

    dice = random.Random()
    letters = "abc XYZ019-_$:.éüß漢字🔑"
    rows = []
    for number in range(50):
        password = "".join(dice.choice(letters) for _ in range(dice.randrange(1, 40)))
        password = unicodedata.normalize("NFC", password)
        nul = password + "\0" + password
        rows += [("argon2-cffi", either, argon2.PasswordHasher(1, 64, 1).hash(either)) for either in (password, nul)]
        rows.append(("libpass", password, libpass_scrypt.using(rounds=6).hash(password)))
        rows.append(("libpass", password, libpass_argon2.using(rounds=1, memory_cost=64, parallelism=1).hash(password)))
        rows += [("libpass", password, either.using(rounds=1000).hash(password)) for either in (pbkdf2_sha256, pbkdf2_sha512)]
        for method in ["scrypt:1024:8:1", "pbkdf2:sha256:1000", "pbkdf2:sha512:1000"]:
            stored = generate_password_hash(nul if number % 2 else password, method)
            assert check_password_hash(stored, nul if number % 2 else password)
            rows.append(("Werkzeug", nul if number % 2 else password, stored))
        for name in ["scrypt", "pbkdf2_sha256", "pbkdf2_sha1", "argon2"]:
            rows.append(("Django", password, django(name, password, django_hashers.get_hasher(name).salt())))
            assert django_hashers.check_password(password, rows[-1][2])
        if len(password.encode()) <= 72:
            rows.append(("bcrypt", password, bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()))
    pathlib.Path(theirs).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    print(f"{sum(counts.values())} of our passwords verified by others; {len(rows)} of theirs written")


if __name__ == "__main__":
    {"vectors": vectors, "check": check}[sys.argv[1]](*sys.argv[2:])
