"""The fault proxy's command line, as a program of its own."""

import signal
import socket
import subprocess
import sys

import pytest

from tests.support.plain_sockets import TIMEOUT_S, Server, ends, passes


@pytest.fixture
def server():
    running = Server()
    yield running
    running.close()


class Program:
    """The command line, with its lines in and out."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tools.simulate.fault_proxy", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def say(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def close(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def program():
    started = []

    def start(*arguments):
        started.append(Program(*arguments))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_commands_switch_faults_while_the_program_runs(program, server):
    running = program(server.port, "--do", "delay 1")
    address = ("127.0.0.1", int(running.line().split(" -> ")[0].split(":")[1]))
    assert running.line() == "done: delay 1"
    with socket.create_connection(address, TIMEOUT_S) as client:
        assert passes(client, server.accept())
        running.say("refuse")
        assert running.line() == "done: refuse"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
        running.say("cut fin")
        assert running.line() == "done: cut fin" and ends(client, "fin")
    running.say("count")
    assert [running.line() for _ in range(3)] == ["connections 1", "open 0", "received_bytes 5"]
    for _ in range(5):
        running.line()
    running.say("cut-after soon client")
    assert running.line().startswith("not done: cut-after soon client: 'soon' is not a whole")
    running.say("cut-after 3")
    assert running.line() == "not done: it is written cut-after BYTES client|server [fin|rst]"
    running.say("burn")
    assert running.line().startswith("not done: there is no command burn; there are: refuse,")
    running.say("quit")
    assert running.line() == "stopped"
    assert running.process.wait(TIMEOUT_S) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_program(program, server, number):
    running = program(server.port)
    assert " -> " in running.line()
    running.process.send_signal(number)
    assert running.process.communicate(timeout=TIMEOUT_S) == ("stopped\n", "")
    assert running.process.returncode == 0


def test_a_port_that_is_taken_is_named(program, server):
    running = program(1, "--port", server.port)
    _, error = running.process.communicate(timeout=TIMEOUT_S)
    assert running.process.returncode == 1
    assert error.startswith("The fault proxy does not run: ") and "in use" in error
