"""Everybody derives the same trace from a commitment; a receiver that is not there harms nobody."""

import hashlib

from wire.tracing import ORDER, Span, Tracer, as_json, span_id, trace_id

COMMITMENTS = [hashlib.sha256(bytes([number])).digest() for number in range(200)]
NOWHERE = "http://127.0.0.1:9"


def test_the_steps_of_a_fact_are_one_trace_in_their_order() -> None:
    spans = [Span(name, COMMITMENTS[0], 5, 4, {"n": 1, "text": "封签"}) for name in ORDER]
    (resource,) = as_json("uplink", spans)["resourceSpans"]
    told = resource["scopeSpans"][0]["spans"]
    assert {span["traceId"] for span in told} == {trace_id(COMMITMENTS[0])}
    assert [span.get("parentSpanId") for span in told] == [None, *(span["spanId"] for span in told[:-1])]
    assert len({span["spanId"] for span in told}) == len(ORDER)
    assert (told[0]["startTimeUnixNano"], told[0]["endTimeUnixNano"]) == ("5", "5")  # never before it began
    assert told[0]["attributes"] == [
        {"key": "n", "value": {"intValue": "1"}}, {"key": "text", "value": {"stringValue": "封签"}}
    ]  # fmt: skip
    assert {"key": "service.name", "value": {"stringValue": "uplink"}} in resource["resource"]["attributes"]
    assert (len(trace_id(COMMITMENTS[0])), len(span_id(COMMITMENTS[0], "live.push"))) == (32, 16)


def test_a_part_of_all_facts_is_the_same_part_for_everybody() -> None:
    one, other = Tracer(NOWHERE, "edge", ratio=0.25), Tracer(NOWHERE, "web", ratio=0.25)
    picked = [one.picks(commitment) for commitment in COMMITMENTS]
    assert picked == [other.picks(commitment) for commitment in COMMITMENTS]
    assert 20 < sum(picked) < 80
    one.close()
    other.close()


def test_a_receiver_that_is_not_there_costs_its_spans_and_nothing_else() -> None:
    tracer = Tracer(NOWHERE, "edge")
    for commitment in COMMITMENTS:
        tracer.tell("edge.record", commitment, 1, 2)
    tracer.close()
    assert tracer.dropped == len(COMMITMENTS)
