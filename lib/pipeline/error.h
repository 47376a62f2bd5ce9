/* The pipeline's own errors: how a handler is left without being done. What each means stands in
 * verdicts.c. */
#pragma once

#include <glib.h>

#define PIPELINE_ERROR (pipeline_error_quark ())
GQuark pipeline_error_quark (void);
typedef enum {
  /* The token or the partition is not ours any more: no verdict, no further call */
  PIPELINE_ERROR_LOST,
  PIPELINE_ERROR_BOUNDARY, /* shutdown or revoke: stop at this step boundary */
  PIPELINE_ERROR_SNOOZE,   /* not now; run_snooze() */
  PIPELINE_ERROR_HOLD,     /* a person must decide; run_hold() */
  /* Refused for good by a rule of ours, e.g. no-participant-id; run_refuse() */
  PIPELINE_ERROR_DEAD,
  /* The group is in failure or later: no step starts; the child is stopped, settles DONE */
  PIPELINE_ERROR_GROUP_OVER,
  PIPELINE_ERROR_UNKNOWN,    /* a call's outcome is unknown and stands journalled as started */
  PIPELINE_ERROR_DIGEST,     /* code or data changed under a step found started: HOLD */
  PIPELINE_ERROR_DATABASE,   /* database away beyond database-wait-ms: this process is ill */
  PIPELINE_ERROR_LOOK_LATER, /* through look-tier, no attempt spent; run_look_later() */
  PIPELINE_ERROR_OUTAGE,     /* waited longer than outage-max-wait: DEAD */
  PIPELINE_ERROR_TOMBSTONE,  /* a record without a value: quarantine */
} PipelineError;
