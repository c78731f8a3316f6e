"""The site on the real nginx, with the configuration of deploy/."""

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
from collections.abc import Iterator
from pathlib import Path

import pytest

from baocao.period import Period
from baocao.project import Project
from baocao.site import publish, roll_back, switch
from sites import check_site, empty_project, write_results

ROOT = Path(__file__).resolve().parents[1]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
APRIL, MAY = Period(2024, 4), Period(2024, 5)
SWITCHES = 50

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")

Answer = tuple[int, dict[str, str], bytes]


class Server:
    """An nginx of its own that serves one site."""

    def __init__(self, port: int) -> None:
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


@pytest.fixture
def server(tmp_path: Path, site: Path) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    own = own.replace("/srv/bao-cao", str(site)).replace("listen 80;", f"listen 127.0.0.1:{port};")
    assert str(port) in own
    (tmp_path / "site.conf").write_text(own, encoding="utf-8")
    conf = tmp_path / "nginx.conf"
    temporary = "\n".join(
        f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    mime = next((path for path in (Path("/etc/nginx/mime.types"),) if path.exists()), None)
    conf.write_text(
        # Folders of tests are closed to other users.
        f"{'user root;' if os.geteuid() == 0 else ''}\nworker_processes 2;\n"
        f"pid {tmp_path}/nginx.pid;\nerror_log {tmp_path}/error.log;\n"
        f"events {{ worker_connections 256; }}\nhttp {{\n{f'include {mime};' if mime else ''}\naccess_log off;\n"
        f"{temporary}\ninclude {tmp_path}/site.conf;\n}}\n",
        encoding="utf-8",
    )
    command = [str(NGINX), "-c", str(conf), "-e", str(tmp_path / "error.log")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr
    process = subprocess.Popen([*command, "-g", "daemon off;"])
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield Server(port)
    finally:
        process.terminate()
        process.wait()


def test_headers_and_caching(server: Server, site: Path) -> None:
    status, headers, body = server.get("/")
    assert status == 200
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["cache-control"] == "no-cache"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "nginx/" not in headers["server"]
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
    assert (status, headers["location"]) == (301, "/2024-04/")
    for path in ("/2023-01/", "/x/y/z", "/.lock", "/../.lock", "/tinh/", "/months/", "/404.html"):
        status, headers, body = server.get(path)
        assert status in (404, 403, 400), path
        if status == 404:
            assert "Không có trang này".encode() in body, path
            assert headers["cache-control"] == "no-cache"
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
    assert (status, headers["location"]) == (301, "/2024-04/")


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
