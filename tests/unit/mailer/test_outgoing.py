"""Connections go only where they may: whatever a name resolves to, and whatever an address looks like."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from channel_world import ChannelWorld, WebServer

from libs.common.errors import PermanentFailure, SettingsError
from libs.common.networks import Networks

Resolve = Callable[..., list[str]]


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """`resolver(*answers)`: what hooks.example.org resolves to, one time after the other; returns who asked."""

    def install(*answers: list[str]) -> list[str]:
        asked: list[str] = []
        real = socket.getaddrinfo

        def resolve(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
            if host != "hooks.example.org":
                return real(host, port, *rest, **more)
            asked.append(host)
            found = answers[min(len(asked), len(answers)) - 1]
            return [one for address in found for one in real(address, port, type=socket.SOCK_STREAM)]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        return asked

    return install


@pytest.mark.parametrize(
    ("address", "may"),
    [
        *((address, True) for address in ("8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")),
        *((address, False) for address in ("127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1")),
        *((address, False) for address in ("10.0.0.1", "172.16.0.1", "192.168.0.1", "fc00::1", "fd00:ec2::254")),
        *((address, False) for address in ("169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0")),
        *((address, False) for address in ("100.64.0.1", "198.18.0.1", "192.0.2.1", "240.0.0.1", "255.255.255.255")),
        *((address, False) for address in ("224.0.0.1", "239.1.1.1", "ff02::1", "fec0::1", "2001:db8::1")),
        *((address, False) for address in ("64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:a00:1::", "::a00:1")),
        *((text, False) for text in ("", "hooks.example.org", "/var/run/docker.sock")),
    ],
)
def test_only_public_addresses_may_be_reached(address: str, may: bool) -> None:
    assert Networks().may_reach(address) is may


def test_networks_can_be_allowed() -> None:
    networks = Networks(" 10.1.0.0/16, fd12::/16,127.0.0.1 ")
    assert [networks.may_reach(one) for one in ("10.1.2.3", "::ffff:10.1.2.3", "fd12::1", "127.0.0.1")] == [True] * 4
    assert [networks.may_reach(one) for one in ("10.2.0.1", "fd13::1", "127.0.0.2")] == [False] * 3
    with pytest.raises(SettingsError, match="PRESSROOM_MAILER_ALLOWED_NETWORKS must be networks like"):
        Networks("10.0.0.0/8, everything")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost", "[::ffff:7f00:1]"]
)
@pytest.mark.parametrize("kind", ["webhook", "slack"])
def test_addresses_of_this_machine_are_refused_in_any_spelling(
    tmp_path: Path, server: WebServer, kind: Any, host: str
) -> None:
    world = ChannelWorld(tmp_path, networks="")
    with pytest.raises(PermanentFailure, match="has no public address"):
        world.send(kind, f"http://{host}:{server.port}/")
    assert (server.requests, world.claims) == ([], 0)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "169.254.169.254", "::ffff:127.0.0.1", "10.0.0.1"])
def test_a_name_of_a_private_address_is_refused(
    tmp_path: Path, server: WebServer, resolver: Resolve, address: str
) -> None:
    asked = resolver([address])
    world = ChannelWorld(tmp_path, networks="")
    for scheme in ("http", "https"):
        with pytest.raises(PermanentFailure, match=r"^hooks\.example\.org has no public address;") as caught:
            world.send("webhook", f"{scheme}://hooks.example.org:{server.port}/")
        assert address not in str(caught.value)  # what the inner network looks like is nobody's business
    assert (server.requests, len(asked)) == ([], 2)


def test_the_address_that_was_looked_at_is_the_one_that_is_connected_to(
    tmp_path: Path, server: WebServer, resolver: Resolve
) -> None:
    """DNS rebinding: the second answer would be another one, and nobody asks a second time."""
    asked = resolver(["127.0.0.1"], ["169.254.169.254"])
    world = ChannelWorld(tmp_path, networks="127.0.0.1")
    world.send("webhook", f"http://hooks.example.org:{server.port}/")
    assert len(asked) == 1
    assert server.requests[0].headers["host"] == f"hooks.example.org:{server.port}"


def test_of_several_addresses_only_those_that_may_be_reached_are_tried(
    tmp_path: Path, server: WebServer, resolver: Resolve
) -> None:
    resolver(["10.0.0.1", "169.254.169.254", "127.0.0.2", "127.0.0.1"])  # nobody listens on 127.0.0.2
    world = ChannelWorld(tmp_path, networks="127.0.0.0/8")
    world.send("webhook", f"http://hooks.example.org:{server.port}/")
    assert len(server.requests) == 1


def test_a_proxy_in_the_environment_is_not_used(
    tmp_path: Path, server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with WebServer() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(""))
        ChannelWorld(tmp_path).send("webhook", server.url())
        assert (len(server.requests), len(proxy.requests)) == (1, 0)
