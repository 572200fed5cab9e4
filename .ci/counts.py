"""Counts the instructions of hot actions under callgrind, and compares them with what is written down.

    counts.py PROGRAM FILE          compares; a count that has grown by more than a twentieth is a failure
    counts.py PROGRAM FILE write    writes the file anew

The file names what it was written with: compiler, target, valgrind, and whether the processor has AVX2, which some
libraries ask for when they run. Under anything else the counts are shown, and nothing fails. Callgrind knows no SHA instructions, so what hashes is counted with the portable code, on every machine.
"""

import subprocess
import sys

MOST = 1.05


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def tools():
    facts = dict(line.split(": ", 1) for line in output("rustc", "-vV").splitlines() if ": " in line)
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        avx2 = "with" if " avx2 " in file.read().replace("\n", " ") else "without"
    valgrind = output("valgrind", "--version").strip()
    return f"# rustc {facts['release']}, {facts['host']}, {valgrind}, {avx2} AVX2"


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
    counts = {name: count(program, name) for name in output(program, "--names").splitlines()}
    if sys.argv[3:] == ["write"]:
        with open(path, "w", encoding="utf-8") as file:
            lines = [tools(), *(f"{number:12} {name}" for name, number in counts.items())]
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
    if head != tools():
        print(f"counted with other tools than the file: {tools()[2:]}")
        return 0
    if grown:
        print("grown by more than a twentieth: " + ", ".join(grown))
        print("if that is right, write the file anew: bash .ci/run counts_write")
    return 1 if grown else 0


sys.exit(main())
