"""Lines that tests reach, by room: python3 .ci/coverage.py COVERAGE.json, as cargo llvm-cov writes it with --json.

Ends with 1 where a room, or all together, has less than it must have.
"""

import collections
import json
import pathlib
import sys

ROOMS = {room: 95 for room in ["compare", "token", "password", "rbac", "keys", "seal", "audit"]}
ALL = 90

source = pathlib.Path("src").resolve()
lines = collections.defaultdict(lambda: [0, 0])
least = []
for file in json.load(open(sys.argv[1]))["data"][0]["files"]:
    path = pathlib.Path(file["filename"])
    if not path.is_relative_to(source):
        continue
    path = path.relative_to(source)
    counts = file["summary"]["lines"]
    for name in [path.parts[0].removesuffix(".rs"), "all"]:
        lines[name][0] += counts["covered"]
        lines[name][1] += counts["count"]
    least.append((counts["count"] - counts["covered"], str(path)))
assert set(ROOMS) <= set(lines), "a room is missing"

failed = False
for room, (covered, count) in sorted(lines.items()):
    share, must = 100 * covered / count, ALL if room == "all" else ROOMS.get(room, 0)
    is_short = share < must
    failed |= is_short
    print(f"{room:12} {covered:6} of {count:6}  {share:5.1f} %" + (f"  less than {must} %" if is_short else ""))
print("most lines unreached: " + ", ".join(f"{path} {count}" for count, path in sorted(least)[-8:][::-1]))
sys.exit(failed)
