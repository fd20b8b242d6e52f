"""The outermost ASGI layer:
admits the caller, counts the request, passes it on or answers itself, and logs it.
"""

import asyncio
import time
from collections.abc import Mapping

from service_kit.process.logs import RequestLog, logger
from service_kit.process.metrics import Metrics
from service_kit.store.sqlstates import OutcomeUnknown, TransactionRolledBack
from service_kit.web.handlers import DATABASE_SILENT, PROCESS_STOPS, SOMETHING_WRONG
from service_kit.web.problems import Problems
from service_kit.words.errors import Invalid, Malformed, Refusal, TooManyRequests
from service_kit.words.messages import said
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.contract.paths import PREFIX, SHARED, Paths
from gateway.edge.cors import Cors
from gateway.edge.doorkeeper import Admitted, Doorkeeper, source_in, target_of, ticket_in
from gateway.edge.exchange import Exchange
from gateway.edge.request_body import BodyReading
from gateway.limit.allowance import Allowances, Local
from gateway.proxy.forward import AnswerBroken, CallerGone, forward
from gateway.proxy.headers import ClientAddress, forwarding, value_of
from gateway.proxy.upstream import Upstream, UpstreamFailed
from gateway.services import GATEWAY, SERVICES

log = logger(__name__)
# Watched by machines every second: neither counted nor logged.
UNCOUNTED = frozenset({"/livez", "/readyz", "/metrics"})
# A length of so many digits is that of an upload, not of a JSON body.
LONG_LENGTH = 6
LONGEST_POLL_SECONDS = 30
FAILURES = {"unreachable": 503, "slow": 504, "broken": 502}
SOURCES = (*SERVICES, GATEWAY)


class SourceUnknown(Invalid):
    """What every service has, such as events and audit entries, is asked of one at a time:
    name it in the query parameter `source`.
    """


