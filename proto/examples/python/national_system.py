"""A national case-management system beside a desk, as small as it can be: drafts, preflight, events, webhooks.

    python -m pip install grpcio grpcio-tools grpcio-status standardwebhooks

    national_system.py --desk STATE/desks/central/desk.sock save request.json --to FR:central --key FILE-2026-17
    national_system.py --desk … preflight CASE
    national_system.py --desk … watch --into system.db [--once]
    national_system.py          receive --into system.db --secret secret.txt --port 8099

It runs on the desk's machine as the desk's user: the desk answers nobody else. Each command prints JSON, a line a thing; an error of the
desk goes to standard error with its reason and what to do next, and ends with exit code 1.
"""

import argparse
import contextlib
import http.server
import importlib
import json
import pathlib
import sqlite3
import sys
import tempfile
import time

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

PROTO = pathlib.Path(__file__).resolve().parents[2]
# More than any webhook of a desk has: ids only.
WEBHOOK_BYTES_MAX = 64 * 1024


def tell(**what):
    print(json.dumps(what), flush=True)


# The connection to the desk.


def stubs(folder):
    """The generated messages and services; generated now where they are not in the folder."""
    name = "rogatory/desk/v1/case"
    if not (folder / f"{name}_pb2_grpc.py").exists():
        from grpc_tools import protoc

        if protoc.main(["protoc", f"-I{PROTO}", f"--python_out={folder}", f"--grpc_python_out={folder}", f"{name}.proto"]):
            raise SystemExit("protoc does not take the wire contract")
    sys.path.insert(0, str(folder))
    return [importlib.import_module(name.replace("/", ".") + suffix) for suffix in ("_pb2", "_pb2_grpc")]


def connect(socket, services):
    # A path is no name of a server: without this, grpc would say it in each call, and the desk's HTTP/2 refuses it.
    channel = grpc.insecure_channel(f"unix:{pathlib.Path(socket).resolve()}", [("grpc.default_authority", "localhost")])
    return services.CaseServiceStub(channel)


def reason(error):
    """What the desk says of an error beside its code: google.rpc.ErrorInfo."""
    status, info = rpc_status.from_call(error), error_details_pb2.ErrorInfo()
    known = status is not None and any(detail.Unpack(info) for detail in status.details)
    return {"reason": info.reason, **info.metadata} if known else {}


# Commands.


def save(desk, messages, options):
    """Saves a draft. Under its key it is saved once, however often this is run: after a crash, run it again."""
    request = messages.SaveDraftRequest(body=pathlib.Path(options.request).read_bytes(), recipient=options.to, case_id=options.case)
    answer, call = desk.SaveDraft.with_call(request, metadata=[("idempotency-key", options.key)], timeout=30)
    replayed = ("idempotency-replayed", "true") in [(one.key, one.value) for one in call.initial_metadata()]
    findings = [{"code": one.code, "field": one.field, "message": one.message} for one in answer.findings]
    tell(case=answer.case_id, replayed=replayed, findings=findings)


def preflight(desk, messages, options):
    answer = desk.Preflight(messages.PreflightRequest(case_id=options.case), timeout=30)
    tell(would_pass=answer.would_pass, findings=[{"code": one.code, "remedy": one.remedy} for one in answer.findings])


def watch(desk, messages, options):
    """Follows the desk's events. What is done with an event and the cursor are one transaction: nothing is lost, nothing done twice."""
    with contextlib.closing(open_database(options.into)) as database:
        pause = 0.1
        while True:
            (after,) = database.execute("SELECT coalesce(max(cursor), ?) FROM event", (options.after,)).fetchone()
            try:
                for event in desk.WatchEvents(messages.WatchEventsRequest(after=after, backlog_only=options.once)):
                    with database:
                        row = (event.cursor, event.case_id, event.kind, event.entry_id.hex())
                        database.execute("INSERT INTO event VALUES (?, ?, ?, ?)", row)
                    tell(cursor=event.cursor, case=event.case_id, kind=event.kind)
                    pause = 0.1
            except grpc.RpcError as error:
                # The desk is away, or ends: it will be back. Everything else is for people.
                if options.once or error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN):
                    raise
            if options.once:
                return
            time.sleep(pause)
            pause = min(2 * pause, 2.0)


def receive(options):
    """Takes webhooks: verified, then kept once, then answered. Another attempt bears the same id."""
    secret = pathlib.Path(options.secret).read_text().strip()
    open_database(options.into).close()

    class Receiver(http.server.BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self):
            length = int(self.headers.get("content-length", "-1"))
            if not 0 <= length <= WEBHOOK_BYTES_MAX:
                return self.answer(413)
            body, headers = self.rfile.read(length), dict(self.headers)
            try:
                event = Webhook(secret).verify(body, headers)
            except WebhookVerificationError as error:
                tell(refused=str(error))
                return self.answer(401)
            row = (event["id"], event["data"].get("cursor"), event["type"], body.decode(), json.dumps(headers))
            with contextlib.closing(open_database(options.into)) as database, database:
                new = database.execute("INSERT OR IGNORE INTO delivery VALUES (?, ?, ?, ?, ?)", row).rowcount
            tell(delivered=event["id"], new=bool(new))
            return self.answer(204)

        def answer(self, code):
            self.send_response(code)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Receiver)
    tell(event="ready", port=server.server_port)
    server.serve_forever()


def open_database(path):
    database = sqlite3.connect(path, timeout=30)
    database.execute("CREATE TABLE IF NOT EXISTS event (cursor INTEGER PRIMARY KEY, case_id, kind, entry_id)")
    database.execute("CREATE TABLE IF NOT EXISTS delivery (id PRIMARY KEY, cursor, type, body, headers)")
    return database


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--desk", default="desk.sock", help="the desk's socket")
    parser.add_argument("--stubs", type=pathlib.Path, help="a folder for what is generated of the wire contract")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("save", help="save a draft")
    one.add_argument("request", help="JSON of records/request/1")
    one.add_argument("--to", default="", help="as in FR:central")
    one.add_argument("--case", default="", help="the draft to save again")
    one.add_argument("--key", required=True, help="what this change is called here: a repetition bears the same")
    one = commands.add_parser("preflight", help="hold a draft against the treaty")
    one.add_argument("case")
    one = commands.add_parser("watch", help="follow the events")
    one.add_argument("--into", required=True, help="an SQLite file")
    one.add_argument("--after", type=int, default=0, help="where a new file begins")
    one.add_argument("--once", action="store_true", help="end when all is told that has happened")
    one = commands.add_parser("receive", help="take webhooks")
    one.add_argument("--into", required=True, help="an SQLite file")
    one.add_argument("--secret", required=True, help="the file with whsec_…")
    one.add_argument("--port", type=int, default=0)
    return parser.parse_args()


def main():
    options = arguments()
    if options.command == "receive":
        return receive(options)
    with tempfile.TemporaryDirectory() as folder:
        messages, services = stubs(options.stubs or pathlib.Path(folder))
    desk = connect(options.desk, services)
    try:
        {"save": save, "preflight": preflight, "watch": watch}[options.command](desk, messages, options)
    except grpc.RpcError as error:
        print(json.dumps({"code": error.code().name, "message": error.details(), **reason(error)}), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
