/* How the thread sanitizer runs, and what it is to pass over: compiled in, so that no test can be run without. */
const char *__tsan_default_options (void);
const char *__tsan_default_suppressions (void);

const char *
__tsan_default_options (void)
{
  return "second_deadlock_stack=1";
}

/* Each with its reason. Nothing of ours may stand here. */
const char *
__tsan_default_suppressions (void)
{
  /* The queue of a GThreadPool: its node is made by who pushes and freed by who takes, under a GMutex that GLib locks by
   * itself, unseen. None of our code calls this function. */
  return "race:g_queue_pop_tail\n";
}
