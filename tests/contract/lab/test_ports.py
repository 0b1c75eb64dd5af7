import socket

import pytest

from lab.ports import NoFreePortError, PortBlock, is_free, require_free

pytestmark = pytest.mark.contract


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["tcp", "udp"])
def test_a_port_that_somebody_uses_is_not_free(kind: socket.SocketKind) -> None:
    with PortBlock() as ports:
        port = ports.take()
        assert is_free(port)
        with socket.socket(socket.AF_INET, kind) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == socket.SOCK_STREAM)
            server.bind(("127.0.0.1", port))
            if kind == socket.SOCK_STREAM:
                server.listen()
            assert not is_free(port)
            with pytest.raises(NoFreePortError, match=f"port {port}"):
                require_free(port)


def test_ports_are_given_out_once() -> None:
    with PortBlock() as ports:
        taken = [ports.take(), *ports.take_range(10), ports.take()]
    assert len(set(taken)) == 12


def test_blocks_that_are_open_at_the_same_time_share_no_port() -> None:
    with PortBlock() as ours, PortBlock() as theirs:
        assert not set(ours.take_range(900)) & set(theirs.take_range(900))


def test_a_port_that_is_taken_is_passed_over() -> None:
    with PortBlock() as ports:
        next_one = ports.take() + 1
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", next_one))
            assert ports.take() > next_one


def test_a_range_for_rtp_begins_with_an_even_port() -> None:
    with PortBlock() as ports:
        ports.take()
        assert [ports.take_range(5)[0] % 2, ports.take_range(5)[0] % 2] == [0, 0]


def test_a_block_that_is_used_up_says_so() -> None:
    with PortBlock() as ports:
        ports.take_range(990)
        with pytest.raises(NoFreePortError):
            ports.take_range(10)


def test_ports_stay_below_those_of_outgoing_connections() -> None:
    with PortBlock() as ports:
        assert 1024 < ports.take() < 32_768
