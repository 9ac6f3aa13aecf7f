"""make setup: whatever pip and Python are set to, .venv gets the packages; else it is said why."""

import os
import shutil
import socket
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tools import bootstrap

ROOT = Path(__file__).resolve().parents[2]
TIME_LIMIT_S = 120


def wheel(folder, tag):
    """Write a wheel of the package `demo` for a Python."""
    folder.mkdir(exist_ok=True)
    info = "demo-1.0.dist-info"
    files = {
        "demo.py": "x = 1\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"demo-1.0-{tag}.whl", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)


def sources(folder):
    """Write an archive of the package `demo`, whose wheel is built with nothing else."""
    files = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
        "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'build_it'\n"
        "backend-path = ['.']\n",
        "build_it.py": "def build_wheel(folder, config_settings=None, metadata_directory=None):\n"
        "    import shutil\n    return shutil.copy('demo-1.0-py3-none-any.whl', folder) and "
        "'demo-1.0-py3-none-any.whl'\n",
    }
    whole = folder / "demo-1.0-py3-none-any.whl"
    with tarfile.open(folder / "demo-1.0.tar.gz", "w:gz") as archive:
        archive.add(whole, "demo-1.0/" + whole.name)
        for name, text in files.items():
            (folder / name).write_text(text)
            archive.add(folder / name, "demo-1.0/" + name)
    whole.unlink()


class Project:
    """A clone, as far as setting up needs it, whose folder has a blank in its name."""

    def __init__(self, folder):
        self.folder = folder / "a clone"
        (self.folder / "tools").mkdir(parents=True)
        shutil.copy(ROOT / "tools" / "bootstrap.py", self.folder / "tools")
        shutil.copy(ROOT / "Makefile", self.folder)
        self.require("demo==1.0")
        wheel(folder / "wheels", "py3-none-any")
        self.pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder / "wheels")}

    def require(self, line):
        (self.folder / "tools" / "requirements.txt").write_text(line + "\n")

    def set_up(self, *command, **variables):
        """Set it up with pip's settings and these variables; return (exit status, its words)."""
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
        environ |= {"PIP_CONFIG_FILE": os.devnull, **self.pip, **variables}
        done = subprocess.run(
            command or [sys.executable, "tools/bootstrap.py"],
            cwd=self.folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIME_LIMIT_S,
        )
        assert "Traceback" not in done.stdout and "reachable?" not in done.stdout, done.stdout
        return done.returncode, done.stdout

    def has_demo(self):
        return bool(list((self.folder / ".venv").glob("lib/python*/site-packages/demo.py")))


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


ELSEWHERE = {"PIP_TARGET": "target", "PIP_PREFIX": "prefix", "PIP_ROOT": "root"}


@pytest.mark.parametrize(
    "variables",
    [
        {"PIP_USER": "1", "PIP_REQUIRE_VIRTUALENV": "1", "HOME": "/dev/null"},
        {**ELSEWHERE, "PIP_DRY_RUN": "1", "PIP_PYTHON": "/usr/bin/python3", "PIP_QUIET": "3"},
        {"PIP_CONFIG_FILE": "pip.conf"},
    ],
)
def test_the_packages_go_into_venv_whatever_pip_is_set_to(project, tmp_path, variables):
    folders = "".join(f"{name[4:].lower()} = {tmp_path / of}\n" for name, of in ELSEWHERE.items())
    (tmp_path / "pip.conf").write_text(f"[global]\nuser = true\nquiet = 2\n[install]\n{folders}")
    ours = {*ELSEWHERE, "PIP_CONFIG_FILE"}
    paths = {name: str(tmp_path / text) for name, text in variables.items() if name in ours}
    status, said = project.set_up(**{**variables, **paths})
    assert status == 0, said
    assert project.has_demo()
    assert not [of for of in ELSEWHERE.values() if (tmp_path / of).exists()]
    # And they are not made again.
    assert project.set_up() == (0, "")


