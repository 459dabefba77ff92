"""Wheels of ours, made by hand."""

import zipfile
from pathlib import Path


def wheel(folder: Path, version: str, program: str) -> Path:
    """A wheel of ours, made by hand (PyPA, binary distribution format)."""
    info, files = f"sealtrail-{version}.dist-info", dict[str, str]()
    files["sealtrail.py"] = f"def main():\n    {program}\n"
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: sealtrail\nVersion: {version}\n"
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/entry_points.txt"] = "[console_scripts]\nsealtrail = sealtrail:main\n"
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in files) + f"{info}/RECORD,,\n"
    folder.mkdir()
    path = folder / f"sealtrail-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path
