"""One-time codes, exchanged with pyotp.

    python3 tests/interop/otp.py check OURS THEIRS   # reads what tests/interop.rs wrote, writes what it shall verify
"""

import hashlib
import json
import pathlib
import random
import sys

import pyotp

ALGORITHMS = {"sha1": (hashlib.sha1, 32), "sha256": (hashlib.sha256, 52), "sha512": (hashlib.sha512, 103)}


def check(ours: pathlib.Path) -> int:
    """Every URI of ours sets up an authenticator that shows our codes."""
    count = 0
    for line in ours.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        totp = pyotp.parse_uri(row["uri"])
        assert isinstance(totp, pyotp.TOTP), row
        assert (totp.issuer, totp.name) == (row["issuer"], row["account"]), row
        assert totp.at(row["time"]) == row["code"], row
        hotp = pyotp.HOTP(totp.secret, digits=totp.digits, digest=totp.digest)
        assert hotp.at(row["counter"]) == row["counted"], row
        count += 1
    return count


def write(theirs: pathlib.Path) -> None:
    lines = []
    for number in range(120):
        name = list(ALGORITHMS)[number % 3]
        digest, length = ALGORITHMS[name]
        # Whole groups of eight characters: pyotp draws each character by itself, unused bits of the last one too.
        secret = pyotp.random_base32(length=max(32, length // 8 * 8))
        digits, period = 6 + number // 3 % 3, random.choice([15, 30, 31, 60, 120])
        time, counter = random.randrange(2**33), random.randrange(2**40)
        totp = pyotp.TOTP(secret, digits=digits, digest=digest, interval=period)
        hotp = pyotp.HOTP(secret, digits=digits, digest=digest)
        row = {"secret": secret, "algorithm": name, "digits": digits, "period": period, "time": time, "counter": counter}
        lines.append(json.dumps(row | {"code": totp.at(time), "counted": hotp.at(counter)}))
    theirs.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] != "check":
        sys.exit(__doc__)
    checked = check(pathlib.Path(sys.argv[2]))
    assert checked >= 100, checked
    write(pathlib.Path(sys.argv[3]))
    print(f"{checked} of our one-time codes are what pyotp shows")
