"""RabbitMQ with its MQTT plug-in, as a process of the tests: own folder, loopback, free ports.

What it and Erlang write goes into the folder; users are given before the start, which takes some
ten seconds. It ends with whoever started it, however that ends.
"""

import json
import os
import shutil
import socket
import subprocess
import time

# Debian's own command, beside it, takes no user but root and rabbitmq.
SERVER = shutil.which("rabbitmq-server", path="/usr/lib/rabbitmq/bin:" + os.environ["PATH"])
EPMD = shutil.which("epmd")
MISSING = None if SERVER and EPMD else "rabbitmq-server is not installed"
VHOST = "maker"  # what stands before the colon of a token is a virtual host to the plug-in
PASSWORD = "-"  # the library's, which the platform does not check
_LIMIT_S = 90
# A group of processes that ends when the pipe to its standard input does.
_GROUP = '"$0" -port "$1" -address 127.0.0.1 & "$2" & read -r _; kill -9 0'


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def user(token):
    """Return the user of a token such as "maker:…"."""
    vhost, _, name = token.partition(":")
    assert vhost == VHOST and name
    return name


class RabbitMQ:
    """A broker that can be killed and started again with what it knew.

    - `folder`: its own.
    - `users`: {name: (regular expression of routing keys that it may write, that it may read)},
      None for one that may all. A topic's "/" is "." in a routing key.
    """

    def __init__(self, folder, users):
        self.port = free_port()
        self._folder = folder
        self._process = None
        self._epmd_port = free_port()
        definitions = {
            "vhosts": [{"name": VHOST}],
            "users": [{"name": name, "password": PASSWORD, "tags": ""} for name in users],
            "permissions": [
                {"user": name, "vhost": VHOST, "configure": ".*", "write": ".*", "read": ".*"}
                for name in users
            ],
            "topic_permissions": [
                {
                    "user": name,
                    "vhost": VHOST,
                    "exchange": "amq.topic",
                    "write": allowed[0],
                    "read": allowed[1],
                }
                for name, allowed in users.items()
                if allowed
            ],
        }
        self._write("definitions.json", json.dumps(definitions))
        self._write("enabled_plugins", "[rabbitmq_mqtt].")
        self._write("env.conf", "")
        self._write(
            "rabbitmq.conf",
            f"load_definitions = {folder}/definitions.json\n"
            "listeners.tcp = none\n"
            f"mqtt.listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            "mqtt.allow_anonymous = false\n"
            # Its file may be damaged when it is killed; then it takes no client any more.
            "mqtt.retained_message_store = rabbit_mqtt_retained_msg_store_noop\n"
            "disk_free_limit.absolute = 1MB\n",
        )
        self._environ = {
            **os.environ,
            "HOME": str(folder),  # of Erlang's cookie
            "RUNNING_UNDER_SYSTEMD": "1",  # the server takes the place of its script
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/env.conf",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{folder}/advanced.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins",
            "RABBITMQ_GENERATED_CONFIG_DIR": f"{folder}/generated",
            "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_NODENAME": "tests@localhost",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_CRASH_DUMP_SECONDS": "0",
        }

    def _write(self, name, text):
        (self._folder / name).write_text(text)

    def start(self):
        """Start it, and Erlang's port mapper with it; return when it takes connections."""
        with open(self._folder / "output", "ab") as output:
            self._process = subprocess.Popen(
                ["sh", "-c", _GROUP, EPMD, str(self._epmd_port), SERVER],
                env=self._environ,
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        end = time.monotonic() + _LIMIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                said = (self._folder / "output").read_text(errors="replace")
                ended = self._process.poll() is not None or "BOOT FAILED" in said
                if ended or time.monotonic() > end:
                    self.kill()
                    raise AssertionError(f"no RabbitMQ:\n{said[-3000:]}") from None
                time.sleep(0.1)

    def kill(self):
        """Kill it at once, without a chance to write anything."""
        if self._process:
            self._process.stdin.close()
            self._process.wait()
            self._process = None
