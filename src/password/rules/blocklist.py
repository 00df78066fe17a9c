"""Makes blocklist.bin from the frequency lists of the zxcvbn crate (MIT, Dropbox Inc. and contributors).

    python3 src/password/rules/blocklist.py zxcvbn-3.1.1/src/frequency_lists.rs
"""

import hashlib
import pathlib
import re
import sys
import unicodedata

text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
words: set[str] = set()
for name, listed in re.findall(r'^const (\w+): &str = "([^"]*)";', text, re.MULTILINE):
    print(f"{name}: {listed.count(',') + 1}")
    words.update(unicodedata.normalize("NFKC", word).lower() for word in listed.split(","))
words = {word for word in words if len(word) >= 4}
entries = sorted({hashlib.sha256(word.encode()).digest()[:5] for word in words})
target = pathlib.Path(__file__).with_name("blocklist.bin")
target.write_bytes(b"".join(entries))
print(f"{len(words)} words, {len(entries)} entries, {target.stat().st_size} bytes")
