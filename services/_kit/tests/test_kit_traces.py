"""Trace context: a valid one is continued with a span of ours, anything else begins a new trace."""

import pytest
from service_kit.process.traces import continued, trace_id

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize("flags", ["00", "01"])
def test_a_valid_context_keeps_its_trace_and_its_flags(flags):
    step = continued(f"00-{TRACE}-{SPAN}-{flags}")

    assert trace_id(step) == TRACE
    assert step.endswith(f"-{flags}")
    assert SPAN not in step


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
    ],
)
def test_what_is_no_context_begins_a_trace_of_its_own(header):
    step = continued(header)

    assert TRACE not in step
    assert continued(step)[:36] == step[:36]
