"""A bgs-simulator process of a test's own, and an independent little SOAP client for it.

The client is written against the wire only (lib/bgs/README.md, facts 1 to 5); nothing of lib/ is used.
"""

import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import urllib.parse
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
VAWS = "http://vbawebservices.vba.va.gov/vawss"
VONAPP = "services.vonapp.vba.va.gov/"

SERVICES = {
    "proc": ("/VnpProcWebServiceBeanV2/VnpProcServiceV2", "http://procService.services.v2.vonapp.vba.va.gov/"),
    "procForm": ("/VnpProcFormWebServiceBean/VnpProcFormService", "http://procFormService." + VONAPP),
    "ptcpnt": ("/VnpPtcpntWebServiceBean/VnpPtcpntService", "http://ptcpntService." + VONAPP),
    "person": ("/VnpPersonWebServiceBean/VnpPersonService", "http://personService." + VONAPP),
    "addrs": ("/VnpPtcpntAddrsWebServiceBean/VnpPtcpntAddrsService", "http://ptcpntAddrsService." + VONAPP),
    "phone": ("/VnpPtcpntPhoneWebServiceBean/VnpPtcpntPhoneService", "http://ptcpntPhoneService." + VONAPP),
    "childSchool": ("/VnpChildSchoolWebServiceBean/VnpChildSchoolService", "http://childSchoolService." + VONAPP),
    "childStudent": ("/VnpChildStudentWebServiceBean/VnpChildStudentService", "http://childStudentService." + VONAPP),
    "rlnshp": ("/VnpPtcpntRlnshpWebServiceBean/VnpPtcpntRlnshpService", "http://ptcpntRlnshpService." + VONAPP),
    "vnpClaim": ("/VnpBnftClaimWebServiceBean/VnpBnftClaimService", "http://bnftClaimService." + VONAPP),
    "claim": ("/BenefitClaimServiceBean/BenefitClaimWebService", "http://services.share.benefits.vba.va.gov/"),
    "claimV1": ("/BenefitClaimWebServiceBean/BenefitClaimWebServiceV1",
                "http://benefitclaim.services.vetsnet.vba.va.gov/"),
    "stdData": ("/StandardDataWebServiceBean/StandardDataWebService",
                "http://standarddata.services.vetsnet.vba.va.gov/"),
    "routing": ("/RORoutingServiceWS/RORoutingService",
                "http://www.va.gov/vba/corp/schema/roRoutingService/v20101101"),
    "notes": ("/DevelopmentNotesService/DevelopmentNotesService", "http://services.mapd.benefits.vba.va.gov/"),
}

NIL = object()
JOURNAL = {"jrnDt": "2026-01-15T18:30:00Z", "jrnLctnId": "281", "jrnStatusTypeCd": "U",
           "jrnUserId": "VAgovAPI", "jrnObjId": "VAgovAPI"}


def elements(values, prefix=""):
    """Element XML of a dict: None is left out, NIL sent as nil, a dict nested, a list repeated."""
    text = ""
    for name, value in values.items():
        if value is None:
            continue
        if value is NIL:
            text += f'<{prefix}{name} xmlns:xsi="{XSI}" xsi:nil="true"/>'
        elif isinstance(value, dict):
            text += f"<{prefix}{name}>{elements(value, prefix)}</{prefix}{name}>"
        else:
            text += f"<{prefix}{name}>{escape(str(value))}</{prefix}{name}>"
    return text


def envelope(namespace, operation, inner, username="VAgovAPI", uid="uid", key="key", header=None):
    if header is None:
        header = (f'<w:Security xmlns:w="{WSSE}"><w:UsernameToken><w:Username>{username}</w:Username>'
                  f'</w:UsernameToken><v:VaServiceHeaders xmlns:v="{VAWS}"><v:CLIENT_MACHINE>10.0.0.1'
                  f'</v:CLIENT_MACHINE><v:STN_ID>281</v:STN_ID><v:applicationName>VAgovAPI'
                  f'</v:applicationName><v:ExternalUid>{uid}</v:ExternalUid><v:ExternalKey>{key}'
                  f'</v:ExternalKey></v:VaServiceHeaders></w:Security>')
    return (f'<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="{SOAP}"><e:Header>{header}'
            f'</e:Header><e:Body><t:{operation} xmlns:t="{namespace}">{inner}</t:{operation}></e:Body>'
            f'</e:Envelope>').encode()


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.text = body.decode()

    @property
    def root(self):
        return ElementTree.fromstring(self.body)

    @property
    def operation(self):
        """The element in the body."""
        return self.root.find(f"{{{SOAP}}}Body")[0]

    @property
    def fault(self):
        """faultcode, faultstring and the detail element (or None)."""
        assert self.status == 500, (self.status, self.text[:500])
        fault = self.operation
        assert fault.tag == f"{{{SOAP}}}Fault", fault.tag
        return fault.findtext("faultcode"), fault.findtext("faultstring"), fault.find("detail")

    def values(self, path="return"):
        """Name and text of what lies under one element of the reply, as a dict."""
        found = self.operation.find(path)
        return None if found is None else {child.tag: child.text or "" for child in found}

    def names(self, path="return"):
        return [child.tag for child in self.operation.find(path)]


