/* CloudEvents 1.0 on Kafka, binary mode: headers of result and monitoring events, and how their
 * types begin. */
#pragma once

#define CLOUD_EVENT_TYPE       "ce_type"
#define CLOUD_EVENT_FROM       "ce_fromstate" /* an extension: the state that was left */
#define CLOUD_EVENT_RESULT     "gov.va.dependents."
#define CLOUD_EVENT_MONITORING CLOUD_EVENT_RESULT "monitoring."
