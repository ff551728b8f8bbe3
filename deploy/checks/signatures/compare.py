"""Compares which webhooks Muster takes with Twilio's own validator (rule I1), on generated requests.

    cd deploy/checks/signatures && python3 compare.py [requests] [seed]

Makes a virtual environment of its own beside this file, with the package `twilio` from PyPI. Muster's answers come from the code
that the api runs (`shared/carrier/examples/verify_lines.rs`). Ends with 1 when the two disagree.
"""

import base64
import json
import logging
import os
import pathlib
import random
import subprocess
import sys
import venv
from hashlib import sha256
from urllib.parse import parse_qsl, quote_plus

HERE = pathlib.Path(__file__).resolve().parent
ENVIRONMENT = HERE / ".venv"
TWILIO = "twilio==9.13.0"


def in_own_environment():
    """Goes on in the environment that has the validator."""
    python = ENVIRONMENT / "bin" / "python"
    if pathlib.Path(sys.prefix).resolve() == ENVIRONMENT.resolve():
        return
    if not (ENVIRONMENT / "complete").exists():
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", TWILIO], check=True)
        (ENVIRONMENT / "complete").touch()
    os.execv(python, [str(python), __file__, *sys.argv[1:]])


class Fields:
    """A form as web frameworks hand it to the validator: names with lists of values."""

    def __init__(self, pairs):
        self.pairs = pairs

    def __iter__(self):
        return iter(name for name, _ in self.pairs)

    def __len__(self):
        return len(self.pairs)

    def getlist(self, name):
        return [value for key, value in self.pairs if key == name]


NUMBERS = ["+16465550000", "+442071838750", "22395", "MUSTER", "whatsapp:+16465550000", ""]
TEXTS = ["STOP", "", " ", "Yes & no = 1+1", "¿Qué?", "漢字", "👍🏽 ok", "a%20b", "line\r\nbreak", "‘quoted’", "x" * 1600]
NAMES = ["MessageSid", "From", "To", "Body", "NumMedia", "OptOutType", "New", "Añadido", "a b", "A", "a", ""]
HOSTS = ["muster.example", "127.0.0.1", "Muster.Example", "sms.muster.example"]
BASES = ["", "/", "/below", "/below/"]
PATHS = ["/v1/webhooks/twilio/inbound", "/v1/webhooks/twilio/inbound/", "/v1/webhooks/twilio/status/0193"]
QUERIES = ["", "?", "?a=1", "?b=2&a=1", "?a=&b", "?a=%C3%A9&a=+", "?a=1&a=1", "?x=http://y:80/"]
FORM = ["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-Urlencoded"]
OTHER = ["application/json", "text/plain", "application/json; charset=utf-8"]