class SimulatedBgs:
    def __init__(self, *options, **environment):
        self.folder = tempfile.mkdtemp(prefix="bgs-simulator-")
        address = os.path.join(self.folder, "address")
        self.process = subprocess.Popen(
            [os.environ["BGS_SIMULATOR"], "--address-file", address, *options],
            stderr=subprocess.PIPE, text=True, env={**os.environ, **environment})
        self.log = []
        ready = threading.Event()

        def read_log():
            for line in self.process.stderr:
                self.log.append(line)
                if '"listening"' in line:   # said once the address file is there
                    ready.set()
            ready.set()

        self.reader = threading.Thread(target=read_log, daemon=True)
        self.reader.start()
        if not ready.wait(20) or self.process.poll() is not None:
            raise RuntimeError(f"bgs-simulator did not start: {self.log}")
        with open(address) as file:
            self.url = file.read().strip().removeprefix("URL=")
        self.port = urllib.parse.urlsplit(self.url).port
        self.thread = threading.local()

    def stop(self):
        self.process.terminate()
        status = self.process.wait(20)
        self.reader.join(5)
        self.process.stderr.close()
        shutil.rmtree(self.folder)
        return status

    def http(self, method, path, body=None, headers=None, timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def control(self, method, what, document=None):
        body = None if document is None else json.dumps(document)
        reply = self.http(method, "/_simulator/" + what, body)
        if reply.status != 200:
            raise ValueError(f"{method} {what}: {reply.status} {reply.text}")
        return json.loads(reply.text)

    def state(self):
        return self.control("GET", "state")

    def ledger(self, since=0):
        return self.control("GET", f"ledger?since={since}")

    def post(self, path, body, content_type="text/xml;charset=UTF-8", timeout=30):
        return self.http("POST", path, body, {"Content-Type": content_type}, timeout)

    def call(self, service, operation, inner="", timeout=30, **header):
        path, namespace = SERVICES[service]
        if isinstance(inner, dict):
            inner = elements(inner)
        return self.post(path, envelope(namespace, operation, inner, **header), timeout=timeout)

    def vnp(self, service, operation, **values):
        """A call with its arguments in arg0, journal included."""
        return self.call(service, operation, {"arg0": {**values, **JOURNAL}})

    # ---- the calls that most tests start with

    def proc(self, state="Started"):
        return self.vnp("proc", "vnpProcCreate", vnpProcTypeCd="DEPCHG", vnpProcStateTypeCd=state,
                        creatdDt="2026-01-15T18:30:00Z").values()["vnpProcId"]

    def increment(self, ptcpnt, claim_type="130DPNEBNADJ"):
        return self.call("stdData", "findBenefitClaimTypeIncrement",
                         {"ptcpntId": ptcpnt, "bnftClaimTypeCd": claim_type, "pgmTypeCd": "CPL"})

    def insert(self, ptcpnt, modifier, **changes):
        values = {"fileNumber": f"7{ptcpnt}", "ssn": f"6{ptcpnt}", "benefitClaimType": "1", "payee": "00",
                  "endProduct": modifier, "endProductCode": "130DPNEBNADJ", "firstName": "Ada",
                  "lastName": "Example", "city": "Sampleton", "state": "PA", "postalCode": "00012",
                  "country": "USA", "disposition": "M", "sectionUnitNo": "555", "folderWithClaim": "N",
                  "endProductName": "130 - Automated Dependency 686c", "preDischargeIndicator": "N",
                  "dateOfClaim": "01/15/2026", "soj": "310", "titleName": NIL, "emailAddress": NIL,
                  "ptcpntIdClaimant": ptcpnt}
        values.update(changes)
        return self.call("claim", "insertBenefitClaim", {"benefitClaimInput": values})

    def insert_id(self, ptcpnt, modifier, **changes):
        reply = self.insert(ptcpnt, modifier, **changes)
        assert reply.status == 200, reply.text
        return reply.values("return/benefitClaimRecord")["benefitClaimID"]

    def details(self, ptcpnt):
        return self.call("claimV1", "findBnftClaimDetailByPtcpntId", {"ptcpntId": ptcpnt})

    def raw(self, *requests):
        """Sends whole requests over one connection, reading one answer after each, and then to the end.

        Returns what came for each; b"" stands for a connection closed without an answer.
        """
        answers = []
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            for request in requests:
                connection.sendall(request)
                answers.append(read_answer(connection))
        return answers

    def raw_request(self, service, operation, inner):
        path, namespace = SERVICES[service]
        body = envelope(namespace, operation, elements(inner))
        return (f"POST {path} HTTP/1.1\r\nHost: bgs\r\nContent-Type: text/xml;charset=UTF-8\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def read_answer(connection):
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                return data
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                      if line.lower().startswith(b"content-length"))
        while len(body) < length:
            more = connection.recv(65536)
            if not more:
                break
            body += more
        return head + b"\r\n\r\n" + body
    except ConnectionResetError:
        return data
