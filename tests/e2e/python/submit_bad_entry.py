"""Submits bad entries to a gateway, as a desk with a certificate, and prints what the gateway says of each.

A client of foreign make: grpcio over its own TLS stack, stubs generated from the wire contract at run time, the error details read
with googleapis' own classes. Prints one JSON object: for each entry its canonical code and its google.rpc.ErrorInfo.

usage: submit_bad_entry.py PROTO ENTRY GATEWAY_ADDRESS GATEWAY_NAME ROOT_PEM CERTIFICATE_PEM KEY_PEM PASSPHRASE_FILE
"""

import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from grpc_tools import protoc

FILES = ["rogatory/types/v1/types.proto", "rogatory/desk/v1/submission.proto"]


def generate_stubs(proto, folder):
    arguments = ["protoc", f"-I{proto}", f"--python_out={folder}", f"--grpc_python_out={folder}", *FILES]
    if protoc.main(arguments) != 0:
        raise SystemExit("protoc does not take the wire contract")
    sys.path.insert(0, folder)
    messages = importlib.import_module("rogatory.desk.v1.submission_pb2")
    services = importlib.import_module("rogatory.desk.v1.submission_pb2_grpc")
    return messages, services, importlib.import_module("rogatory.types.v1.types_pb2")


def opened_key(key, passphrase, folder):
    """grpcio takes keys in clear only: openssl opens it into a file that only we may read."""
    clear = os.path.join(folder, "key.pem")
    os.close(os.open(clear, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    subprocess.run(["openssl", "pkey", "-in", key, "-passin", f"file:{passphrase}", "-out", clear], check=True)
    return pathlib.Path(clear).read_bytes()


def bad_entries(types, entry):
    """Each the good entry with one thing spoilt."""

    def spoilt(change):
        copy = types.Entry()
        copy.CopyFrom(entry)
        change(copy)
        return copy

    def flip(signature):
        signature.signature = bytes([signature.signature[0] ^ 1]) + signature.signature[1:]

    def header(change):
        def spoil(copy):
            changed = types.Header.FromString(copy.header)
            change(changed)
            copy.header = changed.SerializeToString()

        return spoil

    yield "forged_desk_signature", spoilt(lambda copy: flip(copy.desk))
    yield "forged_officer_signature", spoilt(lambda copy: flip(copy.officers[0].signature))
    yield "changed_after_signing", spoilt(header(lambda changed: setattr(changed.measures[0], "subjects", 7)))
    yield "unknown_field_in_header", spoilt(lambda copy: setattr(copy, "header", copy.header + b"\xf8\x07\x01"))
    yield "sender_of_another_state", spoilt(header(lambda changed: setattr(changed, "sender", "FR:central")))
    yield "wildcard_selector", spoilt(header(lambda changed: changed.measures[0].selectors.append(99)))
    yield "empty", types.Entry()
    yield "sealed_body_too_large", spoilt(lambda copy: setattr(copy, "sealed", b"x" * (4 * 1024 * 1024 + 1)))


def told(call):
    try:
        call()
    except grpc.RpcError as error:
        status = rpc_status.from_call(error)
        info = error_details_pb2.ErrorInfo()
        found = [detail for detail in (status.details if status else []) if detail.Unpack(info)]
        answer = {"code": error.code().name, "message": error.details()}
        if found:
            answer["info"] = {"reason": info.reason, "domain": info.domain, "metadata": dict(info.metadata)}
        return answer
    return {"code": "OK"}


def main():
    proto, entry, address, name, root, certificate, key, passphrase = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        messages, services, types = generate_stubs(proto, folder)
        credentials = grpc.ssl_channel_credentials(
            root_certificates=pathlib.Path(root).read_bytes(),
            private_key=opened_key(key, passphrase, folder),
            certificate_chain=pathlib.Path(certificate).read_bytes(),
        )
    options = [("grpc.ssl_target_name_override", name), ("grpc.max_send_message_length", -1)]
    good = types.Entry.FromString(pathlib.Path(entry).read_bytes())
    with grpc.secure_channel(address, credentials, options) as channel:
        client = services.SubmissionServiceStub(channel)
        submit = lambda entry: client.Submit(messages.SubmitRequest(entry=entry), timeout=20)
        answers = {what: told(lambda: submit(entry)) for what, entry in bad_entries(types, good)}
        # The good one last: it shows that nothing but what was spoilt stood in the way.
        answers["as_it_was_signed"] = told(lambda: submit(good))
        answers["directories"] = len(client.ListDirectories(messages.ListDirectoriesRequest(), timeout=20).foreign)
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
