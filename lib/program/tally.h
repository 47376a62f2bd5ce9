/* What is counted of records once the broker has them: topics, changes of state, oddities. Counted
 * by whoever publishes them, so that what a dead process had committed counts as well. */
#pragma once

#include "kafka/headers.h"

/* @topic: without prefix. A record that is published twice counts twice; that is rare. */
void tally_published (const char *topic, const KafkaHeaders *headers);