class FrontDoor:
    """`own` is the gateway's own app;
    what others answer, by `paths`, goes to the services in `upstreams`.
    """

    def __init__(
        self,
        own: ASGIApp,
        paths: Paths,
        upstreams: Mapping[str, Upstream],
        doorkeeper: Doorkeeper,
        shared: Allowances,
        *,
        cors: Cors,
        addresses: ClientAddress,
        metrics: Metrics,
        problems: Problems,
        answer_seconds: float,
        upload_seconds: float,
        idle_seconds: float,
        is_logging: bool,
    ) -> None:
        self._own = own
        self._paths = paths
        self._upstreams = upstreams
        self._doorkeeper = doorkeeper
        self._shared = shared
        self._local = Allowances(Local())
        self._cors = cors
        self._addresses = addresses
        self._metrics = metrics
        self._problems = problems
        self._answer_seconds = answer_seconds
        self._upload_seconds = upload_seconds
        self._idle_seconds = idle_seconds
        self._log = RequestLog(metrics.service) if is_logging else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._own(scope, receive, send)
            return
        reading = BodyReading(
            receive, scope["headers"], pause=self._idle_seconds, whole=self._upload_seconds
        )
        exchange = Exchange(scope, reading, send, self._cors)
        try:
            await self._answer(exchange)
        except Refusal as refusal:
            await exchange.respond(self._problems.of_refusal(exchange.scope, refusal))
        except UpstreamFailed as failure:
            await self._explain(
                exchange,
                FAILURES[failure.reason],
                said("{service}: {why}.", service=exchange.target, why=failure.description),
            )
        except (TransactionRolledBack, OutcomeUnknown):
            await self._explain(exchange, 503, DATABASE_SILENT)
        except asyncio.CancelledError:
            # The process stops and the request has had its time: the server would call it an error
            # of ours.
            if not exchange.status:
                await self._explain(exchange, 503, PROCESS_STOPS)
            raise
        except CallerGone:
            exchange.status = exchange.status or 499
        except AnswerBroken:
            # The server closes the connection of an app that fails in the middle of its answer.
            raise
        except Exception:
            log.exception("unexpected error", request_id=exchange.request_id, path=scope["path"])
            await self._explain(exchange, 500, SOMETHING_WRONG)
        finally:
            self._finish(exchange)

    async def _explain(self, exchange: Exchange, status: int, detail: str) -> None:
        await exchange.respond(self._problems.answer(exchange.scope, status, detail=detail))

    async def _answer(self, exchange: Exchange) -> None:
        scope = exchange.scope
        client = scope.get("client")
        address = self._addresses.of(client[0] if client else "unknown", scope["headers"])
        stranger = self._doorkeeper.stranger(address)
        if self._cors.is_preflight(scope["method"], scope["headers"]):
            exchange.added += self._cors.preflight(scope["headers"])
            await self._count(exchange, stranger)
            await exchange.respond(Response(status_code=204))
            return
        if scope["path"] in UNCOUNTED:
            exchange.stand(self._local.standing(stranger.account, stranger.policy))
        else:
            try:
                admitted = await self._admitted(exchange, address, stranger)
            except Refusal:
                await self._count(exchange, stranger)
                raise
            await self._count(exchange, admitted)
        await self._dispatch(exchange, address)

    async def _admitted(self, exchange: Exchange, address: str, stranger: Admitted) -> Admitted:
        """Who calls; pages and the token endpoint are for everybody."""
        scope = exchange.scope
        if not scope["path"].startswith(PREFIX):
            return stranger
        if exchange.is_ambiguous:
            raise Malformed("the Authorization header is given once")
        found = ticket_in(scope["query_string"]) if scope["method"] == "GET" else None
        # Whoever makes up keys and tickets is refused before the database is asked, once the
        # address has used up its limit.
        may_look_up = not self._local.is_drained(stranger.account)
        if found is None:
            admitted = await self._doorkeeper.admit(
                exchange.headers.get(b"authorization"), address, may_look_up=may_look_up
            )
        else:
            admitted = await self._doorkeeper.admit_by_ticket(
                found[0], scope["path"], may_look_up=may_look_up
            )
            scope["query_string"] = found[1]
        if admitted.authorization is not None:
            kept = [pair for pair in scope["headers"] if pair[0] != b"authorization"]
            scope["headers"] = [*kept, (b"authorization", admitted.authorization)]
        return admitted

    async def _count(self, exchange: Exchange, admitted: Admitted) -> None:
        allowances = self._shared if admitted.is_client else self._local
        verdict = await allowances.spend(admitted.account, admitted.policy)
        for account, policy in admitted.above if verdict.is_allowed else ():
            shared = await allowances.spend(account, policy)
            if not shared.is_allowed:
                verdict = shared
                break
        exchange.account = admitted.account if admitted.is_client else "-"
        exchange.stand(verdict)
        if not verdict.is_allowed:
            raise TooManyRequests(retry_after=verdict.retry_after)

    async def _dispatch(self, exchange: Exchange, address: str) -> None:
        scope = exchange.scope
        service = self._paths.owner_of(scope["path"])
        if service == SHARED:
            service = self._named_source(exchange)
        if service == GATEWAY:
            # Our own app observes it, by its route.
            exchange.is_observed = True
            headers = [
                pair
                for pair in scope["headers"]
                if pair[0] not in (b"x-request-id", b"traceparent")
            ]
            scope["headers"] = [*headers, *exchange.identity]
            exchange.target = GATEWAY
            await self._own(scope, exchange.receive, exchange.send)
            return
        exchange.target = service
        host = exchange.headers.get(b"host", b"")
        await forward(
            scope,
            exchange.receive,
            exchange.send,
            self._upstreams[service],
            target=target_of(
                scope.get("raw_path") or scope["path"].encode(), scope["query_string"]
            ),
            added=[
                *exchange.identity,
                (b"host", host),
                *forwarding(address, host, scope["scheme"]),
            ],
            within=self._deadline(exchange),
        )

    def _named_source(self, exchange: Exchange) -> str:
        """The service that `source` names, or GATEWAY,
        which also answers when the method or the token is wrong.
        """
        scope = exchange.scope
        source, rest = source_in(scope["query_string"])
        if source in SOURCES:
            exchange.source, scope["query_string"] = source, rest
            return source
        if (
            _is_method_of_shared(scope["path"], scope["method"])
            and value_of(scope["headers"], b"authorization") is not None
        ):
            raise SourceUnknown(
                said("source is one of {sources}", sources=", ".join(SOURCES)),
                pointer="query/source",
            )
        if b"source=" not in scope["query_string"]:
            # A parameter that it does not know keeps our own app from taking the request for one to
            # itself.
            scope["query_string"] += b"&source="
        return GATEWAY

    def _deadline(self, exchange: Exchange) -> float:
        """How long the service may take once it has the body:
        uploads may take their time, long polls ask for theirs.
        """
        if (
            b"transfer-encoding" in exchange.headers
            or len(exchange.headers.get(b"content-length", b"")) > LONG_LENGTH
        ):
            return self._upload_seconds
        return self._answer_seconds + (
            LONGEST_POLL_SECONDS if b"wait=" in exchange.scope["query_string"] else 0
        )

    def _finish(self, exchange: Exchange) -> None:
        path, seconds = exchange.scope["path"], time.perf_counter() - exchange.started
        if not exchange.is_observed:
            self._metrics.answered(
                method=exchange.method,
                route=exchange.target,
                status=exchange.status,
                seconds=seconds,
            )
        if self._log is not None and path not in UNCOUNTED:
            # The query may hold phone numbers and names: it is not logged.
            self._log.write(
                method=exchange.method,
                path=path[:200],
                target=exchange.target,
                account=exchange.account,
                status=exchange.status,
                milliseconds=round(seconds * 1000, 1),
                request_id=exchange.request_id,
                trace_id=exchange.trace_id,
            )


def _is_method_of_shared(path: str, method: str) -> bool:
    """Whether the method fits:
    what every service has is read, and something is done to what lies below it.
    """
    return method == ("POST" if "/" in path.removeprefix(PREFIX) else "GET")
