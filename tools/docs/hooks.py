"""Hooks of mkdocs: the site has what docs/ links to outside of it, and only what is text.

Pages of the repository (README, CHANGELOG, boards/README ...) become pages of the site, other files
(tests, examples, modules) become pages with their source, below source/. Links are as they are in
the repository, where they work as well; here they are turned into those of the site.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[2]
_LINK = re.compile(r"(\]\()(?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?(\))")
_FENCE = re.compile(r"^(```\w+) \{[^}\n]*\}$", re.M)  # what the tests are told, see tests/docs
_HIDDEN = re.compile(r"<!--.*?-->\n?", re.S)
_MOVED = {"README.md": "index.md"}
_LANGUAGE = {".py": "python", ".json": "json", ".toml": "toml", ".yml": "yaml"}


def on_files(files, config):
    """Add the pages that are outside of docs/: those that a page links to, and what those do."""
    left = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "boards/README.md"]
    left += [f"docs/{file.src_uri}" for file in files if file.src_uri.endswith(".md")]
    seen = set()
    while left:
        path = left.pop()
        if path in seen:
            continue
        seen.add(path)
        text = _content(path)
        if not path.startswith("docs/"):
            files.append(File.generated(config, uri(path), content=text))
        if path.endswith(".md") or (ROOT / path).is_dir():
            left += [target for target in _targets(path, text) if _is_text(target)]
    return files


def on_page_markdown(markdown, page, config, files):
    """Turn the links of a page into those of the site, and drop what only the tests are told."""
    path = _path(page.file.src_uri)

    def turned(link):
        target = _target(path, link[2])
        # A link to nowhere stays as it is, for mkdocs to complain of.
        if target.startswith("..") or not (ROOT / target).exists():
            return link[0]
        to = posixpath.relpath(uri(target), posixpath.dirname(page.file.src_uri))
        return f"{link[1]}{to}{link[3] or ''}{link[4]}"

    return _LINK.sub(turned, _FENCE.sub(r"\1", _HIDDEN.sub("", markdown)))


def uri(path):
    """Return where a file of the repository is in the site's sources."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if path in _MOVED:
        return _MOVED[path]
    if path.endswith("/README.md"):
        return path.replace("README.md", "index.md")
    return path if path.endswith(".md") else f"source/{path}.md"


def _path(src_uri):
    """Return which file of the repository a source of the site is."""
    for path in (f"docs/{src_uri}", src_uri, src_uri.replace("index.md", "README.md")):
        if (ROOT / path).is_file():
            return path
    return src_uri.removeprefix("source/").removesuffix(".md")


def _target(path, link):
    folder = path if (ROOT / path).is_dir() else posixpath.dirname(path)
    return posixpath.normpath(posixpath.join(folder, link))


def _targets(path, text):
    return [_target(path, link[2]) for link in _LINK.finditer(text)]


def _is_text(path):
    file = ROOT / path
    return not path.startswith("..") and file.exists() and file.suffix not in (".svg", ".png")


def _content(path):
    """Return a page for a file of the repository, or for a folder: a list of what is in it."""
    file = ROOT / path
    if path.endswith(".md"):
        return file.read_text(encoding="utf-8")
    if file.is_dir():
        names = sorted(one.name for one in file.iterdir() if one.suffix in (".py", ".md"))
        return "\n".join([f"# {path}", "", *(f"- [{name}]({name})" for name in names)])
    source = file.read_text(encoding="utf-8")
    fence = "````"
    language = _LANGUAGE.get(file.suffix, "text")
    return f"---\nsearch:\n  exclude: true\n---\n# {path}\n\n{fence}{language}\n{source}{fence}\n"
