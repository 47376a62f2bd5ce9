"""What `pipelinectl why` tells of every claim group of a run, held against BGS's ledger and state, tables and topics."""

import collections
import concurrent.futures
import json
import re
import subprocess

from pipeline import PROGRAMS, hand_over
from roles import as_part
from steps import call_of

AT_ONCE = 4   # most of an answer is waiting for the broker


def why(pipeline, guid):
    """As somebody who may only look."""
    options, secrets = hand_over({"database-url": as_part(pipeline.database_url, "reader"), "kafka-brokers": pipeline.brokers,
                                  "topic-prefix": pipeline.prefix})
    done = subprocess.run([PROGRAMS / "pipelinectl", "why", guid, "--json", *options], env={**pipeline.environment, **secrets},
                          capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise AssertionError(f"why {guid}: exit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def calls_by_proc(pipeline):
    """{proc id: {operation: how often BGS has acted}}, of the calls that name a proc."""
    found = collections.defaultdict(collections.Counter)
    for entry in pipeline.simulator.ledger():
        proc = re.search(r"<(?:\w+:)?vnpProcId>(\d+)<", entry["request"])
        if proc and entry["acted"]:
            found[proc[1]][entry["operation"]] += 1
    return found


def check_steps(test, document, called, rows):
    """Each row of the journal is a line. What BGS has done is told, and what is told as finished BGS has done."""
    lines = [line for line in document["timeline"] if line["kind"] == "step"]
    test.assertEqual(len(lines), rows)
    test.assertTrue(called, "no call of it is known")
    told = collections.Counter(call_of(line["what"]) for line in lines)
    finished = collections.Counter(call_of(line["what"]) for line in lines if line.get("detail", "").startswith("finished"))
    for operation, count in called.items():
        if operation in told:   # a look is no step
            test.assertLessEqual(count, told[operation], operation)
            test.assertLessEqual(finished[operation], count, operation)


def check_claims(test, document, children, places):
    test.assertEqual({(claim["claim_id"], claim["form_type"], claim["state"], claim["benefit_claim_id"])
                      for claim in document["claims"]}, children)
    for claim in document["claims"]:
        place = claim["record"]
        if place and place["is_there"]:
            test.assertEqual(places[place["topic"], f"{place['partition']}/{place['offset']}"], claim["claim_id"])


def check_end(test, document, by_paper, packages):
    if by_paper:
        package = re.fullmatch(r"all is done: package (\S+) is vbms", document["now"])
        test.assertTrue(package, document["now"])
        test.assertIn(package[1], packages)
    else:
        test.assertEqual(document["now"], "all is done: every claim is established")
    test.assertEqual(document["next"], "nothing")


def places_of(pipeline):
    """{(topic, partition/offset): the claim whose record lies there}."""
    names = [name for name in pipeline.topics if re.search(r"\.(claims\.(686c|674)|form-\w+\.retry-\w+)$", name)]
    return {(name, headers["offset"]): fields["claim_id"] for name in names
            for _, headers, fields in pipeline.values(name.removeprefix(pipeline.prefix))}


def check_told(test, pipeline):
    """How many groups were asked about."""
    groups = pipeline.sql("""
      select g.claim_group_guid, g.status, g.proc_id, g.backup_begun_at is not null,
        (select count (*) from step_journal j where j.scope in (g.claim_group_guid::text, g.claim_group_guid || '/papers') or j.scope in (
           select saved_claim_id::text from saved_claim_groups where parent_claim_id = g.parent_claim_id)),
        (select count (*) from claim_notifications n where n.saved_claim_id = g.parent_claim_id)
      from saved_claim_groups g where g.parent_claim_id = g.saved_claim_id""")
    children = collections.defaultdict(set)
    for guid, claim, form, state, benefit in pipeline.sql(
            "select g.claim_group_guid, c.id, c.form_id, g.status, coalesce (g.bgs_claim_id, '') from saved_claim_groups g "
            "join saved_claims c on c.id = g.saved_claim_id where g.parent_claim_id <> g.saved_claim_id"):
        children[guid].add((int(claim), form, state, benefit or None))
    called, places = calls_by_proc(pipeline), places_of(pipeline)
    packages = {upload["guid"] for upload in pipeline.intake.state()["uploads"]}
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as threads:
        documents = dict(zip((row[0] for row in groups), threads.map(lambda row: why(pipeline, row[0]), groups)))
    for guid, state, proc, by_paper, rows, mails in groups:
        document = documents[guid]
        with test.subTest(group=guid):
            test.assertEqual((document["group"], document["state"], document["proc_id"]), (guid, state, proc))
            check_claims(test, document, children[guid], places)
            check_end(test, document, by_paper == "t", packages)
            check_steps(test, document, called[proc], int(rows))
            kinds = {line["what"].split()[1].rstrip(":") for line in document["timeline"] if line["kind"] == "e-mail"}
            test.assertEqual(len(kinds), int(mails))
    established = {claim["benefit_claim_id"] for document in documents.values() for claim in document["claims"]} - {None}
    test.assertEqual(established, {claim["benefitClaimID"] for claim in pipeline.simulator.state()["benefit_claims"]
                                   if not claim["is_planted"]})
    return len(groups)