def draw(dice, validator):
    """A request as Muster gets it, and what the validator is asked: URL, parameters, signature and algorithm."""
    scheme = dice.choice(["https", "http"])
    usual = "443" if scheme == "https" else "80"
    port = dice.choice(["", "", "", ":" + usual, ":8443"])
    public_url = f"{scheme}://{dice.choice(HOSTS)}{port}{dice.choice(BASES)}"
    target = dice.choice(PATHS) + dice.choice(QUERIES)
    other = dice.random() < 0.2
    if other:
        kind = dice.choice(OTHER)
        text = dice.choice(["", json.dumps({"MessageSid": "SM1", "Body": dice.choice(TEXTS)}), "no json", "é"])
        body, params = text.encode(), text
        said = dice.choice([text, text, text, text + " "])
        if text or dice.random() < 0.5:
            # A hash that is blank counts as none, which is right where there is no body.
            hashed = sha256(said.encode()).hexdigest() if text or dice.random() < 0.5 else ""
            target += ("&" if "?" in target else "?") + f"bodySHA256={hashed}"
    else:
        kind = dice.choice(FORM)
        pairs = [(dice.choice(NAMES), dice.choice(NUMBERS + TEXTS)) for _ in range(dice.randrange(12))]
        # Pairs that come twice, and fields with many values.
        pairs += [dice.choice(pairs) for _ in range(dice.randrange(4)) if pairs]
        dice.shuffle(pairs)
        body = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs).encode()
        params = Fields(parse_qsl(body.decode(), keep_blank_values=True))
    url = public_url.rstrip("/") + target
    algorithm = dice.choice([None] * 8 + ["HMAC_SHA1", "HMAC_SHA256", "hmac_sha256", "MD5"])
    # Signed as it stands, with or without a port, over other parameters, or by somebody else.
    host = url.split("/")[2]
    bare = host.split(":")[0]
    signed = url.replace(f"//{host}", "//" + dice.choice([host, host, host, bare, f"{bare}:{usual}", f"{bare}:8443", f"{bare}:1"]), 1)
    if dice.random() < 0.1:
        signed = dice.choice([signed + "/", signed.replace("://", "://www.", 1), signed.lower(), signed.replace("http", "ftp", 1)])
    fields = [] if other else list(params.pairs)
    if fields and dice.random() < 0.3:
        at = dice.randrange(len(fields))
        change = dice.choice(["drop", "twice", "case", "value"])
        name, value = fields[at]
        fields[at : at + 1] = {
            "drop": [],
            "twice": [(name, value), (name, value)],
            "case": [(name.swapcase(), value)],
            "value": [(name, value + " ")],
        }[change]
    signer = validator if dice.random() < 0.9 else type(validator)("another token")
    used = algorithm if algorithm and algorithm.upper() != "MD5" else None
    if dice.random() < 0.1:
        used = dice.choice([None, "HMAC_SHA256"])
    signature = signer.compute_signature(signed.removesuffix("?"), Fields(fields) if fields else {}, used)
    if dice.random() < 0.05:
        signature = dice.choice(["", signature[:-1], signature.lower(), signature + "=", "nonsense"])
    request = {
        "token": "12345",
        "public_url": public_url,
        "target": target,
        "content_type": kind,
        "signature": signature,
        "settings": f"key=webhooks_sharedkey_1,algorithm={algorithm}" if algorithm else dice.choice([None, "", "key=1"]),
        "body": base64.b64encode(body).decode(),
    }
    return request, (url, params, signature, algorithm)


def main():
    from twilio.request_validator import RequestValidator

    # It warns of each algorithm that it does not know, which are among the draws.
    logging.disable(logging.WARNING)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    dice = random.Random(seed)
    validator = RequestValidator("12345")
    drawn = [draw(dice, validator) for _ in range(count)]
    ask = ["cargo", "run", "--quiet", "-p", "muster-carrier", "--example", "verify_lines"]
    # MUSTER_VERIFY_LINES names the example where it is built already.
    ask = [os.environ["MUSTER_VERIFY_LINES"]] if "MUSTER_VERIFY_LINES" in os.environ else ask
    lines = "".join(json.dumps(request) + "\n" for request, _ in drawn)
    answers = subprocess.run(ask, input=lines, capture_output=True, text=True, check=True, cwd=HERE).stdout.split()
    assert len(answers) == count, f"{len(answers)} answers to {count} requests"
    disagreements, taken = [], 0
    for (request, (url, params, signature, algorithm)), ours in zip(drawn, answers):
        theirs = validator.validate(url, params, signature, algorithm)
        taken += theirs
        if theirs != (ours == "true"):
            disagreements.append((theirs, ours, url, request))
    print(f"{count} requests, seed {seed}: {taken} right, {count - taken} wrong by Twilio's validator; {len(disagreements)} disagreements")
    for theirs, ours, url, request in disagreements[:10]:
        print(f"\ntheirs {theirs}, ours {ours}: {url}\n  {json.dumps(request)}")
    sys.exit(1 if disagreements else 0)


if __name__ == "__main__":
    in_own_environment()
    main()
