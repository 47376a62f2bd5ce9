"""The chart is what a cluster takes, holds what it promises, and refuses what contradicts itself."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import yaml

from chart import (CASES, CHART, HERE, NAMESPACE, RELEASE, TOOLS, annotations, as_subchart, is_hook, home_of_helm, lint, named, notes_of, objects,
                   objects_of, of_kind, pods, rendered, run, template, template_of, values_of)

# As ci/everything-values.yaml's PodMonitor labels what it scrapes.
OURS = 'namespace="dependents",job="dependents/claims"'


def lag(partition, records, pod="a", consumer="form-686c", of=OURS):
    return (f'dependents_consumer_lag_messages{{{of},consumer="{consumer}",partition="{partition}",pod="{pod}"}}', records)


def breaker(state, pod="a"):
    return f'dependents_breaker_state{{{OURS},consumer="form-686c",downstream="bgs",pod="{pod}"}}', state


# Of kube-score, and why not.
SCORE_IGNORED = {
    "container-image-pull-policy": "an image is named by digest or version; pulling it anew each time makes the registry a dependency",
    "container-resources": "no CPU limit, for throttling breaks heartbeats; what else it looks for is tested below",
    "container-ephemeral-storage-request-and-limit": "the root is read-only and each emptyDir has its limit",
    "container-security-context-user-group-id": "the ids may be the cluster's own",
    "deployment-has-host-podantiaffinity": "spread by topology constraints, which are by revision",
    "statefulset-has-host-podantiaffinity": "the same",
    "deployment-strategy": "the page is one process, replaced before the next one comes; the others' are tested below",
    "deployment-replicas": "the same, and tested below of the others",
    "horizontalpodautoscaler-replicas": "one process of a consumer is enough when nothing is to do",
}


class Cases(unittest.TestCase):
    """Each of ci/*-values.yaml."""

    def test_there_are_three(self):
        self.assertEqual(CASES, ["everything", "production", "smallest"])

    def test_lint_has_nothing_to_say(self):
        for case in CASES:
            with self.subTest(case):
                self.assertNotIn("[WARNING]", lint(case))

    def test_rendered_twice_is_the_same(self):
        for case in CASES:
            with self.subTest(case):
                self.assertEqual(template("--values", values_of(case)), rendered(case))

    def test_as_a_subchart_it_is_the_same(self):
        for case in CASES:
            with self.subTest(case), as_subchart(case) as parent:
                self.assertEqual({named(found): found for found in objects(template(chart=parent))},
                                 {named(found): found for found in objects_of(case)})

    def test_a_parent_may_switch_it_on_and_off(self):
        with as_subchart("smallest", enabled=True) as parent:
            self.assertEqual(len(objects(template(chart=parent))), len(objects_of("smallest")))
        with as_subchart("smallest", enabled=False) as parent:
            self.assertEqual(objects(template(chart=parent)), [])

    def test_helm_4_renders_the_same(self):
        for case in CASES:
            with self.subTest(case):
                self.assertEqual({named(found): found for found in objects(template("--values", values_of(case), helm="helm4"))},
                                 {named(found): found for found in objects_of(case)})

    def test_a_cluster_takes_it(self):
        for case in CASES:
            with self.subTest(case):
                told = run(TOOLS / "kubeconform", "-strict", "-output", "json", "-verbose",
                           "-schema-location", f"{TOOLS}/schemas/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
                           "-schema-location", f"{HERE}/schemas/{{{{.ResourceKind}}}}-kafka.json", "-", input=rendered(case))
                verdicts = {resource["status"] for resource in json.loads(told)["resources"]}
                self.assertEqual(verdicts, {"statusValid"})

    def test_kube_score_has_nothing_to_say(self):
        ignored = [word for test in SCORE_IGNORED for word in ("--ignore-test", test)]
        for case in CASES:
            with self.subTest(case):
                run(TOOLS / "kube-score", "score", "--output-format", "ci", "--kubernetes-version", "v1.30", "--exit-one-on-warning", *ignored, "-",
                    input=rendered(case))

    def test_older_external_secrets(self):
        done = template("--values", values_of("everything"), "--set", "externalSecrets.apiVersion=external-secrets.io/v1beta1")
        found = [one for one in objects(done) if one["kind"] == "ExternalSecret"]
        self.assertEqual({one["apiVersion"] for one in found}, {"external-secrets.io/v1beta1"})
        run(TOOLS / "kubeconform", "-strict", "-schema-location", f"{TOOLS}/schemas/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json", "-",
            input=yaml.safe_dump_all(found))

    def test_it_is_what_was_agreed(self):
        """UPDATE_GOLDENS=1 writes them anew; what differs is then looked at in the commit."""
        for case in CASES:
            with self.subTest(case):
                golden = HERE / "goldens" / f"{case}.yaml"
                if "UPDATE_GOLDENS" in os.environ:
                    golden.write_text(rendered(case))
                self.assertEqual(rendered(case), golden.read_text())

    def test_notes_say_which_port_is_closed(self):
        self.assertNotIn("nothing gets there", notes_of("production"))
        self.assertIn("bgs.test:8443 has port 8443, and networkPolicy.bgs.ports does not", notes_of("smallest", "--set", "settings.bgs-url=https://bgs.test:8443"))

    def test_notes_know_the_ports_that_a_url_does_not_name(self):
        for sets, told in ((["networkPolicy.bgs.ports={8443}"], "https://bgs.test has port 443, and networkPolicy.bgs.ports does not"),
                           (["settings.intake-url=http://intake.test/a:9"], "http://intake.test/a:9 has port 80, and networkPolicy.intake.ports does not"),
                           (["consumers.notify.settings.notify-url=https://[2001:db8::1]:99"], "https://[2001:db8::1]:99 has port 99, and networkPolicy.notify.ports"),
                           (["settings.bid-url=https://bid.test:1"], "https://bid.test:1 has port 1, and networkPolicy.bgs.ports"),
                           (["kafka.brokers=a:9093\\,b:9094"], "b:9094 has port 9094, and networkPolicy.kafka.ports")):
            notes = notes_of("smallest", "--set", ",".join(sets))
            with self.subTest(sets):
                self.assertIn(told, notes)
                self.assertEqual(notes.count("nothing gets there"), 1)
        self.assertNotIn("nothing gets there", notes_of("smallest", "--set", "settings.notify-url=https://[2001:db8::1]"))
        self.assertNotIn("nothing gets there", notes_of("everything"))

    def test_notes_tell_all_of_the_command_that_makes_topics(self):
        words = ("smallest", "--set", "topics.provision=none,kafka.topicPrefix=x.")
        create = "pipelinectl topics create --partitions=12 --replication-factor=3 --min-insync-replicas=2 --topic-prefix=x."
        self.assertRegex(notes_of(*words), re.escape(create) + r"\n- ")
        told = notes_of(*words, "--set", r"settings.retry-tiers=5s*2\,1h*3,consumers.backup.settings.retry-tiers=30s*2\,1h*4")
        self.assertIn(f"{create} --retry-tiers='5s*2,1h*3'\n  and for the tiers of backup:\n    {create} --retry-tiers='30s*2,1h*4'\n- ", told)

    def test_topics_are_made_as_the_values_say(self):
        options = ["--partitions=24", "--replication-factor=3", "--min-insync-replicas=2"]
        done = render_smallest(["topics.partitions=24"])
        job, = [found for found in objects(done.stdout) if named(found).endswith("-topics")]
        self.assertEqual(job["spec"]["template"]["spec"]["containers"][0]["args"], ["topics", "create", *options])
        self.assertIn("pipelinectl topics create " + " ".join(options),
                      notes_of("smallest", "--set", "topics.partitions=24", "--set", "topics.provision=none"))

    def test_notes_say_what_to_do_next(self):
        for case in CASES:
            with self.subTest(case):
                told = notes_of(case)
                self.assertIn(f"helm -n {NAMESPACE} test {RELEASE}", told)
                self.assertNotIn("<no value>", told)


class Pods(unittest.TestCase):
    def each(self):
        for case in CASES:
            for found, pod in pods(case):
                yield f"{case}: {named(found)}", pod["spec"]

    def test_they_are_restricted(self):
        """What a namespace with enforce=restricted asks for, and a root that cannot be written to."""
        for name, spec in self.each():
            self.assertTrue(spec["securityContext"]["runAsNonRoot"], name)
            self.assertEqual(spec["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"}, name)
            self.assertIs(spec["automountServiceAccountToken"], False, name)
            for forbidden in ("hostNetwork", "hostPID", "hostIPC"):
                self.assertNotIn(forbidden, spec, name)
            for container in spec["containers"]:
                self.assertEqual(container["securityContext"], {
                    "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "runAsNonRoot": True,
                    "capabilities": {"drop": ["ALL"]}}, name)
                self.assertIn("memory", container["resources"]["limits"], name)
                self.assertNotIn("cpu", container["resources"]["limits"], name)
            for volume in spec.get("volumes", []):
                self.assertIn(set(volume) - {"name"}, ({"secret"}, {"emptyDir"}), name)
                if "emptyDir" in volume:
                    self.assertIn("sizeLimit", volume["emptyDir"], name)

    def test_the_id_may_be_the_clusters(self):
        ids = {case: {json.dumps({key: pod["spec"]["securityContext"].get(key) for key in ("runAsUser", "fsGroup")})
                      for _, pod in pods(case)} for case in CASES}
        numbers, none = '{"runAsUser": 65532, "fsGroup": 65532}', '{"runAsUser": null, "fsGroup": null}'
        self.assertEqual(ids, {"smallest": {numbers}, "production": {numbers}, "everything": {none}})

    def test_secrets_are_files_that_are_mounted_whole(self):
        for name, spec in self.each():
            for container in spec["containers"]:
                for variable in container.get("env", []):
                    self.assertNotIn("secretKeyRef", variable.get("valueFrom", {}), f"{name}: {variable['name']}")
                self.assertFalse([source for source in container.get("envFrom", []) if "secretRef" in source], name)
                for mount in container.get("volumeMounts", []):
                    self.assertNotIn("subPath", mount, name)
            for volume in spec.get("volumes", []):
                # 0440 of root and our group: libpq takes such a key, and our programs such a secret.
                self.assertEqual(volume.get("secret", {}).get("defaultMode", 0o440), 0o440, name)

    def test_every_file_that_is_named_is_mounted(self):
        for name, spec in self.each():
            for container in spec["containers"]:
                folders = [mount["mountPath"] for mount in container.get("volumeMounts", [])]
                for variable in container.get("env", []):
                    value = str(variable.get("value", ""))
                    if value.startswith("/run/secrets/"):
                        self.assertIn(value.rpartition("/")[0], folders, f"{name}: {variable['name']}")

    def test_no_service_becomes_a_variable(self):
        """DEPENDENTS_PIPELINE_CLAIM_API_PORT is no setting, and a program refuses what it does not know."""
        for name, spec in self.each():
            self.assertIs(spec["enableServiceLinks"], False, name)

    def test_variables_of_all_and_of_one(self):
        names = ("A", "NODE", "ZONE")
        for found, pod in pods("everything"):
            for container in pod["spec"]["containers"]:
                given = {one["name"]: one.get("value", one.get("valueFrom")) for one in container.get("env", []) if one["name"] in names}
                expected = {"A": "1", "NODE": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
                if named(found).endswith("-backup"):
                    expected |= {"A": "2", "ZONE": "x"}
                self.assertEqual(given, expected, f"{named(found)}: {container['name']}")

    def test_a_variable_of_ones_own_stands_in_the_others_place(self):
        """What comes later and names it with $(A) would otherwise not."""
        def of(*pairs):
            return [{"name": name, "value": value} for name, value in pairs]

        values = {"extraEnv": of(("A", "1"), ("B", "$(A)/b"), ("C", "3")), "consumerDefaults": {"extraEnv": of(("D", "$(A)"), ("E", "5"), ("C", "4"))},
                  "consumers": {"backup": {"extraEnv": of(("A", "2"), ("F", "6"), ("D", "7"))}}}
        done = render_smallest([f"{name}={json.dumps(given)}" for name, given in values.items()], "--set-json")
        self.assertEqual(done.returncode, 0, done.stderr)
        told = {named(found).rpartition("dependents-pipeline-")[2]: [(one["name"], one["value"]) for one in template_of(found)["spec"]["containers"][0]["env"]
                                                                     if len(one["name"]) == 1]
                for found in objects(done.stdout) if template_of(found)}
        self.assertEqual(told["claim-api"], [("A", "1"), ("B", "$(A)/b"), ("C", "3")])
        self.assertEqual(told["notify"], [("A", "1"), ("B", "$(A)/b"), ("C", "4"), ("D", "$(A)"), ("E", "5")])
        self.assertEqual(told["backup"], [("A", "2"), ("B", "$(A)/b"), ("C", "4"), ("D", "7"), ("E", "5"), ("F", "6")])

    def test_names_that_no_server_has(self):
        for case, aliases in (("smallest", None), ("everything", [{"ip": "192.0.2.7", "hostnames": ["bgs.test"]}])):
            for found, pod in pods(case):
                self.assertEqual(pod["spec"].get("hostAliases"), aliases, named(found))

    def test_no_variable_is_given_twice(self):
        for name, spec in self.each():
            for container in spec["containers"]:
                variables = [variable["name"] for variable in container.get("env", [])]
                self.assertEqual(len(variables), len(set(variables)), name)

    def test_each_has_one_budget_and_its_ways(self):
        for case in CASES:
            for found, pod in pods(case):
                labels = pod["metadata"]["labels"]
                allowed = [policy for policy in of_kind(case, "NetworkPolicy") if selects(policy["spec"]["podSelector"], labels)]
                with self.subTest(case=case, object=named(found)):
                    self.assertEqual(sorted("egress" in policy["spec"] for policy in allowed), [False, True],
                                     [named(policy) for policy in allowed])
                    if found["kind"] in ("Deployment", "StatefulSet"):
                        budgets = [budget for budget in of_kind(case, "PodDisruptionBudget")
                                   if selects(budget["spec"]["selector"], labels)]
                        self.assertEqual([(b["spec"]["maxUnavailable"], b["spec"]["unhealthyPodEvictionPolicy"]) for b in budgets],
                                         [(1, "AlwaysAllow")])

    def test_only_who_calls_somebody_gets_there(self):
        ways = {policy["metadata"]["labels"].get("app.kubernetes.io/component"): policy["spec"].get("egress")
                for policy in of_kind("production", "NetworkPolicy")}
        reaches_bgs = {name for name, egress in ways.items() if "192.0.2.0/24" in json.dumps(egress)}
        self.assertEqual(reaches_bgs, {"proc-setup", "form-686c", "form-674", "backup"})


def selects(selector, labels):
    return all(labels.get(key) == value for key, value in selector["matchLabels"].items())


class Texts(unittest.TestCase):
    """Values that YAML, Kubernetes or a policy would take for something else."""

    def rendered_with(self, *sets):
        done = render_smallest(sets, "--set-string")
        self.assertEqual(done.returncode, 0, done.stderr)
        return objects(done.stdout)

    def test_names_of_digits_are_names(self):
        found, = [found for found in self.rendered_with("secrets.keys.existing=12345", "imagePullSecrets[0]=678")
                  if named(found) == "Deployment/claims-dependents-pipeline-backup"]
        spec = found["spec"]["template"]["spec"]
        self.assertIn("12345", [volume.get("secret", {}).get("secretName") for volume in spec["volumes"]])
        self.assertEqual(spec["imagePullSecrets"], [{"name": "678"}])

    def test_a_dollar_stays_one(self):
        """In a container's variable $$ is one, and $(NAME) another variable."""
        found, = [found for found in self.rendered_with("consumers.notify.settings.email-neutral-name=a$$(HOME)")
                  if named(found) == "Deployment/claims-dependents-pipeline-notify"]
        env = {variable["name"]: variable.get("value") for variable in found["spec"]["template"]["spec"]["containers"][0]["env"]}
        self.assertEqual(env["DEPENDENTS_EMAIL_NEUTRAL_NAME"], "a$$$$(HOME)")

    def test_without_ports_of_name_servers_nothing_is_opened(self):
        done = render_smallest(["networkPolicy.dns.ports=[]", "topologySpread.topologyKeys=[]"], "--set-json")
        self.assertEqual(done.returncode, 0, done.stderr)
        for found in objects(done.stdout):
            if found["kind"] == "NetworkPolicy":
                for rule in found["spec"].get("egress", []):
                    self.assertTrue(rule["ports"], named(found))
            if found["kind"] == "Deployment":
                self.assertNotIn("topologySpreadConstraints", found["spec"]["template"]["spec"])

    def test_long_names_differ_where_releases_do(self):
        names = []
        for end in "ab":
            found = self.rendered_with(f"fullnameOverride={'claims-' * 7}{end}")
            names.append({named(one) for one in found})
            self.assertLessEqual(max(len(one["metadata"]["name"]) for one in found), 63)
        self.assertEqual(names[0] & names[1], set())

    def test_without_times_of_its_own_a_probe_has_those_of_kubernetes(self):
        for given, notice in (("{}", "15s"), ('{"periodSeconds":null,"failureThreshold":null}', "35s"), ('{"periodSeconds":7}', "19s")):
            done = render_smallest([f"probes.readiness={given}"], "--set-json")
            config, = [found for found in objects(done.stdout) if found["kind"] == "ConfigMap"]
            self.assertEqual(config["data"]["DEPENDENTS_RENEW_NOTICE"], notice, given)

    def test_who_asks_no_certificate_looks_at_none(self):
        """libpq verifies for `require` too, once it has certificates to trust."""
        told = {mode: render_smallest([f"database.sslmode={mode}"]).stdout.count("PGSSLROOTCERT") for mode in ("require", "verify-ca")}
        self.assertEqual((told["require"], told["verify-ca"] > 0), (0, True))


class Rolling(unittest.TestCase):
    def test_a_consumer_leaves_before_the_next_one_comes(self):
        for found in of_kind("production", "Deployment"):
            if named(found).endswith("-pipelinectl-web"):
                self.assertEqual((found["spec"]["strategy"], found["spec"]["replicas"]), ({"type": "Recreate"}, 1))
                continue
            rolling = found["spec"]["strategy"]["rollingUpdate"]
            expected = {"maxSurge": 1, "maxUnavailable": 0} if named(found).endswith("-claim-api") else {"maxSurge": 0, "maxUnavailable": 1}
            self.assertEqual(rolling, expected, named(found))

    def test_the_grace_period_follows_the_shutdown_deadline(self):
        periods = {case: {found["metadata"]["labels"]["app.kubernetes.io/component"]: found["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
                          for found in of_kind(case, "Deployment", "StatefulSet")} for case in ("smallest", "everything")}
        consumers = ("proc-setup", "form-686c", "form-674", "backup", "notify")
        self.assertEqual(periods, {"smallest": {**dict.fromkeys(consumers, 30), "claim-api": 35},
                                   "everything": {**dict.fromkeys((*consumers, "evidence"), 45), "claim-api": 50,
                                                  "pipelinectl-web": 45}})

    def test_claim_api_waits_before_it_stops(self):
        api, = [found for found in of_kind("smallest", "Deployment") if named(found).endswith("-claim-api")]
        container, = api["spec"]["template"]["spec"]["containers"]
        self.assertEqual(container["lifecycle"], {"preStop": {"sleep": {"seconds": 5}}})

    def test_who_is_scaled_has_no_replicas(self):
        replicas = {found["metadata"]["labels"]["app.kubernetes.io/component"]: found["spec"].get("replicas")
                    for found in of_kind("everything", "Deployment", "StatefulSet")}
        self.assertEqual(replicas, {"proc-setup": 3, "form-686c": None, "form-674": None, "backup": 1, "notify": 1, "evidence": 1,
                                    "claim-api": 2, "pipelinectl-web": 1})
        scaled = {found["spec"]["scaleTargetRef"]["name"] for found in of_kind("everything", "ScaledObject", "HorizontalPodAutoscaler")}
        self.assertEqual(scaled, {"claims-form-686c", "claims-form-674"})

    def test_only_stable_names_are_static_members(self):
        for case in CASES:
            for found, pod in pods(case):
                static = any(variable["name"] == "DEPENDENTS_KAFKA_GROUP_INSTANCE_ID"
                             for variable in pod["spec"]["containers"][0].get("env", []))
                self.assertEqual(static, found["kind"] == "StatefulSet", named(found))

    def test_what_the_chart_renders_rolls_the_pods(self):
        def pods_with(*words):
            return {named(found): found["spec"]["template"] for found in objects(template("--values", values_of("everything"), *words))
                    if found["kind"] in ("Deployment", "StatefulSet")}

        before = pods_with()
        shared = pods_with("--set", "settings.inbox-days=31")
        self.assertEqual([name for name in before if before[name] == shared[name]], [])
        changed = pods_with("--set", "secrets.intake.values.intake-api-key=other")
        self.assertEqual([name for name in before if before[name] != changed[name]], ["Deployment/claims-backup"])

    def test_who_reads_pods_learns_no_password(self):
        """Eight bits of each Secret, the same in all pods: what several tell adds up to no more."""
        told = {}
        for found, pod in pods("everything"):
            for one in filter(None, annotations(pod).get("checksum/secrets", "").split(".")):
                group, digits = re.fullmatch(r"([a-z-]+)-([0-9a-f]{2})", one).groups()
                told.setdefault(group, set()).add(digits)
        self.assertEqual(set(told), {"database", "bgs", "intake", "notify", "evidence", "claim-api", "web"})
        self.assertEqual({len(digits) for digits in told.values()}, {1}, told)


class Page(unittest.TestCase):
    """The operators' page, which refuses to show claims unencrypted anywhere but within its pod."""

    def of(self, case):
        found, = [found for found in of_kind(case, "Deployment") if named(found).endswith("-pipelinectl-web")]
        container, = found["spec"]["template"]["spec"]["containers"]
        services = [service for service in of_kind(case, "Service") if named(service).endswith("-pipelinectl-web")]
        policy, = [policy for policy in of_kind(case, "NetworkPolicy") if named(policy).endswith("-pipelinectl-web")]
        return container, {variable["name"]: variable.get("value") for variable in container["env"]}, services, policy

    def test_nobody_has_it_unasked(self):
        self.assertEqual([named(found) for found in objects_of("smallest") if "pipelinectl-web" in named(found)], [])

    def test_with_a_certificate(self):
        container, env, (service,), policy = self.of("production")
        self.assertEqual((env["DEPENDENTS_WEB_ADDRESS"], env["DEPENDENTS_WEB_PORT"]), ("0.0.0.0", "8443"))
        self.assertTrue(env["DEPENDENTS_WEB_CERTIFICATE_FILE"] and env["DEPENDENTS_WEB_KEY_FILE"])
        self.assertEqual({container[probe]["httpGet"]["scheme"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}, {"HTTPS"})
        self.assertEqual(service["spec"]["ports"], [{"name": "https", "port": 443, "targetPort": "page"}])
        self.assertEqual(policy["spec"]["ingress"][0]["from"],
                         [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "operators"}}}])

    def test_without_one(self):
        container, env, services, policy = self.of("everything")
        self.assertEqual(env["DEPENDENTS_WEB_ADDRESS"], "127.0.0.1")
        self.assertNotIn("DEPENDENTS_WEB_CERTIFICATE_FILE", env)
        self.assertEqual([key for key in container if key.endswith("Probe")], [])
        self.assertEqual((services, "ingress" in policy["spec"]), ([], False))

    def test_it_has_no_key(self):
        for case in ("production", "everything"):
            container, env, _, _ = self.of(case)
            self.assertEqual([name for name in env if "MASTER" in name or "HMAC" in name], [])
            self.assertNotIn("/run/secrets/dependents/keys", [mount["mountPath"] for mount in container["volumeMounts"]])

    def test_its_role_is_its_own(self):
        _, env, _, _ = self.of("production")
        self.assertEqual(env["DEPENDENTS_DATABASE_URL_FILE"], "/run/secrets/dependents/web-database/database-url")
        _, env, _, _ = self.of("everything")
        self.assertEqual(env["DEPENDENTS_DATABASE_URL_FILE"], "/run/secrets/dependents/database/database-url")


class Jobs(unittest.TestCase):
    """They run before an install, when there is nothing of the chart yet."""

    def test_they_need_nothing_that_is_not_there_yet(self):
        for case in CASES:
            made_later = {found["metadata"]["name"] for found in objects_of(case) if not is_hook(found)}
            made_before = {found["metadata"]["name"] for found in objects_of(case)
                           if "pre-install" in annotations(found).get("helm.sh/hook", "") and found["kind"] != "Job"}
            jobs = of_kind(case, "Job")
            self.assertTrue(jobs, case)
            for job in jobs:
                spec = job["spec"]["template"]["spec"]
                needed = {volume["secret"]["secretName"] for volume in spec["volumes"] if "secret" in volume} | {spec["serviceAccountName"]}
                with self.subTest(case=case, job=named(job)):
                    self.assertEqual(needed & made_later, set())
                    self.assertNotIn("envFrom", spec["containers"][0])
                    self.assertIn(spec["serviceAccountName"], made_before)
                    for found in objects_of(case):
                        if found["metadata"]["name"] in needed:
                            self.assertLess(int(annotations(found)["helm.sh/hook-weight"]), int(annotations(job)["helm.sh/hook-weight"]))

    def test_they_can_run_again_and_end(self):
        for case in CASES:
            for job in of_kind(case, "Job"):
                self.assertEqual(annotations(job)["helm.sh/hook-delete-policy"], "before-hook-creation,hook-succeeded")
                self.assertGreater(job["spec"]["activeDeadlineSeconds"], 0)
                self.assertEqual(job["spec"]["template"]["spec"]["restartPolicy"], "Never")

    def test_they_try_until_their_deadline(self):
        """Tries that end at once are 10 s apart, 20 s, 40 s, at most 6 min."""
        for case in CASES:
            for job in of_kind(case, "Job"):
                waited = sum(min(10 * 2 ** no, 360) for no in range(job["spec"]["backoffLimit"]))
                self.assertGreaterEqual(waited, job["spec"]["activeDeadlineSeconds"], f"{case}: {named(job)}")

    def test_who_migrates_keeps_nobody_waiting_for_long(self):
        for case in CASES:
            job, = [found for found in of_kind(case, "Job") if named(found).endswith("-migrate")]
            self.assertEqual(job["spec"]["template"]["spec"]["containers"][0]["args"], ["migrate", "--migrate-lock-timeout=5s"])

    def test_who_migrates_goes_straight_to_the_database(self):
        url = {case: next(variable["value"] for job in of_kind(case, "Job") if named(job).endswith("-migrate")
                          for variable in job["spec"]["template"]["spec"]["containers"][0]["env"]
                          if variable["name"] == "DEPENDENTS_DATABASE_URL_FILE") for case in CASES}
        self.assertEqual(url, {"smallest": "/run/secrets/dependents/database/database-url",
                               "production": "/run/secrets/dependents/migration/database-url",
                               "everything": "/run/secrets/dependents/migration/database-url"})


# What is told, and what the scaler then sees; None: nothing, which is an error to it.
SCALED = {
    "nothing is told": ([], None),
    "all is handled": ([lag(0, 0), lag(1, 0)], 0),
    "what waits is counted over all partitions": ([lag(0, 70), lag(1, 30)], 100),
    "a partition that changes hands is told twice": ([lag(0, 70, pod="old"), lag(0, 60, pod="new"), lag(1, 30)], 100),
    "a breaker is open": ([lag(0, 70), breaker(2)], 0),
    "a breaker is open as one of two knows it": ([lag(0, 70), breaker(0, pod="a"), breaker(2, pod="b")], 0),
    "a breaker is closed, or half-open": ([lag(0, 70), breaker(0, pod="a"), breaker(1, pod="b")], 70),
    "10,000 wait in tiers": ([lag(0, 0), (f'dependents_retry_tier_messages{{{OURS},consumer="form-686c",tier="1h"}}', 10000)], 0),
    "others have work": ([lag(0, 5), lag(0, 70, consumer="form-674"), lag(0, 70, of='namespace="other",job="other/claims"'),
                         lag(0, 70, of='namespace="dependents",job="dependents/others"')], 5),
    "a breaker alone is told": ([breaker(0)], None),
}


class Scaling(unittest.TestCase):
    def test_by_what_is_due(self):
        scaled, = of_kind("everything", "ScaledObject")
        trigger, = scaled["spec"]["triggers"]
        self.assertEqual(trigger["metadata"]["ignoreNullValues"], "false")
        tests = [{"name": name, "interval": "1m", "input_series": [{"series": series, "values": f"{value}x5"} for series, value in told],
                  "promql_expr_test": [{"expr": trigger["metadata"]["query"], "eval_time": "3m",
                                        "exp_samples": [] if seen is None else [{"labels": "{}", "value": seen}]}]}
                 for name, (told, seen) in SCALED.items()]
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump({"rule_files": [], "tests": tests}, file)
            file.flush()
            run("promtool", "test", "rules", file.name)


def of_ours(expression):
    ours = 'job="dependents/claims",namespace="dependents"'
    return re.sub(r"(dependents_\w+)(\{?)", lambda found: f"{found[1]}{{{ours}" + ("," if found[2] else "}"), expression)


MISSED = r' or absent\(dependents_kafka_group_steady\{[^}]*consumer="([a-z0-9-]+)"\}\)'


class Watched(unittest.TestCase):
    def test_who_runs_is_missed_and_nobody_else(self):
        by_default = {"proc-setup", "form-686c", "form-674", "backup", "notify"}
        evidence = ["settings.evidence=yes", "consumers.evidence.enabled=true", "secrets.evidence.existing=x"]
        for sets, missed, api in (([], by_default, True), (["consumers.form-674.enabled=false"], by_default - {"form-674"}, True),
                                  (evidence, by_default | {"evidence"}, True), (["claimApi.enabled=false"], by_default, False)):
            done = render_smallest(["podMonitor.enabled=true", "prometheusRule.enabled=true", *sets])
            rule, = [found for found in objects(done.stdout) if found["kind"] == "PrometheusRule"]
            alerts = {one["alert"]: one["expr"] for one in rule["spec"]["groups"][0]["rules"]}
            told = re.findall(MISSED, alerts["DependentsNobodyAtWork"])
            with self.subTest(sets):
                self.assertEqual((sorted(told), "absent(dependents_claim_api_tokens{" in alerts["DependentsApiFails"]), (sorted(missed), api))

    def test_rules_and_dashboard_are_those_of_the_chart(self):
        rule, = of_kind("everything", "PrometheusRule")
        expected = yaml.safe_load((CHART / "monitoring" / "rules.yaml").read_text())
        for alert in expected["groups"][0]["rules"]:
            alert["expr"] = of_ours(re.sub(MISSED, "", alert["expr"]))
            alert["labels"] |= {"namespace": "dependents", "release": "claims"}
        told = json.loads(json.dumps(rule["spec"]))
        for alert in told["groups"][0]["rules"]:
            alert["expr"] = re.sub(MISSED, "", alert["expr"])
        self.assertEqual(told, expected)
        self.assertEqual(rule["metadata"]["labels"]["release"], "prometheus")
        dashboard, = [found for found in of_kind("everything", "ConfigMap") if named(found).endswith("-dashboard")]
        told = json.loads(dashboard["data"]["dashboard.json"])
        expected = json.loads((CHART / "monitoring" / "dashboard.json").read_text())
        for target in (target for panel in expected["panels"] for target in panel.get("targets", [])):
            target["expr"] = of_ours(target["expr"])
        self.assertRegex(told["uid"], "^[0-9a-f]{32}$")
        self.assertEqual(told, {**expected, "uid": told["uid"], "title": "Dependents claims pipeline (dependents/claims)"})

    def test_an_alert_is_of_one_release(self):
        """Of the same alerts for two releases each is raised by its own series, and says whose it is."""
        rule, = of_kind("everything", "PrometheusRule")
        foreign = ('namespace="other",job="other/claims"', 'namespace="dependents",job="dependents/others"')
        quiet, raised = "DependentsPackagesStopped", "DependentsSilentFailure"
        series = [{"series": f"dependents_packages_stopped{{{of}}}", "values": "1x5"} for of in foreign]
        series += [{"series": f"dependents_packages_stopped{{{OURS}}}", "values": "0x5"},
                   {"series": f"dependents_silent_failures_unacknowledged{{{OURS}}}", "values": "1x5"}]
        alert, = [one for one in rule["spec"]["groups"][0]["rules"] if one["alert"] == raised]
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "rules.yaml").write_text(yaml.safe_dump(rule["spec"]))
            (pathlib.Path(folder) / "test.yaml").write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "tests": [{
                "interval": "1m", "input_series": series, "alert_rule_test": [
                    {"eval_time": "3m", "alertname": quiet},
                    {"eval_time": "3m", "alertname": raised, "exp_alerts": [{
                        "exp_labels": {"severity": "page", "namespace": "dependents", "release": "claims"},
                        "exp_annotations": alert["annotations"]}]}]}]}))
            run("promtool", "check", "rules", f"{folder}/rules.yaml")
            run("promtool", "test", "rules", f"{folder}/test.yaml")

    def test_whose_series_are_asked_for(self):
        for sets, matchers in (([], 'namespace="dependents"'),
                               (["podMonitor.enabled=true"], 'job="dependents/claims-dependents-pipeline",namespace="dependents"'),
                               (["metrics.labels.cluster=a\"b"], 'cluster="a\\"b"')):
            done = render_smallest(["prometheusRule.enabled=true", *sets])
            rule, = [found for found in objects(done.stdout) if found["kind"] == "PrometheusRule"]
            self.assertEqual(rule["spec"]["groups"][0]["rules"][0]["expr"], f"max(dependents_silent_failures_unacknowledged{{{matchers}}}) > 0")

    def test_every_program_is_scraped_and_no_job(self):
        monitor, = of_kind("everything", "PodMonitor")
        endpoint, = monitor["spec"]["podMetricsEndpoints"]
        for found, pod in pods("everything"):
            ports = [port["name"] for container in pod["spec"]["containers"] for port in container.get("ports", [])]
            self.assertTrue(selects(monitor["spec"]["selector"], pod["metadata"]["labels"]))
            self.assertEqual(endpoint["port"] in ports, found["kind"] in ("Deployment", "StatefulSet") and
                             not named(found).endswith("-pipelinectl-web"), named(found))


class Strimzi(unittest.TestCase):
    def test_topics_outlive_the_release_and_are_no_hooks(self):
        topics = of_kind("everything", "KafkaTopic")
        self.assertGreater(len(topics), 9)
        for topic in topics:
            self.assertEqual(annotations(topic), {"helm.sh/resource-policy": "keep"})
            # `pipelinectl topics check`, which `helm test` runs, asks for it.
            self.assertEqual(topic["spec"]["config"]["compression.type"], "uncompressed")

    def test_who_tests_is_a_user_that_there_is(self):
        found = objects(template("--values", values_of("everything"), "--set", "claimApi.enabled=false"))
        users = {one["metadata"]["name"] for one in found if one["kind"] == "KafkaUser"}
        pod, = [one for one in found if one["kind"] == "Pod"]
        self.assertLessEqual({volume["secret"]["secretName"] for volume in pod["spec"]["volumes"] if volume["name"] == "secret-kafka"}, users)

    def test_nobody_may_do_more_than_it_does(self):
        for user in of_kind("everything", "KafkaUser"):
            rights = {(acl["resource"]["type"], acl["resource"]["name"]): set(acl["operations"])
                      for acl in user["spec"]["authorization"]["acls"]}
            name = user["metadata"]["name"].removeprefix("claims-")
            expected = {("topic", "dependents."): {"Describe", "DescribeConfigs", "Read", "Write"}, ("group", "dependents."): {"Describe"}}
            if name == "pipelinectl-web":   # it looks
                expected[("topic", "dependents.")] = {"Describe", "Read"}
            elif name != "claim-api":
                expected[("group", f"dependents.{name}")] = {"Read"}
            with self.subTest(user=name):
                self.assertEqual(rights, expected)

    def test_each_program_has_its_own_password(self):
        secrets = {named(found).removeprefix("Deployment/").removeprefix("StatefulSet/"): volume["secret"]["secretName"]
                   for found, pod in pods("everything") if found["kind"] in ("Deployment", "StatefulSet")
                   for volume in pod["spec"]["volumes"] if volume["name"] == "secret-kafka"}
        self.assertEqual(secrets, {name: name for name in secrets})
        self.assertEqual(len(secrets), 8)


# What is set over the smallest case, and what has to be told; None: it is taken.
BY_STRIMZI = ["topics.provision=strimzi", "strimzi.cluster=a"]
REFUSED = [
    ([*BY_STRIMZI, "kafka.topicPrefix=_x."], "kafka.topicPrefix _x.: topics would be objects like -x."),
    ([*BY_STRIMZI, "kafka.topicPrefix=.x"], "a letter or digit at both ends and beside every dot"),
    ([*BY_STRIMZI, "kafka.topicPrefix=x_."], "topics would be objects like x-."),
    ([*BY_STRIMZI, "kafka.topicPrefix=x..y"], "topics would be objects like x..y"),
    ([*BY_STRIMZI, "kafka.topicPrefix=X_y-"], None),
    ([*BY_STRIMZI, "kafka.topicPrefix="], None),
    (["kafka.topicPrefix=_x."], None),
    ([f"kafka.topicPrefix={'x' * 228}."], None),
    ([f"kafka.topicPrefix={'x' * 229}."], "names of topics have up to 250 characters, and Kafka takes 249"),
    ([*BY_STRIMZI, f"kafka.topicPrefix={'x' * 229}."], "Kafka takes 249"),
    (["topics.provision=none", "kafka.topicPrefix=a/b."], "/kafka/topicPrefix"),
    (["enabled=false"], "enabled is false: a parent chart's `condition` reads it"),
    (["enabled=true"], None),
    (["image.repository="], "image.repository is empty: say where the image is"),
    (["kafka.brokers="], "kafka.brokers is empty"),
    (["settings.master-keys=a"], "settings: master-keys is a secret and belongs into secrets.keys"),
    (["consumers.backup.settings.intake-api-key-file=/a"], "consumers.backup.settings: intake-api-key-file is a secret"),
    (["settings.kafka\\.bootstrap\\.servers=a:1"], "settings: the chart sets kafka.bootstrap.servers; use kafka.brokers"),
    (["consumers.notify.settings.kafka\\.metadata\\.broker\\.list=a:1"], "the chart sets kafka.metadata.broker.list; use kafka.brokers"),
    (["settings.kafka\\.ssl\\.keystore\\.password=a"], "settings: kafka.ssl.keystore.password would lie in a ConfigMap for all to read"),
    (["claimApi.settings.kafka\\.sasl\\.oauthbearer\\.config=a"], "claimApi.settings: kafka.sasl.oauthbearer.config would lie in a ConfigMap"),
    (["settings.kafka\\.sasl\\.oauthbearer\\.client\\.secret=a"], "kafka.sasl.oauthbearer.client.secret would lie in a ConfigMap"),
    (["settings.kafka\\.ssl\\.key\\.pem\\.file=a"], "kafka.ssl.key.pem.file is a secret and belongs into secrets.kafka"),
    (["settings.kafka\\.ssl\\.ca\\.pem=a"], "kafka.ssl.ca.pem would lie in a ConfigMap"),
    (["settings.kafka\\.socket\\.keepalive\\.enable=true"], None),
    (["settings.metrics-port=1"], "settings: the chart sets metrics-port; use metrics.port"),
    (["settings.kafka\\.group\\.instance\\.id=a"], "kafka.group.instance.id; use consumers.NAME.kind: StatefulSet"),
    (["secrets.keys.values.master-keys=a"], "secrets.keys: existing and values are both given; which of them counts is not guessed"),
    (["secrets.keys=null"], "secrets.keys is empty: it has to hold hmac-keys, master-keys"),
    (["secrets.keys.existing="], "secrets.keys: none of existing, external, values is given"),
    (["secrets.keys.existing=", "secrets.keys.values.master-keys=a"], "secrets.keys.values lacks hmac-keys"),
    (["bgs.clientCertificate=true"], "secrets.bgs is empty: it has to hold tls.crt, tls.key"),
    (["secrets.claimApiTls=null"], "secrets.claimApiTls is empty: it has to hold tls.crt, tls.key"),
    (["kafka.authentication.type=scram-sha-512"], "kafka.authentication.username is empty, and scram-sha-512 needs one"),
    (["kafka.tls.enabled=false"], "is a client certificate, and kafka.tls.enabled is false"),
    (["strimzi.users.enabled=true"], "strimzi.cluster is empty"),
    (["strimzi.users.enabled=true"], "strimzi.users and secrets.kafka are both given"),
    (["strimzi.users.enabled=true"], "topics.provision job runs before the operator has made a user for it"),
    (["strimzi.users.enabled=true", "kafka.authentication.type=plain"], "the operator knows scram-sha-512 and tls, not kafka.authentication.type plain"),
    (["strimzi.users.enabled=true", "strimzi.namespace=kafka"], "where pods of dependents cannot mount them"),
    (["consumers.backup.calls={intake}"], "consumers.backup.calls lacks bgs: it would have neither its Secret nor a way there"),
    (["consumers.form-674.calls=null"], "consumers.form-674.calls lacks bgs"),
    (["consumers.notify.calls={notify,intake}"], None),
    (["probes.liveness.successThreshold=2"], "probes.liveness.successThreshold is 2: Kubernetes takes 1 alone there"),
    (["probes.startup.successThreshold=3"], "probes.startup.successThreshold is 3"),
    (["probes.readiness.successThreshold=2", "probes.liveness.successThreshold=1"], None),
    (["metrics.address=127.0.0.1"], "metrics.address is 127.0.0.1: probes, Prometheus and claim-api's callers come to the pod's own address"),
    (["metrics.address=::"], None),
    (["topics.partitions=6"], "topics.partitions is 6: programs start with 12 or more, and a topic cannot get fewer"),
    (["topics.minInsyncReplicas=4"], "nothing could be written"),
    (["settings.partitions=24"], "settings: the chart sets partitions; use topics.partitions"),
    (["consumers.notify.settings.retry-tiers=30s*3\\,1h*3"], "consumers.notify.settings.retry-tiers: the Job makes the topics of "
     "settings.retry-tiers, of all consumers alike, and none for 30s"),
    (["settings.retry-tiers=30s*3\\,1h*3", "consumers.notify.settings.retry-tiers=30s*1\\,1h*9"], None),
    (["topics.provision=none", "consumers.notify.settings.retry-tiers=30s*3\\,1h*3"], None),
    (["consumers.form-674.replicas=13"], "consumers.form-674: 13 processes for 12 partitions"),
    (["consumers.form-674.autoscaling.kind=keda", "consumers.form-674.autoscaling.maxReplicas=13"], "13 processes for 12 partitions"),
    (["consumers.form-674.autoscaling.kind=keda"], "autoscaling.prometheusAddress is empty"),
    (["consumers.form-674.autoscaling.kind=keda", "consumers.form-674.autoscaling.fallbackReplicas=4"], "fallbackReplicas 4 is not between"),
    (["consumers.form-674.autoscaling.kind=hpa", "consumers.form-674.autoscaling.minReplicas=4"], "minReplicas 4 is more than maxReplicas 3"),
    (["consumers.form-674.autoscaling.kind=hpa"], "autoscaling by hpa needs autoscaling.metrics"),
    (["consumers.form-674.kind=StatefulSet", "consumers.form-674.autoscaling.kind=keda"], "a static member that is scaled away does not leave"),
    (["consumers.form-674.kind=StatefulSet"], None),
    (["consumers.form-674.kind=StatefulSet", "settings.shutdown-deadline=60s"], "over a restart of up to 80 s, and kafka.session.timeout.ms is 45000"),
    (["settings.retry-tiers=15s*3\\,2m*3"], "look-tier 1h is not one of its retry-tiers 15s*3,2m*3"),
    (["claimApi.resources.limits.memory=512Mi"], "it would be killed with what it has just taken"),
    (["claimApi.settings.max-uploads-bytes=2000000000"], "less than max-bodies-bytes 67108864, max-uploads-bytes 2000000000"),
    (["consumers.backup.resources.limits.memory=512Mi"], "it would be killed with the papers in its hand"),
    (["settings.evidence=yes"], "papers would be handed on to nobody"),
    (["consumers.evidence.enabled=true", "secrets.evidence.existing=x"], "nobody would hand papers on"),
    (["settings.evidence=yes", "consumers.evidence.enabled=true"], "secrets.evidence is empty: it has to hold evidence-secret"),
    (["settings.evidence=yes", "consumers.evidence.enabled=true", "secrets.evidence.existing=x",
      "consumers.evidence.resources.limits.memory=512Mi"], "512Mi is less than max-papers-bytes 300000000"),
    (["consumers.backup.settings.max-packages-bytes=1000000000"], "1536Mi is less than max-packages-bytes 1000000000"),
    (["claimApi.ingress.enabled=true"], "claimApi.ingress.host is empty"),
    (["web.enabled=true"], "secrets.web is empty: it has to hold tokens"),
    (["web.enabled=true", "secrets.web.existing=a"], "secrets.webTls is empty: it has to hold tls.crt, tls.key"),
    (["web.enabled=true", "secrets.web.existing=a", "web.tls.enabled=false"], None),
    (["web.settings.web-address=0.0.0.0"], "web.settings: the chart sets web-address; use web.tls.enabled"),
    (["settings.statsd-address=statsd:8125"], "settings.statsd-address is set and networkPolicy.statsd.ports is empty: nothing would get there"),
    (["settings.otlp-url=http://collector:4318"], "networkPolicy.otlp.ports is empty"),
    (["settings.schema-registry-url=https://registry"], "networkPolicy.schemaRegistry.ports is empty"),
    (["prometheusRule.enabled=true"], None),
    (["claimApi.resources.limits.memory=2.75Gi", "consumers.backup.resources.limits.memory=1.5Gi"], None),
    (["claimApi.resources.limits.memory=1Ti"], None),
    (["claimApi.resources.limits.memory=1Pi", "consumers.backup.resources.limits.memory=4000000000"], None),
    (["claimApi.resources.limits.memory=2816"], "claimApi.resources.limits.memory 2816 is less than"),
    (["consumers.backup.resources.limits.memory=1536"], "consumers.backup.resources.limits.memory 1536 is less than"),
    (["consumers.backup.resources.limits.memory=1500000000m"], "consumers.backup.resources.limits.memory 1500000000m is less than"),
    (["settings.evidence=yes", "consumers.evidence.enabled=true", "secrets.evidence.existing=x",
      "consumers.evidence.resources.limits.memory=1280"], "consumers.evidence.resources.limits.memory 1280 is less than"),
    (["claimApi.resources.limits.memory=2.5Gi"], "it would be killed with what it has just taken"),
    (["secrets.claimApiDatabase.values.url=a"], "secrets.claimApiDatabase.values lacks database-url"),
    (["secrets.test.values.claim-api-token="], "secrets.test.values: claim-api-token is empty"),
    (["secrets.kafkaCa.values.brokers\\.pem=a", "secrets.kafkaCa.keys.ca\\.crt=brokers.pem"], None),
    (["fullnameOverride=Claims"], "Claims is no name for a Service"),
    (["fullnameOverride=claims.test"], "claims.test is no name for a Service"),
    (["commonLabels.app\\.kubernetes\\.io/name=a"], "commonLabels: the chart sets app.kubernetes.io/name itself"),
    (["consumers.backup.podLabels.app\\.kubernetes\\.io/component=a"], "consumers.backup.podLabels: the chart sets"),
    (["commonLabels.strimzi\\.io/cluster=a"], "commonLabels: the chart sets strimzi.io/cluster itself"),
    (["podMonitor.enabled=true", "podMonitor.labels.app\\.kubernetes\\.io/instance=a"], "podMonitor.labels: the chart sets app.kubernetes.io/instance itself"),
    (["prometheusRule.enabled=true", "prometheusRule.labels.helm\\.sh/chart=a"], "prometheusRule.labels: the chart sets helm.sh/chart itself"),
    (["podMonitor.enabled=true", "podMonitor.labels.team=a", "commonLabels.team=a"], "podMonitor.labels: team stands in commonLabels too"),
    (["dashboard.enabled=true", "commonLabels.grafana_dashboard=a"], "dashboard.labels: grafana_dashboard stands in commonLabels too"),
    (["commonLabels.grafana_dashboard=a"], None),
    (["consumers.backup.podAnnotations.checksum/settings=a"], "consumers.backup.podAnnotations: the chart sets checksum/settings itself"),
    (["claimApi.podAnnotations.a b=c"], "claimApi.podAnnotations: a b is no key of an annotation"),
    (["commonLabels.a b=c"], "commonLabels: a b is no key of a label"),
    (["commonLabels.a/b/c=c"], "commonLabels: a/b/c is no key of a label"),
    (["commonLabels.A_b\\.test/c=c"], "commonLabels: A_b.test/c is no key of a label"),
    ([f"commonLabels.{'a' * 64}=c"], "is no key of a label"),
    (["commonLabels.example\\.test/A_b=c"], None),
    (["web.podLabels.-a=c"], "web.podLabels: -a is no key of a label"),
    (["commonLabels.team=a", "claimApi.podLabels.team=b"], "claimApi.podLabels: team stands in commonLabels too"),
    (["extraEnv[0].name=DEPENDENTS_LOG_LEVEL", "extraEnv[0].value=debug"], "extraEnv: the programs take DEPENDENTS_LOG_LEVEL for a setting"),
    (["claimApi.extraEnv[0].name=DATABASE_URL", "claimApi.extraEnv[0].value=a"], "claimApi.extraEnv: the programs take DATABASE_URL for a setting"),
    (["consumers.backup.extraEnv[0].name=PGSSLMODE", "consumers.backup.extraEnv[0].value=disable"], "consumers.backup.extraEnv: libpq takes PGSSLMODE"),
    (["web.extraEnv[0].name=MALLOC_ARENA_MAX", "web.extraEnv[0].value=a"], "use mallocArenaMax"),
    (["extraEnv[0].name=https_proxy", "extraEnv[0].value=a"], "https_proxy does nothing, for the programs go where their settings say"),
    (["extraEnv[0].name=A", "extraEnv[0].valueFrom.secretKeyRef.name=a"], "A is taken from a Secret, and secrets are files here"),
    (["extraEnv[0].name=A", "extraEnv[0].value=a", "extraEnv[1].name=A", "extraEnv[1].value=b"], "extraEnv: A is given twice"),
    (["extraEnv[0].name=A"], "missing property 'value'"),
    (["extraEnv[0].name=A", "extraEnv[0].valueFrom.fieldRef.apiVersion=v1"], "missing property 'fieldPath'"),
    (["extraEnv[0].name=A", "extraEnv[0].valueFrom.configMapKeyRef.name=a"], "missing property 'key'"),
    (["extraEnv[0].name=A", "extraEnv[0].valueFrom.configMapKeyRef.key=a"], "missing property 'name'"),
    (["web.extraEnv[0].name=A", "web.extraEnv[0].valueFrom.resourceFieldRef.divisor=1"], "missing property 'resource'"),
    (["extraEnv[0].name=A", "extraEnv[0].valueFrom.fieldRef.path=a"], "'path' not allowed"),
    (["extraEnv[0].name=A", "extraEnv[0].valueFrom.resourceFieldRef.resource=limits.memory", "extraEnv[0].valueFrom.resourceFieldRef.divisor=1Mi",
      "extraEnv[1].name=B", "extraEnv[1].valueFrom.configMapKeyRef.name=a", "extraEnv[1].valueFrom.configMapKeyRef.key=b"], None),
    (["hostAliases[0].ip=192.0.2.1"], "missing property 'hostnames'"),
    *((["hostAliases[0].hostnames={bgs.test}", f"hostAliases[0].ip={ip}"], f"hostAliases: {ip} is no address")
      for ip in ("192.0.2", "192.0.2.256", "192.0.2.01", "1:2", "1::2::3", "1:2:3:4:5:6:7:8:9", "12345::", ":::", "1:2:3:4:5:6:7:", "::1.2.3")),
    *((["hostAliases[0].hostnames={bgs.test}", f"hostAliases[0].ip={ip}"], None) for ip in ("2001:db8::7", "::", "::1", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.7")),
    *((["hostAliases[0].ip=192.0.2.1", f"hostAliases[0].hostnames={{{host}}}"], f"hostAliases: {host} is no name of a host") for host in ("BGS.test", "a b", "a..b", "-a")),
    (["podMonitor.enabled=true", "podMonitor.interval=5s"], "podMonitor.scrapeTimeout 10s is longer than podMonitor.interval 5s"),
    (["podMonitor.enabled=true", "podMonitor.interval=1m30s", "podMonitor.scrapeTimeout=90s"], None),
    (["podMonitor.enabled=true", "podMonitor.interval=often"], 'podMonitor.interval "often" is no duration'),
    (["podMonitor.enabled=true", "podMonitor.interval="], 'podMonitor.interval "" is no duration'),
    (["podMonitor.enabled=true", "podMonitor.scrapeTimeout=10 s"], 'podMonitor.scrapeTimeout "10 s" is no duration'),
    (["metrics.labels.__name__=a"], "metrics.labels: __name__ is no label of a release"),
    (["metrics.labels.consumer=a"], "metrics.labels: consumer is no label of a release"),
    (["metrics.labels.status=a"], "metrics.labels: status is no label of a release"),
    (["metrics.port=8443"], "metrics.port is 8443, where claim-api takes claims"),
    (["networkPolicy.kafka.ports=null"], "networkPolicy.kafka.ports is empty: nothing would get there"),
    (["claimApi.settings=null", "web.settings=null"], None),
    (["claimApi.ingress.enabled=true", "claimApi.ingress.host=*.test"], None),
    # By the schema.
    (["commonLabels.team=a b"], "commonLabels/team"),
    (["image.repository=registry.test/a@sha256:12"], "repository"),
    (["kafka.brokers=[2001:db8::1]:9093"], None),
    (["topologySpread.topologyKeys={}"], "topologyKeys/0"),
    (["web=null"], "missing property 'web'"),
    (["externalSecrets=null"], "missing property 'externalSecrets'"),
    (["externalSecrets.apiVersion=external-secrets.io/v2"], "externalSecrets/apiVersion"),
    (["consumerDefaults.kind=null"], "missing property 'kind'"),
    (["kafka.tls.enabled=null"], "missing property 'enabled'"),
    (["settings.bgs-urll=a"], "bgs-urll"),
    (["settings.in-flight=1001"], "in-flight"),
    (["settings.shutdown-deadline=5"], "shutdown-deadline"),
    (["settings.shutdown-deadline=5 minutes"], "shutdown-deadline"),
    (["consumers.form-675.replicas=1"], "form-675"),
    (["consumers.form-674.replicas=0"], "form-674"),
    (["consumers.form-674.autoscaling.minReplicas=0"], "minReplicas"),
    (["kafka.brokers=kafka"], "brokers"),
    (["database.sslmode=prefer"], "sslmode"),
    (["image.digest=sha256:12"], "digest"),
    (["podSecurityContext.runAsUser=0"], "runAsUser"),
    (["claimApi.preStopSeconds=0"], "preStopSeconds"),
]


class Refusals(unittest.TestCase):
    def test_what_contradicts_itself_is_refused_in_words(self):
        for sets, words in REFUSED:
            with self.subTest(" ".join(sets)):
                done = render_smallest(sets)
                if words is None:
                    self.assertEqual(done.returncode, 0, done.stderr)
                    continue
                self.assertNotEqual(done.returncode, 0, "it is taken")
                self.assertIn(words, re.sub(r"\s+", " ", done.stderr))
                self.assertNotIn("nil pointer", done.stderr)

    def test_all_that_is_wrong_is_told_at_once(self):
        told = render_smallest(["kafka.brokers=", "image.repository=", "topics.partitions=1"]).stderr
        self.assertEqual(len(re.findall(r"^  - ", told, re.M)), 3, told)

    def test_a_chart_without_values_says_what_it_needs(self):
        with self.assertRaisesRegex(AssertionError, "image.repository is empty"):
            template()


def render_smallest(sets, word="--set"):
    with home_of_helm() as environment:
        return subprocess.run([TOOLS / "helm", "template", RELEASE, CHART, "--namespace", NAMESPACE, "--values", values_of("smallest"),
                               *(part for one in sets for part in (word, one))], capture_output=True, text=True, env=environment)


if __name__ == "__main__":
    unittest.main(verbosity=2)
