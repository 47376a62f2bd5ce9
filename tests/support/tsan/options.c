/* How the thread sanitizer runs, and what it is to pass over: compiled in, so that no test can be
 * run without. */
const char *__tsan_default_options (void);
const char *__tsan_default_suppressions (void);

const char *
__tsan_default_options (void)
{
  return "second_deadlock_stack=1";
}

/* Each with its reason. None may name code that we wrote. */
const char *
__tsan_default_suppressions (void)
{
  return
      /* The queue of a GThreadPool: its node is made by who pushes and freed by who takes, under a
       * GMutex that GLib locks by itself, unseen. None of our code calls this function. */
      "race:g_queue_pop_tail\n"
      /* A GRWLock of GLib's own (error domains) is made at its first use and handed on by an
       * atomic. We have none. */
      "race:g_rw_lock_reader_lock\n"
      "race:g_rw_lock_writer_lock\n"
      /* What G_DEFINE_QUARK writes: everybody who finds the number missing asks GLib, and gets the
       * same. Only where that function itself reads or writes. */
      "race_top:_error_quark\n";
}
