"""What the cluster's pods meet outside: brokers that ask for a certificate, and a database that asks for TLS and a password, on the bridge's address.

outside.py database|brokers FOLDER: the options of with-postgres or with-kafka, one word a line; certificates in FOLDER are made when they
are not there."""
import os
import pathlib
import pwd
import shutil
import sys

from confluent_kafka import admin

import cluster

BROKERS_PORT = 9093
ROLE = "claims"             # who owns the database
USER = "CN=dependents"      # at the brokers: the subject of a certificate
PORTS = {"bgs": 8441, "bid": 8442, "intake": 8443, "notify": 8444, "evidence": 8445}   # of services
NAMES = ("kafka", "database", *PORTS)


def papers(folder):
    """Certificates of all that stand outside, the brokers' keystore, and who may log on to the database how."""
    if (folder / "ca.crt").exists():
        return
    authority = cluster.Authority(folder, "outside")
    for name in NAMES:
        authority.sign(name, f"/CN={name}.{cluster.DOMAIN}", f"DNS:{name}.{cluster.DOMAIN}")
    (folder / "kafka.pem").write_text((folder / "kafka.key").read_text() + (folder / "kafka.crt").read_text())
    (folder / "hba").write_text(f"host all all 127.0.0.1/32 trust\nhostssl all {ROLE} {cluster.PODS} scram-sha-256\n")
    # The server runs as user postgres, and takes no key that others may read.
    of_database = folder / "of-database"
    of_database.mkdir()
    user = pwd.getpwnam("postgres")
    for name in ("database.crt", "database.key", "hba"):
        shutil.copy(folder / name, of_database)
        os.chown(of_database / name, user.pw_uid, user.pw_gid)
        os.chmod(of_database / name, 0o600)
    os.chown(of_database, user.pw_uid, user.pw_gid)


def options(name, *values):
    return [word for value in values for word in (name, value)]


def database_settings(folder):
    """Of with-postgres."""
    of_database = f"{folder}/of-database"
    return options("--setting", f"listen_addresses=127.0.0.1,{cluster.HOST}", "ssl=on", f"ssl_cert_file={of_database}/database.crt",
                   f"ssl_key_file={of_database}/database.key", f"hba_file={of_database}/hba")


def broker_properties(folder):
    """Of with-kafka: whoever comes by loopback may do everything, a pod what the rules of the chart allow."""
    return ["--listener", f"SSL://{cluster.HOST}:{BROKERS_PORT}", f"SSL://kafka.{cluster.DOMAIN}:{BROKERS_PORT}"] + options(
        "--property", "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL",
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer", "super.users=User:ANONYMOUS",
        "ssl.client.auth=required", "ssl.keystore.type=PEM", f"ssl.keystore.location={folder}/kafka.pem",
        "ssl.truststore.type=PEM", f"ssl.truststore.location={folder}/ca.crt")


class Brokers:
    def __init__(self, address):
        self.admin = admin.AdminClient({"bootstrap.servers": address})

    def allow(self, user, rules):
        """Rules as KafkaUsers have them; what two of them may is one right of this user."""
        kinds = {"topic": admin.ResourceType.TOPIC, "group": admin.ResourceType.GROUP}
        patterns = {"prefix": admin.ResourcePatternType.PREFIXED, "literal": admin.ResourcePatternType.LITERAL}
        operations = {"Read": "READ", "Write": "WRITE", "Describe": "DESCRIBE", "DescribeConfigs": "DESCRIBE_CONFIGS", "Create": "CREATE"}
        bindings = [
            admin.AclBinding(kinds[rule["resource"]["type"]], rule["resource"]["name"], patterns[rule["resource"]["patternType"]],
                             f"User:{user}", "*", admin.AclOperation[operations[operation]], admin.AclPermissionType.ALLOW)
            for rule in rules for operation in rule["operations"]]
        for done in self.admin.create_acls(list(set(bindings))).values():
            done.result()


def main():
    folder = pathlib.Path(sys.argv[2])
    papers(folder)
    print("\n".join({"database": database_settings, "brokers": broker_properties}[sys.argv[1]](folder)))


if __name__ == "__main__":
    main()
