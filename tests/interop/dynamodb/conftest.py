"""Two servers that other people wrote for DynamoDB's API: moto's, and dynalite on Node."""

import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from helpers.ports import free_port

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    # Requests one after another: moto checks a condition and writes without a lock, so that two threads of
    # its `ThreadedMotoServer` can both find the condition true.
    server = make_server(
        "127.0.0.1",
        0,
        DomainDispatcherApplication(create_backend_app),
        threaded=False,
        request_handler=MotoRequestHandler,
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def dynalite_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = HERE / "node_modules/dynalite/cli.js"
    if not program.exists():
        pytest.fail("dynalite is missing: run `scripts/test`, which installs the peers")
    port, log = free_port(), tmp_path_factory.mktemp("dynalite") / "log"
    command = ["node", str(program), "--host", "127.0.0.1", "--port", str(port), "--createTableMs", "20"]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output) as process,
    ):
        try:
            _wait_until_it_answers(process, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60):
                return
        except urllib.error.HTTPError:
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)  # the start of another process cannot be awaited
    pytest.fail(f"dynalite did not start: {log.read_text('utf-8', 'replace')[-2000:]}")
