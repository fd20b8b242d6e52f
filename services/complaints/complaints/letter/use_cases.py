"""What a letter to the customer says, gathered from the case."""

from collections.abc import Mapping
from datetime import datetime

from complaints.case.domain import Complaint
from complaints.letter.document import Matter


def matter_of(
    complaint: Complaint,
    validity: Mapping[str, object],
    *,
    customer: str,
    company: str,
    time_zone: str,
    at: datetime,
) -> Matter:
    """`validity` is what was written down when the complaint was judged."""
    proposal = complaint.proposal
    return Matter(
        company=company,
        number=complaint.number,
        title=complaint.report.title,
        received_at=complaint.report.received_at,
        written_at=at,
        time_zone=time_zone,
        customer=customer,
        verdict=complaint.verdict,
        reason=str(validity.get("reason", "")),
        problem=proposal.problem_restated if proposal else "",
        remedies=proposal.remedies if proposal else (),
        department=complaint.department,
    )
