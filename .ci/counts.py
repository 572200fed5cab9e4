"""Counts the instructions of hot actions under callgrind, and compares them with what is written down.

    counts.py PROGRAM FILE          compares; a count that has grown by more than a twentieth is a failure
    counts.py PROGRAM FILE write    writes the file anew

The file names the compiler and the target that it was written with. Under others the counts are shown, and nothing
fails. Callgrind knows no SHA instructions, so what hashes is counted with the portable code, on every machine.
"""

import subprocess
import sys

MOST = 1.05


def compiler():
    told = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    facts = dict(line.split(": ", 1) for line in told.splitlines() if ": " in line)
    return f"# rustc {facts['release']}, {facts['host']}"


def count(program, name):
    run = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
           "--toggle-collect=*counted*", program, name]
    told = subprocess.run(run, check=True, capture_output=True, text=True).stderr
    collected = [line.split(":")[1] for line in told.splitlines() if "Collected" in line]
    number = int(collected[0].split()[0])
    assert number > 1000, f"{name}: nothing was counted"
    return number


def main():
    program, path = sys.argv[1:3]
    names = subprocess.run([program, "--names"], check=True, capture_output=True, text=True).stdout
    counts = {name: count(program, name) for name in names.splitlines()}
    if sys.argv[3:] == ["write"]:
        with open(path, "w", encoding="utf-8") as file:
            lines = [compiler(), *(f"{number:12} {name}" for name, number in counts.items())]
            file.write("\n".join(lines) + "\n")
        return 0
    with open(path, encoding="utf-8") as file:
        head, *lines = file.read().splitlines()
    known = {line[13:]: int(line[:12]) for line in lines}
    grown = [name for name, number in counts.items() if number > MOST * known.get(name, 0)]
    for name, number in counts.items():
        before = known.get(name)
        told = f"{number / before - 1:+8.1%}" if before else "     new"
        print(f"{number:12} {told}  {name}")
    if known.keys() != counts.keys():
        print("the file does not have the same names")
        return 1
    if head != compiler():
        print(f"counted with another compiler than the file: {compiler()[2:]}")
        return 0
    if grown:
        print("grown by more than a twentieth: " + ", ".join(grown))
        print("if that is right, write the file anew: bash .ci/run counts_write")
    return 1 if grown else 0


sys.exit(main())
