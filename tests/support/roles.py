"""The roles that tests/support/with-postgres has made, one a part of the pipeline."""
import urllib.parse

PARTS = ("consumer", "claim-api", "reader", "operator")
# Settings of `pipelinectl migrate`.
GRANTED = {f"role-{part}": "dependents_" + part.replace("-", "_") for part in PARTS}


def as_part(database_url, part):
    """The same database, for a program that connects as this part's role."""
    url = urllib.parse.urlsplit(database_url)
    host = url.netloc.rpartition("@")[2]
    return url._replace(netloc=f"{GRANTED[f'role-{part}']}@{host}").geturl()


def part_of(program):
    """claim-api and pipelinectl; all others are consumers."""
    return {"claim-api": "claim-api", "pipelinectl": "operator"}.get(program, "consumer")
