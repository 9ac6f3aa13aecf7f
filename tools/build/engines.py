"""Fetches what boards carry as engines: `umqtt.simple`, `urequests`, and `unittest` for tests.

They are on the package index as archives that pip does not install; pip's settings say where the
index is, and whom to trust. Each version gets a folder
of its own under build/engines; what is there already is not fetched again. The peers, libraries
that the bench compares with, are fetched by whoever asks for their folder, or with --peers.
"""

import argparse
import ast
import io
import subprocess
import sys
import tarfile
from pathlib import Path

from tools import bootstrap

ROOT = Path(__file__).resolve().parents[2]
ENGINES = ROOT / "build" / "engines"
_TIMEOUT_S = 60

# The newest that the registries hold, and one older. Newer firmware brings `requests` frozen:
# the unix ports do as well, so it is tested where no urequests is put on the path.
UMQTT_NEW, UMQTT_OLD = ("micropython-umqtt.simple", "1.3.4"), ("micropython-umqtt.simple", "1.3.3")
UREQUESTS_NEW, UREQUESTS_OLD = ("micropython-urequests", "0.9.1"), ("micropython-urequests", "0.8")
UNITTEST = ("micropython-unittest", "0.4")
ALL = (UMQTT_NEW, UMQTT_OLD, UREQUESTS_NEW, UREQUESTS_OLD, UNITTEST)

# The newest of each that the registries hold.
UMQTT_ROBUST = ("micropython-umqtt.robust", "1.0")
UMQTT_SIMPLE2 = ("micropython-umqtt.simple2", "2.2.0")
UMQTT_ROBUST2 = ("micropython-umqtt.robust2", "2.2.0")
MQTT_AS = ("micropython-mqtt-async", "0.7b4")
THINGSBOARD = ("thingsboard-micropython", "0.2.0")
PEERS = (UMQTT_ROBUST, UMQTT_SIMPLE2, UMQTT_ROBUST2, MQTT_AS, THINGSBOARD)


def folder(engine):
    """Return the folder to put on the path for an engine, a (name, version); fetch it once."""
    name, version = engine
    target = ENGINES / f"{name}-{version}"
    if not target.is_dir():
        fetch([engine])
    return target


def sources(engine):
    """Return {path below /lib, such as "umqtt/simple.py": file} of an engine."""
    origin = folder(engine)
    return {path.relative_to(origin).as_posix(): path for path in sorted(origin.rglob("*.py"))}


def pip_settings():
    """Return {name: text} of pip's settings: of its files, of its environment before those."""
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        env=bootstrap.plain_environment(),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    lines = [line.partition("=") for line in asked.stdout.splitlines() if "=" in line]
    found = {name: ast.literal_eval(text) for name, _, text in lines}
    return {
        name[len(section) :]: text
        for section in ("global.", "download.", ":env:.")
        for name, text in found.items()
        if name.startswith(section)
    }


def fetch(engines):
    """Fetch each engine, a (name, version), whose folder is not there. Leaves with one line."""
    import requests
    from pypi_simple import PYPI_SIMPLE_ENDPOINT, PyPISimple

    settings = pip_settings()
    urls = [settings.get("index-url", PYPI_SIMPLE_ENDPOINT)]
    urls += settings.get("extra-index-url", "").split()
    ENGINES.mkdir(parents=True, exist_ok=True)
    with requests.Session() as session:
        session.verify = settings.get("cert", True)
        session.cert = settings.get("client-cert")
        if "proxy" in settings:
            session.proxies = {"http": settings["proxy"], "https": settings["proxy"]}
        indexes = [PyPISimple(url, session=session) for url in urls if url.startswith("http")]
        for name, version in engines:
            target = ENGINES / f"{name}-{version}"
            if not target.is_dir():
                fetch_one(indexes, name, f"{name}-{version}.tar.gz", target)


def fetch_one(indexes, name, wanted, target):
    """Fetch an archive from the first index that has it, into the folder `target`."""
    import requests
    from pypi_simple import NoSuchProjectError, UnsupportedRepoVersionError

    archive = ENGINES / wanted
    why = f"the package index has no {wanted}"
    for client in indexes:
        try:
            packages = client.get_project_page(name, timeout=_TIMEOUT_S).packages
            found = [p for p in packages if p.filename == wanted]
            if found:
                client.download_package(found[0], archive, timeout=_TIMEOUT_S)  # checks the digest
                unpack(archive, target)
                archive.unlink()
                return
        except NoSuchProjectError:
            pass
        # The text of an error may hold the index's address, and that a password.
        except requests.exceptions.SSLError:
            why = "the package index shows a certificate that is not trusted here"
        except requests.HTTPError as e:
            why = f"the package index answers {e.response.status_code}"
        except requests.RequestException as e:
            why = f"the package index cannot be reached ({type(e).__name__})"
        except (ValueError, UnsupportedRepoVersionError) as e:
            why = f"what answers is no package index, or {wanted} is damaged ({type(e).__name__})"
    sys.exit(
        f"engines: {wanted} is not here yet, and {why}. Look at pip's settings (pip config list): "
        "index-url, extra-index-url, cert, proxy"
    )


def unpack(archive, target):
    """Unpack the modules of an archive: what is not packaging."""
    half = target.with_suffix(".part")
    with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as tar:
        for member in tar.getmembers():
            parts = Path(member.name).parts[1:]
            if not member.isfile() or not parts or parts[-1] == "setup.py":
                continue
            if not parts[-1].endswith(".py") or ".." in parts or ".egg-info" in parts[0]:
                continue
            path = half.joinpath(*parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(tar.extractfile(member).read())
    half.rename(target)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peers", action="store_true", help="the peers of the bench as well")
    wanted = ALL + (PEERS if parser.parse_args().peers else ())
    fetch(wanted)
    for name, version in wanted:
        print(f"{name} {version}: {(ENGINES / f'{name}-{version}').relative_to(ROOT)}")


if __name__ == "__main__":
    main()
