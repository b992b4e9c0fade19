"""A store of objects (moto) that lets in only requests that are signed rightly, and changes what is asked of it.

Usage: store.py serve PORT | store.py put URL BUCKET KEY FILE ... | store.py many URL BUCKET PREFIX COUNT
       store.py list URL BUCKET PREFIX | store.py get URL BUCKET KEY
Presigned requests are verified with the signing code of botocore; what boto3 sends itself is let through.
"""

import sys
from urllib.parse import parse_qsl, quote, urlsplit

ACCESS, SECRET, REGION = "seawall-access", "seawall-secret/+=", "us-east-1"


def refusal(environ):
    """Returns why a request is not let in."""
    from botocore.auth import S3SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    if environ.get("HTTP_AUTHORIZATION"):
        return None
    target = environ["RAW_URI"] if "RAW_URI" in environ else environ["REQUEST_URI"]
    split = urlsplit(target)
    query = parse_qsl(split.query, keep_blank_values=True)
    said = dict(query)
    signed = said.pop("X-Amz-Signature", None)
    if signed is None:
        return "it is not signed"
    if said.get("X-Amz-Credential", "").split("/")[0] != ACCESS:
        return "nobody knows this access key"
    rest = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in sorted(said.items()))
    host = environ["HTTP_HOST"]
    request = AWSRequest(environ["REQUEST_METHOD"], f"http://{host}{split.path}?{rest}")
    for name in said["X-Amz-SignedHeaders"].split(";"):
        request.headers[name] = environ["HTTP_" + name.upper().replace("-", "_")]
    for name in environ:
        if name.startswith("HTTP_X_AMZ_") and name[5:].lower().replace("_", "-") not in said["X-Amz-SignedHeaders"]:
            return f"{name} is not signed"
    auth = S3SigV4QueryAuth(Credentials(ACCESS, SECRET), "s3", REGION)
    request.context["timestamp"] = said["X-Amz-Date"]
    text = auth.string_to_sign(request, auth.canonical_request(request))
    return None if auth.signature(text, request) == signed else "the signature is another one"


def serve(port):
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, run_simple

    class Handler(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

    store = DomainDispatcherApplication(create_backend_app)

    def app(environ, start):
        why = refusal(environ)
        if why is None:
            return store(environ, start)
        body = f"<Error><Code>SignatureDoesNotMatch</Code><Message>{why}</Message></Error>".encode()
        start("403 Forbidden", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [body]

    run_simple("127.0.0.1", port, app, threaded=True, request_handler=Handler)


def client(url):
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=ACCESS,
        aws_secret_access_key=SECRET,
        config=Config(s3={"addressing_style": "path"}),
    )


def main():
    what, rest = sys.argv[1], sys.argv[2:]
    if what == "serve":
        return serve(int(rest[0]))
    s3, bucket = client(rest[0]), rest[1]
    if what == "put":
        if bucket not in [known["Name"] for known in s3.list_buckets()["Buckets"]]:
            s3.create_bucket(Bucket=bucket)
        for key, file in zip(rest[2::2], rest[3::2]):
            s3.put_object(Bucket=bucket, Key=key, Body=open(file, "rb").read())
    elif what == "many":
        for n in range(int(rest[3])):
            s3.put_object(Bucket=bucket, Key=f"{rest[2]}{n:05}.csv", Body=f"ID,TEXT\n{n},one of many\n".encode())
    elif what == "list":
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=rest[2]):
            for found in page.get("Contents", []):
                print(found["Key"])
    elif what == "get":
        sys.stdout.buffer.write(s3.get_object(Bucket=bucket, Key=rest[2])["Body"].read())


main()
