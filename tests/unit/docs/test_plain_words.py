"""Texts keep to plain English: words that readers stumbled over stay out."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from local.environments import ROOT

SUFFIXES: Final = {".py", ".md", ".yml", ".yaml", ".toml", ".html", ".js"}
# Each with a plain word for it, case-sensitive: Python's None is no word.
WORDS: Final = {
    r"[Mm]end(s|ed|ing)?": "fix, repair",
    r"[Aa]new": "again",
    r"[Ww]ho(m)?ever": "anyone who, or name the actor",
    r"(?<!there\s)(is|are) none": "is missing, is not one",
    r"pass(es|ed|ing)? over": "skip, ignore",
    r"let be": "accept",
    r"heard of": "known",
    r"no hindrance": "does not prevent",
    r"needs our leave": "needs our permission",
    r"for who wants": "for callers that want",
    r"that is so already": "already",
    r"work_off": "run_all",
    r"[Ss]alvaged?": "recover, fold_or_report",
    r"[Ii]?[Ll]egible": "readable",
    r"(t?here(of|with|upon)|[Tt]hereof)": "of it, with it",
    r"by now": "already",
    r"[Ss]hall": "must, or the present tense",
    r"[Ll]ikewise": "also, or repeat it",
    r"so many (seconds|times|bytes)": "a number of",
    r"knows nothing of": "does not depend on",
    r"SomebodyIsMailed|ForPeopleTesting|InSteps|RolesAreBounded": "a name in the field's terms",
}
_ANY: Final = re.compile("|".join(rf"(?<!\w)(?:{word})(?!\w)".replace(" ", r"\s+(?:#\s+)?") for word in WORDS))
# A description that only repeats the name, such as `customer_id: Whose.`; a unit or a bound says something.
_EMPTY_ARGUMENT: Final = re.compile(r"^\s+\*{0,2}\w+: (?!.*(?:\d|[Ss]econds|[Bb]ytes))\w+ ?\w*\.$")


def _tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [Path(name) for name in done.stdout.split("\0") if name]
    texts = [path for path in paths if path.suffix in SUFFIXES or path.name == "Makefile"]
    return [path for path in texts if (ROOT / path).is_file() and path.name != Path(__file__).name]


def _folder(file: Path) -> str:
    """The top folder, and the tier of a test."""
    return "/".join(file.parts[:-1][: 2 if file.parts[0] == "tests" else 1]) or "."


FILES: Final = _tracked()
FOLDERS: Final = sorted({_folder(file) for file in FILES})


def found_in(text: str) -> Iterator[tuple[int, str]]:
    """The line and the words of each hit."""
    for hit in _ANY.finditer(text):
        yield text.count("\n", 0, hit.start()) + 1, " ".join(hit[0].split())


def empty_arguments_in(source: str) -> Iterator[str]:
    """The lines of `Args:` blocks that describe an argument in one word or two."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
            _, _, block = (ast.get_docstring(node) or "").partition("Args:\n")
            for line in block.splitlines():
                if not line.startswith(" "):
                    break
                if _EMPTY_ARGUMENT.match(line):
                    yield f"{getattr(node, 'name', 'module')}: {line.strip()}"


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_text_uses_plain_words(folder: str) -> None:
    files = [file for file in FILES if _folder(file) == folder]
    hits = [f"{file}:{line}: {words}" for file in files for line, words in found_in((ROOT / file).read_text())]

    assert not hits, "\n".join(hits)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_argument_is_described_in_one_word_or_two(folder: str) -> None:
    files = [file for file in FILES if _folder(file) == folder and file.suffix == ".py"]
    hits = [f"{file}: {line}" for file in files for line in empty_arguments_in((ROOT / file).read_text())]

    assert not hits, "\n".join(hits)


@pytest.mark.parametrize(
    "text", ["Mend these", "written anew", "one is passed\n    # over", "17 is none: go on", "whomever"]
)
def test_a_refused_word_is_found(text: str) -> None:
    assert [*found_in(text)]


@pytest.mark.parametrize("text", ["row is None", "recommended", "shallow", "nowhere", "by nowhere", "amended"])
def test_a_word_that_only_contains_one_is_not(text: str) -> None:
    assert not [*found_in(text)]


def test_an_argument_without_a_description_is_found() -> None:
    source = 'def f(a, b):\n    """Do.\n\n    Args:\n        a: Whose.\n        b: The version to read.\n    """'

    assert [*empty_arguments_in(source)] == ["f: a: Whose."]
