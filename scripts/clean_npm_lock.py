"""Takes out of an npm lock file the pages to pay its authors at: a lock file of ours names no address."""

import json
import sys
from pathlib import Path

file = Path(sys.argv[1])
lock = json.loads(file.read_text("utf-8"))
for package in lock["packages"].values():
    package.pop("funding", None)
file.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", "utf-8")
