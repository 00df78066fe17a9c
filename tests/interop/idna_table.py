"""IDNA2008's table, derived by RFC 5892's algorithm from the Unicode character database.

    pip install unicodedata2 regex            # the same version of Unicode in both: see VERSION
    python3 tests/interop/idna_table.py > src/validate/idna/table.rs
    python3 tests/interop/idna_table.py check       # against the table of the idna package, an independent derivation
"""

import sys

import regex
import unicodedata2 as unicode

VERSION = "18.0.0"
assert unicode.unidata_version == VERSION

# RFC 5892 §2.6.
EXCEPTIONS = {
    "valid": [0xDF, 0x3C2, 0x6FD, 0x6FE, 0xF0B, 0x3007],
    "contexto": [0xB7, 0x375, 0x5F3, 0x5F4, 0x30FB, *range(0x660, 0x66A), *range(0x6F0, 0x6FA)],
    "never": [0x640, 0x7FA, 0x302E, 0x302F, *range(0x3031, 0x3036), 0x303B],
}
EXCEPTION_OF = {code: rule for rule, codes in EXCEPTIONS.items() for code in codes}

# RFC 5892 §2.4: Combining_Diacritical_Marks_for_Symbols, Musical_Symbols, Ancient_Greek_Musical_Notation.
IGNORABLE_BLOCKS = [(0x20D0, 0x20FF), (0x1D100, 0x1D1FF), (0x1D200, 0x1D24F)]

BIDI = ["L", "R", "AL", "AN", "EN", "ES", "ON", "BN", "NSM"]  # all that labels have
SCRIPTS = {"Greek": "Greek", "Hebrew": "Hebrew", "Hiragana": "Japanese", "Katakana": "Japanese", "Han": "Japanese"}


def has(prop: str, char: str) -> bool:
    return regex.fullmatch(rf"\p{{{prop}}}", char) is not None


def folded(char: str) -> str:
    return unicode.normalize("NFKC", unicode.normalize("NFKC", char).casefold())


def is_stable(char: str) -> bool:
    # RFC 5892 §2.2. Python's own casefold may know an older Unicode: the regex module's folding is asked too.
    if regex.fullmatch(r"\p{Changes_When_Casefolded}", unicode.normalize("NFKC", char)):
        return False
    return folded(char) == char


def derived(code: int) -> str:
    """RFC 5892 §3, in its order; BackwardCompatible (§2.7) is empty."""
    char = chr(code)
    category = unicode.category(char)
    if code in EXCEPTION_OF:
        return EXCEPTION_OF[code]
    if category == "Cn":  # unassigned, and the non-characters
        return "never"
    if code == 0x2D or 0x30 <= code <= 0x39 or 0x61 <= code <= 0x7A:
        return "valid"
    if code in (0x200C, 0x200D):
        return "contextj"
    if not is_stable(char):
        return "never"
    if has("Default_Ignorable_Code_Point", char) or has("White_Space", char):
        return "never"
    if any(first <= code <= last for first, last in IGNORABLE_BLOCKS):
        return "never"
    if any(has(f"Hangul_Syllable_Type={kind}", char) for kind in "LVT"):
        return "never"
    return "valid" if category in ("Ll", "Lu", "Lo", "Nd", "Lm", "Mn", "Mc") else "never"


def traits(code: int) -> tuple:
    """What the rules ask of a character that may stand in a label: form, bidi class, joining type, script."""
    char, rule = chr(code), derived(code)
    if rule == "never":
        return None
    if rule != "valid":
        form = {"contextj": "Joiner", "contexto": "InContext"}[rule]
    elif unicode.combining(char) == 9:
        form = "Virama"
    elif unicode.category(char)[0] == "M":
        form = "Mark"
    else:
        # Only labels with a mark or one of these are asked for NFC: nothing else is reordered or composed.
        assert not unicode.combining(char), hex(code)
        form = "Composing" if char in SECONDS else "Letter"
    bidi = unicode.bidirectional(char)
    assert bidi in BIDI, (hex(code), bidi)
    joining = next((kind for kind in "DLRT" if has(f"Joining_Type={kind}", char)), "U")
    script = next((name for script, name in SCRIPTS.items() if has(f"Script={script}", char)), "Other")
    return form, bidi.capitalize(), joining, script


def seconds() -> set:
    """The second characters of composed pairs: NFC_Quick_Check is Maybe."""
    found = set()
    for code in codes():
        parts = unicode.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            found.add(chr(int(parts[1], 16)))
    return found


def codes():
    return (code for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF)


SECONDS = seconds()


def runs() -> list:
    """Where the traits change: (first code point, traits or None)."""
    found, before = [], ()
    for code in codes():
        now = traits(code)
        if now != before:
            found.append((code, now))
            before = now
    return found


def write() -> None:
    table = runs()
    kinds = sorted({now for _, now in table if now})
    print(f"//! IDNA2008's table for Unicode {VERSION}: written by `tests/interop/idna_table.py`, not by hand.")
    print("//!")
    print("//! # Source")
    print("//! RFC 5892 §3 over the Unicode character database, with what RFC 5892 appendix A and RFC 5893 §2 ask for.")
    print()
    print("use super::traits::{Bidi, Form, Joining, Script, Traits};")
    print()
    print("/// What characters are told apart by; [`RUNS`] count them from 1, and 0 stands for what no label may have.")
    print("#[rustfmt::skip]")
    print(f"pub(super) static KINDS: [Traits; {len(kinds)}] = [")
    for form, bidi, joining, script in kinds:
        print(f"    Traits::new(Form::{form}, Bidi::{bidi}, Joining::{joining}, Script::{script}),")
    print("];")
    print()
    print("/// Where the kind changes: the first code point, times 256, and the kind from there on. Ascending.")
    print("#[rustfmt::skip]")
    print('#[expect(clippy::unreadable_literal, reason = "no number here is read by people")]')
    print(f"pub(super) static RUNS: [u32; {len(table)}] = [")
    words = [f"{code << 8 | (kinds.index(now) + 1 if now else 0):#x}," for code, now in table]
    line = "   "
    for word in words:
        if len(line) + 1 + len(word) > 110:
            print(line)
            line = "   "
        line += " " + word
    print(line)
    print("];")


def check() -> None:
    from idna import idnadata

    names = {"valid": "PVALID", "contextj": "CONTEXTJ", "contexto": "CONTEXTO"}
    theirs = {}
    for name, ranges in idnadata.codepoint_classes.items():
        for packed in ranges:
            for code in range(packed >> 32, packed & 0xFFFFFFFF):
                theirs[code] = name
    differ = [code for code in codes() if names.get(derived(code)) != theirs.get(code)]
    print(f"idna has Unicode {idnadata.__version__}; {len(theirs)} code points, {len(differ)} differ:")
    print(*map(hex, differ[:50]))
    sys.exit(bool(differ))


if __name__ == "__main__":
    check() if sys.argv[1:] == ["check"] else write()