def test_what_only_tests_need_is_added_once_and_again_after_a_change(project):
    project.require("")
    (project.folder / "tools" / "requirements-tests.txt").write_text("demo==1.0\n")
    command = (sys.executable, "tools/bootstrap.py")
    assert project.set_up(*command)[0] == 0 and not project.has_demo()
    status, said = project.set_up(*command, "--tests")
    assert status == 0 and project.has_demo(), said
    assert project.set_up(*command, "--tests") == (0, "")
    project.require("# other packages for all: .venv is made anew")
    assert project.set_up(*command)[0] == 0 and not project.has_demo()
    assert project.set_up(*command, "--tests")[0] == 0 and project.has_demo()


@pytest.mark.parametrize("name", ("HOME", "XDG_CACHE_HOME", "PIP_CACHE_DIR"))
def test_a_package_is_built_where_there_is_no_place_for_pips_cache(project, tmp_path, name):
    sources(tmp_path / "wheels")
    status, said = project.set_up(**{name: "/dev/null"})
    assert status == 0 and project.has_demo(), said


def test_packages_on_pythons_path_are_not_taken_for_ours(project, tmp_path):
    with zipfile.ZipFile(tmp_path / "wheels" / "demo-1.0-py3-none-any.whl") as archive:
        archive.extractall(tmp_path / "others")
    status, said = project.set_up(PYTHONPATH=str(tmp_path / "others"))
    assert status == 0 and project.has_demo(), said


def test_make_takes_nothing_of_the_environments_python(project, tmp_path):
    variables = {"PYTHONHOME": str(tmp_path), "PYTHONPATH": str(tmp_path), "PYTHONSAFEPATH": "1"}
    variables |= {"PYTHONOPTIMIZE": "2", "PYTHONINSPECT": "1", "PYTHONWARNINGS": "error"}
    python = f"PYTHON={sys.executable}"
    status, said = project.set_up("make", "-s", "setup", python, **variables)
    assert status == 0 and project.has_demo(), said


def test_a_python_whose_path_has_a_blank_sets_it_up(project, tmp_path):
    (tmp_path / "my python").symlink_to(sys.executable)
    status, said = project.set_up("make", "-s", "setup", f"PYTHON={tmp_path / 'my python'}")
    assert status == 0 and project.has_demo(), said


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return unused.getsockname()[1]


def test_the_heading_is_what_pip_says(project, tmp_path):
    def heading(words, **variables):
        status, said = project.set_up(**variables)
        assert status == 1 and f"failed, {words}" in said, said

    heading("pip's settings are wrong", PIP_TIMEOUT="soon")
    project.require("demo==2.0")
    heading("the package index has no such package for this Python")
    project.require("other")
    heading("the package index cannot be reached, or has none for this Python")
    index = {"PIP_INDEX_URL": f"http://127.0.0.1:{closed_port()}/simple", "PIP_RETRIES": "1"}
    project.pip = {"PIP_NO_CACHE_DIR": "1"}
    heading("the package index cannot be reached", **index)
    project.require("demo==1.0")
    wheel(tmp_path / "other", "cp27-none-any")
    project.pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "other")}
    heading("the package index cannot be reached, or has none for this Python")
    # A file in the place of .venv's folder.
    shutil.rmtree(project.folder / ".venv")
    (project.folder / ".venv").write_text("")
    status, said = project.set_up()
    assert status == 1 and "making .venv failed" in said, said


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("ERROR: an OSError: [Errno 28] No space left on device", "the disk is full"),
        ("error: [Errno 13] Permission denied: '/x/.venv'", "the folder cannot be written to"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "not trusted"),
        ("ERROR: HTTP error 401 while getting x\n401 Client Error: Unauthorized", "wants a login"),
        ("'NewConnectionError('…')'\nERROR: No matching distribution found", "cannot be reached"),
        (
            "error: subprocess-exited-with-error\nBuilding wheel for x did not run",
            "cannot be built",
        ),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "damaged"),
        ("ERROR: ResolutionImpossible: for help visit", "demand other versions"),
        ("something else", ""),
    ],
)
def test_what_pip_says_has_a_reason(said, words):
    found = bootstrap.reason(said)
    assert words in found and bool(words) == bool(found)
