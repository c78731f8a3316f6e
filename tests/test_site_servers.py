"""The site on the real nginx and the real Caddy, with the configurations of deploy/."""

import contextlib
import http.client
import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from baocao.period import Period
from baocao.project import Project
from baocao.site import publish, roll_back, switch
from conftest import MadeReport, in_browser
from sites import check_site, empty_project, write_results

ROOT = Path(__file__).resolve().parents[1]
PLACES = os.pathsep.join((os.environ["PATH"], "/usr/sbin", "/usr/local/sbin"))
APRIL, MAY = Period(2024, 4), Period(2024, 5)
SWITCHES = 50
MOVED = {"nginx": 301, "caddy": 308}

Answer = tuple[int, dict[str, str], bytes]


class Server:
    """A web server of its own that serves one site."""

    def __init__(self, kind: str, port: int) -> None:
        self.kind = kind
        self.port = port

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = empty_project(tmp_path / "project")
    for period in (APRIL, MAY):
        write_results(project, period)
    return project


@pytest.fixture
def site(tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("baocao.site.switch._GRACE", 0.02)
    for period in (APRIL, MAY):
        publish(project, period, tmp_path / "trang")
    return tmp_path / "trang"


def program(kind: str) -> str:
    """Where the web server is; a test without it is skipped."""
    path = shutil.which(kind, path=PLACES)
    if path is None:
        pytest.skip(f"{kind} is not installed")
    return path


def checked(command: list[str], folder: Path) -> None:
    """A configuration that its own server accepts without a warning of substance."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=surroundings(folder))
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr


def surroundings(folder: Path) -> dict[str, str]:
    """Caddy keeps things below its home."""
    return {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}


def nginx(folder: Path, own: str, port: int) -> list[str]:
    """The command that serves the configuration `own`."""
    own = own.replace("listen 80;", f"listen 127.0.0.1:{port};")
    assert str(port) in own
    (folder / "site.conf").write_text(own, encoding="utf-8")
    conf = folder / "nginx.conf"
    temporary = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    mime = next((path for path in (Path("/etc/nginx/mime.types"),) if path.exists()), None)
    conf.write_text(
        # Folders of tests are closed to other users.
        f"{'user root;' if os.geteuid() == 0 else ''}\nworker_processes 2;\n"
        f"pid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"events {{ worker_connections 256; }}\nhttp {{\n{f'include {mime};' if mime else ''}\naccess_log off;\n"
        f"{temporary}\ninclude {folder}/site.conf;\n}}\n",
        encoding="utf-8",
    )
    command = [program("nginx"), "-c", str(conf), "-e", str(folder / "error.log")]
    checked([*command, "-t"], folder)
    return [*command, "-g", "daemon off;"]


def caddy(folder: Path, own: str, port: int) -> list[str]:
    """The command that serves the configuration `own`."""
    own = own.replace("http://bao-cao.noi-bo {", f"http://127.0.0.1:{port} {{")
    assert str(port) in own
    conf = folder / "Caddyfile"
    conf.write_text("{\n\tadmin off\n}\n" + own, encoding="utf-8")
    options = ["--config", str(conf), "--adapter", "caddyfile"]
    checked([program("caddy"), "validate", *options], folder)
    return [program("caddy"), "run", *options]


FILES = {"nginx": "nginx.conf", "caddy": "Caddyfile"}


@contextlib.contextmanager
def serving(kind: str, folder: Path, site: Path, change: Callable[[str], str] = lambda text: text) -> Iterator[Server]:
    """The web server `kind` on the site, with the configuration of deploy/ after `change`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = change((ROOT / "deploy" / FILES[kind]).read_text(encoding="utf-8")).replace("/srv/bao-cao", str(site))
    command = {"nginx": nginx, "caddy": caddy}[kind](folder, own, port)
    with (folder / "said.log").open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=surroundings(folder))
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield Server(kind, port)
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(params=["nginx", "caddy"])
def server(tmp_path: Path, site: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    with serving(request.param, tmp_path, site) as server:
        yield server


def test_headers_and_caching(server: Server, site: Path) -> None:
    status, headers, body = server.get("/")
    assert status == 200
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["cache-control"] == "no-cache"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "/" not in headers.get("server", "")
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    # What the header says is what the page says of itself.
    meta = re.search(r'Content-Security-Policy" content="([^"]*)"', body.decode().replace("&#39;", "'"))
    assert meta
    assert policy == f"{meta[1]}; frame-ancestors 'none'"
    static = re.findall(rb'(?:href|src)="\./(tinh/[^"]+)"', body)
    assert len(static) == 2
    for name in static:
        status, headers, _ = server.get(f"/{name.decode()}")
        assert (status, headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
    _, headers, _ = server.get("/2024-04/bao-cao.html")
    assert "script-src" not in headers["content-security-policy"], "the page names its own by hash"
    _, headers, _ = server.get("/2024-04/bao-cao-2024-04.pdf")
    assert headers["content-type"] == "application/pdf"
    status, _, _ = server.get("/", **{"If-None-Match": server.get("/")[1]["etag"]})
    assert status == 304
    assert server.get("/", **{"Accept-Encoding": "gzip"})[1]["content-encoding"] == "gzip"


def test_addresses(server: Server, site: Path) -> None:
    for path in ("/2024-04/", "/latest/", "/nam/2024/", "/tim-kiem/?q=can", "/2024-04/lan-1/", "/latest/bao-cao.pdf"):
        assert server.get(path)[0] == 200, path
    status, headers, _ = server.get("/2024-04")
    assert (status, headers["location"]) == (MOVED[server.kind], "/2024-04/")
    for path in ("/2023-01/", "/x/y/z", "/.lock", "/../.lock", "/tinh/", "/months/", "/404.html"):
        status, headers, body = server.get(path)
        assert status in (404, 403, 400), path
        if status == 404:
            assert "Không có trang này".encode() in body, path
            assert headers["cache-control"] == "no-cache"
            assert headers["x-content-type-options"] == "nosniff"
            assert "script-src" not in headers["content-security-policy"]
    assert server.get("/", "POST")[0] == 405


def test_static_files_of_the_release_before_are_served_and_its_pages_are_not(server: Server, site: Path) -> None:
    before = set((site / "current" / "tinh").iterdir())
    roll_back(site)
    gone = [path.name for path in before if not path.exists()]
    assert [name for name in gone if name.startswith("muc-2024-05")] == gone != []
    assert server.get(f"/tinh/{gone[0]}")[0] == 200
    assert server.get("/2024-05/")[0] == 404


def test_between_two_renames(server: Server, site: Path) -> None:
    (site / "current").rename(site / "previous-all")
    shutil.rmtree(site / "previous")
    (site / "previous-all").rename(site / "previous")
    for path in ("/", "/2024-04/", "/latest/", "/2024-04/bao-cao-2024-04.pdf"):
        assert server.get(path)[0] == 200, path
    status, headers, _ = server.get("/2024-04")
    assert (status, headers["location"]) == (MOVED[server.kind], "/2024-04/")


@pytest.mark.parametrize("way", ["exchange", "renames"])
def test_readers_while_a_release_is_switched(
    server: Server, site: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "renames":
        monkeypatch.setattr(switch, "exchange", lambda first, second: False)
    from baocao.site.folder import opened

    trees = sorted((site / "releases").iterdir())
    ids = [json.loads((tree / "ban-phat-hanh.json").read_bytes())["id"] for tree in trees]
    paths = ["/", "/2024-04/", "/latest/", "/nam/2024/", "/2024-04/bao-cao.html", "/2024-04/lan-1/"]
    stop = threading.Event()
    faults: list[str] = []
    served: list[tuple[float, float, str]] = []

    def read() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        while not stop.is_set():
            for path in paths:
                began = time.monotonic()
                connection.request("GET", path)
                answer = connection.getresponse()
                body = answer.read()
                release = re.search(rb'name="ban-phat-hanh" content="([^"]+)"', body)
                if answer.status != 200 or not release or not body.rstrip().endswith(b"</html>"):
                    faults.append(f"{path}: {answer.status} {body[:80]!r}")
                else:
                    served.append((began, time.monotonic(), release[1].decode()))
            if answer.getheader("connection") == "close":
                connection.close()
        connection.close()

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    switched: list[tuple[float, float, str]] = []
    for number in range(SWITCHES):
        began = time.monotonic()
        with opened(site, 5) as opened_site:
            opened_site.switch_to(trees[number % 2])
        switched.append((began, time.monotonic(), ids[number % 2]))
    stop.set()
    for reader in readers:
        reader.join()
    assert faults == []
    assert len(served) > 500
    assert {release for _, _, release in served} == set(ids)
    # Whoever asks between two switches gets the release of the last one, on every page: never a mixture.
    for (_, end, release), (following, _, _) in itertools.pairwise(switched):
        assert {got for began, ended, got in served if began > end and ended < following} <= {release}
    check_site(site)


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
@pytest.mark.parametrize(("network", "status"), [("10.0.0.0/8", 403), ("127.0.0.0/8", 200)])
def test_limits_by_address(kind: str, network: str, status: int, tmp_path: Path, site: Path) -> None:
    """The example of the configuration, switched on by taking away its comment signs."""

    def limited(text: str) -> str:
        lines = {
            "nginx": ("#allow 10.0.0.0/8;", "#deny all;"),
            "caddy": ("#@ben_ngoai not remote_ip 10.0.0.0/8", "#error @ben_ngoai 403"),
        }[kind]
        for line in lines:
            assert text.count(line) == 1
            text = text.replace(line, line[1:])
        return text.replace("10.0.0.0/8", network)

    with serving(kind, tmp_path, site, limited) as server:
        for path in ("/", "/2024-04/", "/latest/bao-cao.pdf"):
            got, headers, body = server.get(path)
            assert got == status, path
            assert headers["x-content-type-options"] == "nosniff"
            assert status == 200 or b"ban-phat-hanh" not in body


@in_browser
@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_the_pages_work_under_the_policies_of_the_server(
    kind: str, tmp_path: Path, april_report: MadeReport, browser: Browser
) -> None:
    """The real report: what the headers allow is all that its pages need."""
    publish(april_report.project, april_report.period, tmp_path / "trang")
    said: list[str] = []
    with serving(kind, tmp_path, tmp_path / "trang") as server, browser.new_context() as context:
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        for path in ("", "2024-04/", "nam/2024/", "latest/", "2024-04/bao-cao.html"):
            answer = page.goto(f"http://127.0.0.1:{server.port}/{path}")
            assert answer is not None
            assert answer.status == 200, path
            # Fonts are among what the policy names: without them letters would be the browser's own.
            assert page.evaluate("document.fonts.ready.then(() => [...document.fonts].some(f => f.status == 'loaded'))")
        # Its script ran.
        page.get_by_role("button", name="Nguồn số liệu").wait_for()
        page.goto(f"http://127.0.0.1:{server.port}/tim-kiem/?q=can+cuoc")
        page.get_by_role("link", name="Phụ lục II. TÌNH HÌNH TRIỂN KHAI 25 DỊCH VỤ CÔNG").wait_for()
        assert said == []
        page.goto(f"http://127.0.0.1:{server.port}/khong-co/")
        page.get_by_role("heading", name="Không có trang này").wait_for()
        assert [text for text in said if "404" not in text] == []
