"""`graphql-transport-ws`, message by message."""

import json

import pytest

from lamina.realtime import protocol
from lamina.realtime.errors import CloseCode, Closing
from lamina.realtime.protocol import Complete, Init, Ping, Pong, Subscribe, read


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type":"connection_init"}', Init({})),
        ('{"type":"connection_init","payload":null}', Init({})),
        ('{"type":"connection_init","payload":{"authorization":"Bearer x"}}', Init({"authorization": "Bearer x"})),
        ('{"type":"ping"}', Ping(None)),
        ('{"type":"ping","payload":{"at":1}}', Ping({"at": 1})),
        ('{"type":"pong","payload":{"at":1}}', Pong()),
        ('{"type":"complete","id":"1"}', Complete("1")),
        (
            '{"type":"subscribe","id":"a.b[0]#","payload":{"query":"{ me { id } }"}}',
            Subscribe("a.b[0]#", "{ me { id } }"),
        ),
        (
            '{"type":"subscribe","id":"1","payload":{"query":"q","variables":{"a":1},"operationName":"o","extensions":{}}}',
            Subscribe("1", "q", {"a": 1}, "o"),
        ),
        (
            '{"type":"subscribe","id":"1","payload":{"query":"q","variables":null,"operationName":null,"extensions":null}}',
            Subscribe("1", "q"),
        ),
    ],
)
def test_messages_of_the_protocol_are_read(text: str, message: protocol.Message) -> None:
    assert read(text) == message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[]",
        "null",
        '"ping"',
        "{}",
        '{"type":null}',
        '{"type":"start"}',
        '{"type":"next","id":"1","payload":{}}',
        '{"type":"connection_ack"}',
        '{"type":"connection_init","payload":"x"}',
        '{"type":"ping","payload":[]}',
        '{"type":"pong","payload":1}',
        '{"type":"complete"}',
        '{"type":"complete","id":""}',
        '{"type":"complete","id":1}',
        '{"type":"subscribe","payload":{"query":"q"}}',
        '{"type":"subscribe","id":"","payload":{"query":"q"}}',
        json.dumps({"type": "subscribe", "id": "x" * 129, "payload": {"query": "q"}}),
        '{"type":"subscribe","id":"1"}',
        '{"type":"subscribe","id":"1","payload":null}',
        '{"type":"subscribe","id":"1","payload":{}}',
        '{"type":"subscribe","id":"1","payload":{"query":1}}',
        '{"type":"subscribe","id":"1","payload":{"query":"q","variables":[]}}',
        '{"type":"subscribe","id":"1","payload":{"query":"q","operationName":1}}',
        '{"type":"subscribe","id":"1","payload":{"query":"q","extensions":1}}',
        '{"type":"ping","payload":{"a":NaN}}',
        '{"type":"ping","payload":{"a":"\\ud800"}}',
        "[" * 20_000,
    ],
)
def test_anything_else_closes_the_socket(text: str) -> None:
    with pytest.raises(Closing) as refused:
        read(text)
    assert refused.value.code == CloseCode.BAD_REQUEST
    assert refused.value.message


def test_a_message_has_32_kilobytes_at_most() -> None:
    fitting = '{"type":"ping","payload":{"a":"%s"}}'
    assert isinstance(read(fitting % ("x" * (32 * 1024 - len(fitting) + 2))), Ping)
    with pytest.raises(Closing) as refused:
        read(fitting % ("é" * 16 * 1024))
    assert refused.value.code == CloseCode.TOO_LARGE


def test_answers_are_messages_of_the_protocol() -> None:
    assert json.loads(protocol.ack()) == {"type": "connection_ack"}
    assert json.loads(protocol.pong(None)) == {"type": "pong"}
    assert json.loads(protocol.pong({})) == {"type": "pong", "payload": {}}
    assert json.loads(protocol.complete("1")) == {"type": "complete", "id": "1"}
    assert json.loads(protocol.failure("1", [])) == {"type": "error", "id": "1", "payload": []}
    text = protocol.following("1", {"data": {"name": "é"}})
    assert json.loads(text) == {"type": "next", "id": "1", "payload": {"data": {"name": "é"}}}
    assert text.startswith(protocol.NEXT)
