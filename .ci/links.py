"""Finds links that lead nowhere: `links.py pages`, or `links.py documentation FOLDER`.

pages: every relative link and anchor of the tracked pages, and every path in backticks that begins with a
folder of the tree. documentation: every relative link of the built documentation in FOLDER.
"""

import html.parser
import pathlib
import re
import subprocess
import sys
import urllib.parse

FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.M | re.S)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)", re.M)
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*\s*$", re.M)
PATH = re.compile(r"(?:\.cargo|\.ci|benches|examples|fuzz|spec|src|tests)/[\w./-]*")

# A history names what is no more.
WITHOUT_PATHS = {"CHANGELOG.md"}


def anchors(text):
    """The anchors of a page's headings, as they are commonly made."""
    found, seen = set(), {}
    for heading in HEADING.findall(FENCE.sub("", text)):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        found.add(f"{slug}-{count}" if count else slug)
    return found


def exists(path, tracked):
    return path in tracked or any(one.startswith(f"{path.rstrip('/')}/") for one in tracked) or path == "."


def dead_in_pages():
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], check=True, capture_output=True)
    tracked = {name for name in listed.stdout.decode().split("\0") if name and pathlib.Path(name).exists()}
    pages = sorted(name for name in tracked if name.endswith(".md"))
    texts = {page: pathlib.Path(page).read_text(encoding="utf-8") for page in pages}
    links = 0
    for page, text in texts.items():
        text = FENCE.sub("", text)
        for groups in LINK.findall(CODE.sub("", text)):
            link = urllib.parse.urlsplit(next(filter(None, groups)))
            # A name in the documentation is checked by rustdoc.
            if link.scheme or link.path == "crate":
                continue
            links += 1
            where = pathlib.PurePosixPath(page).parent / link.path
            target = str(simple(where)) if link.path else page
            if not exists(target, tracked):
                yield f"{page}: {link.geturl()}"
            elif link.fragment and link.fragment not in anchors(texts.get(target, "")):
                yield f"{page}: {link.geturl()}: no such heading"
        if page in WITHOUT_PATHS:
            continue
        for code in CODE.findall(text):
            if PATH.fullmatch(code):
                links += 1
                if not exists(code.rstrip("/"), tracked):
                    yield f"{page}: `{code}`"
    print(f"{len(pages)} pages, {links} links and paths")


def simple(path):
    parts = []
    for part in path.parts:
        if part == "..":
            if not parts:
                return pathlib.PurePosixPath("outside of the tree")
            parts.pop()
        elif part != ".":
            parts.append(part)
    return pathlib.PurePosixPath(*parts)


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.ids = set(), set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            elif name in ("href", "src") and value:
                self.links.add(value)


def dead_in_documentation(folder):
    pages = {path.resolve(): Page(path) for path in sorted(pathlib.Path(folder).rglob("*.html"))}
    if not pages:
        yield f"no documentation in {folder}"
    links = 0
    for path, page in pages.items():
        for text in sorted(page.links):
            link = urllib.parse.urlsplit(text)
            if link.scheme or link.netloc:
                continue
            links += 1
            name = urllib.parse.unquote(link.path)
            target = (path.parent / name).resolve() if name else path
            here = path.relative_to(pathlib.Path(folder).resolve())
            if target.is_dir():
                target = target / "index.html"
            if not target.exists():
                yield f"{here}: {text}"
            elif link.fragment and target in pages:
                # Some names are escaped where they are given, too.
                if not pages[target].ids & {link.fragment, urllib.parse.unquote(link.fragment)}:
                    yield f"{here}: {text}: no such place"
    print(f"{len(pages)} pages of documentation, {links} links")


def main():
    match sys.argv[1:]:
        case ["pages"]:
            dead = sorted(set(dead_in_pages()))
        case ["documentation", folder]:
            dead = sorted(set(dead_in_documentation(folder)))
        case _:
            sys.exit(__doc__)
    for line in dead:
        print(line)
    sys.exit(f"{len(dead)} lead nowhere" if dead else 0)


main()
