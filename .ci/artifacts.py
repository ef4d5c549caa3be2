"""Checks what would be uploaded: programs for Lambda's processor that need nothing but the kernel, and the same bytes
from each build.

Usage: artifacts.py <.aws-sam/build> <folder of another build, with functions' folders>
"""

import hashlib
import pathlib
import struct
import sys
import zipfile

AARCH64 = 183
INTERPRETER = 3  # PT_INTERP: the program asks for a dynamic linker.
# For debuggers only.
DEBUGGING = (".symtab", ".strtab", ".debug_", ".zdebug_")

# Every cold start loads the program. Lambda itself would allow 250 MB. Most of it are the AWS SDK and Datadog's tracer.
MOST_BYTES, MOST_ZIPPED = 38_000_000, 12_500_000


def read(program):
    """Returns the machine, the kinds of segments and the names of sections of a 64-bit ELF file."""
    data = program.read_bytes()
    if data[:5] != b"\x7fELF\x02":
        sys.exit(f"{program} is not a 64-bit program for Linux")
    machine = struct.unpack_from("<H", data, 18)[0]
    segments, sections = struct.unpack_from("<QQ", data, 32)
    segment_size, segment_count, section_size, section_count, names = struct.unpack_from("<5H", data, 54)
    kinds = [struct.unpack_from("<I", data, segments + i * segment_size)[0] for i in range(segment_count)]
    table = struct.unpack_from("<Q", data, sections + names * section_size + 24)[0]
    starts = [table + struct.unpack_from("<I", data, sections + i * section_size)[0] for i in range(section_count)]
    return machine, kinds, [data[start : data.index(b"\0", start)].decode() for start in starts]


def zipped(program):
    archive = pathlib.Path(program.parent, "size.zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as package:
        package.write(program, "bootstrap")
    size = archive.stat().st_size
    archive.unlink()
    return size


def digest(program):
    return hashlib.sha256(program.read_bytes()).hexdigest()


def main(built, again):
    problems = []
    folders = sorted(folder for folder in pathlib.Path(built).iterdir() if folder.is_dir())
    for folder in folders:
        program = folder / "bootstrap"
        other = pathlib.Path(again, folder.name.removesuffix("Function").lower(), "bootstrap")
        machine, segments, sections = read(program)
        if [file.name for file in folder.iterdir()] != ["bootstrap"]:
            problems.append(f"{folder} holds more than the program")
        if machine != AARCH64:
            problems.append(f"{program} is for machine {machine}, and the template says arm64")
        if INTERPRETER in segments:
            problems.append(f"{program} is linked to libraries, which Lambda may not have")
        if any(name.startswith(DEBUGGING) for name in sections):
            problems.append(f"{program} is not stripped")
        if not program.stat().st_mode & 0o111:
            problems.append(f"{program} cannot be run")
        size, packed = program.stat().st_size, zipped(program)
        if size > MOST_BYTES or packed > MOST_ZIPPED:
            problems.append(f"{program} is larger than {MOST_BYTES / 1e6:.0f} MB, or {MOST_ZIPPED / 1e6:.0f} MB zipped")
        if digest(program) != digest(other):
            problems.append(f"{program} and {other} are the same code, and not the same bytes")
        print(f"{folder.name}: {size / 1e6:.1f} MB, zipped {packed / 1e6:.1f} MB, SHA-256 {digest(program)[:12]}")
    if not folders:
        problems.append(f"nothing was built in {built}")
    if problems:
        sys.exit("wrong programs:\n  " + "\n  ".join(problems))
    print("all for arm64, static, stripped, and the same bytes from both builds")


main(*sys.argv[1:])
