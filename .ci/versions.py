"""Compares what locked packages ask of the compiler with what the packages that need them state.

Reads `cargo metadata --locked --format-version 1`. A member of the workspace states a `rust-version`; nothing
that it needs, for its tests and benches too, may ask for a newer one.
"""

import json
import sys


def number(version):
    parts = [int(part) for part in version.split(".")]
    return tuple(parts + [0] * (3 - len(parts)))


def needed(member, nodes):
    """The ids of all that a member needs, with what it needs for its tests."""
    found, waiting = set(), [(member, True)]
    while waiting:
        package, is_member = waiting.pop()
        for dep in nodes[package]["deps"]:
            is_used = is_member or any(kind["kind"] != "dev" for kind in dep["dep_kinds"])
            if is_used and dep["pkg"] not in found:
                found.add(dep["pkg"])
                waiting.append((dep["pkg"], False))
    return found


def main():
    metadata = json.load(sys.stdin)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    wrong = 0
    for member in metadata["workspace_members"]:
        name, stated = packages[member]["name"], packages[member]["rust_version"]
        if stated is None:
            print(f"{name} states no rust-version")
            wrong += 1
            continue
        newest, silent, all_needed = "0", 0, needed(member, nodes)
        for package in (packages[id] for id in all_needed):
            asked = package["rust_version"]
            if asked is None:
                silent += 1
            elif number(asked) > number(stated):
                print(f"{name} states {stated}, {package['name']} {package['version']} asks for {asked}")
                wrong += 1
            else:
                newest = max(newest, asked, key=number)
        print(f"{name}: {stated}; of {len(all_needed)} packages {silent} say nothing, the others at most {newest}")
    sys.exit(wrong > 0)


main()
